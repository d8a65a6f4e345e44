//! `LoaderSupervisor`: accepts requests, keeps their order, and gives each free decoder the next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr, AsyncContext, Context, Handler};
use actix_rt::Arbiter;

use crate::bus::Publisher;
use crate::decoder::DecoderActor;
use crate::error::SubmitError;
use crate::events::CancelReason;
use crate::messages::{
    CancelLoad, Decode, LoadSample, StopWorkers, Submit, WorkerDied, WorkerFree,
};
use crate::os;
use crate::request::{Outcome, Request};
use crate::sink::AudioStreamHandle;
use crate::table::Table;

/// Fewer ended requests than this are not worth clearing out of the queue.
const MIN_ENDED: usize = 64;

/// How often busy decoders are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// A decoder that has not come back so long after its request ended is inside a read that does
/// not return: a step takes milliseconds.
const STUCK: Duration = Duration::from_millis(500);

/// The actor that dispatches loads to a pool of decoders. Runs on an arbiter of its own and
/// never blocks: it neither opens nor stats a file.
#[derive(Debug)]
pub struct LoaderSupervisor {
    parts: SupervisorParts,
    queue: BinaryHeap<Waiting>,
    workers: Vec<Worker>,
    /// Threads of decoders that were replaced because they did not come back.
    abandoned: Vec<Arbiter>,
    stopping: bool,
}

/// What a supervisor and its decoders share.
#[derive(Clone, Debug)]
pub(crate) struct SupervisorParts {
    pub(crate) table: Arc<Table>,
    pub(crate) publisher: Publisher,
    pub(crate) sink: AudioStreamHandle,
    pub(crate) sample_rate: u32,
    pub(crate) max_sample_bytes: Option<u64>,
    pub(crate) worker_nice: i32,
}

#[derive(Debug)]
struct Worker {
    arbiter: Arbiter,
    addr: Addr<DecoderActor>,
    /// Tells the answers of a dead worker from those of its successor.
    generation: u64,
    busy: Option<Busy>,
}

#[derive(Debug)]
struct Busy {
    request: Arc<Request>,
    /// When the request was first seen to have ended without the decoder having come back.
    unwanted_since: Option<Instant>,
}

/// A queued request: higher priority first, then the older one.
#[derive(Debug)]
struct Waiting(Arc<Request>);

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        a.priority.cmp(&b.priority).then_with(|| b.id.cmp(&a.id))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl LoaderSupervisor {
    /// A supervisor over `arbiters.len()` decoders, one on each.
    pub(crate) fn new(
        parts: SupervisorParts,
        arbiters: Vec<Arbiter>,
        context: &mut Context<Self>,
    ) -> Self {
        let supervisor = context.address();
        let workers = arbiters
            .into_iter()
            .enumerate()
            .map(|(worker, arbiter)| Worker::start(arbiter, worker, 0, &parts, &supervisor))
            .collect();
        let (queue, abandoned) = (BinaryHeap::new(), Vec::new());
        Self { parts, queue, workers, abandoned, stopping: false }
    }

    /// Gives work to every free decoder.
    fn dispatch(&mut self) {
        while !self.stopping
            && let Some(worker) = self.workers.iter_mut().find(|worker| worker.busy.is_none())
            && let Some(request) = next_live(&mut self.queue)
        {
            worker.busy = Some(Busy { request: Arc::clone(&request), unwanted_since: None });
            worker.addr.do_send(Decode(request));
        }
    }

    /// Replaces decoders that do not come back though nobody wants their request any more. Such a
    /// decoder finds its request ended whenever its read returns, and touches nothing after that.
    fn replace_stuck(&mut self, supervisor: &Addr<Self>) {
        for (number, worker) in self.workers.iter_mut().enumerate() {
            let Some(busy) = &mut worker.busy else { continue };
            if busy.request.is_live() {
                continue;
            }
            let since = *busy.unwanted_since.get_or_insert_with(Instant::now);
            // Without a thread for another one, the next look tries again.
            if since.elapsed() >= STUCK
                && let Ok(arbiter) = Arbiter::try_new()
            {
                let generation = worker.generation + 1;
                let next = Worker::start(arbiter, number, generation, &self.parts, supervisor);
                let stuck = mem::replace(worker, next);
                // Ends the thread after the step that it is in.
                stuck.arbiter.stop();
                self.abandoned.push(stuck.arbiter);
                self.parts.table.count_abandoned_worker();
            }
        }
        self.dispatch();
    }

    fn worker_mut(&mut self, worker: usize, generation: u64) -> Option<&mut Worker> {
        self.workers.get_mut(worker).filter(|worker| worker.generation == generation)
    }
}

