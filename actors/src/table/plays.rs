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
    all_begun: AtomicU32,
    /// Has the number of those that are over.
    playback: Arc<PlaybackShared>,
}

impl Plays {
    pub(super) fn new(slots: u32, playback: Arc<PlaybackShared>) -> Self {
        let begun = (0..slots).map(|_| AtomicU32::new(0)).collect();
        Self { begun, all_begun: AtomicU32::new(0), playback }
    }

    /// A play was asked for. Under the guard of the slot, or the gate of what it holds: whoever
    /// evicts looks at the count under the same gate.
    pub(super) fn begin(&self, slot: u32) {
        if let Some(begun) = self.begun.get(slot as usize) {
            begun.fetch_add(1, Ordering::AcqRel);
            self.all_begun.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A play was dropped before it reached the callback.
    pub(super) fn drop_one(&self, slot: u32) {
        if let Some(begun) = self.begun.get(slot as usize) {
            begun.fetch_sub(1, Ordering::AcqRel);
            self.all_begun.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// How many are under way.
    pub(crate) fn count(&self) -> u32 {
        // This first: none is over that was not begun before.
        let ended = self.playback.all_ended_plays();
        self.all_begun.load(Ordering::Acquire).wrapping_sub(ended)
    }

    /// Whether any is under way.
    pub(crate) fn under_way(&self, slot: u32) -> bool {
        // Both counts wrap around, their distance does not.
        let begun = self.begun.get(slot as usize).map_or(0, |begun| begun.load(Ordering::Acquire));
        begun != self.playback.ended_plays(slot)
    }
}
