//! `DecoderActor`: runs one job at a time, in short steps.

mod analyse;
mod head;
mod panic;
mod store;
mod tend;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, Addr, AsyncContext, Context, Handler, WrapFuture as _};
use actix_rt::time::{Instant, sleep};
use hotcue::{
    Help, Helper, LoadError, LoadErrorKind, LoadOptions, LoadedSample, SourceIdentity, Stage, Step,
    Workbench,
};

use crate::analysis::Task;
use crate::budget::{NoRoom, Reservation};
use crate::crew::Offer;
use crate::job::{Assignment, Job, Member};
use crate::messages::{
    Assist, Continue, Decode, Discard, Idle, Measure, Measured, Preempt, Reprioritised, Shareable,
    Submit, Suspended, WorkerDied, WorkerFree,
};
use crate::registry::Claim;
use crate::request::{Outcome, Request};
use crate::sample::Sample;
use crate::storing::Storing;
use crate::supervisor::{Ahead, LoaderSupervisor, SupervisorParts};
use crate::table::Delivery;
use crate::work::Work;

/// At most 30 `progress` events a second per load.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(34);
/// After so long a helper looks again whether there is something to do: less than a part takes.
const HELP_INTERVAL: Duration = Duration::from_millis(1);

/// The actor that reads, decodes and resamples. One per arbiter thread; it may block in disk
/// reads only. Between two steps it reads its mailbox and sees whether its job is still wanted.
#[derive(Debug)]
pub struct DecoderActor {
    /// Its number and generation.
    me: (usize, u64),
    ahead: Arc<Ahead>,
    parts: SupervisorParts,
    supervisor: Addr<LoaderSupervisor>,
    bench: Workbench,
    running: Option<Running>,
    /// It has no job, and helps another decoder.
    helper: Option<Helper>,
    /// It has no job, and hears what is in a sample.
    task: Option<Task>,
    /// It has no job, nor anything to hear, and puts a sample into the cache.
    storing: Option<Storing>,
    /// Counts the jobs that it took.
    turn: u64,
    /// When it took the last one.
    since: Instant,
    /// Counts steps: every so many times scans of streams have their turn.
    steps: u32,
}

/// Whether the memory budget has room.
enum Room {
    There,
    /// The job is the supervisor's again.
    Later,
    /// The job has failed.
    Never,
}

/// The job at hand.
struct Running {
    job: Arc<Job>,
    work: Box<dyn Work>,
    reservation: Reservation,
    /// Lets others help with it.
    offer: Option<Offer>,
    /// Whether its file was looked up in the registry.
    claimed: bool,
    last_progress: Instant,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("job", &self.job).finish_non_exhaustive()
    }
}

impl DecoderActor {
    pub(crate) fn new(
        me: (usize, u64),
        ahead: Arc<Ahead>,
        parts: SupervisorParts,
        supervisor: Addr<LoaderSupervisor>,
    ) -> Self {
        let (bench, since) = (Workbench::default(), Instant::now());
        Self {
            me,
            ahead,
            parts,
            supervisor,
            bench,
            running: None,
            helper: None,
            task: None,
            storing: None,
            turn: 0,
            since,
            steps: 0,
        }
    }

    /// Takes a job; false when nobody wants it any more.
    fn take(&mut self, assignment: Assignment) -> bool {
        let Assignment { job, work, reservation, .. } = assignment;
        let work = match work {
            Some(work) => work,
            None => {
                let SupervisorParts { table, publisher, .. } = &self.parts;
                let wanted = job.begin(|request| {
                    if table.start(request) {
                        publisher.started(request);
                    }
                });
                if !wanted {
                    return false;
                }
                let options = LoadOptions {
                    sample_rate: Some(self.parts.sample_rate),
                    max_sample_bytes: self.parts.max_sample_bytes,
                };
                match job.streams {
                    false => self.parts.workshop.work(&job.source, options),
                    true => self.parts.workshop.stream(&job.source, options),
                }
            }
        };
        job.watch(&*work);
        let last_progress = Instant::now();
        self.since = last_progress;
        let reservation = reservation.unwrap_or_else(|| self.parts.budget.reserve());
        job.reserves(reservation.account());
        // A job may be given back before its first step.
        let claimed = work.identity().is_some() || job.streams;
        self.running =
            Some(Running { job, work, reservation, offer: None, claimed, last_progress });
        true
    }

