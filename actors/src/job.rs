//! One decoding for one or more requests.

mod members;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::{Pulse, Source, Stage};

use crate::budget::{Account, Reservation};
use crate::request::Request;
use crate::sample::Sample;
use crate::work::Work;
use members::State;
pub(crate) use members::{Member, Phase};

/// Of a source whose size nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// One decoding of one file. Its members are the requests that get what comes of it; it runs at
/// the highest priority among them and stops when the last one is gone.
///
/// Locks are taken in this order: slot, job that is not registered, registered job.
pub(crate) struct Job {
    /// The id of its first request: the older goes first.
    pub(crate) id: u64,
    pub(crate) source: Source,
    /// It is to be played from where it lies: nobody else shares it.
    pub(crate) streams: bool,
    state: Mutex<State>,
    /// Bytes of the source, for who waits and who runs; [`UNKNOWN`] until somebody looked.
    bytes: AtomicU64,
    steps: AtomicU64,
    /// A step was begun that has not ended.
    in_step: AtomicBool,
    /// Its source has been silent for long.
    stalled: AtomicBool,
    /// Its turn came though others are more urgent.
    favoured: AtomicBool,
    pulse: OnceLock<Arc<Pulse>>,
    /// Of the memory that its decoder holds for it.
    account: Mutex<Weak<Account>>,
    created: Instant,
    /// Its requests have been told `started`: a decoder took it, or the job before it.
    told: AtomicBool,
    /// Milliseconds from `created` to the last report of progress; below 0 for who has come from an
    /// older job.
    reported: AtomicI64,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Job {
    /// A job for one request.
    pub(crate) fn new(request: &Arc<Request>) -> Arc<Self> {
        let member = Member { request: Arc::clone(request), by_path: false };
        Self::of(request, vec![member], None)
    }

    /// A job that begins anew for requests of this one whose file is another one by now.
    pub(crate) fn again(&self, members: Vec<Member>) -> Option<Arc<Self>> {
        let Member { request, .. } = members.first()?;
        let members = members.iter().map(|m| Member { by_path: false, ..m.clone() }).collect();
        Some(Self::of(request, members, Some(self)))
    }

    fn of(first: &Request, members: Vec<Member>, before: Option<&Self>) -> Arc<Self> {
        let source = first.source.clone();
        let bytes = match &source {
            Source::Memory(content) => content.len() as u64,
            Source::Path(_) | Source::Custom(_) => UNKNOWN,
        };
        let said = before.map_or(0, |before| before.reported.load(Ordering::Relaxed));
        let job = Arc::new(Self {
            id: first.id,
            source,
            streams: first.streams,
            state: Mutex::new(State::new(members)),
            bytes: AtomicU64::new(bytes),
            steps: AtomicU64::new(0),
            in_step: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            favoured: AtomicBool::new(false),
            pulse: OnceLock::new(),
            account: Mutex::new(Weak::new()),
            created: before.map_or_else(Instant::now, |before| before.created),
            told: AtomicBool::new(before.is_some()),
            reported: AtomicI64::new(said),
        });
        for member in &job.lock().members {
            member.request.set_job(&job);
        }
        job
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The highest priority among those who still want it; None when nobody does.
    pub(crate) fn priority(&self) -> Option<i32> {
        self.lock().priority()
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.priority().is_some()
    }

    /// The priority of a member was changed.
    pub(crate) fn reprioritised(&self, request: &Arc<Request>) {
        self.lock().consider(request);
    }

    /// Those who still want it.
    pub(crate) fn live(&self) -> Vec<Arc<Request>> {
        self.lock().live().cloned().collect()
    }

    /// Tells all who still want it how far it is.
    pub(crate) fn set_progress(&self, percent: f32, stage: Stage) {
        self.lock().live().for_each(|request| request.set_progress(percent, stage));
    }

    /// A decoder takes it: `start` is called for every member, before anybody else can join.
    /// False when nobody wants it; then it is closed.
    pub(crate) fn begin(&self, mut start: impl FnMut(&Arc<Request>)) -> bool {
        let mut state = self.lock();
        state.members.retain(|member| member.request.is_live());
        if state.members.is_empty() {
            state.close();
            return false;
        }
        state.phase = Phase::Running;
        state.members.iter().for_each(|member| start(&member.request));
        // Who is told nothing by that, as it begins again, waits for a word since the last one.
        if !self.told.swap(true, Ordering::Relaxed) {
            self.reported();
        }
        true
    }

    /// Adds a request that names the same path, unless the job is closed. `announce` is called
    /// with the phase before anything else can happen to the job.
    pub(crate) fn join(
        self: &Arc<Self>,
        request: &Arc<Request>,
        announce: impl FnOnce(Phase),
    ) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return false;
        }
        request.set_job(self);
        let by_path = state.phase == Phase::Running;
        state.add(Member { request: Arc::clone(request), by_path });
        announce(state.phase);
        true
    }

