//! Starting and stopping leaves nothing behind.

use std::sync::Arc;

use hotcue::Source;
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::{sine, wav_bytes};

use crate::alone;

#[test]
fn a_hundred_starts_leak_no_thread_and_no_descriptor() {
    alone("leaks::a_hundred_starts_leak_no_thread_and_no_descriptor", start_and_stop);
}

fn start_and_stop() {
    for output in ["offline", "null"] {
        // The first start makes what the process keeps for good.
        cycle(output);
        let before = (hotcue_tests::thread_count(), hotcue_tests::descriptor_count());
        for _ in 0..100 {
            cycle(output);
        }
        let after = (hotcue_tests::thread_count(), hotcue_tests::descriptor_count());
        assert_eq!(before, after, "threads and descriptors on {output}");
    }
}

fn cycle(output: &str) {
    let engine = AudioEngine::new(EngineConfig {
        output: output.to_owned(),
        workers: Some(2),
        ..EngineConfig::default()
    })
    .expect("a valid configuration");
    engine.run().expect("it starts");
    let source = Source::Memory(Arc::from(wav_bytes(44_100, 1, 2_000, sine(440.0, 44_100))));
    engine.load_sample_async(Some(0), source, 0).expect("accepted");
    engine.shut_down();
}
