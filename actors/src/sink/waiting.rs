//! Plays that wait for their slot's sample: at most one per slot.

use std::collections::HashMap;

use actix_rt::time::Instant;

use crate::messages::{Play, PlayWhenReady};
use crate::playback::DropReason;
use crate::sample::Sample;
use crate::table::{Playable, Table};

#[derive(Debug, Default)]
pub(super) struct WaitingPlays {
    by_slot: HashMap<u32, PlayWhenReady>,
}

impl WaitingPlays {
    pub(super) fn insert(&mut self, waiting: PlayWhenReady) {
        self.by_slot.insert(waiting.play.slot, waiting);
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<PlayWhenReady> {
        self.by_slot.remove(&slot)
    }

    pub(super) fn take_all(&mut self) -> Vec<Play> {
        self.by_slot.drain().map(|(_, waiting)| waiting.play).collect()
    }

    /// Takes out those whose load has ended without success, and those that waited too long.
    pub(super) fn sweep(&mut self, table: &Table, now: Instant) -> Vec<(Play, DropReason)> {
        self.by_slot
            .extract_if(|slot, waiting| {
                waiting.deadline <= now || matches!(table.playable(*slot), Playable::Empty)
            })
            .map(|(_, waiting)| {
                let late = waiting.deadline <= now;
                let reason = if late { DropReason::WaitedTooLong } else { DropReason::LoadEnded };
                (waiting.play, reason)
            })
            .collect()
    }
}

impl PlayWhenReady {
    /// The play, now that the sample's rate is known.
    pub(super) fn into_play(mut self, sample: &Sample) -> Play {
        self.play.params.start_frame = sample.frame_at(self.start_sec);
        self.play
    }
}
