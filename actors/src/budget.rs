//! The memory budget: loads reserve their bytes, and what was used least recently leaves for them.

mod ledger;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hotcue::{LoadError, LoadErrorKind, SampleBuffer};

use crate::table::{Change, Evictable, Held, Home, InTheWay, Resident, Table};
use ledger::Wait;
pub(crate) use ledger::{Account, Ledger};

/// Gives loads their memory, and evicts samples for them. Shared by the decoders.
pub(crate) struct Budget {
    table: Arc<Table>,
    /// Held by whoever finds no room: one at a time evicts.
    evicting: Mutex<()>,
    on_evicted: Box<dyn Fn(Evicted) + Send + Sync>,
}

/// A sample that has left a slot, in which it can be loaded again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evicted {
    pub(crate) slot: u32,
    /// Who had loaded it.
    pub(crate) request_id: u64,
    /// How the slot has changed; None if it holds something else by now.
    pub(crate) change: Option<Change>,
    /// Bytes that are freed; 0 for all but the last of the slots that shared a sample.
    pub(crate) freed_bytes: u64,
}

/// Bytes that a load holds. They are given back when it is dropped, or, once a sample was made
/// of it, when the last bit of that is gone.
pub(crate) struct Reservation {
    budget: Arc<Budget>,
    account: Arc<Account>,
    bytes: u64,
    priority: i32,
    /// A sample has the account from now on.
    is_kept: bool,
}

/// Why a load gets no more bytes now. It keeps those that it has.
#[derive(Debug)]
pub(crate) enum NoRoom {
    /// Other loads, or samples on their way out, will make room: ask again when one of them has
    /// ended, or when [`Ledger::on_room`] calls.
    WaitForOthers,
    /// As `WaitForOthers`, but an older load waits for the bytes that this one holds: drop them,
    /// reservation and all, and begin again with the next asking.
    StartOver,
    /// What is in the way will not leave by itself.
    Never(LoadError),
}

/// Loads for which there is to be room once what was evicted is freed, and the part of the budget
/// that is evicted for them at most.
const AHEAD_LOADS: u64 = 16;
const AHEAD_PART: u64 = 8;

/// What a look at all candidates found.
#[derive(Default)]
struct Plan {
    /// Least recently used first.
    evict: Vec<Arc<Resident>>,
    bytes: u64,
    /// Bytes that can be evicted as soon as requests are through that use them.
    soon: u64,
    pinned: u64,
    playing: u64,
    held: u64,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("limit", &self.table.ledger().limit())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Budget {
    /// The budget of `table`. `on_evicted` is called for each slot that a sample has left, in the
    /// thread of the load that needs the room.
    pub(crate) fn new(
        table: Arc<Table>,
        on_evicted: impl Fn(Evicted) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let on_evicted = Box::new(on_evicted);
        Arc::new(Self { table, evicting: Mutex::new(()), on_evicted })
    }

    /// A reservation of nothing yet, for a load that begins.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reservation {
        let account = Arc::new(self.table.ledger().open());
        Reservation { budget: Arc::clone(self), account, bytes: 0, priority: 0, is_kept: false }
    }

