//! How far a batch of requests is, counted by its members as they go.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::error::LoadFailure;
use crate::request::Outcome;

/// A percent in whole parts, so that what members add up to is exact.
const PARTS: f32 = 1_000.0;
const ALL: u32 = 100_000;

/// Sums over a batch. Every one only rises.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: AtomicUsize,
    failed: AtomicUsize,
    cancelled: AtomicUsize,
    /// Parts of all members.
    parts: AtomicU64,
}

/// How many members have ended, and how, and the percent of all that was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Count {
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) cancelled: usize,
    pub(crate) percent: f64,
}

impl Tally {
    /// The sums for a batch of `total`; an empty one is at 100 percent.
    pub(crate) fn count(&self, total: usize) -> Count {
        // A member adds its last parts before it counts itself as ended, and Acquire pairs with
        // that Release; all but those that another thread is just adding.
        let done = self.done.load(Ordering::Acquire);
        let failed = self.failed.load(Ordering::Acquire);
        let cancelled = self.cancelled.load(Ordering::Acquire);
        let parts = self.parts.load(Ordering::Relaxed);
        let percent = match done + failed + cancelled {
            ended if ended >= total => 100.0,
            _ => parts as f64 * 100.0 / (total as f64 * f64::from(ALL)),
        };
        Count { done, failed, cancelled, percent }
    }
}

/// One member's part of a tally.
#[derive(Debug)]
pub(crate) struct Share {
    tally: Arc<Tally>,
    /// What this member has added.
    counted: AtomicU32,
}

impl Share {
    pub(crate) fn new(tally: Arc<Tally>) -> Self {
        Self { tally, counted: AtomicU32::new(0) }
    }

    /// The member has come so far.
    pub(crate) fn reached(&self, percent: f32) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what fits; `as` makes 0 of NaN"
        )]
        let parts = (percent.clamp(0.0, 100.0) * PARTS) as u32;
        self.raise(parts);
    }

    /// The member has ended: of it, nothing is left to do, however it went.
    pub(crate) fn ended(&self, outcome: &Outcome) {
        self.raise(ALL);
        let counter = match outcome {
            Ok(_) => &self.tally.done,
            Err(LoadFailure::Failed { .. }) => &self.tally.failed,
            Err(LoadFailure::Cancelled(_)) => &self.tally.cancelled,
        };
        counter.fetch_add(1, Ordering::Release);
    }

    /// Adds what is new. The decoder's progress races with whoever ends the request; each pair of
    /// maxima is added by one of them.
    fn raise(&self, parts: u32) {
        let before = self.counted.fetch_max(parts, Ordering::Relaxed);
        if parts > before {
            self.tally.parts.fetch_add(u64::from(parts - before), Ordering::Relaxed);
        }
    }
}
