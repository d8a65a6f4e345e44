//! Tests of what an unread queue keeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Stage;

use super::EventQueue;
use super::loads::MAX_OTHERS;
use crate::events::{CancelReason, LoaderEvent};

fn started(request_id: u64) -> LoaderEvent {
    LoaderEvent::Started { id: 0, request_id, time_sec: 0.0, path: None }
}

fn progress(request_id: u64, percent: f32) -> LoaderEvent {
    LoaderEvent::Progress { id: 0, request_id, time_sec: 0.0, percent, stage: Stage::Decoding }
}

fn cancelled(request_id: u64) -> LoaderEvent {
    LoaderEvent::Cancelled { id: 0, request_id, time_sec: 0.0, reason: CancelReason::User }
}

fn kinds(queue: &EventQueue) -> Vec<(&'static str, u64)> {
    let name = |event: LoaderEvent| (event.kind(), event.request_id().unwrap_or(0));
    queue.drain(None).into_iter().map(name).collect()
}

#[test]
fn events_come_out_in_order_and_once() {
    let queue = EventQueue::new();
    queue.push(started(1));
    queue.push(progress(1, 50.0));
    queue.push(cancelled(1));
    assert_eq!(kinds(&queue), [("started", 1), ("progress", 1), ("cancelled", 1)]);
    assert!(queue.poll().is_none() && queue.is_empty());
}

#[test]
fn a_newer_progress_replaces_the_unread_one() {
    let queue = EventQueue::new();
    for percent in 0..1_000_u16 {
        queue.push(progress(1, f32::from(percent) / 10.0));
        queue.push(progress(2, f32::from(percent) / 10.0));
    }
    let left = queue.drain(None);
    assert_eq!(left.len(), 2);
    for event in left {
        assert!(matches!(event, LoaderEvent::Progress { percent, .. } if percent == 99.9));
    }
}

#[test]
fn a_read_progress_is_not_replaced() {
    let queue = EventQueue::new();
    queue.push(progress(1, 10.0));
    assert!(queue.poll().is_some());
    queue.push(progress(1, 20.0));
    queue.push(progress(1, 30.0));
    assert!(matches!(queue.poll(), Some(LoaderEvent::Progress { percent: 30.0, .. })));
    assert!(queue.poll().is_none());
}

#[test]
fn promise_3_terminal_events_are_never_dropped() {
    let queue = EventQueue::new();
    let requests = 5_000_u64;
    for request in 0..requests {
        queue.push(started(request));
        queue.push(progress(request, 1.0));
        queue.push(progress(request, 100.0));
        queue.push(cancelled(request));
    }
    let left = queue.drain(None);
    let terminal: Vec<u64> =
        left.iter().filter(|e| e.is_terminal()).filter_map(LoaderEvent::request_id).collect();
    assert_eq!(terminal, (0..requests).collect::<Vec<_>>());
    assert_eq!(left.len() - terminal.len(), MAX_OTHERS, "the newest others stay");
    let last = requests - 1;
    assert!(left.iter().any(|e| e.kind() == "started" && e.request_id() == Some(last)));
    assert!(!left.iter().any(|e| e.kind() == "started" && e.request_id() == Some(0)));
}

#[test]
fn an_unread_queue_stays_small() {
    let queue = EventQueue::new();
    queue.push(cancelled(0));
    for round in 0..200_000_u64 {
        queue.push(progress(round % 7, 1.0));
        queue.push(started(round % 7));
    }
    assert_eq!(queue.len(), 1 + 7 + MAX_OTHERS);
    let inner = queue.lock();
    assert!(
        inner.unread.entries.len() < 8 * MAX_OTHERS,
        "{} places held",
        inner.unread.entries.len()
    );
}

#[test]
fn a_queue_that_was_read_late_gives_its_memory_back() {
    let queue = EventQueue::new();
    (0..100_000).for_each(|request_id| queue.push(cancelled(request_id)));
    assert_eq!(queue.drain(None).len(), 100_000);
    queue.push(started(1));
    let places = queue.lock().unread.entries.capacity();
    assert!(places <= 2 * MAX_OTHERS, "{places} places held for one event");
    assert_eq!(kinds(&queue), [("started", 1)]);
}

#[test]
fn order_survives_the_closing_of_holes() {
    let queue = EventQueue::new();
    let mut last = Vec::new();
    for round in 0..5_000_u64 {
        queue.push(progress(round % 3, 1.0));
        if round % 10 == 0 {
            queue.push(cancelled(1_000 + round));
            last.push(1_000 + round);
        }
    }
    let terminal: Vec<u64> = queue
        .drain(None)
        .iter()
        .filter(|event| event.is_terminal())
        .filter_map(LoaderEvent::request_id)
        .collect();
    assert_eq!(terminal, last);
}

#[test]
fn a_waiting_reader_is_woken() {
    let queue = Arc::new(EventQueue::new());
    let reader = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.wait(Instant::now() + Duration::from_secs(60)))
    };
    queue.push(started(7));
    let event = reader.join().expect("the reader does not panic");
    assert_eq!(event.and_then(|event| event.request_id()), Some(7));
}

#[test]
fn waiting_ends_at_the_deadline() {
    assert!(EventQueue::new().wait(Instant::now()).is_none());
}

/// Counts how often it was woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_that_found_nothing_is_woken_once() {
    let queue = Arc::new(EventQueue::new());
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let waiting = queue.wake(&waker);
    assert!(waiting.is_some());
    assert_eq!(count.0.load(Ordering::Relaxed), 0);
    queue.push(started(1));
    queue.push(started(2));
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert!(queue.wake(&waker).is_none(), "there is something to read");
}

#[test]
fn a_reader_that_gave_up_is_not_woken_and_leaves_nothing() {
    let queue = Arc::new(EventQueue::new());
    let count = Arc::new(Count::default());
    for _ in 0..1_000 {
        drop(queue.wake(&Waker::from(Arc::clone(&count))));
    }
    assert_eq!(Arc::strong_count(&count), 1);
    queue.push(started(1));
    assert_eq!(count.0.load(Ordering::Relaxed), 0);
}

#[test]
fn at_a_closed_queue_nobody_waits() {
    let queue = Arc::new(EventQueue::new());
    let count = Arc::new(Count::default());
    let waiting = queue.wake(&Waker::from(Arc::clone(&count)));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.wait(Instant::now() + Duration::from_secs(60)))
        })
        .collect();
    queue.close();
    for reader in readers {
        assert!(reader.join().expect("the reader does not panic").is_none());
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert!(queue.wake(&Waker::from(count)).is_none());
    drop(waiting);
}

#[test]
fn a_closed_queue_is_finished_once_it_is_read() {
    let queue = Arc::new(EventQueue::new());
    queue.push(started(1));
    assert!(!queue.is_finished());
    queue.close();
    assert!(!queue.is_finished(), "there is something left");
    assert_eq!(kinds(&queue), [("started", 1)]);
    assert!(queue.is_finished());
    queue.open();
    assert!(!queue.is_finished());
}

#[test]
fn the_descriptor_stays_the_same() {
    let queue = Arc::new(EventQueue::new());
    queue.push(started(1));
    let descriptor = queue.descriptor().expect("there are descriptors");
    assert_eq!(queue.drain(None).len(), 1);
    assert_eq!(queue.descriptor().ok(), Some(descriptor));
}
