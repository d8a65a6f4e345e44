//! What came of the kinds that one request asks for, for whoever waits for all of them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use hotcue::analysis::AnalysisKind;

use super::{Found, Kinds, lock};
use crate::error::AnalysisFailure;
use crate::wakers::{self, Wakers};

/// The answers of one request.
#[derive(Debug)]
pub(crate) struct Answers {
    /// A leaf: nothing is called while it is held.
    inner: Mutex<Inner>,
    complete: Condvar,
}

#[derive(Debug)]
struct Inner {
    /// The kinds without an answer.
    open: Kinds,
    found: Vec<(AnalysisKind, Found)>,
    /// Those who wait and do not block.
    wakers: Wakers,
}

impl Answers {
    /// None yet to any of `kinds`.
    pub(crate) fn to(kinds: Kinds) -> Self {
        let inner = Inner { open: kinds, found: Vec::new(), wakers: Wakers::default() };
        Self { inner: Mutex::new(inner), complete: Condvar::new() }
    }

    /// Adds what came of one kind. Who blocks goes on with the last one; the others are for
    /// [`wake`](Self::wake), as the caller may hold anything.
    pub(super) fn add(&self, kind: AnalysisKind, found: Found) {
        let mut inner = self.lock();
        if inner.open.remove(kind) {
            inner.found.push((kind, found));
        }
        if inner.open.is_empty() {
            self.complete.notify_all();
        }
    }

    /// Nothing comes of any kind.
    pub(crate) fn fail(&self, failure: &AnalysisFailure) {
        let kinds = self.lock().open;
        kinds.iter().for_each(|kind| self.add(kind, Err(failure.clone())));
        self.wake();
    }

    /// Wakes those who do not block, if the last answer is there.
    pub(crate) fn wake(&self) {
        let mut inner = self.lock();
        if inner.open.is_empty() {
            let wakers = inner.wakers.take();
            drop(inner);
            wakers::wake(wakers);
        }
    }

    /// Waits for the last answer; all of them, in the order of `AnalysisKind::ALL`. None when
    /// `timeout` passes first; no timeout waits for ever.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Option<Vec<(AnalysisKind, Found)>> {
        let incomplete = |inner: &mut Inner| !inner.open.is_empty();
        let inner = self.lock();
        let inner = match timeout {
            None => {
                self.complete.wait_while(inner, incomplete).unwrap_or_else(PoisonError::into_inner)
            }
            Some(timeout) => {
                self.complete
                    .wait_timeout_while(inner, timeout, incomplete)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        let answers = inner.open.is_empty().then(|| inner.found.clone());
        drop(inner);
        let mut answers = answers?;
        answers.sort_by_key(|(kind, _)| AnalysisKind::ALL.iter().position(|one| one == kind));
        Some(answers)
    }

    /// Wakes `waker` the next time that [`wake`](Self::wake) does so; gives what
    /// [`end_waking`](Self::end_waking) takes.
    pub(crate) fn begin_waking(&self, waker: &Waker) -> u64 {
        self.lock().wakers.add(waker)
    }

    /// Wakes that one no more; it may have been woken.
    pub(crate) fn end_waking(&self, key: u64) {
        self.lock().wakers.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}
