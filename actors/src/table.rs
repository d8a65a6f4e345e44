//! The table that any thread reads without asking an actor: requests and slots.
//!
//! The only file that names dashmap. No guard leaves it, and no method touches one map while it
//! holds a guard of another.

mod batch;
mod filling;
mod free;
mod offer;
mod playing;
mod plays;
mod resident;
mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use hotcue::playback::PlaybackShared;
use hotcue::{LoadError, Stage};

use crate::analysis::Analyses;
use crate::budget::Ledger;
use crate::error::{AnalysisFailure, LoadFailure, SubmitError};
use crate::request::{EndedFrom, Outcome, Request};
use crate::sample::NamedSample;
use free::FreeSlots;
use plays::Plays;
use slot::Slot;

pub(crate) use resident::{Delivery, Evictable, Home, InTheWay, Resident, SampleRef, Trace};
pub use slot::SlotState;
pub(crate) use slot::{Change, Expected, PlayStart};

/// How long a request may be between being accepted and being listed: a thread's turn.
const ENTERING: Duration = Duration::from_secs(1);

/// A request that is in its slot, and the newest request that was there before.
type Placed = (Arc<Request>, Option<Arc<Request>>);

/// What `unload` took out.
pub(crate) struct Unloaded {
    /// The load that it ended, whose event is to be published.
    pub(crate) cancelled: Option<Arc<Request>>,
    /// What became of the slot.
    pub(crate) change: Change,
}

/// What is in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Slots that hold a sample.
    pub(crate) samples: usize,
    /// Bytes of those; a sample in several slots counts once.
    pub(crate) sample_bytes: u64,
    /// Bytes of loads in flight, and of samples that have left their slots.
    pub(crate) elsewhere_bytes: u64,
}

pub(crate) struct Table {
    slot_count: u32,
    slots: DashMap<u32, Slot>,
    /// Live requests only.
    requests: DashMap<u64, Arc<Request>>,
    queued: AtomicUsize,
    live: AtomicUsize,
    max_queued: usize,
    serial: AtomicU64,
    free: FreeSlots,
    abandoned_workers: AtomicUsize,
    samples: AtomicUsize,
    /// Of the samples that no load reserved memory for.
    pushed_bytes: AtomicUsize,
    ledger: Arc<Ledger>,
    plays: Plays,
    analyses: Arc<Analyses>,
    /// Told of each slot that offers nothing any more, and of its change.
    on_withdrawn: OnceLock<Box<dyn Fn(u32, Change) + Send + Sync>>,
    closed: AtomicBool,
    /// Held shared from ending a request to publishing that, by threads that shutting down may not
    /// have waited for.
    ending: RwLock<()>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("slot_count", &self.slot_count).finish_non_exhaustive()
    }
}

impl Table {
    /// A table without a memory budget, whose plays nobody ends.
    #[cfg(test)]
    pub(crate) fn new(slot_count: u32, max_queued: usize) -> Self {
        Self::with_budget(slot_count, max_queued, None, Arc::default())
    }

    /// A table of a memory budget, and of the playback side that ends its plays.
    pub(crate) fn with_budget(
        slot_count: u32,
        max_queued: usize,
        budget: Option<u64>,
        playback: Arc<PlaybackShared>,
    ) -> Self {
        Self {
            slot_count,
            slots: DashMap::new(),
            requests: DashMap::new(),
            queued: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            max_queued,
            serial: AtomicU64::new(0),
            free: FreeSlots::new(slot_count),
            abandoned_workers: AtomicUsize::new(0),
            samples: AtomicUsize::new(0),
            pushed_bytes: AtomicUsize::new(0),
            ledger: Ledger::new(budget),
            plays: Plays::new(slot_count, playback),
            analyses: Arc::default(),
            on_withdrawn: OnceLock::new(),
            closed: AtomicBool::new(false),
            ending: RwLock::new(()),
        }
    }

    pub(crate) fn check_slot(&self, id: u32) -> Result<(), SubmitError> {
        if id < self.slot_count { Ok(()) } else { Err(SubmitError::IdOutOfRange) }
    }

