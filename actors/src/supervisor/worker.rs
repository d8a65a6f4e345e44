//! One decoder of the pool, as the supervisor sees it.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix_rt::time::Instant;

use super::given::Given;
use super::{LoaderSupervisor, SupervisorParts};
use crate::decoder::DecoderActor;
use crate::home::{Home, more_may_come};
use crate::job::{Assignment, Job};
use crate::looks::LastLook;
use crate::messages::{Decode, Discard, Preempt};
use crate::os;

/// A decoder that has not come back so long after its last request ended is inside a read that
/// does not return, or has lost its way: a step takes milliseconds.
const STUCK: Duration = Duration::from_millis(500);
/// A decoder that has not come for a job so long after it was given, or laid aside by itself, is inside
/// something else that does not return: a read for a stream, or a call of the cache's disk for an
/// analysis.
const LATE: Duration = Duration::from_millis(250);
/// A job that a worker has been at for so long is none of many short ones.
const LONG: Duration = Duration::from_millis(10);
/// What a decoder's first job is expected to take: as much as a short sample.
const USUAL: Duration = Duration::from_millis(1);
/// A job whose turn has come though others are more urgent has so long before it gives way.
const FAVOUR: Duration = Duration::from_millis(50);
/// Without a byte for so long, a load is said to have stalled, and again each time.
const STALLED: Duration = Duration::from_secs(2);
/// Without a byte or a step for so long, and not inside a read, a decoder has lost its way in a
/// file. The longest steps of honest ones, the openings of files of many gigabytes, take seconds.
const LOST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) home: Home,
    pub(super) addr: Addr<DecoderActor>,
    pub(super) number: usize,
    /// Tells the answers of a dead worker from those of its successor.
    pub(super) generation: u64,
    pub(super) busy: Option<Busy>,
    /// Whether it was told to help others, as it has no job.
    pub(super) helps: bool,
    /// How long it was at its last job; before that, [`USUAL`].
    pub(super) took: Duration,
    pub(super) given: Arc<Given>,
}

/// What a worker is at.
#[derive(Debug)]
pub(super) struct Busy {
    pub(super) job: Arc<Job>,
    /// When this worker took it.
    pub(super) since: Instant,
    /// It was told to give the job back; if for a certain other one, for which.
    pub(super) preempted: Option<Option<u64>>,
    /// When it was first seen that nobody wants the job any more.
    unwanted_since: Option<Instant>,
    activity: (u64, u64),
    looked: LastLook,
    quiet_since: Instant,
    /// How often it was said to have stalled since.
    told: u32,
}

/// What a look at a busy worker found.
pub(super) enum Found {
    /// Nothing to do.
    Well,
    /// No byte for so long; to be said.
    Stalled(Duration),
    /// Nobody wants what it is at, and it does not come back.
    Stuck,
    /// It is wanted, but works without end.
    Lost,
}

impl Found {
    /// Whether nothing comes of what it is at.
    pub(super) fn is_hopeless(&self) -> bool {
        matches!(self, Self::Stuck | Self::Lost)
    }
}

impl Worker {
    pub(super) fn start(
        home: Home,
        number: usize,
        generation: u64,
        parts: &SupervisorParts,
        supervisor: &Addr<LoaderSupervisor>,
    ) -> Self {
        let nice = parts.nice;
        home.prepare(move || {
            os::name_thread(&format!("hotcue-decode{number}"));
            os::set_nice(nice);
        });
        let given = Arc::default();
        let addr = start_decoder(&home, (number, generation), &given, parts, supervisor);
        let took = USUAL;
        Self { home, addr, number, generation, busy: None, helps: false, took, given }
    }

    /// A panic ends the actor, not its home: the next decoder takes the same thread.
    pub(super) fn restart(&mut self, parts: &SupervisorParts, supervisor: &Addr<LoaderSupervisor>) {
        self.generation += 1;
        self.given = Arc::default();
        self.busy = None;
        self.helps = false;
        let me = (self.number, self.generation);
        self.addr = start_decoder(&self.home, me, &self.given, parts, supervisor);
        // What the dead one was told to drop may still lie there.
        self.addr.do_send(Discard);
    }

    pub(super) fn is(&self, (number, generation): (usize, u64)) -> bool {
        (self.number, self.generation) == (number, generation)
    }