    fn make_room(&self, account: &Account, bytes: u64, priority: i32) -> Result<(), NoRoom> {
        let _one = self.evicting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Err(shortage) = account.try_grow(bytes, priority) else { return Ok(()) };
            let short_by = shortage.short_by;
            let plan = self.plan(short_by);
            if !shortage.in_line && short_by > 0 && plan.bytes >= short_by {
                // One that came into use meanwhile stays; then the next turn finds another.
                plan.evict.iter().for_each(|resident| self.evict(resident));
                continue;
            }
            if !shortage.in_line && short_by == 0 && self.evict_ahead(bytes, shortage.evicted) {
                continue;
            }
            if plan.bytes + plan.soon + shortage.moving < short_by {
                if account.is_current(shortage.version) {
                    return Err(NoRoom::Never(self.refusal(bytes, &plan)));
                }
                continue;
            }
            match account.wait(shortage.version, priority, plan.soon > 0) {
                Wait::LookAgain => {}
                Wait::ForOthers => return Err(NoRoom::WaitForOthers),
                Wait::StartOver => return Err(NoRoom::StartOver),
            }
        }
    }

    /// Evicts for others like a load that takes `bytes` and has to wait until what was `evicted` is
    /// freed: each of them would wait for the callback once more. In order of use, up to the first
    /// sample that is more than what those need. False: nothing is left to evict, or there is enough.
    fn evict_ahead(&self, bytes: u64, evicted: u64) -> bool {
        let most = self.table.ledger().limit().unwrap_or(0) / AHEAD_PART;
        let mut wanted = bytes.saturating_mul(AHEAD_LOADS).min(most).saturating_sub(evicted);
        let mut was_any = false;
        for resident in self.plan(wanted).evict {
            let Some(rest) = wanted.checked_sub(resident.byte_len() as u64) else { break };
            wanted = rest;
            was_any = true;
            self.evict(&resident);
        }
        was_any
    }

    /// Looks for `wanted` bytes to evict.
    fn plan(&self, wanted: u64) -> Plan {
        let mut plan = Plan::default();
        let mut last = None;
        while plan.bytes < wanted
            && let Some((key, resident, bytes)) = self.table.ledger().next_candidate(last)
        {
            last = Some(key);
            match resident.evictable(|slot| self.table.plays().under_way(slot)) {
                Evictable::Now => {
                    plan.bytes += bytes;
                    plan.evict.push(resident);
                }
                Evictable::Soon => plan.soon += bytes,
                Evictable::No(InTheWay::Pinned) => plan.pinned += bytes,
                Evictable::No(InTheWay::Playing) => plan.playing += bytes,
                Evictable::No(InTheWay::HeldOutside) => plan.held += bytes,
                Evictable::No(InTheWay::Unreadable) => {}
            }
        }
        plan
    }

    fn evict(&self, resident: &Arc<Resident>) {
        let evicted = resident.try_evict(|slot| self.table.plays().under_way(slot));
        let Some(homes) = evicted else { return };
        let mut left = homes.len();
        for Home { slot, request_id, .. } in homes {
            left -= 1;
            let freed_bytes = if left == 0 { resident.byte_len() as u64 } else { 0 };
            let change = self.table.empty_evicted(slot, resident);
            (self.on_evicted)(Evicted { slot, request_id, change, freed_bytes });
        }
    }

    fn refusal(&self, bytes: u64, plan: &Plan) -> LoadError {
        let limit = self.table.ledger().limit().unwrap_or(u64::MAX);
        let Held { sample_bytes, elsewhere_bytes, .. } = self.table.held();
        let Plan { pinned, playing, held, soon, bytes: evictable, .. } = plan;
        // Streams are no residents.
        let others = [pinned, playing, held, soon, evictable];
        let lasting =
            others.into_iter().fold(sample_bytes, |left, bytes| left.saturating_sub(*bytes));
        LoadError::new(
            LoadErrorKind::OutOfMemoryBudget,
            format!(
                "the sample takes {bytes} bytes of a memory budget of {limit}; slots hold \
                 {sample_bytes}, of which {pinned} are pinned, {playing} play and {held} are held by \
                 the program, and {lasting} stream or are of no file; {elsewhere_bytes} are in \
                 use elsewhere"
            ),
        )
    }
}

impl Reservation {
    /// Takes `bytes` in all, or gives back what is above them. Evicts for it what was used least
    /// recently, if that helps.
    ///
    /// # Errors
    /// [`NoRoom`]; nothing has changed then, and nothing was evicted but for who comes next.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let bytes = bytes as u64;
        if bytes != self.bytes {
            if self.account.try_grow(bytes, self.priority).is_err() {
                self.budget.make_room(&self.account, bytes, self.priority)?;
            }
            self.bytes = bytes;
        }
        Ok(())
    }

    /// The load is as urgent as this, from the next asking on.
    pub(crate) fn is_of(&mut self, priority: i32) {
        self.priority = priority;
    }

    /// The account, for those who look after the load.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Lets others hold the load's sample while it grows: the bytes count until the last bit of it
    /// is freed, whatever becomes of the load.
    pub(crate) fn accompanies(&self, buffer: &SampleBuffer) {
        // One that has a companion has this one: a job that goes on elsewhere takes it along.
        buffer.accompany(Box::new(Arc::clone(&self.account))).ok();
    }

    /// The account, for the sample that was made.
    pub(crate) fn into_account(mut self) -> Arc<Account> {
        self.is_kept = true;
        Arc::clone(&self.account)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // What was heard while it arrived fades out, or somebody holds it: nobody is to wait for
        // that as for a load that will end.
        if !self.is_kept && Arc::strong_count(&self.account) > 1 {
            self.account.leave();
        }
    }
}
