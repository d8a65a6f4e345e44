//! Time for messages to cross into the callback and back.

use std::sync::Arc;

use criterion::Criterion;
use hotcue::playback::{ControlMessage, PlaybackConfig, split};
use hotcue_benches::sample;

fn ring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ring");

    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    group.bench_function("a_command_in", |b| {
        b.iter(|| {
            controller
                .try_send(ControlMessage::SetVolume {
                    volume: 1.0,
                    fade_frames: None,
                    at_frame: None,
                })
                .expect("room");
            renderer.render(&mut []);
        });
    });

    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    let sample = sample(48_000, 2, 64);
    let load = |sample| ControlMessage::LoadSample { slot: 0, sample, own_loop: None };
    controller.try_send(load(Arc::clone(&sample))).expect("room");
    group.bench_function("a_sample_in_and_the_one_before_back", |b| {
        b.iter(|| {
            controller.try_send(load(Arc::clone(&sample))).expect("room");
            renderer.render(&mut []);
            controller.collect()
        });
    });
    assert!(Arc::strong_count(&sample) <= 2, "samples came back");

    let (mut controller, mut renderer) = split(PlaybackConfig::default());
    group.bench_function("an_empty_poll_for_events", |b| b.iter(|| controller.poll_event()));
    group.bench_function("an_empty_command_phase", |b| b.iter(|| renderer.render(&mut [])));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    ring(&mut criterion);
    criterion.final_summary();
}
