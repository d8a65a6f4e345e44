//! One request: an id, a state that moves forward once, an outcome that can be waited for.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::{Source, Stage};

use crate::analysis::{Answers, Kinds};
use crate::error::LoadFailure;
use crate::events::LoaderEvent;
use crate::job::Job;
use crate::sample::Sample;
use crate::table::SampleRef;
use crate::tally::{Share, Tally};
use crate::wakers::{self, Wakers};

/// Request ids rise and are unique in the process.
static NEXT_REQUEST_ID: AtomicU64 = AtomicU64::new(1);

const QUEUED: u8 = 0;
const RUNNING: u8 = 1;
const ENDED: u8 = 2;

/// Where a request was when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedFrom {
    Queue,
    Decoder,
}

/// How a request ended: with a sample in its slot, or without.
pub(crate) type Outcome = Result<SampleRef, LoadFailure>;

/// The end of a request, once there is one, and who waits for it.
#[derive(Debug, Default)]
struct End {
    /// The sample that is on its way, until the end.
    arriving: Option<Arc<Sample>>,
    outcome: Option<Outcome>,
    waiting: usize,
    /// Those of them who do not block.
    wakers: Wakers,
    /// The sample, for as long as any of those has not seen it who waited when it came.
    sample: Option<Arc<Sample>>,
}

impl End {
    fn sample(&self) -> Option<Arc<Sample>> {
        match &self.outcome {
            Some(Ok(sample)) => self.sample.clone().or_else(|| sample.get()),
            Some(Err(_)) => None,
            None => self.arriving.clone(),
        }
    }
}

/// How a sample is to be loaded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    /// Higher goes first.
    pub(crate) priority: i32,
    /// It is to be played from where it lies.
    pub(crate) streams: bool,
    /// What is to be heard in it.
    pub(crate) kinds: Kinds,
    /// Its caller waits for its end: what it tells is none of the poll queue's.
    pub(crate) awaited: bool,
}

/// A load that was accepted. Shared by the table, the actors and the caller's ticket.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) slot: u32,
    pub(crate) source: Source,
    /// It is to be played from where it lies.
    pub(crate) streams: bool,
    /// What is to be heard in it.
    pub(crate) kinds: Kinds,
    /// What came of that.
    pub(crate) answers: Answers,
    /// What it tells is none of the poll queue's.
    pub(crate) awaited: bool,
    pub(crate) submitted: Instant,
    /// When a decoder took the job.
    started: OnceLock<Instant>,
    priority: AtomicI32,
    /// The job that decodes for it.
    job: Mutex<Weak<Job>>,
    /// `QUEUED` → `RUNNING` → `ENDED`, or straight to the end. Whoever moves it to `ENDED`
    /// publishes the terminal event.
    state: AtomicU8,
    stage: AtomicU8,
    percent_bits: AtomicU32,
    end: Mutex<End>,
    ended: Condvar,
    /// Set by the event bus when the terminal event went out: nothing follows it.
    terminal_sent: AtomicBool,
    /// It was told that its sample can be played.
    told_playable: AtomicBool,
    /// What the event bus sent last: the percentage as bits, and behind it the stage. Two threads
    /// may report one load.
    progress_sent: AtomicU64,
    /// Where a batch counts it.
    share: Option<Share>,
}

impl Request {
    pub(crate) fn new(slot: u32, source: Source, priority: i32) -> Arc<Self> {
        Self::with(slot, source, Wishes { priority, ..Wishes::default() })
    }

    /// A load of its own.
    pub(crate) fn with(slot: u32, source: Source, wishes: Wishes) -> Arc<Self> {
        Self::make(Self::next_ids(1), slot, source, wishes, None)
    }

    /// One of a batch, under the next of the ids that it took.
    pub(crate) fn in_batch(
        id: u64,
        slot: u32,
        source: Source,
        wishes: Wishes,
        tally: &Arc<Tally>,
    ) -> Arc<Self> {
        Self::make(id, slot, source, wishes, Some(Share::new(Arc::clone(tally))))
    }

