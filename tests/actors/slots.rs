//! What a slot holds while loads of it come, fail and go.

use std::sync::Arc;

use actix_rt::System;
use hotcue::Source;
use hotcue_actors::{
    CancelLoad, CancelReason, EngineConfig, EngineError, LoadFailure, SlotState, SubmitError,
};
use hotcue_tests::{BlockingSource, Contract, Gate, collect_until_ended, sine, wav_bytes};

use crate::{offline, running};

fn tone(frames: u32) -> Source {
    Source::Memory(Arc::from(wav_bytes(48_000, 1, frames, sine(440.0, 48_000))))
}

fn blocked(gate: &Arc<Gate>, frames: u32) -> Source {
    let content = wav_bytes(48_000, 1, frames, sine(440.0, 48_000));
    Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(gate), content }))
}

fn broken() -> Source {
    Source::Memory(Arc::from(*b"this is no audio"))
}

#[test]
fn promise_4_a_failed_or_cancelled_load_leaves_the_sample() {
    let engine = offline(1);
    let first = engine.load_sample_async(Some(0), tone(4_800), 0).expect("accepted");
    assert!(matches!(first.wait(None), Some(Ok(_))));
    let sample = engine.sample(0).expect("it runs").expect("it is there");

    let failing = engine.load_sample_async(Some(0), broken(), 0).expect("accepted");
    assert!(matches!(failing.wait(None), Some(Err(LoadFailure::Failed { .. }))));
    let gate = Arc::new(Gate::default());
    let waiting = engine.load_sample_async(Some(0), blocked(&gate, 10), 0).expect("accepted");
    assert!(waiting.cancel());
    gate.open();

    let still = engine.sample(0).expect("it runs").expect("it is still there");
    assert!(Arc::ptr_eq(&sample, &still));
    assert_eq!(engine.state(0).expect("it runs"), SlotState::Ready);
    assert!(engine.play_sample(0, Default::default()).expect("it runs").is_some());
    let sounded = engine.render(64).expect("offline");
    assert!(sounded.samples.iter().any(|value| value.abs() > 0.1), "it still plays");
}

#[test]
fn promise_5_a_newer_load_supersedes_the_older() {
    let engine = offline(2);
    let gate = Arc::new(Gate::default());
    let older = engine.load_sample_async(Some(0), blocked(&gate, 111), 0).expect("accepted");
    let newer = engine.load_sample_async(Some(0), tone(222), 0).expect("accepted");
    let Some(Err(LoadFailure::Cancelled(CancelReason::Superseded))) = older.wait(None) else {
        panic!("the older load goes on");
    };
    assert!(matches!(newer.wait(None), Some(Ok(_))));
    gate.open();
    // The decoder of the older one comes back and takes another job: its result went nowhere.
    let other = engine.load_sample_async(Some(1), tone(333), 0).expect("accepted");
    let another = engine.load_sample_async(Some(2), tone(333), 0).expect("accepted");
    assert!(matches!(other.wait(None), Some(Ok(_))));
    assert!(matches!(another.wait(None), Some(Ok(_))));
    let sample = engine.sample(0).expect("it runs").expect("it is there");
    assert_eq!(sample.frames(), 222);
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 4);
}

#[test]
fn promise_5_a_thousand_reloads_end_with_the_last() {
    let engine = offline(4);
    let mut contract = Contract::default();
    let mut load = |frames| {
        // Read along: of an unread queue the oldest `started` may go.
        engine.drain_loader_events(None).into_iter().for_each(|event| contract.see(event));
        engine.load_sample_async(Some(5), tone(frames), 0).expect("accepted")
    };
    let tickets: Vec<_> = (1..=1_000).map(&mut load).collect();
    let last = tickets.last().expect("a thousand").wait(None);
    assert!(matches!(last, Some(Ok(_))));
    collect_until_ended(engine.events(), &mut contract, tickets.len());
    assert_eq!(engine.sample(5).expect("it runs").map(|sample| sample.frames()), Some(1_000));
}

#[test]
fn unload_during_a_load_leaves_no_ghost() {
    let engine = offline(2);
    for _ in 0..500 {
        let ticket = engine.load_sample_async(Some(0), tone(300), 0).expect("accepted");
        std::thread::yield_now();
        engine.unload_sample(0).expect("it runs");
        assert!(engine.sample(0).expect("it runs").is_none());
        assert!(ticket.wait(None).is_some(), "it has ended, one way or the other");
        assert_eq!(engine.state(0).expect("it runs"), SlotState::Empty);
        assert!(engine.play_sample(0, Default::default()).expect("it runs").is_none());
    }
    let rendered = engine.render(4_800).expect("offline");
    assert!(rendered.samples.iter().all(|&value| value == 0.0), "nothing sounds");
}

#[test]
fn states_follow_the_load() {
    let engine = offline(1);
    let state = |id| engine.state(id).expect("it runs");
    assert_eq!(state(0), SlotState::Empty);
    let gate = Arc::new(Gate::default());
    let first = engine.load_sample_async(Some(0), blocked(&gate, 10), 0).expect("accepted");
    let second = engine.load_sample_async(Some(1), broken(), 0).expect("accepted");
    hotcue_tests::wait_until("the first load runs", || state(0) == SlotState::Loading);
    assert_eq!(state(1), SlotState::Queued);
    gate.open();
    assert!(first.wait(None).is_some() && second.wait(None).is_some());
    assert_eq!((state(0), state(1)), (SlotState::Ready, SlotState::Failed));
    engine.unload_sample(0).expect("it runs");
    assert_eq!(state(0), SlotState::Empty);
}

