//! `LoaderSupervisor`: accepts requests, keeps their order, and gives each free decoder the next.

mod ahead;
mod dispatch;
mod given;
mod queue;
mod scout;
mod tending;
mod watch;
mod worker;

use std::mem;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler};
use hotcue::{LoadError, LoadErrorKind};

use crate::analysis::Analyses;
use crate::aside;
use crate::budget::Budget;
use crate::bus::Publisher;
use crate::crew::Crew;
use crate::decoder::discard;
use crate::error::{AnalysisFailure, LoadFailure, SubmitError};
use crate::events::CancelReason;
use crate::home::{Home, Homes, more_may_come, more_may_come_later};
use crate::job::Assignment;
use crate::messages::{
    CancelLoad, Discard, Idle, LoadSample, Measured, Reprioritised, RoomFreed, SetPriority,
    Shareable, StopWorkers, Submit, Suspended, Unheard, WorkerDied, WorkerFree,
};
use crate::registry::Registry;
use crate::request::Wishes;
use crate::sink::AudioStreamHandle;
use crate::storing::Stores;
use crate::streaming::Streams;
use crate::submit::Loader;
use crate::table::Table;
use crate::work::Workshop;
pub(crate) use ahead::Ahead;
pub(crate) use given::Given;
use queue::Queue;
use scout::Scout;
use worker::{Abandoned, Busy, Worker};

/// Fewer ended requests than this are not worth clearing out of the queue.
const MIN_ENDED: usize = 64;
/// Every so many times that a worker gets free by itself, the job that waited longest goes first.
const OVERTAKEN_EVERY: u32 = 8;

/// The actor that dispatches loads to a pool of decoders. Shares an arbiter with the bus and
/// never blocks: it neither opens nor stats a file.
#[derive(Debug)]
pub struct LoaderSupervisor {
    parts: SupervisorParts,
    loader: Loader,
    queue: Queue,
    /// Jobs that found no room in the memory budget; they go on when another job ends.
    parked: Vec<Assignment>,
    workers: Vec<Worker>,
    scout: Scout,
    /// Out of the pool, inside a read that has not returned for long, and replaced; what they
    /// load is still wanted.
    stalled: Vec<Worker>,
    /// Threads of decoders that were given up because they did not come back.
    abandoned: Vec<Abandoned>,
    /// Times that a worker got free by itself.
    freed: u32,
    /// The next job to be taken is the one that has waited longest.
    overtaken_first: bool,
    /// No job that is laid out for a decoder has a lower priority.
    least_laid_out: i32,
    watching: bool,
    stopping: bool,
}

/// What a supervisor and its decoders share.
#[derive(Clone)]
pub(crate) struct SupervisorParts {
    pub(crate) table: Arc<Table>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) publisher: Publisher,
    pub(crate) sink: AudioStreamHandle,
    pub(crate) registry: Arc<Registry>,
    pub(crate) homes: Homes,
    pub(crate) workshop: Arc<dyn Workshop>,
    pub(crate) crew: Arc<Crew>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) analyses: Arc<Analyses>,
    pub(crate) stores: Arc<Stores>,
    /// The next jobs of the decoders that are at one.
    pub(crate) laid_out: Arc<Ahead>,
    /// Jobs to be dropped by whichever decoder comes to it: one that is told may hang just then.
    pub(crate) unwanted: Arc<Ahead>,
    pub(crate) sample_rate: u32,
    pub(crate) max_sample_bytes: Option<u64>,
    /// The decoders' nice value.
    pub(crate) nice: i32,
}

impl std::fmt::Debug for SupervisorParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SupervisorParts").finish_non_exhaustive()
    }
}

impl LoaderSupervisor {
    /// A supervisor over `homes.len()` decoders, one on each, and one more on `scout` that only
    /// looks at files that wait.
    pub(crate) fn new(
        parts: SupervisorParts,
        homes: Vec<Home>,
        scout: Home,
        context: &mut Context<Self>,
    ) -> Self {
        let supervisor = context.address();
        let scout = Scout::new(Worker::start(scout, homes.len(), 0, &parts, &supervisor));
        let workers = homes
            .into_iter()
            .enumerate()
            .map(|(number, home)| Worker::start(home, number, 0, &parts, &supervisor))
            .collect();
        let loader = Loader {
            table: Arc::clone(&parts.table),
            publisher: parts.publisher.clone(),
            supervisor,
        };
        Self {
            parts,
            loader,
            queue: Queue::default(),
            parked: Vec::new(),
            workers,
            scout,
            stalled: Vec::new(),
            abandoned: Vec::new(),
            freed: 0,
            overtaken_first: false,
            least_laid_out: i32::MAX,
            watching: false,
            stopping: false,
        }
    }

    fn enqueue(&mut self, assignment: Assignment) {
        assignment.job.favour(false);
        if let Err(unwanted) = self.queue.push(assignment) {
            self.discard(unwanted);
        }
    }