    /// Moves all members of this job, which nobody else can reach by its file, into `other`,
    /// unless that is closed. This one is closed then.
    pub(crate) fn merge_into(&self, other: &Arc<Self>) -> bool {
        let mut state = self.lock();
        let mut others = other.lock();
        if others.phase == Phase::Closed {
            return false;
        }
        for member in state.close() {
            // Before its priority is looked at: who changes that afterwards finds the other job.
            member.request.set_job(other);
            others.add(member);
        }
        // They have waited for a word since their own job's last one.
        other.reported.fetch_min(other.age() - self.silence(), Ordering::Relaxed);
        true
    }

    /// The sample that is arriving, once enough is there to be played.
    pub(crate) fn arriving(&self) -> Option<Arc<Sample>> {
        self.lock().arriving.clone()
    }

    /// From now on `sample` is arriving.
    pub(crate) fn arrives(&self, sample: Arc<Sample>) {
        let mut state = self.lock();
        state.arriving = Some(sample);
        state.has_untold = true;
    }

    /// Takes out what is arriving: it is complete, or comes to nothing.
    pub(crate) fn take_arriving(&self) -> Option<Arc<Sample>> {
        self.lock().arriving.take()
    }

    /// What is arriving, and members of whom some were not told of it; None while there is neither.
    pub(crate) fn untold(&self) -> Option<(Arc<Sample>, Vec<Member>)> {
        let mut state = self.lock();
        let sample = state.arriving.clone()?;
        mem::take(&mut state.has_untold).then(|| (sample, state.members.clone()))
    }

    /// `sample` is arriving for a member, whose file was found to be the one that is decoded. True
    /// if that is news to it; false also once something else is arriving, or nothing.
    pub(crate) fn arrives_for(&self, request: &Arc<Request>, sample: &Arc<Sample>) -> bool {
        let mut state = self.lock();
        let State { members, arriving, .. } = &mut *state;
        let member = members.iter_mut().find(|member| Arc::ptr_eq(&member.request, request));
        let is_arriving = arriving.as_ref().is_some_and(|arriving| Arc::ptr_eq(arriving, sample));
        let Some(member) = member.filter(|_| is_arriving) else { return false };
        member.by_path = false;
        request.arrives(sample)
    }

    /// Members who have joined by path since the last call, and of whom nobody has seen yet whether
    /// that is still the same file.
    pub(crate) fn unchecked(&self) -> Vec<Member> {
        let mut state = self.lock();
        if !mem::take(&mut state.has_unchecked) {
            return Vec::new();
        }
        let unchecked = |member: &&Member| member.by_path && member.request.is_live();
        state.members.iter().filter(unchecked).cloned().collect()
    }

    /// Of members that were seen to, by request, whether their file has changed: keeps those for
    /// whom it has not, and takes out the others, unless the job has ended meanwhile.
    pub(crate) fn checked(&self, seen: &BTreeMap<u64, bool>) -> Vec<Member> {
        self.lock().take_out(|member| {
            let changed = seen.get(&member.request.id).copied();
            member.by_path &= changed.is_none();
            changed == Some(true)
        })
    }

    /// Ends the job. Nobody joins it afterwards; who is in it is told by the caller.
    pub(crate) fn close(&self) -> Vec<Member> {
        self.lock().close()
    }

    /// Ends the job if nobody wants it any more.
    pub(crate) fn close_if_unwanted(&self) -> bool {
        let mut state = self.lock();
        let unwanted = state.priority().is_none();
        if unwanted {
            state.close();
        }
        unwanted
    }

    /// Has the decoder that runs it end at its next read: nobody wants the job any more.
    pub(crate) fn stop_reading(&self) {
        if let Some(pulse) = self.pulse.get() {
            pulse.stop();
        }
    }

