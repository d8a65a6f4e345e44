//! `load_many_async`: all loads are accepted, or none.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{
    AudioEngine, BatchProgress, CancelReason, EngineConfig, EngineError, LoadFailure, LoadTicket,
    SlotState, SubmitError,
};
use hotcue_tests::{
    BlockingSource, Contract, Gate, collect_until_ended, sine, wait_until, wav_bytes,
};

use crate::{offline, running};

fn tone(frames: u32) -> Source {
    Source::Memory(Arc::from(wav_bytes(48_000, 1, frames, sine(440.0, 48_000))))
}

fn missing() -> Source {
    Source::Path(PathBuf::from("no such file.wav"))
}

fn blocked(gate: &Arc<Gate>) -> Source {
    let content = wav_bytes(48_000, 1, 10, sine(440.0, 48_000));
    Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(gate), content }))
}

fn slots_of(engine: &AudioEngine, ids: &[Option<u32>]) -> Vec<u32> {
    let items = ids.iter().map(|id| (*id, tone(10))).collect();
    let batch = engine.load_many_async(items, 0).expect("accepted");
    batch.tickets().iter().map(|ticket| ticket.id()).collect()
}

#[test]
fn every_load_of_a_batch_has_its_events_and_its_place() {
    let engine = offline(2);
    let items = vec![(Some(3), tone(300)), (None, tone(100)), (Some(0), missing())];
    let batch = engine.load_many_async(items, 0).expect("accepted");
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 3);
    let [three, free, failed] = batch.tickets() else { panic!("three tickets") };
    assert_eq!((three.id(), free.id(), failed.id()), (3, 1, 0));
    assert!(three.request_id() < free.request_id() && free.request_id() < failed.request_id());
    assert_eq!(three.sample().map(|sample| sample.frames()), Some(300));
    assert_eq!(free.sample().map(|sample| sample.frames()), Some(100));
    assert!(matches!(failed.wait(None), Some(Err(LoadFailure::Failed { .. }))));
    let all = BatchProgress { done: 2, failed: 1, cancelled: 0, total: 3, percent: 100.0 };
    assert_eq!(batch.progress(), all);
}

#[test]
fn ids_of_the_engines_choice_never_meet_ids_of_the_batch() {
    let engine = offline(1);
    assert_eq!(slots_of(&engine, &[None, Some(0), None, Some(2)]), [1, 0, 3, 2]);
    assert_eq!(slots_of(&engine, &[Some(5), None]), [5, 4]);
    assert_eq!(slots_of(&engine, &[None, None]), [6, 7]);
    assert_eq!(slots_of(&engine, &[]), [] as [u32; 0]);
}

#[test]
fn of_an_id_that_comes_again_the_later_load_supersedes_the_earlier() {
    let engine = offline(1);
    // The decoder would be through with the first ones before the last one is accepted.
    let gate = Arc::new(Gate::default());
    engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    wait_until("the decoder to be busy", || engine.state(0).is_ok_and(|s| s == SlotState::Loading));
    let items = (1..=50).map(|frames| (Some(7), tone(frames))).collect();
    let batch = engine.load_many_async(items, 0).expect("accepted");
    gate.open();
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 51);
    for ticket in &batch.tickets()[..49] {
        let ended = ticket.wait(None);
        let Some(Err(LoadFailure::Cancelled(CancelReason::Superseded))) = ended else {
            panic!("an earlier one ended in {ended:?}");
        };
    }
    assert_eq!(engine.sample(7).expect("it runs").map(|sample| sample.frames()), Some(50));
    let all = BatchProgress { done: 1, failed: 0, cancelled: 49, total: 50, percent: 100.0 };
    assert_eq!(batch.progress(), all);
}

#[test]
fn a_batch_that_is_refused_leaves_everything_as_it_was() {
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(1),
        slots: 8,
        max_queued: 5,
        ..EngineConfig::default()
    });
    let gate = Arc::new(Gate::default());
    let busy = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    wait_until("the decoder to be busy", || engine.state(0).is_ok_and(|s| s == SlotState::Loading));
    let waiting = engine.load_sample_async(Some(1), tone(11), 0).expect("accepted");

    let refused = |ids: &[Option<u32>], priority| {
        let items = ids.iter().map(|id| (*id, tone(22))).collect();
        engine.load_many_async(items, priority).expect_err("refused")
    };
    let range = refused(&[Some(1), Some(2), None, Some(8)], 0);
    assert!(matches!(range, EngineError::Submit(SubmitError::IdOutOfRange)));
    let priority = refused(&[Some(1)], 101);
    assert!(matches!(priority, EngineError::OutOfRange("priority")));
    let full = refused(&[Some(1), None, Some(2), Some(3), Some(4)], 0);
    assert!(matches!(full, EngineError::Submit(SubmitError::QueueFull)));
    for id in 2..8 {
        assert_eq!(engine.state(id).expect("it runs"), SlotState::Empty);
    }
    assert_eq!((engine.stats().live, engine.stats().queued), (2, 1));

    // Just as many as there is room for; the refused ones took none of it.
    let items = (2..6).map(|id| (Some(id), tone(33))).collect();
    let batch = engine.load_many_async(items, 0).expect("four have room");
    gate.open();
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 6);
    assert_eq!(contract.requests(), 6);
    assert!(matches!((busy.wait(None), waiting.wait(None)), (Some(Ok(_)), Some(Ok(_)))));
    assert_eq!(waiting.sample().map(|sample| sample.frames()), Some(11));
    assert_eq!(batch.progress().done, 4);

    let none_free = refused(&[None, None, None], 0);
    assert!(matches!(none_free, EngineError::Submit(SubmitError::NoFreeSlot)));
    assert_eq!(slots_of(&engine, &[None, None]), [6, 7]);
}

