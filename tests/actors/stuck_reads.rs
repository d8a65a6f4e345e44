//! A read that does not return costs a thread, not the pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::SlotState;
use hotcue_tests::{BlockingSource, Gate, PATIENCE, sine, wait_until, wav_bytes};

use crate::offline;

#[test]
fn promise_9_a_decoder_whose_read_does_not_return_is_replaced_and_counted() {
    let engine = offline(1);
    let content = || wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let good = || Source::Memory(Arc::from(content()));
    let gate = Arc::new(Gate::default());
    for round in 0..3 {
        let source = Source::Custom(Arc::new(BlockingSource {
            gate: Arc::clone(&gate),
            content: content(),
        }));
        let stuck = engine.load_sample_async(Some(0), source, 0).expect("accepted");
        wait_until("the decoder is inside the read", || gate.waiting() > round);
        assert!(stuck.cancel());
        let next = engine.load_sample_async(Some(1), good(), 0).expect("accepted");
        assert!(matches!(next.wait(Some(PATIENCE)), Some(Ok(_))), "another decoder takes over");
        assert_eq!(engine.stats().abandoned_workers, round + 1);
    }
    // The reads return after all: nothing comes of them.
    gate.open();
    let last = engine.load_sample_async(Some(2), good(), 0).expect("accepted");
    assert!(matches!(last.wait(Some(PATIENCE)), Some(Ok(_))));
    assert_eq!(engine.state(0).expect("it runs"), SlotState::Empty);
    let before = Instant::now();
    engine.shut_down();
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    let terminal = engine.drain_loader_events(None).iter().filter(|e| e.is_terminal()).count();
    assert_eq!(terminal, 7, "each of the seven requests has ended once");
}

#[test]
fn a_slow_read_that_is_still_wanted_is_left_alone() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let slow = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    // Longer than a decoder gets that nobody wants an answer of.
    assert!(slow.wait(Some(Duration::from_millis(900))).is_none());
    gate.open();
    assert!(matches!(slow.wait(Some(PATIENCE)), Some(Ok(_))));
    assert_eq!(engine.stats().abandoned_workers, 0);
}
