//! Who holds how many bytes of sample memory.
//!
//! One lock, a leaf: nothing is called while it is held, and no sample is dropped.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::mem;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use actix_rt::time::Instant;

use crate::looks::LastLook;
use crate::table::Resident;

/// A sample that left its last slot so recently may still be on its way out of the callback; one
/// that is there for longer is held by somebody.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// The same of an evicted one, which nobody holds but a callback that takes no commands.
const EVICTED: Duration = Duration::from_secs(2);

/// The books of an engine's sample memory, of loads in flight as of finished samples. It knows
/// no slot, so that what it is told by a sample that outlives the engine keeps nothing alive.
pub(crate) struct Ledger {
    limit: Option<u64>,
    books: Mutex<Books>,
    /// Counts uses: what was used last has the highest number.
    uses: AtomicU64,
    on_room: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Books {
    entries: HashMap<u64, Entry>,
    next_id: u64,
    /// All entries together.
    used: u64,
    /// Of that, what slots hold.
    in_slots: u64,
    /// Loads in flight, oldest first; of one that waits for room, its priority.
    in_flight: BTreeMap<u64, Option<i32>>,
    /// What has left its slots and is expected to be freed until then, the first of it first; empty
    /// without a limit, where nobody waits for it.
    leaving: BTreeSet<(Instant, u64)>,
    /// Bytes of that, of what was evicted
    evicted: u64,
    /// and of the rest.
    left: u64,
    /// When the sink last said that it takes home what the callback has let go of.
    collected: Option<LastLook>,
    /// Samples that could be evicted, by a use that was their last at some time.
    by_use: BTreeMap<u64, Candidate>,
    /// Rises with every change, so that a decision is not made on what was true before.
    version: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    bytes: u64,
    phase: Phase,
    /// Its time in `leaving`.
    until: Option<Instant>,
    /// Its key in `by_use`.
    candidate: Option<u64>,
}

impl Entry {
    fn new(bytes: u64, phase: Phase) -> Self {
        Self { bytes, phase, until: None, candidate: None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    InFlight,
    InSlot,
    Evicted,
    Left,
}

#[derive(Clone)]
struct Candidate {
    id: u64,
    last_used: Arc<AtomicU64>,
    resident: Weak<Resident>,
}

/// One holder of bytes; gives them back when dropped.
pub(crate) struct Account {
    ledger: Arc<Ledger>,
    id: u64,
}

/// What stands between a load and the bytes that it asks for.
pub(super) struct Shortage {
    /// Bytes to evict before it fits; 0 when it only has to wait for what was evicted.
    pub(super) short_by: u64,
    /// Bytes that other loads hold, and that have just left their slots.
    pub(super) moving: u64,
    /// Bytes that were evicted and are not freed yet.
    pub(super) evicted: u64,
    /// Whatever room there is, an older load waits for it that is as urgent.
    pub(super) in_line: bool,
    /// What the decision rests on.
    pub(super) version: u64,
}

/// How a load that does not fit goes on.
pub(super) enum Wait {
    /// Something has changed meanwhile.
    LookAgain,
    /// Others will make room.
    ForOthers,
    /// All others wait too, and an older one goes first.
    StartOver,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Ledger {
    pub(crate) fn new(limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            books: Mutex::default(),
            uses: AtomicU64::new(0),
            on_room: OnceLock::new(),
        })
    }

    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Calls `wake` whenever there may be room for a load that was told to wait, in any thread.
    pub(crate) fn on_room(&self, wake: impl Fn() + Send + Sync + 'static) {
        // Set once, by the engine that makes it.
        self.on_room.set(Box::new(wake)).ok();
    }

    /// An account for a load that begins.
    pub(super) fn open(self: &Arc<Self>) -> Account {
        let mut books = self.lock();
        let id = books.next_id;
        books.next_id += 1;
        books.entries.insert(id, Entry::new(0, Phase::InFlight));
        books.in_flight.insert(id, None);
        Account { ledger: Arc::clone(self), id }
    }

    /// Takes bytes that are there whether or not there is room: a play is not refused for them, but
    /// loads have less.
    pub(crate) fn take(self: &Arc<Self>, bytes: u64) -> Account {
        let mut books = self.lock();
        let id = books.next_id;
        books.next_id += 1;
        books.entries.insert(id, Entry::new(bytes, Phase::Left));
        books.used += bytes;
        books.version += 1;
        Account { ledger: Arc::clone(self), id }
    }

    /// The number of a use that happens now.
    pub(crate) fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The sink has just taken home what the callback has let go of; to be said at every tick.
    pub(crate) fn collected(&self) {
        self.lock().collected(Instant::now());
    }

    /// Bytes in slots, and all others: of loads in flight, and of samples that left their slots
    /// without having been freed.
    pub(crate) fn figures(&self) -> (u64, u64) {
        let books = self.lock();
        (books.in_slots, books.used - books.in_slots)
    }

    /// The next sample that could be evicted after the one with key `after`, least recently used
    /// first, with its bytes.
    pub(super) fn next_candidate(&self, after: Option<u64>) -> Option<(u64, Arc<Resident>, u64)> {
        let mut books = self.lock();
        let mut from = after.map_or(Unbounded, Excluded);
        loop {
            let (&key, candidate) = books.by_use.range((from, Unbounded)).next()?;
            let last_used = candidate.last_used.load(Ordering::Relaxed);
            if last_used > key {
                // It was used since: only now, when it matters, it takes its place.
                let candidate = books.by_use.remove(&key)?;
                if let Some(entry) = books.entries.get_mut(&candidate.id) {
                    entry.candidate = Some(last_used);
                }
                books.by_use.insert(last_used, candidate);
                continue;
            }
            // A sample that has just been dropped; its account follows.
            let Some(resident) = candidate.resident.upgrade() else {
                from = Excluded(key);
                continue;
            };
            let bytes = books.entries.get(&candidate.id).map_or(0, |entry| entry.bytes);
            return Some((key, resident, bytes));
        }
    }

    fn wake_if(&self, somebody_waits: bool) {
        if somebody_waits && let Some(wake) = self.on_room.get() {
            wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    /// Takes `bytes` in all, if there is room; fewer than before is always possible. What was
    /// evicted and is not freed yet may be overdrawn once: the next one waits for it. A load that
    /// has nothing yet takes no room that an older one waits for, unless it is more urgent, or a
    /// large one might never get in between small ones.
    pub(super) fn try_grow(&self, bytes: u64, priority: i32) -> Result<(), Shortage> {
        let mut books = self.ledger.lock();
        books.forget_late(Instant::now());
        let (used, evicted) = (books.used, books.evicted);
        let in_flight = |entry: &&Entry| entry.phase == Phase::InFlight;
        // One that was given up asks once more at most, when its read returns.
        let Some(entry) = books.entries.get(&self.id).filter(in_flight).copied() else {
            return Ok(());
        };
        let wanted = used.saturating_sub(entry.bytes).saturating_add(bytes);
        let fits = self.ledger.limit.is_none_or(|limit| {
            bytes <= entry.bytes || wanted <= limit || (used <= limit && wanted - evicted <= limit)
        });
        let begins = entry.bytes == 0 && bytes > 0;
        let goes_first = |waits: &Option<i32>| waits.is_some_and(|older| older >= priority);
        let in_line =
            begins && books.in_flight.range(..self.id).any(|(_, waits)| goes_first(waits));
        if fits && !in_line {
            books.version += 1;
            books.used = wanted;
            books.entries.insert(self.id, Entry { bytes, ..entry });
            let waited = books.in_flight.insert(self.id, None).flatten().is_some();
            let wake = (waited || bytes < entry.bytes) && books.somebody_waits();
            drop(books);
            self.ledger.wake_if(wake);
            return Ok(());
        }
        let limit = self.ledger.limit.unwrap_or(u64::MAX);
        let others = books.in_flight.keys().filter(|id| **id != self.id);
        Err(Shortage {
            short_by: (wanted - evicted).saturating_sub(limit),
            moving: books.bytes_of(others) + books.left,
            evicted,
            in_line,
            version: books.version,
        })
    }

    /// Decides how to wait, now that too little can be evicted at once but others will make room;
    /// `soon` says that not only loads will.
    pub(super) fn wait(&self, version: u64, priority: i32, soon: bool) -> Wait {
        let mut books = self.ledger.lock();
        if books.version != version {
            return Wait::LookAgain;
        }
        let holds = |id: &u64| books.entries.get(id).is_some_and(|entry| entry.bytes > 0);
        let others = || books.in_flight.iter().filter(|(id, _)| **id != self.id && holds(id));
        let soon = soon || !books.leaving.is_empty();
        let all_wait = others().all(|(_, waits)| waits.is_some());
        let oldest = others().all(|(id, _)| *id > self.id);
        let in_vain = !soon && all_wait && holds(&self.id);
        if in_vain && !oldest {
            return Wait::StartOver;
        }
        books.in_flight.insert(self.id, Some(priority));
        books.version += 1;
        drop(books);
        // The younger ones are to find out that they wait in vain.
        self.ledger.wake_if(in_vain);
        Wait::ForOthers
    }

    /// Whether nothing has changed since a [`Shortage`] was found.
    pub(super) fn is_current(&self, version: u64) -> bool {
        self.ledger.lock().version == version
    }

    /// The sample is in a slot from now on. `resident` is what could be evicted for others.
    pub(crate) fn enter(&self, last_used: &Arc<AtomicU64>, resident: Option<Weak<Resident>>) {
        self.moved(Phase::InSlot, |books, entry| {
            books.in_slots += entry.bytes;
            entry.candidate = resident.map(|resident| {
                let key = last_used.load(Ordering::Relaxed);
                let last_used = Arc::clone(last_used);
                books.by_use.insert(key, Candidate { id: self.id, last_used, resident });
                key
            });
        });
    }

    /// Its load is inside a read that does not return: nobody is to wait for these bytes, though
    /// they are taken until it does.
    pub(crate) fn give_up(&self) {
        self.moved(Phase::Left, |_, _| {});
    }

    /// It is in no slot any more, but for whoever holds it.
    pub(crate) fn leave(&self) {
        self.leaves_slots(Phase::Left, ON_ITS_WAY);
    }

    /// It was evicted: nobody can get at it any more.
    pub(crate) fn evict(&self) {
        self.leaves_slots(Phase::Evicted, EVICTED);
    }

    fn leaves_slots(&self, to: Phase, within: Duration) {
        let is_limited = self.ledger.limit.is_some();
        self.moved(to, |books, entry| {
            if is_limited {
                books.expect_freed(self.id, entry, Instant::now() + within);
            }
        });
    }

    /// Something else happened by which others may find room.
    pub(crate) fn changed(&self) {
        let mut books = self.ledger.lock();
        books.version += 1;
        let wake = books.somebody_waits();
        drop(books);
        self.ledger.wake_if(wake);
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    fn moved(&self, to: Phase, then: impl FnOnce(&mut Books, &mut Entry)) {
        let mut books = self.ledger.lock();
        let Some(mut entry) = books.entries.remove(&self.id) else { return };
        books.take_out(self.id, &mut entry);
        entry.phase = to;
        then(&mut books, &mut entry);
        books.entries.insert(self.id, entry);
        books.version += 1;
        let wake = books.somebody_waits();
        drop(books);
        self.ledger.wake_if(wake);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut books = self.ledger.lock();
        let Some(mut entry) = books.entries.remove(&self.id) else { return };
        books.take_out(self.id, &mut entry);
        books.used -= entry.bytes;
        books.version += 1;
        let wake = books.somebody_waits();
        drop(books);
        self.ledger.wake_if(wake);
    }
}

impl Books {
    /// Takes an entry out of what its phase counted it in.
    fn take_out(&mut self, id: u64, entry: &mut Entry) {
        match entry.phase {
            Phase::InFlight => drop(self.in_flight.remove(&id)),
            Phase::InSlot => self.in_slots -= entry.bytes,
            Phase::Evicted | Phase::Left => {}
        }
        if let Some(until) = entry.until.take() {
            self.leaving.remove(&(until, id));
            *self.leaving_bytes(entry.phase) -= entry.bytes;
        }
        if let Some(key) = entry.candidate.take() {
            // A weak hold: no sample goes with it.
            self.by_use.remove(&key);
        }
    }

    fn somebody_waits(&self) -> bool {
        self.in_flight.values().any(Option::is_some)
    }

    /// It has left its slots, and is about to be freed.
    fn expect_freed(&mut self, id: u64, entry: &mut Entry, until: Instant) {
        entry.until = Some(until);
        self.leaving.insert((until, id));
        *self.leaving_bytes(entry.phase) += entry.bytes;
    }

    /// Bytes that are about to be freed, of what left in this way.
    fn leaving_bytes(&mut self, phase: Phase) -> &mut u64 {
        if phase == Phase::Evicted { &mut self.evicted } else { &mut self.left }
    }

    fn bytes_of<'a>(&self, ids: impl Iterator<Item = &'a u64>) -> u64 {
        ids.filter_map(|id| self.entries.get(id)).map(|entry| entry.bytes).sum()
    }

    /// Expects nothing any more of what should have been freed by now.
    fn forget_late(&mut self, now: Instant) {
        let away = self.away(now);
        while let Some(&(until, id)) = self.leaving.first()
            && until + away <= now
        {
            self.leaving.pop_first();
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.until = None;
                let Entry { bytes, phase, .. } = *entry;
                *self.leaving_bytes(phase) -= bytes;
            }
        }
    }

    fn collected(&mut self, now: Instant) {
        let away = self.away(now);
        if !away.is_zero() {
            let later = mem::take(&mut self.leaving).into_iter().map(|(until, id)| {
                let until = until + away;
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.until = Some(until);
                }
                (until, id)
            });
            self.leaving = later.collect();
        }
        self.collected = Some(LastLook::at(now));
    }

    /// For how long nothing can have come home from the callback.
    fn away(&self, now: Instant) -> Duration {
        self.collected.map(|collected| collected.away(now)).unwrap_or_default()
    }
}
