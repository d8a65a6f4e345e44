//! Sources of the caller's own that are hard to drop: they harm nobody else.

use std::io::{self, Cursor};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use hotcue::{ByteSource, ReadSeek, Source};
use hotcue_actors::{AudioEngine, EventQueue, LoadSample};
use hotcue_tests::{
    BlockingSource, Contract, Gate, collect_until_ended, sine, wait_until, wav_bytes,
};

use crate::offline;

fn tone() -> Vec<u8> {
    wav_bytes(48_000, 1, 100, sine(440.0, 48_000))
}

/// A tone that does something when it is dropped.
struct AtLast<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> ByteSource for AtLast<F> {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(Cursor::new(tone())))
    }

    fn name(&self) -> &str {
        "does something at last"
    }
}

impl<F: Fn() + Send + Sync> Drop for AtLast<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn source(at_last: impl Fn() + Send + Sync + 'static) -> Source {
    Source::Custom(Arc::new(AtLast(at_last)))
}

/// A way that a source comes into an engine, and whether that gives a load.
type Way = (fn(&AudioEngine, Source), bool);

const WAYS: [Way; 6] = [
    (|engine, source| drop(engine.load_sample_async(Some(0), source, 0)), true),
    (|engine, source| send(engine, source, 0), true),
    (|engine, source| drop(engine.load_many_async(vec![(Some(0), source)], 0)), true),
    (
        |engine, source| {
            let ticket = engine.stream_sample_async(Some(0), source, 0).expect("accepted");
            ticket.wait(None).expect("it ends").expect("it loads");
            engine.unload_sample(0).expect("it runs");
        },
        true,
    ),
    (
        |engine, source| {
            let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
            ticket.cancel();
        },
        true,
    ),
    // Refused for its priority.
    (|engine, source| send(engine, source, 1_000), false),
];

fn send(engine: &AudioEngine, source: Source, priority: i32) {
    engine.supervisor().expect("it runs").do_send(LoadSample { id: Some(0), source, priority });
}

/// Loads go on after one of a source that does this when it is dropped, and so do their events.
fn goes_on(at_last: impl Fn() + Clone + Send + Sync + 'static) {
    for (bring, is_load) in WAYS {
        let engine = offline(2);
        let events = engine.subscribe().expect("it runs");
        bring(&engine, source(at_last.clone()));
        let mut contract = Contract::default();
        collect_until_ended(&events, &mut contract, usize::from(is_load));
        for id in 1..20 {
            let content = Source::Memory(tone().into());
            let ticket = engine.load_sample_async(Some(id), content, 0).expect("accepted");
            let ended = ticket.wait(Some(Duration::from_secs(30)));
            assert!(matches!(ended, Some(Ok(_))), "{ended:?}");
        }
        collect_until_ended(&events, &mut contract, 19 + usize::from(is_load));
        let (done, is_done) = mpsc::channel();
        let queue = Arc::clone(&events);
        thread::spawn(move || {
            engine.shut_down();
            done.send(()).ok();
        });
        assert!(is_done.recv_timeout(Duration::from_secs(30)).is_ok(), "it does not end");
        queue.drain(None);
        assert!(queue.is_finished());
    }
}

#[test]
fn a_source_that_panics_when_it_is_dropped_harms_nobody() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dropped);
    goes_on(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        resume_unwind(Box::new("planted panic"));
    });
    wait_until("all are dropped", || dropped.load(Ordering::Relaxed) == WAYS.len());
}

/// A gate that is open at last, however the test ends.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

#[test]
fn a_source_that_takes_long_to_drop_holds_nobody_up() {
    let (gate, dropped) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
    let opens = Opens(Arc::clone(&gate));
    let counted = Arc::clone(&dropped);
    goes_on(move || {
        gate.pass();
        counted.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    drop(opens);
    wait_until("all are dropped", || dropped.load(Ordering::Relaxed) == WAYS.len());
}

fn wait_for_the_end(queue: &EventQueue) {
    wait_until("the engine ends", || {
        queue.drain(None);
        queue.is_finished()
    });
}

#[test]
fn a_source_may_be_the_last_to_hold_its_engine() {
    let engine = Arc::new(offline(1));
    let queue = Arc::clone(engine.events());
    let held = Arc::clone(&engine);
    send(&engine, source(move || assert!(held.events().len() < 1_000)), 0);
    drop(engine);
    wait_for_the_end(&queue);
}

/// Holds an engine until it has woken whoever it is for.
struct HoldsEngine {
    _engine: Arc<AudioEngine>,
}

impl Wake for HoldsEngine {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_may_be_the_last_to_hold_its_engine() {
    let engine = Arc::new(offline(1));
    let (queue, gate) = (Arc::clone(engine.events()), Arc::new(Gate::default()));
    let blocking = BlockingSource { gate: Arc::clone(&gate), content: tone() };
    let ticket = engine.load_sample_async(Some(0), Source::Custom(Arc::new(blocking)), 0);
    let ticket = ticket.expect("accepted");
    let waker = Waker::from(Arc::new(HoldsEngine { _engine: Arc::clone(&engine) }));
    let waits = ticket.wake(&waker).expect("it has not ended");
    drop((waker, engine));
    gate.open();
    wait_for_the_end(&queue);
    drop(waits);
}
