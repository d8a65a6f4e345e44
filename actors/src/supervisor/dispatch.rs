//! Which job is next, and who does it: order, preemption, what is laid out ahead, help.

use std::mem;
use std::time::Duration;

use super::worker::{Busy, Worker};
use super::{LoaderSupervisor, SupervisorParts};
use crate::job::Assignment;
use crate::messages::Assist;

/// Jobs that each worker may have given back unfinished: with the one that it runs, so many
/// buffers exist at most.
const SUSPENDED_PER_WORKER: usize = 2;
/// Jobs laid out for each decoder that has just got one, at least
const LEAST_AHEAD: usize = 2;
/// and at most.
const MOST_AHEAD: usize = 64;
/// So long they are to last, if they take as long as its last one: longer than this actor's thread
/// sleeps between two looks at its mailbox when there is a rush, or waits while decoders have all cores.
const AHEAD_FOR: Duration = Duration::from_millis(6);
/// It has to have waited so long: a short queue is kept in strict order.
const OVERTAKEN_AFTER: Duration = Duration::from_secs(2);

impl LoaderSupervisor {
    /// Gives work to every free decoder, and takes some from those that are at less urgent work.
    pub(super) fn dispatch(&mut self) {
        // What is laid out is for decoders that are busy.
        if self.workers.iter().any(|worker| worker.busy.is_none()) {
            self.take_back();
        }
        while !self.stopping
            && let Some(free) = self.free_worker()
            && let Some(assignment) = self.next()
        {
            self.workers[free].assign(assignment);
        }
        self.preempt_for_priority();
        self.lay_out();
        self.assist();
    }

    /// A decoder without a job: one that does nothing before one that may be inside a call of the
    /// cache's disk, for an analysis or a store.
    pub(super) fn free_worker(&self) -> Option<usize> {
        let is_free = |worker: &Worker| worker.busy.is_none();
        let idle = self.workers.iter().position(|worker| is_free(worker) && !worker.helps);
        idle.or_else(|| self.workers.iter().position(is_free))
    }

    /// A decoder that soon takes a message: one that does nothing, or else one whose job goes on. The
    /// last resort is one that may be inside a call of the cache's disk.
    pub(super) fn reachable_worker(&self) -> Option<&Worker> {
        let mut workers = self.workers.iter();
        let idle = workers.clone().find(|worker| worker.busy.is_none() && !worker.helps);
        let moving =
            || workers.clone().find(|worker| worker.busy.is_some() && !worker.is_stalled());
        idle.or_else(moving).or_else(|| workers.find(|worker| !worker.is_stalled()))
    }

    /// Has decoders without a job help others, hear what is in samples, or store them.
    pub(super) fn assist(&mut self) {
        let SupervisorParts { crew, analyses, stores, .. } = &self.parts;
        let is_wanted = || crew.wants_help() || analyses.is_waiting() || stores.is_waiting();
        if self.stopping || !is_wanted() {
            return;
        }
        // While one of them does not come back, the next could be lost the same way: one is kept for
        // loads.
        let kept = usize::from(self.stalled.iter().any(|worker| worker.busy.is_none()));
        let idle = |worker: &&mut Worker| worker.busy.is_none() && !worker.helps;
        for worker in self.workers.iter_mut().filter(idle).skip(kept) {
            worker.helps = true;
            worker.addr.do_send(Assist);
        }
    }

    /// Lays the next jobs out for decoders that have just got one, so that of short ones the next
    /// begins at once.
    fn lay_out(&mut self) {
        if self.stopping || !self.parked.is_empty() {
            return;
        }
        let is_quick = |busy: &Busy| busy.can_give_way() && !busy.is_long();
        let quick = |worker: &&Worker| worker.busy.as_ref().is_some_and(is_quick);
        let most = self.workers.iter().filter(quick).map(|worker| most_ahead(worker.took)).sum();
        for _ in self.parts.laid_out.len()..most {
            // Laid out are jobs of one priority only: a more urgent one would have to wait for those
            // before it.
            let next = self.queue.priority_at(0);
            let less_urgent = next.is_none_or(|next| next < self.least_laid_out);
            if self.least_laid_out < i32::MAX && less_urgent && !self.overtaken_first {
                return;
            }
            let Some(assignment) = self.pop() else { return };
            if !assignment.job.is_favoured() {
                let priority = assignment.job.priority().unwrap_or(i32::MAX);
                self.least_laid_out = self.least_laid_out.min(priority);
            }
            self.parts.laid_out.lay_out(assignment);
        }
    }