    /// One step of the job, and what follows from it.
    fn step(&mut self, context: &mut Context<Self>) {
        let Some(running) = &mut self.running else { return };
        if running.job.close_if_unwanted() {
            self.drop_running();
            return self.go_on(context);
        }
        running.job.steps();
        self.feed_streams();
        let Some(running) = &mut self.running else { return };
        let bench = &mut self.bench;
        let work = &mut running.work;
        let result = panic::caught(|| work.step(bench));
        let blocked = work.blocks_for();
        if blocked.is_zero() {
            self.stepped(result, context);
        } else {
            // Nothing in the mailbox is read meanwhile, as in a thread that waits for the disk.
            let turn = self.turn;
            let wait = sleep(blocked).into_actor(self).map(move |(), decoder, context| {
                if decoder.turn == turn {
                    decoder.stepped(result, context);
                }
            });
            context.wait(wait);
        }
    }

    fn stepped(
        &mut self,
        result: Result<Result<Step, LoadError>, String>,
        context: &mut Context<Self>,
    ) {
        let Some(running) = &mut self.running else { return };
        running.job.stepped(&*running.work);
        if running.job.close_if_unwanted() {
            // Nothing of what the step brought goes anywhere: this decoder may have been given up.
            self.drop_running();
            return self.go_on(context);
        }
        match result {
            Ok(Ok(Step::Working)) => {
                running.report(&self.parts);
                if self.share() {
                    let bytes =
                        self.running.as_ref().map_or(0, |running| running.work.held_bytes());
                    match self.make_room(bytes) {
                        // Back through the mailbox: whatever arrived during the step is read
                        // first.
                        Room::There => {
                            self.offer_head();
                            self.offer();
                            return context.notify(Continue { turn: self.turn });
                        }
                        Room::Later => return,
                        Room::Never => {}
                    }
                }
            }
            Ok(Ok(Step::Done(loaded))) => match self.make_room(self.bytes_of(&loaded)) {
                Room::There => self.hand_on(loaded),
                // Asked for its next step, it says the same again.
                Room::Later => return,
                Room::Never => {}
            },
            Ok(Err(error)) => self.fail(&error),
            Err(message) => {
                // What the panic left behind is not trusted again.
                self.bench = Workbench::default();
                let message = format!("the decoder panicked: {message}");
                self.fail(&LoadError::new(LoadErrorKind::WorkerPanic, message));
            }
        }
        self.go_on(context);
    }

    /// Lets others help with the job, once it can be divided.
    fn offer(&mut self) {
        let Some(running) = self.running.as_mut().filter(|running| running.offer.is_none()) else {
            return;
        };
        if let Some(shared) = running.work.shared() {
            running.offer = self.parts.crew.offer(shared);
            if running.offer.is_some() {
                self.supervisor.do_send(Shareable);
            }
        }
    }

    /// Helps another decoder with one step of its job, or else goes on with what can wait.
    fn assist(&mut self, context: &mut Context<Self>) {
        let again = Continue { turn: self.turn };
        while let Some(mut helper) = self.helper.take().or_else(|| self.parts.crew.join()) {
            let bench = &mut self.bench;
            match panic::caught(|| helper.step(bench)) {
                Ok(Help::Worked) => {
                    self.helper = Some(helper);
                    return context.notify(again);
                }
                Ok(Help::Nothing) if self.parts.crew.offers(helper.load()) => {
                    self.helper = Some(helper);
                    if !self.use_the_time(context) {
                        context.notify_later(again, HELP_INTERVAL);
                    }
                    return;
                }
                Ok(Help::Nothing | Help::Over) => {}
                // It leaves the load to the decoder whose job it is, which meets the same.
                Err(_) => {
                    self.bench = Workbench::default();
                    drop(helper);
                    context.notify_later(again, HELP_INTERVAL);
                    return;
                }
            }
        }
        if !self.use_the_time(context) {
            self.supervisor.do_send(Idle { from: self.me });
        }
    }

    /// One step of an analysis, or else of what is to be stored, and then the next of whatever is most
    /// urgent; false if there is neither.
    fn use_the_time(&mut self, context: &mut Context<Self>) -> bool {
        let Some(blocks_for) = self.analyse().or_else(|| self.store()) else { return false };
        if !blocks_for.is_zero() {
            context.wait(sleep(blocks_for).into_actor(self));
        }
        // Who has been woken meanwhile, as the supervisor by a load, would wait for the end of this
        // thread's slice, on Linux 3 ms.
        std::thread::yield_now();
        context.notify(Continue { turn: self.turn });
        true
    }

