//! Readers of their own beside the poll queue, and those who are woken instead of waiting.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{EventQueue, LoadTicket, LoaderEvent, SubmitOptions};
use hotcue_tests::{Contract, collect_until_ended, sine, wav_bytes};

use crate::offline;

const PATIENCE: Duration = Duration::from_secs(60);

fn tone(frames: u32) -> Source {
    Source::Memory(Arc::from(wav_bytes(44_100, 2, frames, sine(440.0, 44_100))))
}

/// Counts how often it was woken, and wakes a thread.
pub(crate) struct Count {
    woken: AtomicUsize,
    thread: thread::Thread,
}

impl Count {
    pub(crate) fn here() -> Arc<Self> {
        Arc::new(Self { woken: AtomicUsize::new(0), thread: thread::current() })
    }

    pub(crate) fn woken(&self) -> usize {
        self.woken.load(Ordering::Acquire)
    }

    pub(crate) fn wait_until_woken(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.woken() == 0 {
            assert!(Instant::now() < deadline, "nobody wakes it");
            thread::park_timeout(Duration::from_millis(100));
        }
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

fn ended(queue: &EventQueue) -> Vec<u64> {
    let events = queue.drain(None);
    events.iter().filter(|e| e.is_terminal()).filter_map(LoaderEvent::request_id).collect()
}

fn ids(tickets: &[LoadTicket]) -> BTreeSet<u64> {
    tickets.iter().map(LoadTicket::request_id).collect()
}

#[test]
fn promise_3_every_reader_gets_each_event_once() {
    let engine = offline(2);
    let readers = [engine.subscribe(), engine.subscribe()].map(|it| it.expect("it runs"));
    let load = |id| engine.load_sample_async(Some(id), tone(100), 0).expect("accepted");
    let tickets: Vec<_> = (0..200).map(load).collect();
    for queue in readers.iter().map(|it| &***it).chain([&**engine.events()]) {
        let mut contract = Contract::default();
        collect_until_ended(queue, &mut contract, tickets.len());
        for ticket in &tickets {
            let events = contract.events(ticket.request_id());
            assert!(matches!(events.first(), Some(LoaderEvent::Started { .. })), "{events:?}");
            assert!(matches!(events.last(), Some(LoaderEvent::Success { .. })), "{events:?}");
        }
    }
}

#[test]
fn promise_3_awaited_loads_never_enter_the_poll_queue() {
    let engine = offline(2);
    let reader = engine.subscribe().expect("it runs");
    let options = SubmitOptions {
        analyze: vec![hotcue::analysis::AnalysisKind::Loudness],
        awaited: true,
        ..SubmitOptions::default()
    };
    let load = |id| engine.submit(Some(id), tone(100), &options).expect("accepted");
    let tickets: Vec<_> = (0..200).map(load).collect();
    for ticket in tickets.iter().step_by(3) {
        ticket.cancel();
    }
    let missing = Source::Path("there-is-no-such-file.wav".into());
    let failing = engine.submit(Some(0), missing, &options).expect("accepted");
    assert!(failing.wait(None).is_some_and(|outcome| outcome.is_err()));
    engine.shut_down();
    let mut all = ids(&tickets);
    all.insert(failing.request_id());
    let told = ended(&reader);
    assert_eq!(told.len(), all.len());
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), all);
    let polled = engine.drain_loader_events(None);
    assert!(polled.iter().all(|event| event.request_id().is_none()), "{polled:?}");
}

#[test]
fn shutting_down_ends_what_every_reader_gets() {
    let engine = offline(1);
    let reader = engine.subscribe().expect("it runs");
    let load = |id| engine.load_sample_async(Some(id), tone(48_000), 0).expect("accepted");
    let tickets: Vec<_> = (0..50).map(load).collect();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut all = Vec::new();
            while let Some(event) = reader.wait(Instant::now() + PATIENCE) {
                all.push(event);
            }
            all
        });
        engine.shut_down();
        let all = waiting.join().expect("the reader does not panic");
        let ends = all.iter().filter(|event| event.is_terminal());
        let ends: BTreeSet<_> = ends.filter_map(LoaderEvent::request_id).collect();
        assert_eq!(ends, ids(&tickets));
    });
    assert!(reader.is_finished());
    assert!(!engine.events().is_finished(), "nobody has read that");
    assert_eq!(ended(engine.events()).len(), 50);
    assert!(engine.events().is_finished());
    assert!(engine.events().wait(Instant::now() + PATIENCE).is_none());
    assert!(engine.subscribe().is_err());

    engine.run().expect("it starts again");
    assert!(!engine.events().is_finished());
    assert!(reader.is_finished(), "it was of the run before");
}