    /// Takes back all that is laid out.
    pub(super) fn take_back(&mut self) {
        self.parts.laid_out.take_back().into_iter().for_each(|laid_out| self.enqueue(laid_out));
        self.least_laid_out = i32::MAX;
    }

    /// Takes back what may not be the first in order any more: all but what has its turn as soon as a
    /// decoder is free.
    pub(super) fn put_in_order(&mut self) {
        if self.workers.iter().any(|worker| worker.busy.is_none()) {
            return self.take_back();
        }
        let laid_out = self.parts.laid_out.take_unfavoured_back();
        laid_out.into_iter().for_each(|laid_out| self.enqueue(laid_out));
        self.least_laid_out = i32::MAX;
    }

    /// The first of the queue; now and then the one that others have always overtaken, which has
    /// a moment of its own then.
    fn pop(&mut self) -> Option<Assignment> {
        if mem::take(&mut self.overtaken_first)
            && let Some(overtaken) = self.queue.pop_overtaken(OVERTAKEN_AFTER)
        {
            overtaken.job.favour(true);
            return Some(overtaken);
        }
        self.queue.pop()
    }

    /// The next job for a free decoder.
    fn next(&mut self) -> Option<Assignment> {
        loop {
            let assignment = match self.least_to_go_on() {
                None => self.pop()?,
                Some(least) if self.queue.priority_at(0) >= Some(least) => self.queue.pop()?,
                Some(_) => self.queue.pop_begun()?,
            };
            if assignment.job.is_wanted() {
                return Some(assignment);
            }
            self.discard(assignment);
        }
    }

    /// While some wait for memory, only those jobs go on that may set some free in the end, and
    /// such as are more urgent: the lowest priority of these.
    fn least_to_go_on(&self) -> Option<i32> {
        let waiting = self.parked.iter().map(|parked| parked.job.priority());
        waiting.max().map(|highest| highest.map_or(i32::MIN, |highest| highest + 1))
    }

    /// Asks as many decoders for their jobs as jobs of a higher priority wait.
    fn preempt_for_priority(&mut self) {
        if self.stopping {
            return;
        }
        let least = self.least_to_go_on();
        let mut asked = self.asked_back();
        while self.may_suspend(asked)
            && let Some(waiting) = self.queue.priority_at(asked)
            && least.is_none_or(|least| waiting >= least)
            && let Some(worker) = self.least_urgent_below(waiting)
        {
            worker.preempt(None);
            asked += 1;
        }
    }

    pub(super) fn asked_back(&self) -> usize {
        let asked = |worker: &&Worker| worker.busy.as_ref().is_some_and(|b| b.preempted.is_some());
        self.workers.iter().filter(asked).count()
    }

    /// Whether one more job than the `asked` ones may be given back unfinished.
    pub(super) fn may_suspend(&self, asked: usize) -> bool {
        let suspended = self.queue.begun_count() + self.parked.len() + asked;
        suspended < SUSPENDED_PER_WORKER * self.workers.len()
    }

    /// The worker at the job of the lowest priority below `priority`; of several, at the newest.
    fn least_urgent_below(&mut self, priority: i32) -> Option<&mut Worker> {
        let urgency = |worker: &Worker| {
            let busy = worker.busy.as_ref().filter(|busy| busy.can_give_way())?;
            Some((busy.job.priority()?, busy.job.id))
        };
        let (running, id) = self
            .workers
            .iter()
            .filter_map(urgency)
            .min_by_key(|(running, id)| (*running, std::cmp::Reverse(*id)))?;
        if running >= priority {
            return None;
        }
        self.workers.iter_mut().find(|w| w.busy.as_ref().is_some_and(|busy| busy.job.id == id))
    }
}

/// How many jobs to lay out for a decoder whose last one took so long.
fn most_ahead(took: Duration) -> usize {
    let jobs = AHEAD_FOR.as_nanos() / took.as_nanos().max(1);
    usize::try_from(jobs).unwrap_or(usize::MAX).clamp(LEAST_AHEAD, MOST_AHEAD)
}
