//! Jobs laid out for decoders, so that many short ones do not each wait for the supervisor.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::decoder::discard;
use crate::job::Assignment;

/// The next jobs of all decoders, first of the queue's order. The supervisor lays them out and may
/// take them back at any time; whichever decoder gets free takes the first.
#[derive(Debug, Default)]
pub(crate) struct Ahead(Mutex<VecDeque<Assignment>>);

impl Ahead {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Assignment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// As `take_back`, but for jobs whose turn has come.
    pub(super) fn take_unfavoured_back(&self) -> VecDeque<Assignment> {
        let mut jobs = self.lock();
        let (favoured, others) = jobs.drain(..).partition(|laid_out| laid_out.job.is_favoured());
        *jobs = favoured;
        others
    }

    /// For a decoder: drops all that lies there, which may take long.
    pub(crate) fn discard(&self) {
        while let Some(unwanted) = self.take() {
            discard(unwanted);
        }
    }

    /// For a decoder: the next job, if one is laid out.
    pub(crate) fn take(&self) -> Option<Assignment> {
        self.lock().pop_front()
    }
}

impl Drop for Ahead {
    /// Of what came after the last decoder had ended, a reader of the caller's own may panic.
    fn drop(&mut self) {
        self.discard();
    }
}