    /// Takes `count` ids that follow one another; the answer is the first.
    pub(crate) fn next_ids(count: u64) -> u64 {
        NEXT_REQUEST_ID.fetch_add(count, Ordering::Relaxed)
    }

    fn make(id: u64, slot: u32, source: Source, wishes: Wishes, share: Option<Share>) -> Arc<Self> {
        let Wishes { priority, streams, kinds, awaited } = wishes;
        Arc::new(Self {
            id,
            slot,
            source,
            streams,
            kinds,
            answers: Answers::to(kinds),
            awaited,
            submitted: Instant::now(),
            started: OnceLock::new(),
            priority: AtomicI32::new(priority),
            job: Mutex::new(Weak::new()),
            state: AtomicU8::new(QUEUED),
            stage: AtomicU8::new(Stage::Queued as u8),
            percent_bits: AtomicU32::new(0),
            end: Mutex::default(),
            ended: Condvar::new(),
            terminal_sent: AtomicBool::new(false),
            told_playable: AtomicBool::new(false),
            progress_sent: AtomicU64::new(0),
            share,
        })
    }

    /// A decoder takes the job; false when it was ended in the queue.
    pub(crate) fn start(&self) -> bool {
        let started = self
            .state
            .compare_exchange(QUEUED, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if started {
            self.started.get_or_init(Instant::now);
            self.stage.fetch_max(Stage::Reading as u8, Ordering::Relaxed);
        }
        started
    }

    /// How long it waited for a decoder; so far, while it still does.
    pub(crate) fn queued_for(&self) -> Duration {
        let until = self.started.get().copied().unwrap_or_else(Instant::now);
        until.saturating_duration_since(self.submitted)
    }

    pub(crate) fn priority(&self) -> i32 {
        self.priority.load(Ordering::Relaxed)
    }

    pub(crate) fn set_priority(&self, priority: i32) {
        self.priority.store(priority, Ordering::Relaxed);
    }

    /// The job that decodes for it, while there is one.
    pub(crate) fn job(&self) -> Option<Arc<Job>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    pub(crate) fn set_job(&self, job: &Arc<Job>) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(job);
    }

