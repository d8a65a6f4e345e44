//! The samples inside the callback, by index.

use super::material::Material;
use super::ring::{Loan, Returns};

/// Names an entry of [`BufferTable`].
pub(super) type BufferIndex = u32;

#[derive(Debug)]
struct Entry {
    loan: Option<Loan>,
    /// How many slots and voices hold it.
    users: u32,
}

/// A fixed table of samples with a count of users each; at zero a sample goes home.
///
/// It has as many entries as there are loans, so an insertion always finds a free one.
#[derive(Debug)]
pub(super) struct BufferTable {
    entries: Box<[Entry]>,
    /// Free entries, a stack with room for all.
    free: Vec<BufferIndex>,
    returns: Returns,
}

impl BufferTable {
    /// A table of `places` entries, the number that [`return_ring`](super::ring::return_ring)
    /// was made with.
    pub(super) fn new(places: u32, returns: Returns) -> Self {
        Self {
            entries: (0..places).map(|_| Entry { loan: None, users: 0 }).collect(),
            free: (0..places).rev().collect(),
            returns,
        }
    }

    /// Takes a sample in for its first user. `None` would mean more loans than places: the
    /// sample goes straight home then.
    pub(super) fn insert(&mut self, loan: Loan) -> Option<BufferIndex> {
        let Some(index) = self.free.pop() else {
            debug_assert!(false, "more loans than entries");
            self.returns.give_back(loan);
            return None;
        };
        self.entries[index as usize] = Entry { loan: Some(loan), users: 1 };
        Some(index)
    }

    /// Sends a sample home that nobody is going to use.
    pub(super) fn refuse(&mut self, loan: Loan) {
        self.returns.give_back(loan);
    }

    /// The sample behind an index that is in use.
    pub(super) fn get(&self, index: BufferIndex) -> Option<Material<'_>> {
        Some(self.entries.get(index as usize)?.loan.as_ref()?.material())
    }

    /// Adds a user.
    pub(super) fn hold(&mut self, index: BufferIndex) {
        self.entries[index as usize].users += 1;
    }

    /// Removes a user; the last one sends the sample home.
    pub(super) fn release(&mut self, index: BufferIndex) {
        let entry = &mut self.entries[index as usize];
        debug_assert!(entry.users > 0, "a sample released more often than held");
        entry.users = entry.users.saturating_sub(1);
        if entry.users == 0
            && let Some(loan) = entry.loan.take()
        {
            self.returns.give_back(loan);
            // Within capacity: the entry came off this stack.
            self.free.push(index);
        }
    }

    /// Counts users afresh after a panic: `holders` is everyone who is left.
    pub(super) fn recount(&mut self, holders: impl Iterator<Item = BufferIndex>) {
        for entry in &mut self.entries {
            entry.users = 0;
        }
        for index in holders {
            self.entries[index as usize].users += 1;
        }
        self.free.clear();
        for (index, entry) in (0..).zip(&mut self.entries) {
            if entry.users == 0 {
                if let Some(loan) = entry.loan.take() {
                    self.returns.give_back(loan);
                }
                self.free.push(index);
            }
        }
    }
}