    pub(super) fn assign(&mut self, assignment: Assignment) {
        self.busy = Some(Busy::new(Arc::clone(&assignment.job)));
        self.helps = false;
        self.given.lay_down(assignment);
        self.addr.do_send(Decode);
    }

    /// Whether it should have come for its job by now.
    pub(super) fn is_late(&self) -> bool {
        self.given.is_late(LATE)
    }

    /// Takes back what it was given, or has laid aside, and has not come for.
    pub(super) fn take_given_back(&mut self) -> Option<Assignment> {
        let given = self.given.take();
        if given.is_some() {
            self.busy = None;
        }
        given
    }

    /// Whether it is inside a read that has not returned for long.
    pub(super) fn is_stalled(&self) -> bool {
        self.busy.as_ref().is_some_and(Busy::has_stalled)
    }

    /// Asks for the job back, if it has one and was not asked before.
    pub(super) fn preempt(&mut self, target: Option<u64>) {
        if let Some(busy) = &mut self.busy {
            busy.preempted = Some(target);
            // What it answers is not to wait for long. To be woken by that would not be sooner, where
            // all cores compute: who ran just now waits for the scheduler's next tick.
            more_may_come();
            self.addr.do_send(Preempt { job_id: busy.job.id });
        }
    }
}

/// A decoder that was given up, whose thread ends when its read returns.
#[derive(Debug)]
pub(super) struct Abandoned {
    home: Home,
    addr: Addr<DecoderActor>,
    /// The actor was found gone: its thread has nothing left to do.
    is_gone: bool,
}

impl Abandoned {
    pub(super) fn new(worker: Worker) -> Self {
        Self { home: worker.home, addr: worker.addr, is_gone: false }
    }

    /// Whether its thread has surely ended, one look after its actor was found gone. It is not
    /// waited for then; kept, it would keep the thread's stack.
    pub(super) fn is_over(&mut self) -> bool {
        let was_gone = self.is_gone;
        self.is_gone = !self.addr.connected();
        was_gone
    }

    pub(super) fn into_home(self) -> Home {
        self.home
    }
}

impl Busy {
    pub(super) fn new(job: Arc<Job>) -> Self {
        let now = Instant::now();
        let activity = job.activity();
        Self {
            job,
            since: now,
            preempted: None,
            unwanted_since: None,
            activity,
            looked: LastLook::at(now),
            quiet_since: now,
            told: 0,
        }
    }

    /// Whether it could give its job back soon: not if it hangs.
    pub(super) fn can_give_way(&self) -> bool {
        let favoured = self.job.is_favoured() && self.since.elapsed() < FAVOUR;
        self.preempted.is_none() && self.told == 0 && !favoured
    }

    /// Whether it has been at one job for so long that nothing should wait behind it.
    pub(super) fn is_long(&self) -> bool {
        self.since.elapsed() >= LONG
    }

    pub(super) fn has_stalled(&self) -> bool {
        self.told > 0
    }

    /// Looks whether anything came of the job since the last look.
    pub(super) fn look(&mut self) -> Found {
        let now = Instant::now();
        let away = self.looked.look(now);
        self.quiet_since += away;
        self.unwanted_since.iter_mut().for_each(|since| *since += away);
        if !self.job.is_wanted() {
            let since = *self.unwanted_since.get_or_insert(now);
            // Closed first: from here on nobody can join what comes to nothing.
            if !self.job.close_if_unwanted() {
                return Found::Well;
            }
            self.job.stop_reading();
            return if now - since >= STUCK { Found::Stuck } else { Found::Well };
        }
        self.unwanted_since = None;
        let activity = self.job.activity();
        if activity != self.activity {
            self.activity = activity;
            self.quiet_since = now;
            self.told = 0;
            self.job.set_stalled(false);
        } else if now - self.quiet_since >= LOST && self.job.is_computing() {
            return Found::Lost;
        } else if now - self.quiet_since >= STALLED * (self.told + 1) {
            self.told += 1;
            self.job.set_stalled(true);
            return Found::Stalled(now - self.quiet_since);
        }
        Found::Well
    }
}

fn start_decoder(
    home: &Home,
    me: (usize, u64),
    given: &Arc<Given>,
    parts: &SupervisorParts,
    supervisor: &Addr<LoaderSupervisor>,
) -> Addr<DecoderActor> {
    let decoder = DecoderActor::new(me, Arc::clone(given), parts.clone(), supervisor.clone());
    home.start(|_| decoder)
}
