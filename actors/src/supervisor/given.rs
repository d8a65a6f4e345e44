//! The job that lies beside a decoder.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_rt::time::Instant;

use crate::job::Assignment;

/// The job that a decoder is to come for, and since when: one that it was told to begin, or its own
/// while it reads for a stream. Whoever takes it has it: the decoder, or the supervisor where that does
/// not come for it.
#[derive(Debug, Default)]
pub(crate) struct Given(Mutex<Option<(Instant, Assignment)>>);

impl Given {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Assignment)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a decoder without a job, which is to be told; or by one that has something else to do
    /// before it goes on with its job, from which it may not come back.
    pub(crate) fn lay_down(&self, assignment: Assignment) {
        *self.lock() = Some((Instant::now(), assignment));
    }

    pub(crate) fn take(&self) -> Option<Assignment> {
        self.lock().take().map(|(_, assignment)| assignment)
    }

    /// Whether the decoder has not come for it for so long.
    pub(super) fn is_late(&self, late: Duration) -> bool {
        self.lock().as_ref().is_some_and(|(since, _)| since.elapsed() >= late)
    }
}
