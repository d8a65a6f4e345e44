//! The jobs that wait for a decoder, in order.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::Instant;

use crate::job::{Assignment, Job};

/// How many jobs are looked at for what nobody wants any more, per call of [`Queue::sweep`].
const SWEPT_AT_ONCE: usize = 64;

/// Waiting jobs: higher priority first, then the older one.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: BTreeMap<u64, Waiting>,
    order: BTreeSet<(Reverse<i32>, u64)>,
    /// Those whose size is known: priority, bytes, id.
    sizes: BTreeSet<(i32, u64, u64)>,
    /// By arrival, for whom others always overtake.
    arrivals: BTreeSet<(Instant, u64)>,
    /// Those of files whose size nobody has looked at.
    unmeasured: BTreeSet<u64>,
    /// Those that were begun, whose buffers take memory.
    begun: BTreeSet<u64>,
    /// Those whose requests have seen `started`: the begun ones, and those that begin again.
    told: BTreeSet<u64>,
    /// Where the last sweep ended.
    swept: u64,
}

#[derive(Debug)]
struct Waiting {
    assignment: Assignment,
    priority: i32,
    bytes: Option<u64>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// How many were begun: a decoder gave them back between two steps.
    pub(super) fn begun_count(&self) -> usize {
        self.begun.len()
    }

    /// Adds a job; gives it back when nobody wants it.
    pub(super) fn push(&mut self, assignment: Assignment) -> Result<(), Assignment> {
        let Some(priority) = assignment.job.priority() else { return Err(assignment) };
        let id = assignment.job.id;
        let bytes = assignment.job.bytes_left();
        if bytes.is_none() && assignment.job.source.path().is_some() {
            self.unmeasured.insert(id);
        }
        if assignment.work.is_some() {
            self.begun.insert(id);
        }
        if assignment.job.is_told() {
            self.told.insert(id);
        }
        self.order.insert((Reverse(priority), id));
        self.sizes.extend(bytes.map(|bytes| (priority, bytes, id)));
        self.arrivals.insert((assignment.since, id));
        self.jobs.insert(id, Waiting { assignment, priority, bytes });
        Ok(())
    }

    /// Takes a job out.
    pub(super) fn take(&mut self, id: u64) -> Option<Assignment> {
        let waiting = self.jobs.remove(&id)?;
        self.order.remove(&(Reverse(waiting.priority), id));
        if let Some(bytes) = waiting.bytes {
            self.sizes.remove(&(waiting.priority, bytes, id));
        }
        self.arrivals.remove(&(waiting.assignment.since, id));
        self.unmeasured.remove(&id);
        self.begun.remove(&id);
        self.told.remove(&id);
        Some(waiting.assignment)
    }

    /// Takes the first one out.
    pub(super) fn pop(&mut self) -> Option<Assignment> {
        self.settle();
        let &(_, id) = self.order.first()?;
        self.take(id)
    }

    /// Has the first one be first by what its priority is now. When the most urgent of several
    /// requests ends, nobody says so: a job may be less urgent than its place.
    fn settle(&mut self) {
        while let Some(&(Reverse(priority), id)) = self.order.first()
            && let Some(waiting) = self.jobs.get(&id)
            && waiting.assignment.job.priority().is_some_and(|now| now < priority)
        {
            let job = Arc::clone(&waiting.assignment.job);
            self.refresh(&job);
        }
    }

    /// Takes out the first of those that were begun already.
    pub(super) fn pop_begun(&mut self) -> Option<Assignment> {
        let place = |id: &u64| self.jobs.get(id).map(|waiting| (Reverse(waiting.priority), *id));
        let (_, id) = self.begun.iter().filter_map(place).min()?;
        self.take(id)
    }

    /// Takes out the one that has waited longest, if that is longer than `patience` and because
    /// others are more urgent.
    pub(super) fn pop_overtaken(&mut self, patience: Duration) -> Option<Assignment> {
        let first = self.priority_at(0)?;
        let &(since, id) = self.arrivals.first()?;
        let overtaken = self.priority_of(id)? < first && since.elapsed() >= patience;
        if overtaken { self.take(id) } else { None }
    }

    /// Takes a job's new priority or size over.
    pub(super) fn refresh(&mut self, job: &Job) {
        let Some(waiting) = self.jobs.get_mut(&job.id) else { return };
        let before = (waiting.priority, waiting.bytes);
        // Without anybody who wants it, it keeps its place until it comes up or is swept.
        waiting.priority = job.priority().unwrap_or(waiting.priority);
        waiting.bytes = job.bytes_left();
        let (priority, bytes) = (waiting.priority, waiting.bytes);
        self.order.remove(&(Reverse(before.0), job.id));
        self.order.insert((Reverse(priority), job.id));
        self.sizes.extend(bytes.map(|bytes| (priority, bytes, job.id)));
        if let Some(old) = before.1
            && before != (priority, bytes)
        {
            self.sizes.remove(&(before.0, old, job.id));
        }
    }

    /// The priority of the job at `place`, 0 the first.
    pub(super) fn priority_at(&mut self, place: usize) -> Option<i32> {
        self.settle();
        self.order.iter().nth(place).map(|(Reverse(priority), _)| *priority)
    }

    /// The smallest job of just this priority, by bytes still to be read.
    pub(super) fn smallest(&self, priority: i32) -> Option<(u64, u64)> {
        let all = (priority, 0, 0)..=(priority, u64::MAX, u64::MAX);
        self.sizes.range(all).next().map(|&(_, bytes, id)| (id, bytes))
    }

    pub(super) fn priority_of(&self, id: u64) -> Option<i32> {
        self.jobs.get(&id).map(|waiting| waiting.priority)
    }

    /// Up to `most` jobs whose size nobody has looked at, the newest first: a short file that has
    /// just come is not to wait until all others were looked at.
    pub(super) fn take_unmeasured(&mut self, most: usize) -> Vec<Arc<Job>> {
        let ids = std::iter::from_fn(|| self.unmeasured.pop_last()).take(most);
        let waiting = ids.filter_map(|id| self.jobs.get(&id));
        waiting.map(|waiting| Arc::clone(&waiting.assignment.job)).collect()
    }

    /// The jobs whose requests have seen `started`, oldest first.
    pub(super) fn told(&self) -> impl Iterator<Item = &Arc<Job>> {
        let waiting = self.told.iter().filter_map(|id| self.jobs.get(id));
        waiting.map(|waiting| &waiting.assignment.job)
    }

    /// Takes out what of the next jobs nobody wants any more, and of those that were begun: they
    /// are few, take memory, and count among those that may be given back.
    pub(super) fn sweep(&mut self) -> Vec<Assignment> {
        let from = self.swept + 1;
        let next: Vec<u64> =
            self.jobs.range(from..).map(|(id, _)| *id).take(SWEPT_AT_ONCE).collect();
        self.swept = if next.len() < SWEPT_AT_ONCE { 0 } else { next[SWEPT_AT_ONCE - 1] };
        let unwanted = |id: &u64| self.jobs.get(id).is_some_and(|w| !w.assignment.job.is_wanted());
        let gone: BTreeSet<u64> = self.begun.iter().copied().chain(next).filter(unwanted).collect();
        gone.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// Takes everything out.
    pub(super) fn drain(&mut self) -> Vec<Assignment> {
        let queue = std::mem::take(self);
        queue.jobs.into_values().map(|waiting| waiting.assignment).collect()
    }
}
