//! `DecoderActor`: runs one job at a time, in short steps.

mod analyse;
mod head;
mod outcome;
mod panic;
mod recall;
mod store;
mod tend;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, Addr, AsyncContext, Context, Handler, WrapFuture as _};
use actix_rt::time::{Instant, sleep};
use hotcue::{Help, Helper, LoadError, LoadErrorKind, LoadOptions, Stage, Step, Workbench};

use crate::analysis::Task;
use crate::budget::Reservation;
use crate::crew::Offer;
use crate::job::{Assignment, Job};
use crate::messages::{
    Assist, Continue, Decode, Discard, Idle, Measure, Measured, Preempt, Shareable, WorkerDied,
    WorkerFree,
};
use crate::storing::Storing;
use crate::supervisor::{Given, LoaderSupervisor, SupervisorParts};
use crate::work::Work;
use outcome::Room;
pub(crate) use outcome::{discard, fail_request};
use recall::Recalling;

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
    given: Arc<Given>,
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

/// The job at hand.
struct Running {
    job: Arc<Job>,
    work: Box<dyn Work>,
    reservation: Reservation,
    /// Lets others help with it.
    offer: Option<Offer>,
    /// What is known of its sample, once that is there.
    recalling: Option<Recalling>,
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
        given: Arc<Given>,
        parts: SupervisorParts,
        supervisor: Addr<LoaderSupervisor>,
    ) -> Self {
        let (bench, since) = (Workbench::default(), Instant::now());
        Self {
            me,
            given,
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

    /// Takes a job; false when nobody wants it any more, or it has failed at once.
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
                let workshop = &self.parts.workshop;
                let made = panic::caught(|| match job.streams {
                    false => workshop.work(&job.source, options),
                    true => workshop.stream(&job.source, options),
                });
                match made {
                    Ok(work) => work,
                    Err(message) => {
                        self.fail_members(&job, None, &panic::error(&message), Stage::Reading);
                        return false;
                    }
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
        let (offer, recalling) = (None, None);
        self.running =
            Some(Running { job, work, reservation, offer, recalling, claimed, last_progress });
        true
    }

    /// One step of the job, and what follows from it.
    fn step(&mut self, context: &mut Context<Self>) {
        let Some(running) = &mut self.running else { return };
        if running.job.close_if_unwanted() {
            self.drop_running();
            return self.go_on(context);
        }
        if !self.feed_beside_job(context) {
            return;
        }
        let Some(running) = &mut self.running else { return };
        running.job.steps();
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
                    self.part();
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
                // Asked for its next step, it says the same again.
                Room::There if self.recall(&loaded) => {
                    return context.notify(Continue { turn: self.turn });
                }
                Room::There => self.hand_on(loaded),
                // Asked for its next step, it says the same again.
                Room::Later => return,
                Room::Never => {}
            },
            Ok(Err(error)) => self.fail(&error),
            Err(message) => {
                // What the panic left behind is not trusted again.
                self.bench = Workbench::default();
                self.fail(&panic::error(&message));
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

    /// Takes the next job, if one is laid out, and tells the supervisor.
    fn go_on(&mut self, context: &mut Context<Self>) {
        self.turn += 1;
        let (from, took) = (self.me, self.since.elapsed());
        let may_take = self.given.comes_back();
        while may_take && let Some(assignment) = self.parts.laid_out.take() {
            let job = Arc::clone(&assignment.job);
            if self.take(assignment) {
                self.supervisor.do_send(WorkerFree { from, next: Some(job), took });
                return context.notify(Continue { turn: self.turn });
            }
        }
        self.supervisor.do_send(WorkerFree { from, next: None, took });
    }
}

impl Running {
    fn report(&mut self, parts: &SupervisorParts) {
        let (percent, stage) = (self.work.percent(), self.work.stage());
        // After each step: the next may wait for its source for long.
        self.job.set_progress(percent, stage);
        if self.last_progress.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.last_progress = Instant::now();
        self.job.reported();
        self.job.live().iter().for_each(|request| parts.publisher.progress(request));
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
        let Some(assignment) = self.given.take() else {
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
        if self.running.is_none() {
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
        self.parts.unwanted.discard();
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
        // What the supervisor had left at the end of the engine.
        self.parts.unwanted.discard();
    }
}