    /// Reserves what the sample takes by now. Without room the job goes back to the supervisor, or
    /// fails.
    fn make_room(&mut self, bytes: usize) -> Room {
        let Some(running) = &mut self.running else { return Room::Never };
        if let Some(priority) = running.job.priority() {
            running.reservation.is_of(priority);
        }
        match running.reservation.grow_to(bytes) {
            Ok(()) => Room::There,
            Err(NoRoom::WaitForOthers) => {
                self.give_back(true);
                Room::Later
            }
            Err(NoRoom::StartOver) => {
                // An older load needs what this one holds.
                if let Some(Running { job, work, .. }) = self.running.take() {
                    if let Some(file) = work.identity() {
                        self.parts.registry.forget(file, &job);
                    }
                    self.withdraw(&job);
                    drop_work(work);
                    let assignment = Assignment::new(job);
                    self.supervisor.do_send(Suspended { from: self.me, assignment, no_room: true });
                }
                Room::Later
            }
            Err(NoRoom::Never(error)) => {
                self.fail(&error);
                Room::Never
            }
        }
    }

    /// Once the file is open: sees whether it is in memory, or being decoded by another. True
    /// when this decoder is to go on.
    fn share(&mut self) -> bool {
        let Some(running) = &mut self.running else { return false };
        if running.claimed {
            return true;
        }
        let Some(file) = running.work.identity() else { return true };
        running.claimed = true;
        let job = Arc::clone(&running.job);
        loop {
            match self.parts.registry.claim(file, &job) {
                Claim::New => return true,
                Claim::Join(other) => {
                    if job.merge_into(&other) {
                        self.tell_of_head(&other, Some(file));
                        self.supervisor.do_send(Reprioritised(other));
                        break;
                    }
                    // It has just come to nothing.
                    self.parts.registry.forget(file, &other);
                }
                Claim::Cached(delivery) => {
                    self.deliver(&job, Some(file), delivery, true);
                    break;
                }
            }
        }
        self.drop_running();
        false
    }

    fn hand_on(&mut self, loaded: LoadedSample) {
        let Some(Running { job, mut work, reservation, .. }) = self.running.take() else { return };
        let file = work.identity();
        let origin = head::origin_of(&job, file);
        let sample = match work.streamed() {
            Some(stream) => Sample::streaming(loaded, origin, stream),
            None => self.completed(&job, loaded, origin),
        };
        let delivery = Delivery::new(sample, reservation.into_account());
        if let Some(file) = file {
            self.parts.registry.finished(file, &job, delivery.resident());
        }
        // First: whoever is told of the sample can see that it is still to be stored.
        work.store().into_iter().for_each(|store| self.parts.stores.put(store));
        self.deliver(&job, file, delivery, false);
        drop_work(work);
    }

    /// Closes the job and sends its members what came of it.
    fn deliver(
        &self,
        job: &Job,
        file: Option<SourceIdentity>,
        delivery: Delivery,
        from_cache: bool,
    ) {
        let members = self.close(job, file);
        // While the first one is held, each can have another.
        let resident = delivery.resident();
        let deliveries = members.into_iter().filter_map(|member| {
            Delivery::again(resident).map(|delivery| (member.request, delivery))
        });
        self.parts.sink.decoded(deliveries.collect(), from_cache);
    }

    /// Closes a job that was of `file` and gives those whom its end concerns. Whoever asked for a
    /// path after the file was opened may have meant what is there now: for them, it begins anew.
    fn close(&self, job: &Job, file: Option<SourceIdentity>) -> Vec<Member> {
        let mut changed: BTreeMap<PathBuf, Vec<Member>> = BTreeMap::new();
        let mut same = BTreeSet::new();
        let mut members = job.close();
        members.retain(|member| {
            let Some(path) = member.request.path().filter(|_| member.by_path) else { return true };
            if same.contains(&path) {
                return true;
            }
            // By several links, one job may be of several paths.
            if !changed.contains_key(&path)
                && self.parts.workshop.identify(&member.request.source) == file
            {
                same.insert(path);
                return true;
            }
            changed.entry(path).or_default().push(member.clone());
            false
        });
        for again in changed.into_values().filter_map(|members| job.again(members)) {
            self.supervisor.do_send(Submit(again));
        }
        members
    }

    /// Ends all requests of the job with `error`.
    fn fail(&mut self, error: &LoadError) {
        let Some(Running { job, work, .. }) = self.running.take() else { return };
        let file = work.identity();
        if let Some(file) = file {
            self.parts.registry.forget(file, &job);
        }
        let stage = work.stage().max(Stage::Reading);
        for Member { request, .. } in self.close(&job, file) {
            fail_request(&self.parts, &request, error, stage);
        }
        drop_work(work);
    }

    /// Lets go of a job that has ended or lives on in another.
    fn drop_running(&mut self) {
        if let Some(Running { job, work, .. }) = self.running.take() {
            if let Some(file) = work.identity() {
                self.parts.registry.forget(file, &job);
            }
            drop_work(work);
        }
    }