    /// Accepts a request for `id`, or for the lowest free slot; `make` creates it for the slot.
    /// `take_over` ends the older request of that slot, if there is one, before anybody else can
    /// come between.
    pub(crate) fn register(
        &self,
        id: Option<u32>,
        make: impl FnOnce(u32) -> Arc<Request>,
        take_over: impl FnOnce(Option<&Arc<Request>>, &Arc<Request>),
    ) -> Result<Arc<Request>, SubmitError> {
        if let Some(id) = id {
            self.check_slot(id)?;
        }
        self.admit(1)?;
        self.live.fetch_add(1, Ordering::AcqRel);
        let registered = match id {
            Some(id) => Ok(self.place(id, make, take_over)),
            None => self.place_in_free_slot(make, take_over),
        };
        match registered {
            Ok(placed) => Ok(self.enter(placed)),
            Err(error) => {
                self.queued.fetch_sub(1, Ordering::AcqRel);
                self.live.fetch_sub(1, Ordering::AcqRel);
                Err(error)
            }
        }
    }

    /// Lets go of the request that another one has followed in its slot.
    fn enter(&self, (request, older): Placed) -> Arc<Request> {
        if let Some(older) = &older {
            self.forget(older);
        }
        request
    }

    /// Puts a request among the live ones. To be done before it is told anything: whoever hears of
    /// it may ask for it.
    fn list(&self, request: &Arc<Request>) {
        self.requests.insert(request.id, Arc::clone(request));
        if !request.is_live() {
            // A newer load of the slot was quicker than this line.
            self.forget(request);
        }
    }

    /// Keeps `count` places in the queue, or none.
    fn admit(&self, count: usize) -> Result<(), SubmitError> {
        self.queued
            .fetch_update(Ordering::SeqCst, Ordering::Acquire, |queued| {
                queued.checked_add(count).filter(|queued| *queued <= self.max_queued)
            })
            .map_err(
                |_| if self.is_closed() { SubmitError::Closed } else { SubmitError::QueueFull },
            )?;
        // Last: whoever closes it sees these places, or is seen here.
        if self.is_closed() {
            self.queued.fetch_sub(count, Ordering::AcqRel);
            return Err(SubmitError::Closed);
        }
        Ok(())
    }

    fn place(
        &self,
        id: u32,
        make: impl FnOnce(u32) -> Arc<Request>,
        take_over: impl FnOnce(Option<&Arc<Request>>, &Arc<Request>),
    ) -> Placed {
        let request = make(id);
        // It may join a load that runs.
        self.list(&request);
        let mut slot = self.slots.entry(id).or_default();
        // Whoever sees it in the list may have ended it by now.
        if request.is_live() {
            self.free.taken(id);
        }
        let older = slot.current.replace(Arc::clone(&request));
        slot.reserved = None;
        slot.failed = false;
        take_over(older.as_ref(), &request);
        self.take_offer_back(&mut slot, id);
        (request, older)
    }

    fn place_in_free_slot(
        &self,
        make: impl FnOnce(u32) -> Arc<Request>,
        take_over: impl FnOnce(Option<&Arc<Request>>, &Arc<Request>),
    ) -> Result<Placed, SubmitError> {
        let mut next = 0;
        while let Some(id) = self.free.lowest(next) {
            next = id + 1;
            let mut slot = self.slots.entry(id).or_default();
            // It is already, or will be now.
            self.free.taken(id);
            if slot.is_free() {
                let request = make(id);
                slot.current = Some(Arc::clone(&request));
                slot.failed = false;
                take_over(None, &request);
                drop(slot);
                self.list(&request);
                return Ok((request, None));
            }
        }
        Err(SubmitError::NoFreeSlot)
    }

    /// A decoder takes the job; false when the request has ended meanwhile.
    pub(crate) fn start(&self, request: &Request) -> bool {
        let started = request.start();
        if started {
            self.queued.fetch_sub(1, Ordering::AcqRel);
        }
        started
    }

    /// Ends a request, keeps the counts right, and does `then` before anybody is told.
    pub(crate) fn end(&self, request: &Request, outcome: Outcome, then: impl FnOnce()) -> bool {
        request.end(outcome, |from| {
            then();
            self.live.fetch_sub(1, Ordering::AcqRel);
            if from == EndedFrom::Queue {
                self.queued.fetch_sub(1, Ordering::AcqRel);
            }
        })
    }

