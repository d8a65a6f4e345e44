//! What may leave memory, and what a play brings back.

use std::time::Duration;

use hotcue_actors::{AudioEngine, EngineStats, SlotState};

use super::{Model, NO_FILE};
use crate::disk::{Disk, End};

impl Model {
    /// A slot's sample has left memory: only for the sake of the budget, and only if nobody
    /// needs it.
    pub(super) fn evicted(&mut self, id: u32, disk: &Disk) {
        let slot = &mut self.slots[id as usize];
        let (file, _) = slot.holds.take().expect("it held something").origin;
        assert!(self.budget.is_some(), "slot {id} lost its sample");
        assert!(disk.is_shared(file), "what cannot be read again was evicted from slot {id}");
        assert!(!slot.pinned, "slot {id} is pinned");
        assert!(slot.looped.is_empty(), "slot {id} plays");
        slot.evicted = Some(file);
        self.evictions[id as usize] += 1;
    }

    pub(crate) fn pin(&mut self, slot: usize, pinned: bool) {
        self.slots[slot].pinned = pinned;
        self.something_stays |= pinned;
    }

    /// `play_sample` gave `voice`. It may have begun to bring an evicted sample back.
    pub(crate) fn played(
        &mut self,
        id: u32,
        (voice, looped): (Option<u64>, bool),
        engine: &AudioEngine,
        disk: &Disk,
        now: Duration,
    ) {
        self.something_stays |= voice.is_some();
        let slot = &mut self.slots[id as usize];
        if slot.holds.is_some() {
            slot.looped.extend(voice.filter(|_| looped));
        }
        let expected = slot.holds.is_some() || slot.current.is_some() || slot.evicted.is_some();
        assert_eq!(voice.is_some(), expected, "a play of {slot:?}");
        if let (None, None, Some(file)) = (slot.holds, slot.current, slot.evicted) {
            let loads = engine.loads().expect("it runs");
            let reload = loads.iter().find(|load| load.id == id).expect("it is brought back");
            let version = disk.now(file).0;
            self.add(None, (reload.request_id, id), (file, version), 100, now);
        }
    }

    /// From now on its voices may end.
    pub(crate) fn stopped(&mut self, slot: usize) {
        self.slots[slot].looped.clear();
    }

    pub(crate) fn stopped_all(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.looped.clear());
    }

    /// A request that a play made has ended; its slot says how.
    pub(super) fn reload_ended(&mut self, index: usize, engine: &AudioEngine) {
        let (id, file) = (self.requests[index].slot, self.requests[index].file);
        let sample = engine.sample(id).expect("it runs");
        let found = sample.as_ref().map(|sample| self.audio(sample.buffer()));
        // What was pushed meanwhile stays there if it fails.
        let was_there = self.slots[id as usize].holds;
        if let Some(found) = found.filter(|_| found != was_there) {
            return self.succeeded(index, found);
        }
        let slot = self.take_current(index);
        if engine.state(id).expect("it runs") == SlotState::Evicted {
            // It came, in the place of what was pushed meanwhile, and has left again.
            slot.holds = None;
            slot.evicted = Some(file);
            slot.failed = false;
            self.requests[index].succeeded = true;
            self.evictions[id as usize] += 1;
        } else {
            slot.failed = slot.holds.is_none();
            let request = &self.requests[index];
            let may_fail = self.possible(request).iter().any(|end| *end != End::Good);
            assert!(may_fail || self.budget.is_some(), "{request:?}");
        }
    }

    /// Unless the budget is too small for some file, want of memory takes something that stays.
    pub(super) fn may_lack_memory(&self, disk: &Disk) -> bool {
        let from_memory = self
            .requests
            .iter()
            .any(|request| request.file != NO_FILE && !disk.is_path(request.file));
        let stays =
            self.something_stays || self.callback_rested || from_memory || disk.has_streams();
        self.budget.is_some_and(|budget| stays || disk.has_stuck() || disk.largest_ever() > budget)
    }

    /// Never more than one sample beyond the budget, but for what was pushed by hand.
    pub(super) fn check_budget(&self, stats: &EngineStats, disk: &Disk) {
        // Streams count with all that will be known of them, and voices with their windows.
        let Some(budget) = self.budget.filter(|_| !disk.has_streams()) else { return };
        let pushed = PUSHED_BYTES * self.slots.len() as u64;
        let held = stats.sample_bytes + stats.reserved_bytes;
        assert!(held <= budget + disk.largest_ever() + pushed, "{held} B held: {stats:?}");
    }
}

/// Bytes of a sample that is pushed by hand.
pub(crate) const PUSHED_BYTES: u64 = 400;