#[test]
fn cancelling_a_batch_ends_what_has_not_ended() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let mut items = vec![(Some(0), tone(10)), (Some(1), missing()), (Some(2), blocked(&gate))];
    items.extend((3..100).map(|id| (Some(id), tone(10))));
    let batch = engine.load_many_async(items, 0).expect("accepted");
    wait_until("the first to be in its slot, and the third to be read", || {
        let is_read = engine.state(2).is_ok_and(|state| state == SlotState::Loading);
        is_read && batch.progress().done == 1
    });
    let before = batch.progress();
    assert_eq!((before.done, before.failed, before.cancelled), (1, 1, 0));
    assert!((2.0..3.0).contains(&before.percent), "{before:?}");
    assert_eq!(batch.cancel(), 98);
    assert_eq!(batch.cancel(), 0);
    let all = BatchProgress { done: 1, failed: 1, cancelled: 98, total: 100, percent: 100.0 };
    assert_eq!(batch.progress(), all);
    gate.open();
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 100);
    engine.shut_down();
    assert_eq!((batch.cancel(), batch.progress()), (0, all));
}

#[test]
fn progress_of_a_batch_never_falls_and_what_an_event_says_is_counted() {
    let engine = offline(2);
    let items = (0..200).map(|n| (Some(n), if n % 5 == 0 { missing() } else { tone(4_000) }));
    let batch = engine.load_many_async(items.collect(), 0).expect("accepted");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = batch.progress();
            while last.percent < 100.0 {
                let now = batch.progress();
                assert!(now.done >= last.done && now.failed >= last.failed, "{last:?} {now:?}");
                assert!(now.cancelled >= last.cancelled, "{last:?} {now:?}");
                assert!(now.percent >= last.percent && now.percent <= 100.0, "{last:?} {now:?}");
                last = now;
            }
        });
        for ticket in batch.tickets().iter().skip(150) {
            ticket.cancel();
        }
        let mut contract = Contract::default();
        for ended in 1..=200 {
            collect_until_ended(engine.events(), &mut contract, ended);
            let BatchProgress { done, failed, cancelled, .. } = batch.progress();
            assert!(done + failed + cancelled >= ended);
        }
    });
    let progress = batch.progress();
    assert_eq!(progress.done + progress.failed + progress.cancelled, 200);
    // Of those that were to be cancelled, some may have failed before.
    let has_failed = |ticket: &&LoadTicket| {
        matches!(ticket.wait(Some(Duration::ZERO)), Some(Err(LoadFailure::Failed { .. })))
    };
    let failed = batch.tickets().iter().filter(has_failed).count();
    assert!(progress.failed == failed && failed >= 30, "{progress:?}, {failed} have");
}

#[test]
fn batches_of_many_threads_take_each_slot_once() {
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(2),
        slots: 400,
        ..EngineConfig::default()
    });
    let mut slots: Vec<u32> = thread::scope(|scope| {
        let takers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..10).flat_map(|_| slots_of(&engine, &[None; 10])).collect()))
            .collect();
        takers
            .into_iter()
            .flat_map(|taker| -> Vec<u32> { taker.join().expect("no panic") })
            .collect()
    });
    slots.sort_unstable();
    assert!(slots.into_iter().eq(0..400));
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 400);
}

#[test]
fn who_ends_the_engine_while_a_batch_is_accepted_holds_up_nobody_else() {
    const MANY: u32 = 200_000;
    let config = EngineConfig { slots: MANY as usize, ..EngineConfig::default() };
    let engine = running(EngineConfig { output: "offline".to_owned(), workers: Some(1), ..config });
    let content = tone(10);
    let items = (0..MANY).map(|id| (Some(id), content.clone())).collect();
    thread::scope(|scope| {
        let batch =
            scope.spawn(|| engine.load_many_async(items, 0).map(|batch| (batch, Instant::now())));
        wait_until("the batch is being accepted", || engine.stats().live > 0);
        let began = Instant::now();
        let end = scope.spawn(|| engine.shut_down());
        let mut longest = Duration::ZERO;
        while !batch.is_finished() {
            let before = Instant::now();
            engine.state(0).ok();
            longest = longest.max(before.elapsed());
            thread::sleep(Duration::from_millis(1));
        }
        let (batch, accepted) = batch.join().expect("no panic").expect("it came first");
        end.join().expect("no panic");
        let left = accepted - began;
        assert!(longest < left / 2, "a call took {longest:?} of {left:?}");
        let BatchProgress { done, cancelled, total, .. } = batch.progress();
        assert_eq!((done + cancelled, total), (MANY as usize, MANY as usize));
    });
    let ends = engine.drain_loader_events(None).iter().filter(|event| event.is_terminal()).count();
    assert_eq!(ends, MANY as usize);
}
