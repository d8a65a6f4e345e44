//! What comes into slots and leaves them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::resident::{Delivery, Home, Resident, SampleRef};
use super::slot::{Change, Slot};
use super::{Table, Unloaded};
use crate::analysis::Heard;
use crate::error::{AnalysisFailure, LoadFailure};
use crate::events::CancelReason;
use crate::request::{Request, Wishes};
use crate::sample::Sample;

impl Table {
    /// Puts a finished sample into the request's slot. None when the request has ended before;
    /// else the change. From here on the sample is what the slot plays.
    pub(crate) fn complete(&self, request: &Arc<Request>, delivery: &Delivery) -> Option<Change> {
        let resident = delivery.resident();
        let mut change = None;
        {
            let mut slot = self.slots.entry(request.slot).or_default();
            self.end(request, Ok(SampleRef::new(resident)), || {
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
        request.end(Ok(SampleRef::new(&resident)), |_| {});
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

    pub(super) fn next_serial(&self) -> u64 {
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

    /// Empties a slot and ends its load.
    pub(crate) fn unload(&self, id: u32) -> Unloaded {
        let unloaded = {
            let mut slot = self.slots.entry(id).or_default();
            // Before anybody is told, as in `end_without_sample`. Who looks for a free slot waits for
            // this one.
            self.free.freed(id);
            let by_user = LoadFailure::Cancelled(CancelReason::User);
            let cancelled = slot
                .current
                .take()
                .filter(|request| self.end(request, Err(by_user.clone()), || {}));
            let change = self.empty(&mut slot, id, &by_user.of_analyses());
            slot.pinned = false;
            slot.unloaded = change.serial;
            Unloaded { cancelled, change }
        };
        if let Some(request) = &unloaded.cancelled {
            self.forget(request);
        }
        unloaded
    }
}
