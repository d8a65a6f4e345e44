//! How an engine ends.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{EngineError, LoaderEvent};
use hotcue_tests::{BlockingSource, Contract, Gate, collect_until_ended, sine, wav_bytes};

use crate::offline;

#[test]
fn promise_9_shutting_down_with_loads_in_flight_is_quick_and_complete() {
    let engine = offline(2);
    let minute: Arc<[u8]> = Arc::from(wav_bytes(44_100, 2, 44_100 * 60, sine(440.0, 44_100)));
    for id in 0..500 {
        let source = Source::Memory(Arc::clone(&minute));
        engine.load_sample_async(Some(id), source, 0).expect("accepted");
    }
    let before = Instant::now();
    engine.shut_down();
    let took = before.elapsed();
    assert!(took < Duration::from_millis(400), "{took:?}; 200 ms are promised, twice is noise");
    let mut contract = Contract::default();
    for event in engine.drain_loader_events(None) {
        contract.see(event);
    }
    assert_eq!(contract.ended(), 500);
    assert!(matches!(engine.state(0), Err(EngineError::NotInitialized)));
}

#[test]
fn promise_9_a_read_that_never_returns_is_left_behind() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 10, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    hotcue_tests::wait_until("the decoder is inside the read", || {
        ticket.percent() >= 0.0
            && engine
                .loads()
                .expect("it runs")
                .first()
                .is_some_and(|l| l.stage > hotcue::Stage::Queued)
    });
    let before = Instant::now();
    engine.shut_down();
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    let left = engine.drain_loader_events(None);
    assert_eq!(left.iter().filter(|event| event.is_terminal()).count(), 1, "{left:?}");
    gate.open();
}

#[test]
fn an_engine_starts_afresh_after_shutting_down() {
    let engine = offline(1);
    assert!(matches!(engine.run(), Err(EngineError::AlreadyRunning)));
    let source = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 10, sine(440.0, 48_000))));
    let first = engine.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(matches!(first.wait(None), Some(Ok(_))));
    engine.shut_down();
    engine.shut_down();
    engine.run().expect("it starts again");
    assert!(engine.sample(0).expect("it runs").is_none(), "slots are empty");
    let second = engine.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(second.request_id() > first.request_id());
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
}

#[test]
fn calls_of_many_threads_race_with_shutting_down() {
    for _ in 0..20 {
        let engine = offline(2);
        let source = Source::Memory(Arc::from(wav_bytes(48_000, 1, 500, sine(440.0, 48_000))));
        let accepted: usize = thread::scope(|scope| {
            let callers: Vec<_> = (0..4)
                .map(|caller| {
                    let (engine, source) = (&engine, source.clone());
                    scope.spawn(move || {
                        let mut accepted = 0;
                        for round in 0..200 {
                            match engine.load_sample_async(Some(caller), source.clone(), 0) {
                                Ok(ticket) => {
                                    accepted += 1;
                                    if round % 5 == 0 {
                                        ticket.cancel();
                                    }
                                }
                                Err(EngineError::NotInitialized) => break,
                                Err(other) => panic!("{other}"),
                            }
                        }
                        accepted
                    })
                })
                .collect();
            thread::yield_now();
            engine.shut_down();
            callers.into_iter().map(|caller| caller.join().expect("no panic")).sum()
        });
        let ended =
            engine.drain_loader_events(None).iter().filter(|event| event.is_terminal()).count();
        assert_eq!(ended, accepted);
    }
}

#[test]
fn several_engines_share_nothing() {
    let (one, two) = (offline(1), offline(1));
    let source = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 10, sine(440.0, 48_000))));
    let ticket = one.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    one.shut_down();
    assert!(two.sample(0).expect("it runs").is_none());
    assert!(!two.drain_loader_events(None).iter().any(LoaderEvent::is_terminal));
}
