//! Time of one callback of 128 stereo frames, which lasts 2.67 ms at 48 kHz, by number of voices;
//! the throughput is in voices × frames.

use criterion::{BenchmarkId, Criterion, Throughput};
use hotcue::playback::{ControlMessage, Looping, PlaybackConfig, Renderer, VoiceParams, split};
use hotcue_benches::sample;

const FRAMES: usize = 128;

/// A renderer in which `voices` voices loop, panned, spread over 16 samples and all `speeds`.
fn playing(voices: u32, speeds: &[f64], channels: usize) -> Renderer {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    for slot in 0..16 {
        let sample = sample(48_000, channels, 48_000);
        let message = ControlMessage::LoadSample { slot, sample, own_loop: None };
        controller.try_send(message).expect("room");
    }
    for voice in 0..voices {
        let speed = speeds[voice as usize % speeds.len()];
        let looping = Looping::WHOLE;
        let params = VoiceParams { looping, speed, pan: 0.3, ..VoiceParams::default() };
        let message = ControlMessage::Play { voice: voice.into(), slot: voice % 16, params };
        controller.try_send(message).expect("room");
    }
    // Lets all commands in, however many the renderer takes per block, and all attacks pass.
    let mut out = vec![0.0; 2 * FRAMES];
    for _ in 0..100 {
        renderer.render(&mut out);
    }
    assert_eq!(controller.shared().voices(), voices, "all voices sound");
    renderer
}

fn callback(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("callback_128_frames");
    let mut out = vec![0.0; 2 * FRAMES];
    // An instrument's octave below and above.
    let pitches: Vec<f64> =
        (-12..=12).map(|semitones| (f64::from(semitones) / 12.0).exp2()).collect();
    let cases: [(&str, &[f64], usize); 4] = [
        ("stereo", &[1.0], 2),
        ("mono", &[1.0], 1),
        ("stereo_pitched", &pitches, 2),
        ("stereo_fast", &[4.0], 2),
    ];
    for (name, speeds, channels) in cases {
        for voices in [1, 16, 128] {
            group.throughput(Throughput::Elements(FRAMES as u64 * u64::from(voices)));
            let mut renderer = playing(voices, speeds, channels);
            group.bench_function(BenchmarkId::new(name, voices), |b| {
                b.iter(|| renderer.render(&mut out));
            });
        }
    }
    group.throughput(Throughput::Elements(FRAMES as u64));
    let mut renderer = playing(0, &[1.0], 2);
    group.bench_function("silence", |b| b.iter(|| renderer.render(&mut out)));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    callback(&mut criterion);
    criterion.final_summary();
}
