//! What is heard in samples once they are loaded, by decoders that have nothing else to do.
//!
//! A request that asks for kinds of analysis becomes an [`Ask`] when its sample is in its slot.
//! What was found is kept with the sample ([`Findings`]): whoever asks again has the answer at
//! once, and of two who ask at the same time one pass over the audio answers both. A [`Task`] is
//! that pass, a value that travels between the decoders and the pool of those that wait.
//!
//! Each kind of an ask is answered once, whoever does it: the decoder that found it, or who ends
//! the ask. Locks are taken in this order: a sample's findings, an ask, the list of asks, the
//! pool. Nothing waits while they are held.

mod answers;
mod ask;
mod findings;
mod kinds;
mod pool;
mod task;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hotcue::SampleBuffer;
use hotcue::analysis::{AnalysisKind, AnalysisResult};

pub(crate) use answers::Answers;
pub(crate) use ask::Ask;
pub(crate) use findings::{Findings, Heard};
pub(crate) use kinds::Kinds;
pub(crate) use task::Task;

use crate::error::AnalysisFailure;
use crate::events::CancelReason;
use crate::request::Request;
use crate::sample::Sample;
use findings::Inner;
use pool::Pool;

/// What came of one kind.
pub(crate) type Found = Result<Arc<AnalysisResult>, AnalysisFailure>;

type Tell = dyn Fn(&Arc<Request>, AnalysisKind, Found, bool) + Send + Sync;

/// The analyses of one engine.
#[derive(Default)]
pub(crate) struct Analyses {
    /// Those that are not answered in full, by request.
    asks: Mutex<HashMap<u64, Arc<Ask>>>,
    pool: Pool,
    /// Tasks that nobody waits for any more, to be dropped by whichever decoder comes to it: what was
    /// done of one may be many megabytes.
    unwanted: Mutex<Vec<Task>>,
    stopped: AtomicBool,
    /// Told of each answer, and whether it is the last of its ask.
    on_answer: OnceLock<Box<Tell>>,
    /// Told when there is something to do, or to drop, for a decoder that has nothing to do.
    on_work: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Analyses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyses").field("pool", &self.pool).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Analyses {
    /// Calls `tell` with each answer, in any thread; the answers of one ask in order.
    pub(crate) fn on_answer(
        &self,
        tell: impl Fn(&Arc<Request>, AnalysisKind, Found, bool) + Send + Sync + 'static,
    ) {
        // Set once, by the engine that makes it.
        self.on_answer.set(Box::new(tell)).ok();
    }

    /// Calls `tell` when a decoder without a job is needed, in any thread.
    pub(crate) fn on_work(&self, tell: impl Fn() + Send + Sync + 'static) {
        // As above.
        self.on_work.set(Box::new(tell)).ok();
    }

    /// Has what `request` asks for found in `sample`, which is in its slot; None if it asks for
    /// nothing. What is known already is answered at once.
    pub(crate) fn ask(&self, request: &Arc<Request>, sample: &Sample) -> Option<Arc<Ask>> {
        if request.kinds.is_empty() {
            return None;
        }
        let ask = Arc::new(Ask::new(request, sample.findings()));
        lock(&self.asks).insert(request.id, Arc::clone(&ask));
        if sample.stream().is_some() {
            self.end(&ask, &AnalysisFailure::Streamed);
        } else if self.begin(&ask, sample.buffer()) {
            self.call();
        }
        if self.stopped.load(Ordering::Acquire) {
            self.end(&ask, &AnalysisFailure::Cancelled(CancelReason::Shutdown));
        }
        Some(ask)
    }

    /// Answers what is known, and sees to the rest; whether there is a new task for that.
    fn begin(&self, ask: &Arc<Ask>, buffer: &Arc<SampleBuffer>) -> bool {
        let mut found = ask.findings.lock();
        for kind in ask.request.kinds.iter() {
            if let Some(result) = found.results.get(&kind) {
                self.answer(ask, kind, Ok(Arc::clone(result)));
            }
        }
        if !ask.is_open() {
            return false;
        }
        found.asks.insert(ask.place, Arc::clone(ask));
        let is_new = found.task.is_none();
        if is_new {
            found.task = Some(ask.place);
            self.pool.put(Task::new(ask.place, &ask.findings, buffer));
        } else {
            self.place(&mut found);
        }
        is_new
    }

    /// Puts a task where the most urgent of those who wait for it has it, unless a decoder is at it:
    /// that does so when it leaves it.
    fn place(&self, found: &mut Inner) {
        if let (Some(from), Some(to)) = (found.task, found.most_urgent())
            && self.pool.move_to(from, to)
        {
            found.task = Some(to);
        }
    }