    /// Gives the job back to the supervisor, as it is.
    fn give_back(&mut self, no_room: bool) {
        if let Some(Running { job, work, reservation, .. }) = self.running.take() {
            let assignment = Assignment {
                job,
                work: Some(work),
                reservation: Some(reservation),
                since: Instant::now(),
            };
            self.supervisor.do_send(Suspended { from: self.me, assignment, no_room });
        }
    }

    /// Takes the next job, if one is laid out, and tells the supervisor.
    fn go_on(&mut self, context: &mut Context<Self>) {
        self.turn += 1;
        let (from, took) = (self.me, self.since.elapsed());
        while let Some(assignment) = self.ahead.take() {
            let job = Arc::clone(&assignment.job);
            if self.take(assignment) {
                self.supervisor.do_send(WorkerFree { from, next: Some(job), took });
                return context.notify(Continue { turn: self.turn });
            }
        }
        self.supervisor.do_send(WorkerFree { from, next: None, took });
    }
}

/// Ends one request, as one piece: an engine that shuts down may have lost patience with this
/// thread.
pub(crate) fn fail_request(
    parts: &SupervisorParts,
    request: &Arc<Request>,
    error: &LoadError,
    stage: Stage,
) {
    let error = match request.source.path() {
        Some(path) => error.clone().with_path(path),
        None => error.clone(),
    };
    let outcome = Outcome::Failed { error: error.clone(), stage };
    parts.table.end_and_publish(request, outcome, || {
        parts.publisher.error(request, error, stage);
    });
}

/// Drops what was done of a job. A reader of the caller's own may panic even then.
fn drop_work(work: Box<dyn Work>) {
    panic::caught(|| drop(work)).ok();
}

/// Drops a job that nobody wants any more.
pub(crate) fn discard(assignment: Assignment) {
    assignment.job.close();
    if let Some(work) = assignment.work {
        drop_work(work);
    }
}

impl Running {
    fn report(&mut self, parts: &SupervisorParts) {
        if self.last_progress.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.last_progress = Instant::now();
        self.job.reported();
        let (percent, stage) = (self.work.percent(), self.work.stage());
        for request in self.job.live() {
            request.set_progress(percent, stage);
            parts.publisher.progress(&request);
        }
    }
}

impl Actor for DecoderActor {
    type Context = Context<Self>;
}

impl Handler<Decode> for DecoderActor {
    type Result = ();

    fn handle(&mut self, _: Decode, context: &mut Context<Self>) {
        if self.running.is_some() {
            // It has come for one that it was given later.
            return;
        }
        self.turn += 1;
        // What it was at goes to others.
        self.helper = None;
        self.set_aside();
        let Some(assignment) = self.ahead.take_given() else {
            // It was away for too long.
            return self.supervisor.do_send(Idle { from: self.me });
        };
        if self.take(assignment) {
            self.step(context);
        } else {
            self.go_on(context);
        }
    }
}

impl Handler<Continue> for DecoderActor {
    type Result = ();

    fn handle(&mut self, Continue { turn }: Continue, context: &mut Context<Self>) {
        if turn != self.turn {
            return;
        }
        match &self.running {
            Some(_) => self.step(context),
            None => self.assist(context),
        }
    }
}

impl Handler<Assist> for DecoderActor {
    type Result = ();

    fn handle(&mut self, _: Assist, context: &mut Context<Self>) {
        // It may have got a job in between.
        if self.running.is_none() && self.helper.is_none() {
            self.turn += 1;
            self.assist(context);
        }
    }
}

impl Handler<Preempt> for DecoderActor {
    type Result = ();

    fn handle(&mut self, Preempt { job_id }: Preempt, _: &mut Context<Self>) {
        if self.running.as_ref().is_some_and(|running| running.job.id == job_id) {
            self.turn += 1;
            self.give_back(false);
        }
    }
}

impl Handler<Measure> for DecoderActor {
    type Result = ();

    fn handle(&mut self, Measure(jobs): Measure, _: &mut Context<Self>) {
        for job in &jobs {
            if let Some(file) = self.parts.workshop.identify(&job.source) {
                job.set_byte_len(file.len);
            }
        }
        self.supervisor.do_send(Measured(jobs));
    }
}

impl Handler<Discard> for DecoderActor {
    type Result = ();

    fn handle(&mut self, _: Discard, _: &mut Context<Self>) {
        while let Some(unwanted) = self.parts.unwanted.take() {
            discard(unwanted);
        }
        self.parts.analyses.discard();
    }
}

impl Drop for DecoderActor {
    /// Reached while the engine runs only when something outside the caught step panicked.
    fn drop(&mut self) {
        self.store_last();
        self.set_aside();
        self.fail(&LoadError::new(LoadErrorKind::WorkerPanic, "the decoder died"));
        self.supervisor.do_send(WorkerDied { from: self.me });
    }
}
