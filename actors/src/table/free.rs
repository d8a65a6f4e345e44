//! Where the search for a free slot begins.

use std::sync::atomic::{AtomicU64, Ordering};

/// No slot below a bound is free. It is packed with a count of how often a slot became free, so
/// that a search notices that its result is out of date, whichever slot that was.
#[derive(Debug, Default)]
pub(super) struct FreeSlots(AtomicU64);

/// A search that has begun.
#[derive(Clone, Copy)]
pub(super) struct Search(u64);

impl Search {
    /// The lowest slot that may be free.
    pub(super) fn start(self) -> u32 {
        Bound::unpack(self.0).slot
    }
}

impl FreeSlots {
    pub(super) fn search(&self) -> Search {
        Search(self.0.load(Ordering::Acquire))
    }

    /// After a look at all slots from the start of `search` to `slot`, which is not free any more.
    /// Does nothing if any was freed meanwhile: a bound that is too low costs time only.
    pub(super) fn none_below(&self, search: Search, slot: u32) {
        let raised = Bound { slot, ..Bound::unpack(search.0) }.pack();
        self.0.compare_exchange(search.0, raised, Ordering::AcqRel, Ordering::Relaxed).ok();
    }

    /// A slot is free again.
    pub(super) fn freed(&self, id: u32) {
        let lower = |packed| {
            let Bound { slot, freed } = Bound::unpack(packed);
            Some(Bound { slot: slot.min(id), freed: freed.wrapping_add(1) }.pack())
        };
        // Never Err: the closure always has a next value.
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, lower).ok();
    }
}

struct Bound {
    slot: u32,
    freed: u32,
}

impl Bound {
    fn pack(self) -> u64 {
        u64::from(self.freed) << 32 | u64::from(self.slot)
    }

    fn unpack(packed: u64) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
        let slot = packed as u32;
        #[allow(clippy::cast_possible_truncation, reason = "32 bits are left after the shift")]
        let freed = (packed >> 32) as u32;
        Self { slot, freed }
    }
}
