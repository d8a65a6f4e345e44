//! Who is to be woken when something happens.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Wakers, each for one time. Whoever keeps them wakes them after letting go of its lock.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl Wakers {
    /// Adds one; the answer takes it out again.
    pub(crate) fn add(&mut self, waker: &Waker) -> u64 {
        let key = self.next;
        self.next += 1;
        self.waiting.push((key, waker.clone()));
        key
    }

    /// Takes one out that need not be woken any more; it may have been already.
    pub(crate) fn remove(&mut self, key: u64) {
        self.waiting.retain(|(waiting, _)| *waiting != key);
    }

    /// All of them, to be woken; none is left.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|(_, waker)| waker)
    }
}

/// Wakes them. One that panics, which may be the caller's own, ends neither the thread that tells of an
/// event nor the others' waking; the panic hook has reported it.
pub(crate) fn wake(wakers: impl Iterator<Item = Waker>) {
    for waker in wakers {
        // Unwind safety: nobody here sees what it has left half done.
        catch_unwind(AssertUnwindSafe(|| waker.wake())).ok();
    }
}
