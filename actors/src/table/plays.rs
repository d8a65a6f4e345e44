//! Which slots have plays under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hotcue::playback::PlaybackShared;

/// Counts plays of each slot from the call that asked for one until its voice is gone: while it
/// waits for its sample, on its way to the callback, while it sounds, pauses, or waits for its
/// frame.
#[derive(Debug)]
pub(crate) struct Plays {
    /// Of each slot, how many were asked for, without those that never reached the callback.
    begun: Box<[AtomicU32]>,
    /// Has the number of those that are over.
    playback: Arc<PlaybackShared>,
}

impl Plays {
    pub(super) fn new(slots: u32, playback: Arc<PlaybackShared>) -> Self {
        Self { begun: (0..slots).map(|_| AtomicU32::new(0)).collect(), playback }
    }

    /// A play was asked for. Under the guard of the slot, or the gate of what it holds: whoever
    /// evicts looks at the count under the same gate.
    pub(super) fn begin(&self, slot: u32) {
        if let Some(begun) = self.begun.get(slot as usize) {
            begun.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A play was dropped before it reached the callback.
    pub(super) fn drop_one(&self, slot: u32) {
        if let Some(begun) = self.begun.get(slot as usize) {
            begun.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Whether any is under way.
    pub(crate) fn under_way(&self, slot: u32) -> bool {
        // Both counts wrap around, their distance does not.
        let begun = self.begun.get(slot as usize).map_or(0, |begun| begun.load(Ordering::Acquire));
        begun != self.playback.ended_plays(slot)
    }
}