    /// Has a decoder drop a job that nobody wants: closing a file, or a reader of the caller's
    /// own, may take long.
    fn discard(&mut self, assignment: Assignment) {
        if !assignment.job.close_if_unwanted() {
            // A decoder that has just opened the same file has joined it.
            return self.enqueue(assignment);
        }
        if let Some(file) = assignment.work.as_ref().and_then(|work| work.identity()) {
            self.parts.registry.forget(file, &assignment.job);
        }
        if assignment.work.is_some() {
            self.parts.unwanted.lay_out(assignment);
            self.have_discarded();
        }
    }

    /// Leaves a job, at the end of the engine, to the decoders: each drops what there is as it ends,
    /// and is left behind where that takes too long. A reader of the caller's own may block even then.
    fn leave(&self, assignment: Assignment) {
        match assignment.work {
            Some(_) => self.parts.unwanted.lay_out(assignment),
            None => discard(assignment),
        }
    }

    /// Has a decoder drop what is not wanted any more.
    fn have_discarded(&self) {
        if let Some(worker) = self.reachable_worker() {
            worker.addr.do_send(Discard);
        }
    }

    /// Discards what of the next jobs in the queue nobody wants any more.
    fn sweep(&mut self) {
        for unwanted in self.queue.sweep() {
            self.discard(unwanted);
        }
    }

    /// The worker that an answer is from; None when it has been given up.
    fn worker_mut(&mut self, from: (usize, u64)) -> Option<&mut Worker> {
        self.workers.iter_mut().find(|worker| worker.is(from))
    }

    /// A worker that was out of the pool has come back, and ends: there is another in its place.
    fn retire(&mut self, from: (usize, u64)) {
        if let Some(index) = self.stalled.iter().position(|worker| worker.is(from)) {
            let worker = self.stalled.swap_remove(index);
            worker.home.stop();
            self.abandoned.push(Abandoned::new(worker));
        }
    }

    /// A job has ended somewhere: its memory may be what others wait for.
    fn unpark(&mut self) {
        for assignment in mem::take(&mut self.parked) {
            self.enqueue(assignment);
        }
    }
}

impl Actor for LoaderSupervisor {
    type Context = Context<Self>;
}

impl Drop for LoaderSupervisor {
    /// Where a panic has ended it, nobody hands out loads any more: none is left waiting.
    fn drop(&mut self) {
        if self.stopping {
            return;
        }
        let SupervisorParts { table, publisher, .. } = &self.parts;
        let error = LoadError::new(LoadErrorKind::WorkerPanic, "the loader has panicked");
        table.fail_all(&error, |request, stage| publisher.error(request, error.clone(), stage));
    }
}

impl Handler<LoadSample> for LoaderSupervisor {
    type Result = Result<u64, SubmitError>;

    fn handle(&mut self, load: LoadSample, _: &mut Context<Self>) -> Self::Result {
        let LoadSample { id, source, priority } = load;
        // First: where it is refused, it is dropped on this thread.
        let source = aside::kept(source);
        if !(-100..=100).contains(&priority) {
            return Err(SubmitError::PriorityOutOfRange);
        }
        // It comes back as a message to this actor, behind those that are here already.
        let wishes = Wishes { priority, ..Wishes::default() };
        self.loader.submit(id, source, wishes).map(|request| request.id)
    }
}

impl Handler<Submit> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, context: &mut Context<Self>) {
        more_may_come_later();
        if self.stopping {
            return;
        }
        if job.priority().is_some_and(|priority| priority > self.least_laid_out) {
            self.put_in_order();
        }
        self.enqueue(Assignment::new(job));
        self.dispatch();
        // What ended in the queue lies there, source and all, until it comes up. Behind a busy
        // pool that would grow without bound; so each that comes has some of it cleared out, and
        // none has to wait for all.
        if self.queue.len() > 2 * self.parts.table.queued() + MIN_ENDED {
            self.sweep();
        }
        self.watch(context);
    }
}

impl Handler<Reprioritised> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, Reprioritised(job): Reprioritised, _: &mut Context<Self>) {
        self.put_in_order();
        self.queue.refresh(&job);
        self.dispatch();
    }
}

impl Handler<SetPriority> for LoaderSupervisor {
    type Result = bool;

    fn handle(&mut self, set: SetPriority, _: &mut Context<Self>) -> bool {
        let SetPriority { request_id, priority } = set;
        (-100..=100).contains(&priority) && self.loader.set_priority(request_id, priority)
    }
}

impl Handler<Measured> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, Measured(jobs): Measured, _: &mut Context<Self>) {
        self.scout.is_back();
        for job in jobs {
            self.queue.refresh(&job);
        }
        self.yield_to_shorter();
    }
}

impl Handler<CancelLoad> for LoaderSupervisor {
    type Result = bool;

    fn handle(&mut self, CancelLoad { request_id }: CancelLoad, _: &mut Context<Self>) -> bool {
        cancel(&self.parts.table, &self.parts.publisher, request_id)
    }
}

