//! Which slots may be free.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bit for each slot, which is changed under the guard of that slot only. It is set of all that
/// are free, and of some that are not.
#[derive(Debug)]
pub(super) struct FreeSlots(Box<[AtomicU64]>);

impl FreeSlots {
    /// So many slots, all of them free.
    pub(super) fn new(slot_count: u32) -> Self {
        let words = (0..slot_count).step_by(64).map(|first| {
            let beyond = 64_u32.saturating_sub(slot_count - first);
            AtomicU64::new(u64::MAX >> beyond)
        });
        Self(words.collect())
    }

    /// The lowest slot from `id` on that may be free.
    pub(super) fn lowest(&self, id: u32) -> Option<u32> {
        let mut first = id / 64 * 64;
        let mut wanted = u64::MAX << (id % 64);
        for word in self.0.get((id / 64) as usize..)? {
            // Acquire: who was told that a slot is free finds it.
            let found = word.load(Ordering::Acquire) & wanted;
            if found != 0 {
                return Some(first + found.trailing_zeros());
            }
            first += 64;
            wanted = u64::MAX;
        }
        None
    }

    /// A slot is free again, or may be.
    pub(super) fn freed(&self, id: u32) {
        let (word, bit) = self.place(id);
        word.fetch_or(bit, Ordering::Release);
    }

    /// A slot is free no more.
    pub(super) fn taken(&self, id: u32) {
        let (word, bit) = self.place(id);
        word.fetch_and(!bit, Ordering::Release);
    }

    fn place(&self, id: u32) -> (&AtomicU64, u64) {
        (&self.0[(id / 64) as usize], 1 << (id % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_is_found_across_words_and_none_beyond_the_last() {
        for slot_count in [1, 63, 64, 65, 1_000] {
            let free = FreeSlots::new(slot_count);
            (0..slot_count).for_each(|id| assert_eq!(free.lowest(id), Some(id)));
            assert_eq!(free.lowest(slot_count), None);
            (0..slot_count - 1).for_each(|id| free.taken(id));
            assert_eq!(free.lowest(0), Some(slot_count - 1));
            free.taken(slot_count - 1);
            assert_eq!(free.lowest(0), None);
            free.freed(slot_count / 2);
            assert_eq!(free.lowest(0), Some(slot_count / 2));
            assert_eq!(free.lowest(slot_count / 2 + 1), None);
        }
    }
}