    /// Called by the decoder before each step.
    pub(crate) fn steps(&self) {
        self.in_step.store(true, Ordering::Relaxed);
    }

    /// Whether its decoder is inside a step, but not inside a read.
    pub(crate) fn is_computing(&self) -> bool {
        let reading = self.pulse.get().is_none_or(|pulse| pulse.is_waiting());
        self.in_step.load(Ordering::Relaxed) && !reading
    }

    /// What the decoder that runs it lets others see of it.
    pub(crate) fn watch(&self, work: &dyn Work) {
        self.pulse.get_or_init(|| work.pulse());
    }

    /// Whose memory it fills.
    pub(crate) fn reserves(&self, account: &Arc<Account>) {
        *self.account.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(account);
    }

    /// Its decoder was given up: nobody is to wait for the memory that it holds.
    pub(crate) fn give_up(&self) {
        let account = self.account.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(account) = account {
            account.give_up();
        }
    }

    /// Called by the decoder after each step.
    pub(crate) fn stepped(&self, work: &dyn Work) {
        // Relaxed: figures for the supervisor's decisions; nothing is published through them.
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.in_step.store(false, Ordering::Relaxed);
        if let Some(bytes) = work.byte_len() {
            self.bytes.store(bytes, Ordering::Relaxed);
        }
    }

    /// Changes whenever a step ends or a byte is read.
    pub(crate) fn activity(&self) -> (u64, u64) {
        (self.steps.load(Ordering::Relaxed), self.bytes_read())
    }

    fn bytes_read(&self) -> u64 {
        self.pulse.get().map_or(0, |pulse| pulse.bytes())
    }

    /// Bytes of the source; None while nobody looked, or where there is no telling.
    pub(crate) fn byte_len(&self) -> Option<u64> {
        Some(self.bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes != UNKNOWN)
    }

    pub(crate) fn set_byte_len(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Bytes still to be read.
    pub(crate) fn bytes_left(&self) -> Option<u64> {
        self.byte_len().map(|bytes| bytes.saturating_sub(self.bytes_read()))
    }

    /// Whether its source has been silent for long.
    pub(crate) fn has_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// Whether it is its turn though others are more urgent.
    pub(crate) fn is_favoured(&self) -> bool {
        self.favoured.load(Ordering::Relaxed)
    }

    pub(crate) fn favour(&self, favoured: bool) {
        self.favoured.store(favoured, Ordering::Relaxed);
    }

    /// Remembers that progress was just reported.
    pub(crate) fn reported(&self) {
        self.reported.store(self.age(), Ordering::Relaxed);
    }

    /// Milliseconds since `created`.
    fn age(&self) -> i64 {
        i64::try_from(self.created.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Milliseconds since the last report.
    fn silence(&self) -> i64 {
        self.age() - self.reported.load(Ordering::Relaxed)
    }

    /// Whether its requests have been told `started`, now or before it began anew.
    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Time since the last report; nothing while it has not begun, or once it has ended.
    pub(crate) fn silent_for(&self) -> Duration {
        if !self.is_told() || self.lock().phase == Phase::Closed {
            return Duration::ZERO;
        }
        Duration::from_millis(self.silence().unsigned_abs())
    }
}

/// A job on its way to a decoder, or back from one between two steps.
pub(crate) struct Assignment {
    pub(crate) job: Arc<Job>,
    /// What is done of it; None until a decoder took it.
    pub(crate) work: Option<Box<dyn Work>>,
    /// The memory that it holds.
    pub(crate) reservation: Option<Reservation>,
    /// Since when it waits for a decoder.
    pub(crate) since: Instant,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment").field("job", &self.job.id).finish_non_exhaustive()
    }
}

impl Assignment {
    /// A job that nothing was done for yet.
    pub(crate) fn new(job: Arc<Job>) -> Self {
        Self { job, work: None, reservation: None, since: Instant::now() }
    }

    /// A job that goes on with what is done of it.
    pub(crate) fn begun(job: Arc<Job>, work: Box<dyn Work>, reservation: Reservation) -> Self {
        let (work, reservation) = (Some(work), Some(reservation));
        Self { job, work, reservation, since: Instant::now() }
    }
}