    /// Has a decoder without a job look for something to do.
    pub(crate) fn call(&self) {
        if let Some(tell) = self.on_work.get() {
            tell();
        }
    }

    /// Answers one kind of an ask, unless that was done.
    fn answer(&self, ask: &Ask, kind: AnalysisKind, found: Found) {
        let mut open = ask.lock();
        if !open.remove(kind) {
            return;
        }
        let last = open.is_empty();
        // While it is locked: the last one is to be told of last.
        self.tell(ask, kind, found, last);
        drop(open);
        if last {
            lock(&self.asks).remove(&ask.request.id);
        }
    }

    fn tell(&self, ask: &Ask, kind: AnalysisKind, found: Found, last: bool) {
        ask.request.answers.add(kind, found.clone());
        if let Some(tell) = self.on_answer.get() {
            tell(&ask.request, kind, found, last);
        }
    }

    /// Answers with `failure` what is open of an ask; false if nothing was. Nobody works on for it.
    pub(crate) fn end(&self, ask: &Arc<Ask>, failure: &AnalysisFailure) -> bool {
        let mut open = ask.lock();
        if open.is_empty() {
            return false;
        }
        while let Some(kind) = open.take_first() {
            self.tell(ask, kind, Err(failure.clone()), open.is_empty());
        }
        drop(open);
        lock(&self.asks).remove(&ask.request.id);
        let mut found = ask.findings.lock();
        found.asks.remove(&ask.place);
        self.place(&mut found);
        let unwanted = match found.task {
            // One that a decoder has finds out by itself.
            Some(place) if found.asks.is_empty() => self.pool.take_at(place),
            _ => None,
        };
        if unwanted.is_some() {
            found.task = None;
        }
        drop(found);
        if let Some(task) = unwanted {
            // The caller may hold a slot, and is to wait for nothing.
            lock(&self.unwanted).push(task);
            self.call();
            if self.stopped.load(Ordering::Acquire) {
                self.discard();
            }
        }
        true
    }

    /// Drops what nobody waits for any more.
    pub(crate) fn discard(&self) {
        drop(mem::take(&mut *lock(&self.unwanted)));
    }

    /// Whether there is something to drop.
    pub(crate) fn is_discarding(&self) -> bool {
        !lock(&self.unwanted).is_empty()
    }

    /// As [`end`](Self::end), of a request's ask, if it has one.
    pub(crate) fn end_of(&self, request_id: u64, failure: &AnalysisFailure) -> bool {
        let ask = lock(&self.asks).get(&request_id).cloned();
        ask.is_some_and(|ask| self.end(&ask, failure))
    }

    /// Ends every ask.
    pub(crate) fn end_all(&self, failure: &AnalysisFailure) {
        let asks: Vec<Arc<Ask>> = lock(&self.asks).values().cloned().collect();
        for ask in asks {
            self.end(&ask, failure);
        }
    }

    /// Nothing more is begun or gone on with.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        drop(self.pool.take_all());
        self.discard();
    }

    /// How many requests have open kinds.
    pub(crate) fn open(&self) -> usize {
        lock(&self.asks).len()
    }

    /// Whether there is a task that no decoder is at.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.pool.is_empty()
    }

    /// The most urgent task that no decoder is at.
    pub(crate) fn take(&self) -> Option<Task> {
        self.pool.take_first()
    }

    /// A task that a decoder was at and that is not over, for whoever takes it next.
    pub(crate) fn put_back(&self, mut task: Task) {
        let findings = Arc::clone(task.findings());
        let mut found = findings.lock();
        found.task = found.most_urgent();
        let unwanted = match found.task {
            Some(place) => {
                task.place = place;
                self.pool.put(task);
                None
            }
            None => Some(task),
        };
        drop(found);
        drop(unwanted);
        if self.stopped.load(Ordering::Acquire) {
            drop(self.pool.take_all());
        }
    }

    /// Exchanges a task for a more urgent one, if there is any.
    pub(crate) fn most_urgent(&self, task: Task) -> Task {
        let place = task.findings().lock().most_urgent();
        match place.and_then(|place| self.pool.take_before(place)) {
            None => task,
            Some(first) => {
                self.put_back(task);
                first
            }
        }
    }

    /// Keeps what was found, and answers those who wait for it.
    fn found(&self, findings: &Findings, kind: AnalysisKind, result: &Found) {
        let mut found = findings.lock();
        if let Ok(result) = result {
            found.results.insert(kind, Arc::clone(result));
        }
        found.asks.retain(|_, ask| {
            self.answer(ask, kind, result.clone());
            ask.is_open()
        });
    }
}