#[test]
fn no_id_takes_the_lowest_free_slot() {
    let engine =
        running(EngineConfig { output: "offline".to_owned(), slots: 4, ..EngineConfig::default() });
    let load = |id| engine.load_sample_async(id, tone(10), 0);
    assert_eq!(load(Some(1)).expect("accepted").id(), 1);
    let taken: Vec<_> = (0..3).map(|_| load(None).expect("accepted").id()).collect();
    assert_eq!(taken, [0, 2, 3]);
    let full = load(None);
    assert!(matches!(full, Err(EngineError::Submit(SubmitError::NoFreeSlot))), "{full:?}");
    engine.unload_sample(2).expect("it runs");
    assert_eq!(load(None).expect("accepted").id(), 2);
}

#[test]
fn more_than_max_queued_is_refused_and_nothing_is_lost() {
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(1),
        max_queued: 10,
        ..EngineConfig::default()
    });
    let gate = Arc::new(Gate::default());
    let first = engine.load_sample_async(Some(0), blocked(&gate, 10), 0).expect("accepted");
    hotcue_tests::wait_until("the first load runs", || {
        engine.state(0).expect("it runs") == SlotState::Loading
    });
    let accepted: Vec<_> = (1..=10)
        .map(|id| engine.load_sample_async(Some(id), tone(10), 0).expect("accepted"))
        .collect();
    let refused = engine.load_sample_async(Some(11), tone(10), 0);
    assert!(matches!(refused, Err(EngineError::Submit(SubmitError::QueueFull))), "{refused:?}");
    assert_eq!(engine.state(11).expect("it runs"), SlotState::Empty);
    assert!(accepted[0].cancel(), "cancelling makes room");
    assert!(engine.load_sample_async(Some(11), tone(10), 0).is_ok());
    gate.open();
    assert!(first.wait(None).is_some());
}

#[test]
fn a_higher_priority_goes_first() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let first = engine.load_sample_async(Some(0), blocked(&gate, 10), 0).expect("accepted");
    hotcue_tests::wait_until("the first load runs", || {
        engine.state(0).expect("it runs") == SlotState::Loading
    });
    let priorities = [0, 5, -3, 5, 100, 0];
    let tickets: Vec<_> = (1..)
        .zip(priorities)
        .map(|(id, p)| engine.load_sample_async(Some(id), tone(10), p).expect("accepted"))
        .collect();
    // It answers once it has heard of them all.
    let supervisor = engine.supervisor().expect("it runs");
    let answer = System::new().block_on(supervisor.send(CancelLoad { request_id: u64::MAX }));
    assert!(!answer.expect("it lives"), "there is no such load");
    gate.open();
    let mut ended = Vec::new();
    while ended.len() < 7 {
        let deadline = std::time::Instant::now() + hotcue_tests::PATIENCE;
        let event = engine.events().wait(deadline).expect("an event");
        if event.is_terminal() {
            ended.extend(event.request_id());
        }
    }
    // It ran before them all, and gave way if the supervisor heard of them in time.
    ended.retain(|id| *id != first.request_id());
    let by_priority = [4, 1, 3, 0, 5, 2].map(|index: usize| tickets[index].request_id());
    assert_eq!(ended, by_priority);
}

#[test]
fn ended_requests_do_not_pile_up_behind_a_busy_pool() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    engine.load_sample_async(Some(0), blocked(&gate, 10), 0).expect("accepted");
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000)));
    for _ in 0..10_000 {
        let source = Source::Memory(Arc::clone(&content));
        engine.load_sample_async(Some(1), source, 0).expect("accepted");
    }
    hotcue_tests::wait_until("superseded content goes away", || Arc::strong_count(&content) < 200);
    gate.open();
}

#[test]
fn promise_10_an_unload_after_a_push_leaves_the_slot_empty() {
    let engine = offline(1);
    let handle = engine.stream_handle().expect("it runs");
    let buffer = hotcue::SampleBuffer::from_planes(48_000, vec![vec![0.25; 100]]).expect("valid");
    for _ in 0..500 {
        handle.push_sample(7, Arc::clone(&buffer)).expect("it runs");
        assert!(engine.play_sample(7, Default::default()).expect("it runs").is_some());
        engine.unload_sample(7).expect("it runs");
        assert!(engine.sample(7).expect("it runs").is_none());
        engine.render(0).expect("offline");
        assert!(engine.sample(7).expect("it runs").is_none(), "the push came after the unload");
    }
    assert_eq!((engine.stats().samples, engine.stats().sample_bytes), (0, 0));
}

#[test]
fn content_does_not_stay_beside_the_sample_that_it_became() {
    let engine = offline(1);
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000)));
    let source = Source::Memory(Arc::clone(&content));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    drop(ticket);
    hotcue_tests::wait_until("the content goes away", || Arc::strong_count(&content) == 1);
    assert!(engine.sample(0).expect("it runs").is_some());
}