    /// Ends the request; true for the one caller who did, who then publishes the event. `then`
    /// runs before anybody is told: whoever waited for the end finds all of it done.
    pub(crate) fn end(&self, outcome: Outcome, then: impl FnOnce(EndedFrom)) -> bool {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            if state == ENDED {
                return false;
            }
            match self.state.compare_exchange_weak(
                state,
                ENDED,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        then(if state == QUEUED { EndedFrom::Queue } else { EndedFrom::Decoder });
        if outcome.is_ok() {
            self.set_progress(100.0, Stage::Publishing);
        }
        if let Some(share) = &self.share {
            share.ended(&outcome);
        }
        let precluded = outcome.as_ref().err().map(LoadFailure::of_analyses);
        let mut end = self.lock();
        if let Ok(sample) = &outcome
            && end.waiting > 0
        {
            end.sample = sample.get();
        }
        end.outcome = Some(outcome);
        let arriving = end.arriving.take();
        let wakers = end.wakers.take();
        drop(end);
        drop(arriving);
        self.ended.notify_all();
        wakers::wake(wakers);
        if let Some(failure) = precluded {
            self.answers.fail(&failure);
        }
        true
    }

    /// Its sample is on its way. True for the first to say so, unless the request has ended.
    pub(crate) fn arrives(&self, sample: &Arc<Sample>) -> bool {
        let mut end = self.lock();
        let is_new = end.outcome.is_none() && end.arriving.is_none();
        if is_new {
            end.arriving = Some(Arc::clone(sample));
        }
        is_new
    }

    /// What was on its way comes to nothing, though the request goes on.
    pub(crate) fn arrives_no_more(&self) {
        let arriving = self.lock().arriving.take();
        drop(arriving);
    }

    /// Whether this sample is on its way to it.
    pub(crate) fn is_arriving(&self, sample: &Arc<Sample>) -> bool {
        self.lock().arriving.as_ref().is_some_and(|arriving| Arc::ptr_eq(arriving, sample))
    }

    /// True for the first who is about to tell that its sample can be played.
    pub(crate) fn tell_playable(&self) -> bool {
        !self.told_playable.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.state.load(Ordering::Acquire) != ENDED
    }

    pub(crate) fn is_queued(&self) -> bool {
        self.state.load(Ordering::Acquire) == QUEUED
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.source.path().map(Path::to_path_buf)
    }

    /// Neither ever goes back, also when another job takes over from the start.
    pub(crate) fn set_progress(&self, percent: f32, stage: Stage) {
        // Not negative, so the bits order as the values do.
        self.percent_bits.fetch_max(percent.to_bits(), Ordering::Relaxed);
        self.stage.fetch_max(stage as u8, Ordering::Relaxed);
        if let Some(share) = &self.share {
            share.reached(percent);
        }
    }

    pub(crate) fn percent(&self) -> f32 {
        f32::from_bits(self.percent_bits.load(Ordering::Relaxed))
    }

    pub(crate) fn stage(&self) -> Stage {
        Stage::from_u8(self.stage.load(Ordering::Relaxed))
    }

    /// Waits for the end; with it comes the sample, if it succeeded and that is in memory. None
    /// when `timeout` passes first; no timeout waits for ever.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
    ) -> Option<Result<Option<Arc<Sample>>, LoadFailure>> {
        self.begin_waiting();
        let unended = |end: &mut End| end.outcome.is_none();
        let end = self.lock();
        let end = match timeout {
            None => self.ended.wait_while(end, unended).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                self.ended
                    .wait_timeout_while(end, timeout, unended)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        let ended = end.outcome.clone().map(|outcome| outcome.map(|_| end.sample()));
        drop(end);
        self.end_waiting(None);
        ended
    }

    /// Somebody waits from here to [`end_waiting`](Self::end_waiting): a sample that comes
    /// meanwhile is kept in memory.
    pub(crate) fn begin_waiting(&self) {
        self.lock().waiting += 1;
    }

    /// As [`begin_waiting`](Self::begin_waiting), and wakes `waker` at the end. None if that has
    /// come already; else what [`end_waiting`](Self::end_waiting) takes.
    pub(crate) fn begin_waking(&self, waker: &Waker) -> Option<u64> {
        let mut end = self.lock();
        if end.outcome.is_some() {
            return None;
        }
        end.waiting += 1;
        Some(end.wakers.add(waker))
    }

    /// One of those who wait does no longer, woken or not.
    pub(crate) fn end_waiting(&self, waker: Option<u64>) {
        let mut end = self.lock();
        end.waiting -= 1;
        if let Some(key) = waker {
            end.wakers.remove(key);
        }
        // Outside the lock, in case it is the last hold.
        let kept = if end.waiting == 0 { end.sample.take() } else { None };
        drop(end);
        drop(kept);
    }

    pub(crate) fn sample(&self) -> Option<Arc<Sample>> {
        self.lock().sample()
    }

    fn lock(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the event bus: whether its terminal event went out.
    pub(crate) fn is_told_ended(&self) -> bool {
        self.terminal_sent.load(Ordering::Relaxed)
    }

    /// For the event bus: whether an event of this request may still go out.
    pub(crate) fn admit(&self, event: &LoaderEvent) -> bool {
        if event.is_terminal() {
            return !self.terminal_sent.swap(true, Ordering::Relaxed);
        }
        if let LoaderEvent::Progress { percent, stage, .. } = event {
            let sent = u64::from(percent.to_bits()) << 8 | u64::from(*stage as u8);
            if self.progress_sent.fetch_max(sent, Ordering::Relaxed) > sent {
                return false;
            }
        }
        matches!(event, LoaderEvent::Analysis { .. }) || !self.is_told_ended()
    }
}