#[test]
fn a_subscription_that_is_dropped_leaves_nothing() {
    let engine = offline(1);
    let reader = engine.subscribe().expect("it runs");
    let queue = Arc::downgrade(&*reader);
    let count = Count::here();
    let waker = Waker::from(Arc::clone(&count));
    while reader.wake(&waker).is_none() {
        reader.drain(None);
    }
    drop(reader);
    let deadline = Instant::now() + PATIENCE;
    while queue.upgrade().is_some() {
        assert!(Instant::now() < deadline, "the bus keeps it");
        thread::yield_now();
    }
}

#[test]
fn the_end_of_a_load_wakes_whoever_waits_for_it() {
    let engine = offline(1);
    let load = |source| engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let ticket = load(tone(441_000));
    let (count, other) = (Count::here(), Count::here());
    let waiting = ticket.wake(&Waker::from(Arc::clone(&count)));
    drop(ticket.wake(&Waker::from(Arc::clone(&other))));
    assert!(waiting.is_some(), "ten seconds of audio take a moment");
    count.wait_until_woken();
    let sample = ticket.wait(Some(Duration::ZERO)).expect("it has ended").expect("it loads");
    assert_eq!(sample.frames(), 480_000);
    assert!(ticket.wake(&Waker::from(Arc::clone(&count))).is_none(), "it has ended");
    assert_eq!((count.woken(), other.woken()), (1, 0));
}

#[test]
fn a_batch_wakes_once_when_all_of_it_has_ended() {
    let engine = offline(2);
    for turn in 0..50 {
        let items = (0..20).map(|id| (Some(id), tone(100 + turn)));
        let missing = (Some(20), Source::Path("there-is-no-such-file.wav".into()));
        let batch = engine.load_many_async(items.chain([missing]).collect(), 0).expect("accepted");
        let count = Count::here();
        // None if it was quicker than this line.
        let waiting = batch.wake(&Waker::from(Arc::clone(&count)));
        batch.tickets()[3].cancel();
        if waiting.is_some() {
            count.wait_until_woken();
            assert_eq!(count.woken(), 1);
        }
        let outcomes = batch.tickets().iter().map(|ticket| ticket.wait(Some(Duration::ZERO)));
        assert!(outcomes.flatten().count() == 21, "it was woken before the end");
    }
    let none = engine.load_many_async(Vec::new(), 0).expect("accepted");
    assert!(none.wake(Waker::noop()).is_none());
}

/// Panics when it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        resume_unwind(Box::new("planted panic"));
    }
}

#[test]
fn a_waker_that_panics_holds_up_no_event_and_no_other_waker() {
    let engine = offline(1);
    let (panics, count) = (Waker::from(Arc::new(Panics)), Count::here());
    let queue = engine.events();
    let begun = queue.wait(Instant::now() + PATIENCE).expect("it says that it plays");
    assert!(matches!(begun, LoaderEvent::Device { .. }), "{begun:?}");
    let waiting = [&panics, &Waker::from(Arc::clone(&count))].map(|waker| queue.wake(waker));
    assert!(waiting.iter().all(Option::is_some), "nothing else was told yet");
    let ticket = engine.load_sample_async(Some(0), tone(100_000), 0).expect("accepted");
    let _waiting = ticket.wake(&panics);
    count.wait_until_woken();
    ticket.wait(Some(PATIENCE)).expect("an end").expect("a sound file");
    let ticket = engine.load_sample_async(Some(1), tone(100), 0).expect("accepted");
    ticket.wait(Some(PATIENCE)).expect("an end").expect("a sound file");
    collect_until_ended(queue, &mut Contract::default(), 2);
}