/// Ends a live request, or what is still to be heard for one that has succeeded, by its user's wish
/// and from any thread. True when a `cancelled` event follows, or `analysis` events that say so.
pub(crate) fn cancel(table: &Table, publisher: &Publisher, request_id: u64) -> bool {
    cancel_load(table, publisher, request_id)
        || table.end_analyses_of(request_id, &AnalysisFailure::Cancelled(CancelReason::User))
}

/// Ends a live request likewise. True when a `cancelled` event follows.
pub(crate) fn cancel_load(table: &Table, publisher: &Publisher, request_id: u64) -> bool {
    let reason = CancelReason::User;
    table.request(request_id).is_some_and(|request| {
        table.end_and_publish(&request, LoadFailure::Cancelled(reason), || {
            publisher.cancelled(&request, reason);
        })
    })
}

impl Handler<WorkerFree> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, free: WorkerFree, _: &mut Context<Self>) {
        let WorkerFree { from, next, took } = free;
        more_may_come();
        if self.stopping {
            return;
        }
        self.unpark();
        let Some(worker) = self.worker_mut(from) else {
            self.retire(from);
            return self.dispatch();
        };
        worker.given.answered();
        worker.busy = next.map(Busy::new);
        worker.took = took;
        self.freed = self.freed.wrapping_add(1);
        self.overtaken_first = self.freed.is_multiple_of(OVERTAKEN_EVERY);
        self.dispatch();
        self.overtaken_first = false;
    }
}

impl Handler<Shareable> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, _: Shareable, _: &mut Context<Self>) {
        self.assist();
    }
}

impl Handler<Unheard> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, _: Unheard, _: &mut Context<Self>) {
        more_may_come();
        if self.parts.analyses.is_discarding() {
            self.have_discarded();
        }
        self.assist();
    }
}

impl Handler<Idle> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, Idle { from }: Idle, _: &mut Context<Self>) {
        match self.worker_mut(from) {
            Some(worker) => worker.helps = false,
            None => self.retire(from),
        }
        self.assist();
    }
}

impl Handler<RoomFreed> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, _: RoomFreed, _: &mut Context<Self>) {
        if !self.stopping && !self.parked.is_empty() {
            self.unpark();
            self.dispatch();
        }
    }
}

impl Handler<Suspended> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, suspended: Suspended, _: &mut Context<Self>) {
        let Suspended { from, assignment, no_room } = suspended;
        more_may_come();
        if self.stopping {
            return self.leave(assignment);
        }
        let mut target = None;
        match self.worker_mut(from) {
            Some(worker) => {
                target = worker.busy.take().and_then(|busy| busy.preempted).flatten();
            }
            None => self.retire(from),
        }
        self.put_in_order();
        if no_room {
            self.parked.push(assignment);
        } else {
            self.enqueue(assignment);
        }
        // What it made room for goes first, unless something more urgent has come meanwhile.
        if let Some(id) = target
            && self.parked.is_empty()
            && self.queue.priority_of(id) == self.queue.priority_at(0)
            && let Some(shorter) = self.queue.take(id)
        {
            match self.worker_mut(from) {
                Some(worker) if shorter.job.is_wanted() => worker.assign(shorter),
                _ => self.discard(shorter),
            }
        }
        self.dispatch();
    }
}

impl Handler<WorkerDied> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, WorkerDied { from }: WorkerDied, context: &mut Context<Self>) {
        if self.stopping {
            return;
        }
        let parts = self.parts.clone();
        self.unpark();
        self.put_in_order();
        match self.worker_mut(from) {
            Some(worker) => {
                // What it has not come for, its successor does not know of.
                let given = worker.take_given_back();
                worker.restart(&parts, &context.address());
                given.into_iter().for_each(|given| self.enqueue(given));
            }
            None => self.retire(from),
        }
        self.dispatch();
    }
}

impl Handler<StopWorkers> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, StopWorkers(answer): StopWorkers, _: &mut Context<Self>) {
        self.stopping = true;
        self.parts.streams.stop();
        self.parts.analyses.stop();
        self.parts.stores.stop();
        let given = self.workers.iter().filter_map(|worker| worker.given.take());
        let mut left: Vec<Assignment> = given.chain(self.parts.laid_out.take_back()).collect();
        left.extend(self.queue.drain());
        left.append(&mut self.parked);
        left.into_iter().for_each(|left| self.leave(left));
        let workers = self.workers.drain(..).chain(self.stalled.drain(..));
        let homes: Vec<Home> = workers
            .map(|worker| {
                if let Some(busy) = &worker.busy {
                    busy.job.stop_reading();
                }
                worker.home.stop();
                worker.home
            })
            .chain(self.abandoned.drain(..).map(Abandoned::into_home))
            .chain(self.scout.stop())
            .collect();
        // Nobody waits any more only if the engine gave up on a clean end; then they detach.
        answer.send(homes).ok();
    }
}
