//! Time of one callback of 512 stereo frames, which lasts 10.7 ms at 48 kHz, by number of voices.

use criterion::{BenchmarkId, Criterion, Throughput};
use hotcue::playback::{ControlMessage, PlaybackConfig, Renderer, VoiceParams, split};
use hotcue_benches::sample;

const FRAMES: usize = 512;

/// A renderer in which `voices` voices loop, spread over 16 samples.
fn playing(voices: u32, speed: f32, channels: usize) -> Renderer {
    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    for slot in 0..16 {
        let sample = sample(48_000, channels, 48_000);
        controller.try_send(ControlMessage::LoadSample { slot, sample }).expect("room");
    }
    for voice in 0..voices {
        let params = VoiceParams { looped: true, speed, ..VoiceParams::default() };
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
    let mut group = criterion.benchmark_group("callback_512_frames");
    group.throughput(Throughput::Elements(FRAMES as u64));
    let mut out = vec![0.0; 2 * FRAMES];
    for (name, speed, channels) in
        [("stereo", 1.0, 2), ("mono", 1.0, 1), ("stereo_pitched", 1.122_462, 2)]
    {
        for voices in [1, 16, 128] {
            let mut renderer = playing(voices, speed, channels);
            group.bench_function(BenchmarkId::new(name, voices), |b| {
                b.iter(|| renderer.render(&mut out));
            });
        }
    }
    let mut renderer = playing(0, 1.0, 2);
    group.bench_function("silence", |b| b.iter(|| renderer.render(&mut out)));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    callback(&mut criterion);
    criterion.final_summary();
}