/// The first request that has not been ended meanwhile.
fn next_live(queue: &mut BinaryHeap<Waiting>) -> Option<Arc<Request>> {
    while let Some(Waiting(request)) = queue.pop() {
        if request.is_live() {
            return Some(request);
        }
    }
    None
}

impl Worker {
    fn start(
        arbiter: Arbiter,
        worker: usize,
        generation: u64,
        parts: &SupervisorParts,
        supervisor: &Addr<LoaderSupervisor>,
    ) -> Self {
        let nice = parts.worker_nice;
        // False only for an arbiter that has ended; this one is new.
        arbiter.spawn_fn(move || {
            os::name_thread(&format!("hotcue-decode{worker}"));
            os::lower_thread_priority(nice);
        });
        let addr = start_decoder(&arbiter, worker, generation, parts, supervisor);
        Self { arbiter, addr, generation, busy: None }
    }
}

fn start_decoder(
    arbiter: &Arbiter,
    worker: usize,
    generation: u64,
    parts: &SupervisorParts,
    supervisor: &Addr<LoaderSupervisor>,
) -> Addr<DecoderActor> {
    let decoder = DecoderActor::new(worker, generation, parts.clone(), supervisor.clone());
    DecoderActor::start_in_arbiter(&arbiter.handle(), |_| decoder)
}

impl Actor for LoaderSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(LOOK, |supervisor, context| {
            supervisor.replace_stuck(&context.address());
        });
    }
}

impl Handler<LoadSample> for LoaderSupervisor {
    type Result = Result<u64, SubmitError>;

    fn handle(&mut self, load: LoadSample, context: &mut Context<Self>) -> Self::Result {
        let LoadSample { id, source, priority } = load;
        let (request, superseded) =
            self.parts.table.register(id, |slot| Request::new(slot, source, priority))?;
        if let Some(older) = superseded {
            self.parts.publisher.cancelled(&older, CancelReason::Superseded);
        }
        let request_id = request.id;
        self.handle(Submit(request), context);
        Ok(request_id)
    }
}

impl Handler<Submit> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, Submit(request): Submit, _: &mut Context<Self>) {
        self.queue.push(Waiting(request));
        self.dispatch();
        // What ended in the queue lies there, source and all, until it comes up. Behind a busy
        // pool that would grow without bound; this keeps it below the number that really waits.
        if self.queue.len() > 2 * self.parts.table.queued() + MIN_ENDED {
            self.queue.retain(|Waiting(request)| request.is_live());
        }
    }
}

impl Handler<CancelLoad> for LoaderSupervisor {
    type Result = bool;

    fn handle(&mut self, CancelLoad { request_id }: CancelLoad, _: &mut Context<Self>) -> bool {
        cancel(&self.parts.table, &self.parts.publisher, request_id, CancelReason::User)
    }
}

/// Ends a live request, from any thread. True when a `cancelled` event follows.
pub(crate) fn cancel(
    table: &Table,
    publisher: &Publisher,
    request_id: u64,
    reason: CancelReason,
) -> bool {
    table.request(request_id).is_some_and(|request| {
        table.end_and_publish(&request, Outcome::Cancelled(reason), || {
            publisher.cancelled(&request, reason);
        })
    })
}

impl Handler<WorkerFree> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, free: WorkerFree, _: &mut Context<Self>) {
        if let Some(worker) = self.worker_mut(free.worker, free.generation) {
            worker.busy = None;
            self.dispatch();
        }
    }
}

impl Handler<WorkerDied> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, died: WorkerDied, context: &mut Context<Self>) {
        if self.stopping {
            return;
        }
        let supervisor = context.address();
        let parts = self.parts.clone();
        let Some(worker) = self.worker_mut(died.worker, died.generation) else { return };
        // A panic ends the actor, not its arbiter: the next decoder takes the same thread.
        worker.generation += 1;
        worker.busy = None;
        worker.addr =
            start_decoder(&worker.arbiter, died.worker, worker.generation, &parts, &supervisor);
        self.dispatch();
    }
}

impl Handler<StopWorkers> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, StopWorkers(answer): StopWorkers, _: &mut Context<Self>) {
        self.stopping = true;
        self.queue.clear();
        let arbiters: Vec<Arbiter> = self
            .workers
            .drain(..)
            .map(|worker| {
                worker.arbiter.stop();
                worker.arbiter
            })
            .chain(self.abandoned.drain(..))
            .collect();
        // Nobody waits any more only if the engine gave up on a clean end; then they detach.
        answer.send(arbiters).ok();
    }
}
