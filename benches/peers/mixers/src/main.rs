//! What a voice costs, in ns of one core per frame of stereo, in hotcue's mixer, kira's and
//! miniaudio's engine: in one process, in turns.

use std::ffi::{c_int, c_uint, c_void};
use std::hint::black_box;
use std::time::{Duration, Instant};

use hotcue::SampleBuffer;
use hotcue::playback::{ControlMessage, Looping, PlaybackConfig, Renderer, VoiceParams, split};
use kira::backend::mock::{MockBackend, MockBackendSettings};
use kira::sound::static_sound::{StaticSoundData, StaticSoundSettings};
use kira::{AudioManager, AudioManagerSettings, Capacities, Frame};

const RATE: u32 = 48_000;
const BLOCK: usize = 128;
const PAN: f32 = 0.3;
/// Samples that the voices share.
const SAMPLES: usize = 16;
/// Blocks in one turn, and turns.
const BLOCKS: u32 = 100;
const TURNS: usize = 21;

unsafe extern "C" {
    fn mixer_new(rate: c_uint, block: c_uint) -> *mut c_void;
    fn mixer_play(
        mixer: *mut c_void,
        voice: c_uint,
        frames: *const f32,
        count: u64,
        channels: c_uint,
        speed: f32,
        pan: f32,
    ) -> c_int;
    fn mixer_render(mixer: *mut c_void, out: *mut f32, frames: c_uint) -> c_int;
}

/// Renders one block.
type Render = Box<dyn FnMut()>;

/// A second of stereo: the sample that every mixer plays.
fn planes() -> [Vec<f32>; 2] {
    [220.0, 330.0].map(|hz: f64| {
        let value =
            |frame: u32| (f64::from(frame) * hz * std::f64::consts::TAU / f64::from(RATE)).sin();
        (0..RATE).map(|frame| 0.5 * value(frame) as f32).collect()
    })
}

fn hotcue(speeds: &[f32]) -> Render {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    for slot in 0..SAMPLES as u32 {
        let sample = SampleBuffer::from_planes(RATE, planes().into()).expect("within the limits");
        let message = ControlMessage::LoadSample { slot, sample, own_loop: None };
        controller.try_send(message).expect("room");
    }
    for (voice, speed) in speeds.iter().enumerate() {
        let params = VoiceParams {
            looping: Looping::WHOLE,
            speed: f64::from(*speed),
            pan: PAN,
            ..VoiceParams::default()
        };
        let slot = (voice % SAMPLES) as u32;
        controller
            .try_send(ControlMessage::Play { voice: voice as u64, slot, params })
            .expect("room");
    }
    let shared = controller.shared();
    let mut out = vec![0.0; 2 * BLOCK];
    warm_up(|| render_hotcue(&mut renderer, &mut out));
    assert_eq!(shared.voices() as usize, speeds.len());
    Box::new(move || {
        render_hotcue(&mut renderer, &mut out);
        let _keep = &controller;
    })
}

fn render_hotcue(renderer: &mut Renderer, out: &mut [f32]) {
    renderer.render(out);
    black_box(out);
}

