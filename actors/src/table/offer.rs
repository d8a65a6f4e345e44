//! What an empty slot offers while its load runs: the sample that is arriving.
//!
//! It is taken back when that load ends without success, whoever ends it; with success it is the
//! sample that the slot holds, and the callback has it already.

use std::sync::Arc;

use super::slot::{Offer, Slot};
use super::{Change, Resident, Table};
use crate::request::Request;
use crate::sample::Sample;

impl Table {
    /// Calls `tell` for each slot that offers nothing any more, in any thread and under the slot's
    /// guard: what that thread does next comes after.
    pub(crate) fn on_withdrawn(&self, tell: impl Fn(u32, Change) + Send + Sync + 'static) {
        // Set once, by the engine that makes it.
        self.on_withdrawn.set(Box::new(tell)).ok();
    }

    /// Has the slot of `request` play the sample that is arriving for it. None where it holds a
    /// sample or has a newer load, and where that sample has come to nothing.
    pub(crate) fn offer(&self, request: &Arc<Request>, sample: &Arc<Sample>) -> Option<Change> {
        let mut slot = self.slots.entry(request.slot).or_default();
        let is_newest = slot.live().is_some_and(|newest| Arc::ptr_eq(newest, request));
        if !is_newest
            || slot.sample.is_some()
            || slot.offer.is_some()
            || !request.is_arriving(sample)
        {
            return None;
        }
        if let Some(heard) = &slot.heard {
            heard.recall(sample);
        }
        slot.offer = Some(Offer { own_loop: sample.own_loop(), sample: Arc::clone(sample) });
        slot.change.serial = self.next_serial();
        Some(slot.change)
    }

    /// What was arriving for `request` comes to nothing, though the request goes on.
    pub(crate) fn withdraw(&self, request: &Arc<Request>) {
        let mut slot = self.slots.entry(request.slot).or_default();
        request.arrives_no_more();
        if slot.current.as_ref().is_some_and(|newest| Arc::ptr_eq(newest, request)) {
            self.take_offer_back(&mut slot, request.slot);
        }
    }

    /// A slot offers nothing any more.
    pub(super) fn take_offer_back(&self, slot: &mut Slot, id: u32) {
        if slot.offer.take().is_none() {
            return;
        }
        slot.change.serial = self.next_serial();
        slot.change.emptied = slot.change.serial;
        if let Some(tell) = self.on_withdrawn.get() {
            tell(id, slot.change);
        }
    }

    /// Whether a slot can be played at once.
    pub(crate) fn can_play(&self, id: u32) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.resident().is_some() || slot.offer.is_some())
    }
}

impl Offer {
    /// Whether it is the sample that `resident` is.
    pub(super) fn is_of(&self, resident: &Resident) -> bool {
        std::ptr::eq(&*self.sample, resident.sample())
    }

    /// Whether the callback has all that it needs of `resident`: the same sample, and by now that
    /// says nothing else about its loop.
    pub(super) fn becomes(&self, resident: &Resident) -> bool {
        self.is_of(resident) && self.own_loop == resident.sample().own_loop()
    }
}
