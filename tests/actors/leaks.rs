//! Starting and stopping leaves nothing behind.

use std::sync::{Arc, Weak};

use hotcue::{SampleBuffer, Source};
use hotcue_actors::{AudioEngine, EngineConfig, PlayOptions, Sample};
use hotcue_tests::{PATIENCE, resident_bytes, sine, wait_until, wav_bytes};

use crate::alone;

#[test]
fn a_hundred_starts_leak_no_thread_and_no_descriptor() {
    alone("leaks::a_hundred_starts_leak_no_thread_and_no_descriptor", start_and_stop);
}

fn start_and_stop() {
    for output in ["offline", "null"] {
        // The first start makes what the process keeps for good.
        cycle(output);
        let held = || (hotcue_tests::thread_count(), hotcue_tests::descriptor_count());
        let before = held();
        for _ in 0..100 {
            cycle(output);
        }
        // A thread that was joined is listed for a moment longer.
        wait_until(&format!("{before:?} threads and descriptors on {output}"), || {
            let (threads, descriptors) = held();
            threads <= before.0 && descriptors <= before.1
        });
    }
}

fn cycle(output: &str) {
    let engine = started(output);
    engine.load_sample_async(Some(0), source(), 0).expect("accepted");
    engine.shut_down();
}

fn started(output: &str) -> AudioEngine {
    let engine = AudioEngine::new(EngineConfig {
        output: output.to_owned(),
        workers: Some(2),
        ..EngineConfig::default()
    })
    .expect("a valid configuration");
    engine.run().expect("it starts");
    engine
}

fn source() -> Source {
    Source::Memory(Arc::from(wav_bytes(44_100, 1, 2_000, sine(440.0, 44_100))))
}

#[test]
fn samples_leave_with_their_engine_unless_somebody_holds_them() {
    for output in ["offline", "null"] {
        let engine = started(output);
        let samples: Vec<_> = (0..20)
            .map(|id| engine.load_sample_async(Some(id), source(), 0).expect("accepted"))
            .map(|ticket| ticket.wait(Some(PATIENCE)).expect("in time").expect("it loads"))
            .map(|sample| Arc::downgrade(&sample))
            .collect();
        engine.play_sample(3, PlayOptions::default()).expect("it plays");
        let held = engine.sample(7).expect("it runs");
        engine.shut_down();
        let left = |samples: &[Weak<Sample>]| {
            samples.iter().filter(|sample| sample.strong_count() > 0).count()
        };
        assert_eq!(left(&samples), 1, "samples after the end of an engine on {output}");
        drop(held);
        assert_eq!(left(&samples), 0);
    }
}

#[test]
fn who_holds_a_ticket_or_a_handle_of_an_engine_that_has_ended_keeps_no_other_sample() {
    let engine = started("offline");
    let tickets =
        [0, 1].map(|id| engine.load_sample_async(Some(id), source(), 0).expect("it runs"));
    let [held, other] = tickets.each_ref().map(|ticket| {
        Arc::downgrade(&ticket.wait(Some(PATIENCE)).expect("in time").expect("it loads"))
    });
    let [ticket, gone] = tickets;
    drop(gone);
    let handle = engine.stream_handle().expect("it runs");
    engine.shut_down();
    assert!(ticket.sample().is_some());
    assert_eq!((held.strong_count(), other.strong_count()), (1, 0));
    drop(ticket);
    assert_eq!(held.strong_count(), 0);
    drop(handle);
}

#[test]
fn the_memory_of_samples_leaves_the_process_with_them() {
    alone("leaks::the_memory_of_samples_leaves_the_process_with_them", come_and_go);
}

/// A budget counts bytes that are free for others, not bytes that an allocator has in reserve.
fn come_and_go() {
    const SAMPLES: usize = 100;
    const FRAMES: usize = 100_000;
    // glibc keeps what it is given back once it has seen blocks so large come and go.
    drop(std::hint::black_box(vec![1_u8; 16 << 20]));
    let sample = || SampleBuffer::from_planes(48_000, vec![vec![0.5; FRAMES]]).expect("valid");
    let Some(before) = resident_bytes() else { return };
    let mut samples: Vec<_> = (0..SAMPLES).map(|_| Some(sample())).collect();
    let bytes = samples.iter().flatten().map(|sample| sample.byte_len() as u64).sum::<u64>();
    let with = resident_bytes().expect("it said so before");
    // Every second one: what lies between two that stay must go as well.
    samples.iter_mut().step_by(2).for_each(|sample| *sample = None);
    let after = resident_bytes().expect("it said so before");
    let (came, went) = (with.saturating_sub(before), with.saturating_sub(after));
    assert!(came as f64 > 0.9 * bytes as f64, "{came} of {bytes}");
    assert!(went as f64 > 0.45 * bytes as f64, "{went} of {bytes}, of which half was freed");
    drop(samples);
}
