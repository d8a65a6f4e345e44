//! What waits for a place in the ring, in order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Outgoing;

/// The sink's queue before the ring. Empty except while the callback takes nothing.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    queue: VecDeque<Outgoing>,
    stuck_since: Option<Instant>,
}

impl Backlog {
    /// Adds a message. Of samples for one slot only the newest stays: the request of an older
    /// one has been superseded, so it would go nowhere.
    pub(super) fn push(&mut self, outgoing: Outgoing) {
        if let Outgoing::Sample { request: newer, .. } = &outgoing
            && !self.queue.is_empty()
        {
            self.queue.retain(|waiting| match waiting {
                Outgoing::Sample { request, .. } => request.slot != newer.slot || request.is_live(),
                _ => true,
            });
        }
        self.queue.push_back(outgoing);
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.stuck_since = None;
        self.queue.pop_front()
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
        stalled
    }
}
