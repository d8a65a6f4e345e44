//! Plays that wait for their slot's sample: at most one per slot.

use std::collections::BTreeMap;

use actix_rt::time::Instant;

use crate::messages::{Play, PlayWhenReady};
use crate::playback::DropReason;
use crate::table::Table;

#[derive(Debug, Default)]
pub(super) struct WaitingPlays {
    /// In the order of slots, so that a schedule that is replayed ends in the same notices.
    by_slot: BTreeMap<u32, PlayWhenReady>,
}

impl WaitingPlays {
    pub(super) fn insert(&mut self, waiting: PlayWhenReady) {
        self.by_slot.insert(waiting.play.slot, waiting);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_slot.is_empty()
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<PlayWhenReady> {
        self.by_slot.remove(&slot)
    }

    /// Takes out the one that was asked for before the change with this serial.
    pub(super) fn take_older(&mut self, slot: u32, serial: u64) -> Option<PlayWhenReady> {
        if self.by_slot.get(&slot)?.since < serial { self.take(slot) } else { None }
    }

    pub(super) fn take_all(&mut self) -> Vec<Play> {
        std::mem::take(&mut self.by_slot).into_values().map(|waiting| waiting.play).collect()
    }

    /// Takes out those whose load has ended without success, and those that waited too long.
    pub(super) fn sweep(&mut self, table: &Table, now: Instant) -> Vec<(Play, DropReason)> {
        let is_due = |(slot, waiting): &(&u32, &PlayWhenReady)| {
            waiting.deadline <= now || !table.is_expectant(**slot)
        };
        let due: Vec<u32> = self.by_slot.iter().filter(is_due).map(|(slot, _)| *slot).collect();
        due.into_iter()
            .filter_map(|slot| self.by_slot.remove(&slot))
            .map(|waiting| {
                let late = waiting.deadline <= now;
                let reason = if late { DropReason::WaitedTooLong } else { DropReason::LoadEnded };
                (waiting.play, reason)
            })
            .collect()
    }
}
