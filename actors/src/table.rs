//! The table that any thread reads without asking an actor: requests and slots.
//!
//! The only file that names dashmap. No guard leaves it, and no method touches one map while it
//! holds a guard of another.

mod batch;
mod free;
mod slot;
#[cfg(test)]
mod tests;

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use dashmap::DashMap;

use crate::error::SubmitError;
use crate::events::CancelReason;
use crate::request::{EndedFrom, Outcome, Request};
use crate::sample::Sample;
use free::FreeSlots;
use slot::Slot;

pub use slot::SlotState;
pub(crate) use slot::{Change, Playable};

/// A request that is in its slot, and the newest request that was there before.
type Placed = (Arc<Request>, Option<Arc<Request>>);

/// What `unload` took out.
pub(crate) struct Unloaded {
    /// The load that it ended, whose event is to be published.
    pub(crate) cancelled: Option<Arc<Request>>,
    /// What became of the slot.
    pub(crate) change: Change,
}

#[derive(Debug)]
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
    sample_bytes: AtomicUsize,
    closed: AtomicBool,
    /// Held shared from ending a request to publishing that, by threads that shutting down may not
    /// have waited for.
    ending: RwLock<()>,
}

impl Table {
    pub(crate) fn new(slot_count: u32, max_queued: usize) -> Self {
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
            sample_bytes: AtomicUsize::new(0),
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

    /// Puts a request that is in its slot among the live ones.
    fn enter(&self, (request, older): Placed) -> Arc<Request> {
        if let Some(older) = &older {
            self.forget(older);
        }
        self.requests.insert(request.id, Arc::clone(&request));
        if !request.is_live() {
            // A newer load of the slot was quicker than this line.
            self.forget(&request);
        }
        request
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
        let mut slot = self.slots.entry(id).or_default();
        let request = make(id);
        let older = slot.current.replace(Arc::clone(&request));
        slot.reserved = None;
        slot.failed = false;
        take_over(older.as_ref(), &request);
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
    pub(crate) fn complete(&self, request: &Arc<Request>, sample: &Arc<Sample>) -> Option<Change> {
        let mut change = None;
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            let ready = Outcome::Ready(Arc::clone(sample));
            self.end(request, ready, || {
                slot.drop_current(request);
                change = Some(self.change(&mut slot, Some(Arc::clone(sample))));
            });
        }
        if change.is_some() {
            self.forget(request);
        }
        change
    }

    /// Puts a sample that needed no load into a slot.
    pub(crate) fn set_sample(&self, id: u32, sample: Arc<Sample>) -> Change {
        let mut slot = self.slots.entry(id).or_default();
        self.change(&mut slot, Some(sample))
    }

    /// Changes what a slot plays.
    fn change(&self, slot: &mut Slot, sample: Option<Arc<Sample>>) -> Change {
        slot.change.serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        if sample.is_none() {
            slot.change.emptied = slot.change.serial;
        }
        if let Some(new) = &sample {
            self.samples.fetch_add(1, Ordering::Relaxed);
            self.sample_bytes.fetch_add(new.buffer().byte_len(), Ordering::Relaxed);
        }
        if let Some(old) = mem::replace(&mut slot.sample, sample) {
            self.samples.fetch_sub(1, Ordering::Relaxed);
            self.sample_bytes.fetch_sub(old.buffer().byte_len(), Ordering::Relaxed);
        }
        slot.failed = false;
        slot.change
    }

    /// Ends a request without success; true for the one caller who did.
    pub(crate) fn end_without_sample(&self, request: &Arc<Request>, outcome: Outcome) -> bool {
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            let failed = matches!(outcome, Outcome::Failed { .. });
            if !self.end(request, outcome, || {}) {
                return false;
            }
            if slot.drop_current(request) {
                slot.failed = failed && slot.sample.is_none();
            }
        }
        self.free.freed(request.slot);
        self.forget(request);
        true
    }

    /// Empties a slot and ends its load.
    pub(crate) fn unload(&self, id: u32) -> Unloaded {
        let unloaded = {
            let mut slot = self.slots.entry(id).or_default();
            let cancelled = slot
                .current
                .take()
                .filter(|request| self.end(request, Outcome::Cancelled(CancelReason::User), || {}));
            Unloaded { cancelled, change: self.change(&mut slot, None) }
        };
        self.free.freed(id);
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

    pub(crate) fn sample(&self, id: u32) -> Option<Arc<Sample>> {
        self.slots.get(&id).and_then(|slot| slot.sample.clone())
    }

    pub(crate) fn playable(&self, id: u32) -> Playable {
        self.slots.get(&id).map_or(Playable::Empty, |slot| match (&slot.sample, slot.live()) {
            (Some(sample), _) => Playable::Ready(Arc::clone(sample)),
            (None, Some(_)) => Playable::Loading,
            (None, None) => Playable::Empty,
        })
    }

    pub(crate) fn state(&self, id: u32) -> SlotState {
        self.slots.get(&id).map_or(SlotState::Empty, |slot| match (&slot.sample, slot.live()) {
            (Some(_), _) => SlotState::Ready,
            (None, Some(request)) if request.is_queued() => SlotState::Queued,
            (None, Some(_)) => SlotState::Loading,
            (None, None) if slot.failed => SlotState::Failed,
            (None, None) => SlotState::Empty,
        })
    }

    /// How many slots hold a sample, and how many bytes those are.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.samples.load(Ordering::Relaxed), self.sample_bytes.load(Ordering::Relaxed))
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

    /// Waits for every `end_and_publish` that has begun. Of requests that have ended, nothing is
    /// published afterwards.
    pub(crate) fn settle(&self) {
        drop(self.ending.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Accepts nothing from here on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
