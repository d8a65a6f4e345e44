//! The table that any thread reads without asking an actor: requests and slots.
//!
//! The only file that names dashmap. No guard leaves it, and no method touches one map while it
//! holds a guard of another.

mod batch;
mod free;
mod offer;
mod plays;
mod resident;
mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use dashmap::DashMap;
use hotcue::playback::PlaybackShared;

use crate::analysis::{Analyses, Heard};
use crate::budget::Ledger;
use crate::engine::Normalize;
use crate::error::{AnalysisFailure, SubmitError};
use crate::events::CancelReason;
use crate::request::{EndedFrom, Outcome, Request, Wishes};
use crate::sample::Sample;
use free::FreeSlots;
use plays::Plays;
use slot::Slot;

pub(crate) use resident::{Delivery, Evictable, Home, InTheWay, Resident, SampleRef, Trace};
pub use slot::SlotState;
pub(crate) use slot::{Change, Expected, PlayStart};

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
            free: FreeSlots::default(),
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
        if self.closed.load(Ordering::Acquire) {
            return Err(SubmitError::Closed);
        }
        self.queued
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |queued| {
                queued.checked_add(count).filter(|queued| *queued <= self.max_queued)
            })
            .map(drop)
            .map_err(|_| SubmitError::QueueFull)
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
        let search = self.free.search();
        for id in search.start()..self.slot_count {
            let mut slot = self.slots.entry(id).or_default();
            if slot.is_free() {
                let request = make(id);
                slot.current = Some(Arc::clone(&request));
                slot.failed = false;
                take_over(None, &request);
                drop(slot);
                self.list(&request);
                self.free.none_below(search, id + 1);
                return Ok((request, None));
            }
        }
        self.free.none_below(search, self.slot_count);
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

    /// Puts a finished sample into the request's slot. None when the request has ended before;
    /// else the change. From here on the sample is what the slot plays.
    pub(crate) fn complete(&self, request: &Arc<Request>, delivery: &Delivery) -> Option<Change> {
        let resident = delivery.resident();
        let mut change = None;
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            let ready = Outcome::Ready(SampleRef::new(resident));
            self.end(request, ready, || {
                slot.drop_current(request);
                change = Some(self.fill(&mut slot, request.slot, resident, Some(request)));
                slot.add(self.analyses.ask(request, resident.sample()));
            });
        }
        if change.is_some() {
            self.forget(request);
        }
        change
    }

    /// Has something heard in what a slot holds, for a request that has ended well then: `publish`
    /// tells of that. None if the slot holds nothing.
    pub(crate) fn analyze(
        &self,
        id: u32,
        wishes: Wishes,
        publish: impl FnOnce(&Arc<Request>, &Sample),
    ) -> Option<Arc<Request>> {
        let mut slot = self.slots.get_mut(&id)?;
        let resident = Arc::clone(slot.resident()?);
        resident.touch();
        let request = Request::with(id, resident.sample().source(), wishes);
        request.start();
        request.end(Outcome::Ready(SampleRef::new(&resident)), |_| {});
        // First: whoever hears of the request may cancel it. The bus has answers wait for its end.
        slot.add(self.analyses.ask(&request, resident.sample()));
        publish(&request, resident.sample());
        Some(request)
    }

    /// Puts a sample that needed no load into a slot.
    pub(crate) fn set_sample(&self, id: u32, resident: &Arc<Resident>) -> Change {
        let mut slot = self.slots.entry(id).or_default();
        self.fill(&mut slot, id, resident, None)
    }

    /// Changes what a slot plays, to what `request` loaded.
    fn fill(
        &self,
        slot: &mut Slot,
        id: u32,
        resident: &Arc<Resident>,
        request: Option<&Request>,
    ) -> Change {
        let offer = slot.offer.take();
        if let Some(heard) = slot.heard.take() {
            heard.recall(resident.sample());
        }
        self.clear(slot, id, &AnalysisFailure::Cancelled(CancelReason::Superseded));
        if !offer.as_ref().is_some_and(|offer| offer.becomes(resident)) {
            slot.change.serial = self.next_serial();
            if offer.is_some_and(|offer| !offer.is_of(resident)) {
                // Its voices play what will never be complete.
                slot.change.emptied = slot.change.serial;
            }
        }
        self.samples.fetch_add(1, Ordering::Relaxed);
        if !resident.is_accounted_for() {
            self.pushed_bytes.fetch_add(resident.byte_len(), Ordering::Relaxed);
        }
        let request_id = request.map_or(0, |request| request.id);
        resident.enter(Home { slot: id, request_id, pinned: slot.pinned });
        slot.file = request.and_then(Request::path);
        slot.sample = Some(Arc::clone(resident));
        slot.change
    }

    /// Leaves nothing to play in a slot, and nothing to be heard, which `failure` is told of.
    fn empty(&self, slot: &mut Slot, id: u32, failure: &AnalysisFailure) -> Change {
        slot.offer = None;
        self.clear(slot, id, failure);
        slot.change.serial = self.next_serial();
        slot.change.emptied = slot.change.serial;
        slot.change
    }

    fn clear(&self, slot: &mut Slot, id: u32, failure: &AnalysisFailure) {
        for ask in slot.asks.drain(..).filter_map(|ask| ask.upgrade()) {
            self.analyses.end(&ask, failure);
        }
        slot.failed = false;
        slot.file = None;
        slot.heard = None;
        if let Some(old) = slot.sample.take() {
            self.samples.fetch_sub(1, Ordering::Relaxed);
            if !old.is_accounted_for() {
                self.pushed_bytes.fetch_sub(old.byte_len(), Ordering::Relaxed);
            }
            old.leave(id);
        }
    }

    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Empties a slot whose sample was evicted, unless it holds another one by now; it remembers
    /// the file, and what was heard.
    pub(crate) fn empty_evicted(&self, id: u32, evicted: &Arc<Resident>) -> Option<Change> {
        let mut slot = self.slots.entry(id).or_default();
        let holds_it = slot.sample.as_ref().is_some_and(|sample| Arc::ptr_eq(sample, evicted));
        holds_it.then(|| {
            let file = slot.file.take();
            let change = self.empty(&mut slot, id, &AnalysisFailure::Evicted);
            slot.file = file;
            slot.heard = Heard::of(evicted.sample());
            change
        })
    }

    /// Keeps what a slot holds, now and later, in memory, until it is unloaded.
    pub(crate) fn pin(&self, id: u32, pinned: bool) {
        let mut slot = self.slots.entry(id).or_default();
        slot.pinned = pinned;
        if let Some(resident) = &slot.sample {
            resident.pin(id, pinned);
        }
    }

    /// Ends a request without success; true for the one caller who did.
    pub(crate) fn end_without_sample(&self, request: &Arc<Request>, outcome: Outcome) -> bool {
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            let failed = matches!(outcome, Outcome::Failed { .. });
            // Before anybody is told: who waited for the end may look for a free slot at once.
            if !self.end(request, outcome, || self.free.freed(request.slot)) {
                return false;
            }
            if slot.drop_current(request) {
                slot.failed = failed && slot.sample.is_none();
                self.take_offer_back(&mut slot, request.slot);
            }
        }
        self.forget(request);
        true
    }

    /// Empties a slot and ends its load.
    pub(crate) fn unload(&self, id: u32) -> Unloaded {
        let unloaded = {
            let mut slot = self.slots.entry(id).or_default();
            // As above. Who looks for a free slot waits for this one.
            self.free.freed(id);
            let cancelled = slot
                .current
                .take()
                .filter(|request| self.end(request, Outcome::Cancelled(CancelReason::User), || {}));
            let by_user = AnalysisFailure::Cancelled(CancelReason::User);
            let change = self.empty(&mut slot, id, &by_user);
            slot.pinned = false;
            slot.unloaded = change.serial;
            Unloaded { cancelled, change }
        };
        if let Some(request) = &unloaded.cancelled {
            self.forget(request);
        }
        unloaded
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
    pub(crate) fn sample(&self, id: u32) -> Option<Arc<Sample>> {
        self.slots.get(&id).and_then(|slot| slot.sample.as_ref().and_then(|r| r.lend()))
    }

    /// By what a play amplifies what a slot holds or offers; 1 if that is nothing.
    pub(crate) fn gain(&self, id: u32, normalize: Normalize) -> f32 {
        if normalize == Normalize::Off {
            return 1.0;
        }
        let (resident, offered) = match self.slots.get(&id) {
            Some(slot) => (slot.resident().cloned(), slot.offered()),
            None => return 1.0,
        };
        let sample = resident.as_ref().map(|resident| resident.sample()).or(offered.as_deref());
        sample.map_or(1.0, |sample| normalize.gain(sample))
    }

    /// What a slot plays, for the engine's own use.
    #[cfg(test)]
    pub(crate) fn resident(&self, id: u32) -> Option<Arc<Resident>> {
        self.slots.get(&id).and_then(|slot| slot.resident().cloned())
    }

    /// Begins a play: it counts from here on, until its voice is gone or it is
    /// [dropped](Self::drop_play). One that cannot sound at once counts if it `waits`. An evicted
    /// sample is loaded again, by the request that `reload` makes.
    pub(crate) fn begin_play(
        &self,
        id: u32,
        waits: bool,
        reload: impl FnOnce(PathBuf) -> Arc<Request>,
    ) -> Result<PlayStart, SubmitError> {
        let mut slot = self.slots.entry(id).or_default();
        let sample = slot.sample.as_ref();
        if sample.and_then(|it| it.unless_evicted(|_| self.plays.begin(id))).is_some() {
            return Ok(PlayStart::Ready);
        }
        if slot.offer.is_some() {
            self.plays.begin(id);
            return Ok(PlayStart::Ready);
        }
        let mut reloading = None;
        if slot.live().is_none() {
            let Some(path) = slot.file.clone() else { return Ok(PlayStart::Empty) };
            if self.closed.load(Ordering::Acquire) {
                return Err(SubmitError::Closed);
            }
            let request = reload(path);
            // Not held up by `max_queued`: at most one per slot, and somebody is listening.
            self.queued.fetch_add(1, Ordering::AcqRel);
            self.live.fetch_add(1, Ordering::AcqRel);
            slot.current = Some(Arc::clone(&request));
            slot.failed = false;
            reloading = Some(request);
        }
        if waits {
            self.plays.begin(id);
        }
        let expected = Expected { since: slot.change.serial, reload: reloading };
        drop(slot);
        if let Some(request) = &expected.reload {
            self.list(request);
        }
        Ok(PlayStart::Loading(expected))
    }

    /// A play was dropped before it reached the callback.
    pub(crate) fn drop_play(&self, id: u32) {
        self.plays.drop_one(id);
    }

    /// A voice of the slot has ended: till then it was in use.
    pub(crate) fn touch(&self, id: u32) {
        if let Some(slot) = self.slots.get(&id)
            && let Some(resident) = &slot.sample
        {
            resident.touch();
        }
    }

    /// Which slots have plays under way.
    pub(crate) fn plays(&self) -> &Plays {
        &self.plays
    }

    /// Whether a slot was unloaded after the change with this serial.
    pub(crate) fn unloaded_since(&self, id: u32, serial: u64) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.unloaded > serial)
    }

    /// Whether a slot holds a sample or a load of it is on its way.
    pub(crate) fn is_expectant(&self, id: u32) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.resident().is_some() || slot.live().is_some())
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

    /// Ends a request and publishes that, as one piece that shutting down waits for.
    pub(crate) fn end_and_publish(
        &self,
        request: &Arc<Request>,
        outcome: Outcome,
        publish: impl FnOnce(),
    ) -> bool {
        let _ending = self.ending.read().unwrap_or_else(PoisonError::into_inner);
        let ended = self.end_without_sample(request, outcome);
        if ended {
            publish();
        }
        ended
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
        self.closed.store(true, Ordering::Release);
    }
}
