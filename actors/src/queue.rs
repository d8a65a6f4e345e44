//! One reader's own queue of events: read at once, by waiting, by watching, or by being woken.

mod loads;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

pub use loads::UnreadLoads;

use crate::playback::UnreadNotices;
use crate::signal::Signal;
use crate::wakers::{self, Wakers};

/// Events of loads for one reader; the event bus writes.
///
/// Unread, it holds at most one `Progress` per live request (the newest), every terminal event,
/// every `Analysis`, and the newest 1,024 others. It keeps no waveform in memory: an event whose
/// audio is gone by the time that it is read says [`Unread`](crate::AnalysisFailure::Unread).
pub type EventQueue = Queue<UnreadLoads>;

/// Events of voices for one reader, the newest 4,096; the sink writes.
pub type PlaybackQueue = Queue<UnreadNotices>;

/// What a queue keeps of what nobody has read.
pub trait Unread: Default {
    /// What is read, one after the other.
    type Event;

    /// Adds one; another may have to go.
    fn push(&mut self, event: Self::Event);

    /// Takes the oldest out.
    fn pop(&mut self) -> Option<Self::Event>;

    /// How many there are.
    fn count(&self) -> usize;

    /// How many were left out because nobody read.
    fn dropped(&self) -> u64;
}

/// Events for one reader.
///
/// The engine writes; any thread may read: at once, by waiting, by watching a descriptor, or by
/// being woken. Once its engine has shut down it is *closed*: nothing more will come, and nobody
/// waits. That holds for one engine: a queue that is subscribed at two is closed by whichever ends
/// first, and what the other one publishes still comes.
#[derive(Debug, Default)]
pub struct Queue<U> {
    /// Events to read; lets an empty poll return without touching the lock.
    len: AtomicUsize,
    inner: Mutex<Inner<U>>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Inner<U> {
    unread: U,
    closed: bool,
    /// Threads in [`Queue::wait`]: without any, nobody is to be notified, which is a system call.
    waiting: usize,
    /// Raised while there is something to read, once somebody has asked for it.
    signal: Option<Signal>,
    /// Of readers that found nothing.
    wakers: Wakers,
}

impl<U: Unread> Queue<U> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event. Never waits for an actor; no system call when there is none.
    pub fn poll(&self) -> Option<U::Event> {
        // Acquire pairs with the release in `push`; a stale 0 only means one poll later.
        if self.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut inner = self.lock();
        let event = inner.unread.pop();
        self.changed(&mut inner);
        event
    }

    /// Takes up to `limit` events, all with None.
    pub fn drain(&self, limit: Option<usize>) -> Vec<U::Event> {
        if self.len.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut inner = self.lock();
        let count = inner.unread.count().min(limit.unwrap_or(usize::MAX));
        let events = (0..count).filter_map(|_| inner.unread.pop()).collect();
        self.changed(&mut inner);
        events
    }

    /// Waits for the next event, at most until `deadline`. None then, and at once when the queue is
    /// closed and empty.
    pub fn wait(&self, deadline: Instant) -> Option<U::Event> {
        let mut inner = self.lock();
        inner.waiting += 1;
        let event = loop {
            if let Some(event) = inner.unread.pop() {
                break Some(event);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO || inner.closed {
                break None;
            }
            inner =
                self.arrived.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        inner.waiting -= 1;
        self.changed(&mut inner);
        event
    }

    /// Events waiting to be read.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Events that were left out because nobody read.
    pub fn dropped(&self) -> u64 {
        self.lock().unread.dropped()
    }

    /// Whether nothing is left to read, and nothing will come: the engine has shut down.
    pub fn is_finished(&self) -> bool {
        let inner = self.lock();
        inner.closed && inner.unread.count() == 0
    }

    /// A descriptor that is readable while there is something to read, for `select` and the event
    /// loops of toolkits: a file on Unix, a socket on Windows. It is the queue's own and always the
    /// same; whoever watches it only reads from the queue.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn descriptor(&self) -> io::Result<i64> {
        let mut inner = self.lock();
        let signal = inner.signal.take().map_or_else(Signal::new, Ok)?;
        let descriptor = signal.descriptor();
        inner.signal = Some(signal);
        self.changed(&mut inner);
        Ok(descriptor)
    }

    /// Wakes `waker` once when there is something to read, or nothing will come any more, unless
    /// the answer is dropped before. None if it is so already.
    #[must_use = "dropped, it wakes nobody"]
    pub fn wake(self: &Arc<Self>, waker: &Waker) -> Option<QueueWaker<U>> {
        let mut inner = self.lock();
        let waits = inner.unread.count() == 0 && !inner.closed;
        waits.then(|| QueueWaker { key: inner.wakers.add(waker), queue: Arc::clone(self) })
    }

    pub(crate) fn push(&self, event: U::Event) {
        let mut inner = self.lock();
        inner.unread.push(event);
        self.changed(&mut inner);
        if inner.waiting > 0 {
            self.arrived.notify_one();
        }
        let wakers = inner.wakers.take();
        drop(inner);
        wakers::wake(wakers);
    }

    /// Something may come.
    pub(crate) fn open(&self) {
        self.lock().closed = false;
    }

    /// Nothing will come: whoever waits is woken.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        self.arrived.notify_all();
        let wakers = inner.wakers.take();
        drop(inner);
        wakers::wake(wakers);
    }

    /// Tells how many events there are to those who do not take the lock.
    fn changed(&self, inner: &mut Inner<U>) {
        let len = inner.unread.count();
        self.len.store(len, Ordering::Release);
        if let Some(signal) = &mut inner.signal {
            signal.set(len > 0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<U>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is to be woken: see [`Queue::wake`].
#[derive(Debug)]
pub struct QueueWaker<U: Unread = UnreadLoads> {
    queue: Arc<Queue<U>>,
    key: u64,
}

impl<U: Unread> Drop for QueueWaker<U> {
    fn drop(&mut self) {
        self.queue.lock().wakers.remove(self.key);
    }
}