    /// Ends a request without success; true for the one caller who did.
    pub(crate) fn end_without_sample(&self, request: &Arc<Request>, failure: LoadFailure) -> bool {
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            let failed = matches!(failure, LoadFailure::Failed { .. });
            // Before anybody is told: who waited for the end may look for a free slot at once.
            if !self.end(request, Err(failure), || self.free.freed(request.slot)) {
                return false;
            }
            if slot.drop_current(request) {
                // What was evicted is there to be read again, unless it is that which failed.
                let evicted = slot.file.as_deref();
                let is_another = evicted.is_some_and(|file| request.source.path() != Some(file));
                slot.failed = failed && slot.sample.is_none() && !is_another;
                self.take_offer_back(&mut slot, request.slot);
            }
        }
        self.forget(request);
        true
    }

    fn forget(&self, request: &Request) {
        self.requests.remove(&request.id);
    }

    pub(crate) fn request(&self, request_id: u64) -> Option<Arc<Request>> {
        self.requests.get(&request_id).map(|entry| Arc::clone(entry.value()))
    }

    /// All live requests, oldest first.
    pub(crate) fn live_requests(&self) -> Vec<Arc<Request>> {
        let mut live: Vec<_> = self
            .requests
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .filter(|request| request.is_live())
            .collect();
        live.sort_by_key(|request| request.id);
        live
    }

    /// What a slot plays, for a caller to hold.
    pub(crate) fn sample(&self, id: u32) -> Option<NamedSample> {
        let slot = self.slots.get(&id)?;
        let sample = slot.sample.as_ref().and_then(|resident| resident.lend())?;
        Some((sample, slot.file.clone()))
    }

    /// What a slot plays, for the engine's own use.
    #[cfg(test)]
    pub(crate) fn resident(&self, id: u32) -> Option<Arc<Resident>> {
        self.slots.get(&id).and_then(|slot| slot.resident().cloned())
    }

    pub(crate) fn state(&self, id: u32) -> SlotState {
        self.slots.get(&id).map_or(SlotState::Empty, |slot| match (slot.resident(), slot.live()) {
            (Some(_), _) => SlotState::Ready,
            (None, Some(_)) if slot.offer.is_some() => SlotState::Playable,
            (None, Some(request)) if request.is_queued() => SlotState::Queued,
            (None, Some(_)) => SlotState::Loading,
            (None, None) if slot.failed => SlotState::Failed,
            (None, None) if slot.file.is_some() => SlotState::Evicted,
            (None, None) => SlotState::Empty,
        })
    }

    /// What is in memory.
    pub(crate) fn held(&self) -> Held {
        let (in_slots, elsewhere_bytes) = self.ledger.figures();
        let pushed = self.pushed_bytes.load(Ordering::Relaxed) as u64;
        let samples = self.samples.load(Ordering::Relaxed);
        Held { samples, sample_bytes: in_slots + pushed, elsewhere_bytes }
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// How many requests have not ended.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    pub(crate) fn count_abandoned_worker(&self) {
        self.abandoned_workers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn abandoned_workers(&self) -> usize {
        self.abandoned_workers.load(Ordering::Relaxed)
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }

    /// Ends a request without success and publishes that, as one piece that shutting down waits
    /// for.
    pub(crate) fn end_and_publish(
        &self,
        request: &Arc<Request>,
        failure: LoadFailure,
        publish: impl FnOnce(),
    ) -> bool {
        let _ending = self.ending.read().unwrap_or_else(PoisonError::into_inner);
        let ended = self.end_without_sample(request, failure);
        if ended {
            publish();
        }
        ended
    }

    /// Accepts nothing from here on, and ends all loads with `error`, as `end_and_publish`: who
    /// would bring them to their end is gone.
    pub(crate) fn fail_all(&self, error: &LoadError, publish: impl Fn(&Arc<Request>, Stage)) {
        self.close();
        // What was accepted just before is listed in a moment.
        let deadline = Instant::now() + ENTERING;
        loop {
            for request in self.live_requests() {
                let stage = request.stage();
                let failure = LoadFailure::Failed { error: error.clone(), stage };
                self.end_and_publish(&request, failure, || publish(&request, stage));
            }
            if (self.queued.load(Ordering::SeqCst) == 0 && self.live() == 0)
                || Instant::now() >= deadline
            {
                break;
            }
            thread::yield_now();
        }
    }

    /// Ends what is still to be heard for a request, as `end_and_publish`; false if that is nothing.
    pub(crate) fn end_analyses_of(&self, request_id: u64, failure: &AnalysisFailure) -> bool {
        let _ending = self.ending.read().unwrap_or_else(PoisonError::into_inner);
        self.analyses.end_of(request_id, failure)
    }

    /// What is to be heard in samples.
    pub(crate) fn analyses(&self) -> &Arc<Analyses> {
        &self.analyses
    }

    /// Waits for every ending that has begun. Of requests that have ended, nothing is published
    /// afterwards.
    pub(crate) fn settle(&self) {
        drop(self.ending.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets go of what is in the slots, at the end of the engine: who holds a ticket of it keeps the
    /// table, and is to keep no sample but its own.
    pub(crate) fn let_go(&self) {
        self.slots.clear();
    }

    /// Accepts nothing from here on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}
