//! Order and completeness of events, per request and per reader.

use std::sync::Arc;
use std::thread;

use hotcue::{LoadErrorKind, Source, Stage};
use hotcue_actors::{CancelReason, LoadFailure, LoaderEvent};
use hotcue_tests::{
    BlockingSource, Contract, Gate, PausingSource, collect_until_ended, sine, wait_until, wav_bytes,
};

use crate::offline;

fn tone(frames: u32) -> Source {
    Source::Memory(Arc::from(wav_bytes(44_100, 2, frames, sine(440.0, 44_100))))
}

#[test]
fn promise_2_events_of_a_request_come_in_order() {
    let engine = offline(2);
    // A minute of audio takes long enough for progress on the way.
    let long = engine.load_sample_async(Some(0), tone(44_100 * 60), 0).expect("accepted");
    let short: Vec<_> = (1..200)
        .map(|id| engine.load_sample_async(Some(id), tone(100), 0).expect("accepted"))
        .collect();
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 1 + short.len());
    for ticket in short.iter().chain([&long]) {
        let events = contract.events(ticket.request_id());
        assert!(matches!(events.first(), Some(LoaderEvent::Started { .. })));
        assert!(matches!(events.last(), Some(LoaderEvent::Success { .. })));
    }
}

#[test]
fn promise_2_a_request_that_ends_in_the_queue_has_only_its_terminal_event() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let blocked = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let first = engine.load_sample_async(Some(0), blocked, 0).expect("accepted");
    let queued: Vec<_> = (1..50)
        .map(|id| engine.load_sample_async(Some(id), tone(100), 0).expect("accepted"))
        .collect();
    for ticket in &queued {
        assert!(ticket.cancel(), "a queued load can be cancelled");
        assert!(!ticket.cancel(), "only once");
    }
    gate.open();
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 50);
    for ticket in &queued {
        let events = contract.events(ticket.request_id());
        let [LoaderEvent::Cancelled { reason: CancelReason::User, .. }] = events else {
            panic!("{events:?}");
        };
    }
    assert!(matches!(first.wait(None), Some(Ok(_))));
}

#[test]
fn promise_2_nothing_follows_a_cancel_that_races_with_the_decoder() {
    let engine = offline(4);
    let mut contract = Contract::default();
    let rounds = 2_000;
    for round in 0..rounds {
        let ticket = engine.load_sample_async(Some(round % 8), tone(20_000), 0).expect("accepted");
        if round % 3 == 0 {
            thread::yield_now();
        }
        ticket.cancel();
        // Read along: of an unread queue the oldest `started` may go.
        for event in engine.drain_loader_events(None) {
            contract.see(event);
        }
    }
    collect_until_ended(engine.events(), &mut contract, rounds as usize);
    engine.shut_down();
    for event in engine.drain_loader_events(None) {
        contract.see(event);
    }
}

#[test]
fn promise_6_polling_needs_no_running_engine() {
    let engine = hotcue_actors::AudioEngine::new(hotcue_actors::EngineConfig {
        output: "offline".to_owned(),
        ..hotcue_actors::EngineConfig::default()
    })
    .expect("a valid configuration");
    assert!(engine.poll_loader_events().is_none());
    engine.run().expect("it starts");
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    engine.shut_down();
    let left = engine.drain_loader_events(None);
    assert!(left.iter().any(|event| matches!(event, LoaderEvent::Success { .. })), "{left:?}");
    assert!(engine.poll_loader_events().is_none());
}

#[test]
fn an_error_names_kind_stage_and_path() {
    let engine = offline(1);
    let path = std::env::temp_dir().join("hotcue-there-is-no-such-file.wav");
    let ticket =
        engine.load_sample_async(Some(3), Source::Path(path.clone()), 0).expect("accepted");
    let Some(Err(LoadFailure::Failed { error, .. })) = ticket.wait(None) else {
        panic!("a missing file cannot load");
    };
    assert_eq!(error.kind(), LoadErrorKind::NotFound);
    assert_eq!(error.path(), Some(path.as_path()));
}

#[test]
fn what_is_done_is_told_also_while_the_rest_is_waited_for() {
    let engine = offline(1);
    let content: Arc<[u8]> = wav_bytes(48_000, 2, 480_000, sine(440.0, 48_000)).into();
    let gate = Arc::new(Gate::default());
    // Half of it is decoded sooner than progress is told.
    let gates = vec![(content.len() / 2, Arc::clone(&gate))];
    let source = Source::Custom(Arc::new(PausingSource { gates, content, fails: false }));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let is_half = |percent: f32| (40.0..60.0).contains(&percent);
    wait_until("half of it is done", || is_half(ticket.percent()));
    let mut told = None;
    wait_until("that is told", || {
        while let Some(event) = engine.poll_loader_events() {
            if let LoaderEvent::Progress { percent, stage, .. } = event {
                told = Some(stage).filter(|_| is_half(percent));
            }
        }
        told == Some(Stage::Decoding)
    });
    gate.open();
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
}
