//! One subscriber's own queue of events: bounded without ever losing a terminal event.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::events::LoaderEvent;
use crate::signal::Signal;
use crate::wakers::{self, Wakers};

/// How many events besides progress of live requests, terminal events and analyses wait at most.
const MAX_OTHERS: usize = 1_024;
/// Fewer holes than this are not worth closing.
const MIN_HOLES: usize = 256;

/// Events for one reader.
///
/// Unread, it holds at most one `Progress` per live request (the newest), every terminal event,
/// every `Analysis`, and the newest 1,024 others. The event bus writes; any thread may read: at
/// once, by waiting, by watching a descriptor, or by being woken. Once its engine has shut down it is
/// *closed*: nothing more will come, and nobody waits.
#[derive(Debug, Default)]
pub struct EventQueue {
    /// Events to read; lets an empty poll return without touching the lock.
    len: AtomicUsize,
    waiting: AtomicUsize,
    inner: Mutex<Inner>,
    arrived: Condvar,
}

/// Events are numbered; `entries[0]` is number `first`. A taken-out event leaves a hole.
#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Option<LoaderEvent>>,
    first: u64,
    holes: usize,
    /// Number of the unread progress of each live request.
    progress: HashMap<u64, u64>,
    /// Numbers of the events that may be dropped, oldest first.
    others: BTreeSet<u64>,
    dropped: u64,
    closed: bool,
    /// Raised while there is something to read, once somebody has asked for it.
    signal: Option<Signal>,
    /// Of readers that found nothing.
    wakers: Wakers,
}

impl EventQueue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event. Never waits for an actor; no system call when there is none.
    pub fn poll(&self) -> Option<LoaderEvent> {
        // Acquire pairs with the release in `push`; a stale 0 only means one poll later.
        if self.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut inner = self.lock();
        let event = inner.pop();
        self.changed(&mut inner);
        event
    }

    /// Takes up to `limit` events, all with None.
    pub fn drain(&self, limit: Option<usize>) -> Vec<LoaderEvent> {
        if self.len.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut inner = self.lock();
        let count = inner.len().min(limit.unwrap_or(usize::MAX));
        let events = (0..count).filter_map(|_| inner.pop()).collect();
        self.changed(&mut inner);
        events
    }

    /// Waits for the next event, at most until `deadline`. None then, and at once when the queue is
    /// closed and empty.
    pub fn wait(&self, deadline: Instant) -> Option<LoaderEvent> {
        let mut inner = self.lock();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let event = loop {
            if let Some(event) = inner.pop() {
                break Some(event);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO || inner.closed {
                break None;
            }
            inner =
                self.arrived.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
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

    /// Events that were left out because nobody read: never a terminal one, never an analysis.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Whether nothing is left to read, and nothing will come: the engine has shut down.
    pub fn is_finished(&self) -> bool {
        let inner = self.lock();
        inner.closed && inner.len() == 0
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
    pub fn wake(self: &Arc<Self>, waker: &Waker) -> Option<QueueWaker> {
        let mut inner = self.lock();
        let waits = inner.len() == 0 && !inner.closed;
        waits.then(|| QueueWaker { key: inner.wakers.add(waker), queue: Arc::clone(self) })
    }

    pub(crate) fn push(&self, event: LoaderEvent) {
        let mut inner = self.lock();
        inner.push(event);
        self.changed(&mut inner);
        // The lock orders this load behind the increment of a reader that found nothing.
        if self.waiting.load(Ordering::SeqCst) > 0 {
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
    fn changed(&self, inner: &mut Inner) {
        let len = inner.len();
        self.len.store(len, Ordering::Release);
        if let Some(signal) = &mut inner.signal {
            signal.set(len > 0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is to be woken: see [`EventQueue::wake`].
#[derive(Debug)]
pub struct QueueWaker {
    queue: Arc<EventQueue>,
    key: u64,
}

impl Drop for QueueWaker {
    fn drop(&mut self) {
        self.queue.lock().wakers.remove(self.key);
    }
}

impl Inner {
    fn len(&self) -> usize {
        self.entries.len() - self.holes
    }

    fn push(&mut self, event: LoaderEvent) {
        if self.entries.is_empty() {
            // What a reader that came late has left behind does not stay for ever.
            self.entries.shrink_to(MAX_OTHERS);
            self.progress.shrink_to(MAX_OTHERS);
        }
        let number = self.first + self.entries.len() as u64;
        match event.request_id() {
            Some(request_id) if event.is_progress() => {
                if let Some(older) = self.progress.insert(request_id, number) {
                    self.punch(older);
                }
            }
            Some(request_id) if event.is_terminal() => {
                // The request is live no longer, so its progress may now be dropped.
                if let Some(last) = self.progress.remove(&request_id) {
                    self.keep_other(last);
                }
            }
            // As many as were asked for.
            Some(_) if matches!(event, LoaderEvent::Analysis { .. }) => {}
            _ => self.keep_other(number),
        }
        self.entries.push_back(Some(event));
        if self.holes > MIN_HOLES && self.holes > self.entries.len() / 2 {
            self.close_holes();
        }
    }

    fn keep_other(&mut self, number: u64) {
        self.others.insert(number);
        if self.others.len() > MAX_OTHERS
            && let Some(oldest) = self.others.pop_first()
        {
            self.punch(oldest);
            self.dropped += 1;
        }
    }

    fn punch(&mut self, number: u64) {
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        if let Some(entry) = self.entries.get_mut(index)
            && entry.take().is_some()
        {
            self.holes += 1;
        }
    }

    fn pop(&mut self) -> Option<LoaderEvent> {
        while let Some(entry) = self.entries.pop_front() {
            let number = self.first;
            self.first += 1;
            match entry {
                None => self.holes -= 1,
                Some(event) => {
                    self.others.remove(&number);
                    if let Some(request_id) = event.request_id()
                        && self.progress.get(&request_id) == Some(&number)
                    {
                        self.progress.remove(&request_id);
                    }
                    return Some(event);
                }
            }
        }
        None
    }

    /// Moves the events together and numbers them anew.
    fn close_holes(&mut self) {
        let mut moved = VecDeque::with_capacity(self.len());
        let mut progress = HashMap::with_capacity(self.progress.len());
        let mut others = BTreeSet::new();
        for (index, entry) in self.entries.drain(..).enumerate() {
            let Some(event) = entry else { continue };
            let (old, new) = (self.first + index as u64, self.first + moved.len() as u64);
            if self.others.contains(&old) {
                others.insert(new);
            }
            if let Some(request_id) = event.request_id()
                && self.progress.get(&request_id) == Some(&old)
            {
                progress.insert(request_id, new);
            }
            moved.push_back(Some(event));
        }
        self.entries = moved;
        self.progress = progress;
        self.others = others;
        self.holes = 0;
    }
}
