//! What waits for a place in the ring, in order.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use actix_rt::time::Instant;

use super::Outgoing;

/// The sink's queue before the ring. Empty except while the callback takes nothing.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    queue: VecDeque<Outgoing>,
    /// Slots that a sample waits for.
    slots: HashSet<u32>,
    stuck_since: Option<Instant>,
}

impl Backlog {
    /// Adds a message. Of loads of one slot only the newest stays: the request of an older one
    /// has been superseded, so it would go nowhere. Likewise of pushed samples.
    pub(super) fn push(&mut self, outgoing: Outgoing) {
        let slot = outgoing.sample_slot();
        if let Some(slot) = slot
            && !self.slots.insert(slot)
        {
            self.queue.retain(|waiting| match (waiting, &outgoing) {
                (Outgoing::Sample { request, .. }, Outgoing::Sample { .. }) => {
                    request.slot != slot || request.is_live()
                }
                (Outgoing::Pushed { slot: older, .. }, Outgoing::Pushed { .. }) => *older != slot,
                _ => true,
            });
        }
        self.queue.push_back(outgoing);
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.stuck_since = None;
        let outgoing = self.queue.pop_front()?;
        if let Some(slot) = outgoing.sample_slot() {
            self.slots.remove(&slot);
        }
        Some(outgoing)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether messages have waited for `limit` without the ring taking one.
    pub(super) fn stalled_for(&mut self, limit: Duration, ring_takes: bool) -> bool {
        if ring_takes || self.queue.is_empty() {
            self.stuck_since = None;
            return false;
        }
        self.stuck_since.get_or_insert_with(Instant::now).elapsed() >= limit
    }

    /// Takes out the samples and voices; what else waits stays, in order.
    pub(super) fn take_stalled(&mut self) -> Vec<Outgoing> {
        self.stuck_since = None;
        let (stalled, kept): (Vec<_>, Vec<_>) = self
            .queue
            .drain(..)
            .partition(|waiting| matches!(waiting, Outgoing::Sample { .. } | Outgoing::Play(_)));
        self.queue = kept.into();
        self.slots = self.queue.iter().filter_map(Outgoing::sample_slot).collect();
        stalled
    }
}

impl Outgoing {
    /// The slot of a sample.
    fn sample_slot(&self) -> Option<u32> {
        match self {
            Self::Sample { request, .. } => Some(request.slot),
            Self::Pushed { slot, .. } => Some(*slot),
            _ => None,
        }
    }
}
