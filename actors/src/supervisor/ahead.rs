//! Jobs laid out for a decoder, so that many short ones do not each wait for the supervisor.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_rt::time::Instant;

use crate::job::Assignment;

/// The next jobs of one decoder, first of the queue's order. The supervisor lays them out and may
/// take them back at any time; the decoder takes one when it gets free.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    jobs: Mutex<VecDeque<Assignment>>,
    /// The one that it is to come for, and since when: one that it was told to begin, or its own
    /// while it reads for a stream.
    given: Mutex<Option<(Instant, Assignment)>>,
}

impl Ahead {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Assignment>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn given(&self) -> MutexGuard<'_, Option<(Instant, Assignment)>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a decoder without a job, which is to be told; or by one that has something else to do
    /// before it goes on with its job, from which it may not come back.
    pub(crate) fn give(&self, assignment: Assignment) {
        *self.given() = Some((Instant::now(), assignment));
    }

    /// Whoever takes it has it: the decoder, or the supervisor where that does not come for it.
    pub(crate) fn take_given(&self) -> Option<Assignment> {
        self.given().take().map(|(_, assignment)| assignment)
    }

    /// Whether the decoder has not come for it for so long.
    pub(super) fn is_late(&self, late: Duration) -> bool {
        self.given().as_ref().is_some_and(|(since, _)| since.elapsed() >= late)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Adds a job: behind the others, unless its turn has come.
    pub(super) fn lay_out(&self, assignment: Assignment) {
        let mut jobs = self.lock();
        if assignment.job.is_favoured() {
            jobs.push_front(assignment);
        } else {
            jobs.push_back(assignment);
        }
    }

    pub(super) fn take_back(&self) -> VecDeque<Assignment> {
        std::mem::take(&mut *self.lock())
    }

    /// As `take_back`, but for a job whose turn has come.
    pub(super) fn take_unfavoured_back(&self) -> VecDeque<Assignment> {
        let mut jobs = self.lock();
        let (favoured, others) = jobs.drain(..).partition(|laid_out| laid_out.job.is_favoured());
        *jobs = favoured;
        others
    }

    /// For the decoder: the next job, if one is laid out.
    pub(crate) fn take(&self) -> Option<Assignment> {
        self.lock().pop_front()
    }
}