fn kira(speeds: &[f32]) -> Render {
    let settings = AudioManagerSettings::<MockBackend> {
        backend_settings: MockBackendSettings { sample_rate: RATE },
        internal_buffer_size: BLOCK,
        capacities: Capacities::default(),
        ..AudioManagerSettings::default()
    };
    let mut manager = AudioManager::new(settings).expect("a manager");
    let mut handles = Vec::new();
    let [left, right] = planes();
    let frames =
        || left.iter().zip(&right).map(|(left, right)| Frame::new(*left, *right)).collect();
    let sounds: Vec<StaticSoundData> = (0..SAMPLES)
        .map(|_| StaticSoundData {
            sample_rate: RATE,
            frames: frames(),
            settings: StaticSoundSettings::default(),
            slice: None,
        })
        .collect();
    for (voice, speed) in speeds.iter().enumerate() {
        let sound = sounds[voice % SAMPLES].clone();
        let sound = sound.loop_region(..).playback_rate(f64::from(*speed)).panning(PAN);
        loop {
            match manager.play(sound.clone()) {
                Ok(handle) => break handles.push(handle),
                // Its queue is taken a part at a time.
                Err(kira::PlaySoundError::SoundLimitReached) => {
                    manager.backend_mut().on_start_processing();
                    manager.backend_mut().process();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    let mut block = move || {
        manager.backend_mut().on_start_processing();
        manager.backend_mut().process();
    };
    warm_up(&mut block);
    Box::new(move || {
        block();
        let _keep = &handles;
    })
}

fn miniaudio(speeds: &[f32]) -> Render {
    // SAFETY: as `engine.c` says; what is played lives as long as the process.
    let mixer = unsafe { mixer_new(RATE, BLOCK as c_uint) };
    assert!(!mixer.is_null());
    let [left, right] = planes();
    let samples: Vec<&'static [f32]> = (0..SAMPLES)
        .map(|_| {
            let frames = left.iter().zip(&right).flat_map(|(left, right)| [*left, *right]);
            &*frames.collect::<Vec<f32>>().leak()
        })
        .collect();
    for (voice, speed) in speeds.iter().enumerate() {
        let frames = samples[voice % SAMPLES].as_ptr();
        // SAFETY: below 256 voices, `RATE` frames of two channels that are never freed.
        let failed =
            unsafe { mixer_play(mixer, voice as c_uint, frames, RATE.into(), 2, *speed, PAN) };
        assert_eq!(failed, 0);
    }
    let mut out = vec![0.0_f32; 2 * BLOCK];
    let mut block = move || {
        // SAFETY: `out` holds so many frames of two channels.
        assert_eq!(unsafe { mixer_render(mixer, out.as_mut_ptr(), BLOCK as c_uint) }, 0);
        assert!(black_box(&out).iter().any(|value| *value != 0.0));
    };
    warm_up(&mut block);
    Box::new(block)
}

/// Lets all voices begin.
fn warm_up(mut block: impl FnMut()) {
    (0..200).for_each(|_| block());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let pitches: Vec<f32> = (-12..=12).map(|semitones| (semitones as f32 / 12.0).exp2()).collect();
    let cases: [(&str, &[f32]); 4] = [
        ("speed 1", &[1.0]),
        ("an octave round 1", &pitches),
        ("0.25 to 4", &[0.25, 0.37, 0.71, 1.3, 1.9, 2.3, 3.1, 4.0]),
        ("speed 4", &[3.99]),
    ];
    let block_time = Duration::from_secs_f64(BLOCK as f64 / f64::from(RATE));
    println!("| voices | speeds | mixer | ns per voice and frame | of {BLOCK} frames' time |");
    println!("|---|---|---|---|---|");
    for voices in [1, 16, 128] {
        for (what, speeds) in cases {
            let speeds: Vec<f32> = (0..voices).map(|voice| speeds[voice % speeds.len()]).collect();
            let mut mixers = [
                ("hotcue", hotcue(&speeds)),
                ("kira", kira(&speeds)),
                ("miniaudio", miniaudio(&speeds)),
            ];
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..TURNS {
                for ((_, render), times) in mixers.iter_mut().zip(&mut times) {
                    let begin = Instant::now();
                    (0..BLOCKS).for_each(|_| render());
                    times.push(begin.elapsed() / BLOCKS);
                }
            }
            for ((name, _), times) in mixers.iter().zip(times) {
                let block = median(times);
                let each = block.as_nanos() as f64 / (BLOCK * voices) as f64;
                let share = 100.0 * block.as_secs_f64() / block_time.as_secs_f64();
                println!("| {voices} | {what} | {name} | {each:.1} | {share:.1} % |");
            }
        }
    }
}
