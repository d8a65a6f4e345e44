//! What the supervisor and one decoder have between them.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_rt::time::Instant;

use crate::job::Assignment;

/// The job that a decoder is to come for, and whether it is one of the pool.
#[derive(Debug, Default)]
pub(crate) struct Given(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// One that it was told to begin, or its own while it reads for a stream, and since when. Whoever
    /// takes it has it: the decoder, or the supervisor where that does not come for it.
    beside: Option<(Instant, Assignment)>,
    /// Its answers on the way to the supervisor, with each of which it may have taken a job.
    answers: u32,
    /// There is another decoder in its place.
    is_out: bool,
}

impl Given {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a decoder without a job, which is to be told; or by one that has something else to do
    /// before it goes on with its job, from which it may not come back.
    pub(crate) fn lay_down(&self, assignment: Assignment) {
        self.lock().beside = Some((Instant::now(), assignment));
    }

    pub(crate) fn take(&self) -> Option<Assignment> {
        self.lock().beside.take().map(|(_, assignment)| assignment)
    }

    /// The decoder is done with its job, and is to answer. Whether it may take one of those that are
    /// laid out: out of the pool, nobody would look after it.
    pub(crate) fn comes_back(&self) -> bool {
        let mut state = self.lock();
        state.answers += u32::from(!state.is_out);
        !state.is_out
    }

    /// Whether there is another decoder in its place.
    pub(crate) fn is_out(&self) -> bool {
        self.lock().is_out
    }

    /// An answer of it has arrived.
    pub(super) fn answered(&self) {
        let mut state = self.lock();
        state.answers = state.answers.saturating_sub(1);
    }

    /// There is to be another decoder in its place. False if it has come back by now.
    pub(super) fn put_out(&self) -> bool {
        let mut state = self.lock();
        state.is_out = state.answers == 0;
        state.is_out
    }

    /// Whether the decoder has not come for it for so long.
    pub(super) fn is_late(&self, late: Duration) -> bool {
        self.lock().beside.as_ref().is_some_and(|(since, _)| since.elapsed() >= late)
    }
}
