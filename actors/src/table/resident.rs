//! A sample in memory, as the engine holds it.
//!
//! Callers hold `Arc<Sample>`, the engine `Arc<Resident>`, which holds the one `Arc<Sample>` that
//! is not a caller's: so it is plain whether any caller holds a sample.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::budget::Account;
use crate::sample::Sample;

/// One sample and the slots that hold it.
pub(crate) struct Resident {
    sample: Arc<Sample>,
    /// None where no load reserved memory for it.
    account: Option<Arc<Account>>,
    last_used: Arc<AtomicU64>,
    /// Whoever takes the sample out, plays it or evicts it holds this, so that these have an
    /// order. Taken under a slot's guard; nothing but the ledger's lock is taken under it.
    gate: Mutex<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    slots: Vec<Home>,
    /// Requests on their way to a slot with it, and such whose success is not published yet.
    deliveries: usize,
    evicted: bool,
}

/// One slot that holds the sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    pub(crate) slot: u32,
    /// Who loaded it into that slot.
    pub(crate) request_id: u64,
    pub(crate) pinned: bool,
}

/// Whether a sample can be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evictable {
    Now,
    /// Once the requests that are under way with it are through.
    Soon,
    No(InTheWay),
}

/// Why a sample stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InTheWay {
    Pinned,
    Playing,
    HeldOutside,
    Unreadable,
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resident").field("sample", &self.sample).finish_non_exhaustive()
    }
}

impl Resident {
    /// A sample that no load reserved memory for: it is the caller's own, and is not evicted.
    pub(crate) fn pushed(sample: Arc<Sample>) -> Arc<Self> {
        Arc::new(Self::new(sample, None))
    }

    fn new(sample: Arc<Sample>, account: Option<Arc<Account>>) -> Self {
        let last_used = account.as_ref().map_or(0, |account| account.ledger().next_use());
        Self {
            sample,
            account,
            last_used: Arc::new(AtomicU64::new(last_used)),
            gate: Mutex::default(),
        }
    }

    /// The sample, for the engine's own use: clones of it are for callers, see
    /// [`lend`](Self::lend).
    pub(crate) fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The sample for a caller, for as long as that holds it; None once it was evicted.
    pub(crate) fn lend(&self) -> Option<Arc<Sample>> {
        let gate = self.lock();
        (!gate.evicted).then(|| {
            self.touch();
            Arc::clone(&self.sample)
        })
    }

    /// Does `then`, unless the sample was evicted; until that is done it will not be.
    pub(crate) fn unless_evicted<T>(&self, then: impl FnOnce(&Sample) -> T) -> Option<T> {
        let gate = self.lock();
        (!gate.evicted).then(|| {
            self.touch();
            then(&self.sample)
        })
    }

    pub(crate) fn is_evicted(&self) -> bool {
        self.lock().evicted
    }

    /// A use: what was used last is evicted last.
    pub(crate) fn touch(&self) {
        if let Some(account) = &self.account {
            self.last_used.fetch_max(account.ledger().next_use(), Ordering::Relaxed);
        }
    }

    /// Bytes of its buffer, played or not.
    pub(crate) fn byte_len(&self) -> usize {
        self.sample.buffer().byte_len()
    }

    /// Whether anybody may count on it being evicted before a load fails.
    fn is_readable_again(&self) -> bool {
        let is_stream = self.sample.stream().is_some();
        self.account.is_some() && self.sample.path().is_some() && !is_stream
    }

    /// Whether the ledger knows its bytes.
    pub(super) fn is_accounted_for(&self) -> bool {
        self.account.is_some()
    }

    /// A slot holds it now.
    pub(super) fn enter(self: &Arc<Self>, home: Home) {
        let mut gate = self.lock();
        gate.slots.push(home);
        if gate.slots.len() == 1
            && let Some(account) = &self.account
        {
            let limited = account.ledger().limit().is_some();
            let evictable = limited && self.is_readable_again();
            account.enter(&self.last_used, evictable.then(|| Arc::downgrade(self)));
        }
    }

    /// A slot does not hold it any more.
    pub(super) fn leave(&self, slot: u32) {
        let mut gate = self.lock();
        gate.slots.retain(|home| home.slot != slot);
        if gate.slots.is_empty()
            && !gate.evicted
            && let Some(account) = &self.account
        {
            account.leave();
        }
    }

    pub(super) fn pin(&self, slot: u32, pinned: bool) {
        for home in self.lock().slots.iter_mut().filter(|home| home.slot == slot) {
            home.pinned = pinned;
        }
    }

    /// Whether it could be evicted now; `plays` says whether a slot has a play under way.
    pub(crate) fn evictable(&self, plays: impl Fn(u32) -> bool) -> Evictable {
        self.check(&self.lock(), plays)
    }

    /// Evicts it if that is possible: nobody gets at it from here on. Gives the slots that are
    /// to be emptied, and the bytes.
    pub(crate) fn try_evict(&self, plays: impl Fn(u32) -> bool) -> Option<Vec<Home>> {
        let mut gate = self.lock();
        if self.check(&gate, plays) != Evictable::Now {
            return None;
        }
        gate.evicted = true;
        if let Some(account) = &self.account {
            account.evict();
        }
        Some(gate.slots.clone())
    }

    fn check(&self, gate: &Gate, plays: impl Fn(u32) -> bool) -> Evictable {
        // While this is locked nobody else can take the sample out: whoever holds it already is
        // counted, and who does not has to ask here.
        let held = Arc::strong_count(&self.sample) > 1;
        if gate.evicted || gate.slots.is_empty() || !self.is_readable_again() {
            Evictable::No(InTheWay::Unreadable)
        } else if gate.slots.iter().any(|home| home.pinned) {
            Evictable::No(InTheWay::Pinned)
        } else if gate.slots.iter().any(|home| plays(home.slot)) {
            Evictable::No(InTheWay::Playing)
        } else if held {
            Evictable::No(InTheWay::HeldOutside)
        } else if gate.deliveries > 0 {
            Evictable::Soon
        } else {
            Evictable::Now
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sample on its way to a slot: it is not evicted before that is over, success published and
/// all. One for each request that gets it.
#[derive(Debug)]
pub(crate) struct Delivery(Arc<Resident>);

impl Delivery {
    /// Of a sample that was just loaded, with the memory that was reserved for it.
    pub(crate) fn new(sample: Arc<Sample>, account: Arc<Account>) -> Self {
        // The callback may hold the audio longer than anybody holds the sample. One that was played
        // while it arrived has this companion already.
        sample.buffer().accompany(Box::new(Arc::clone(&account))).ok();
        Self::revived(sample, account)
    }

    /// Another one, of a sample that is in memory; None once it was evicted.
    pub(crate) fn again(resident: &Arc<Resident>) -> Option<Self> {
        let mut gate = resident.lock();
        (!gate.evicted).then(|| {
            gate.deliveries += 1;
            Self(Arc::clone(resident))
        })
    }

    pub(crate) fn resident(&self) -> &Arc<Resident> {
        &self.0
    }

    /// Of a sample that has left its slots, and that a caller still holds.
    fn revived(sample: Arc<Sample>, account: Arc<Account>) -> Self {
        let mut resident = Resident::new(sample, Some(account));
        resident.gate.get_mut().unwrap_or_else(PoisonError::into_inner).deliveries = 1;
        Self(Arc::new(resident))
    }
}

/// Finds a sample again for as long as it is in memory, in a slot or in a caller's hands.
#[derive(Debug)]
pub(crate) struct Trace {
    resident: Weak<Resident>,
    sample: Weak<Sample>,
    account: Weak<Account>,
}

impl Trace {
    /// None of a sample that was pushed by hand.
    pub(crate) fn of(resident: &Arc<Resident>) -> Option<Self> {
        Some(Self {
            resident: Arc::downgrade(resident),
            sample: Arc::downgrade(&resident.sample),
            account: Arc::downgrade(resident.account.as_ref()?),
        })
    }

    /// Whether there is still something to find.
    pub(crate) fn is_warm(&self) -> bool {
        self.sample.strong_count() > 0
    }

    /// The sample, on its way to another slot.
    pub(crate) fn follow(&mut self) -> Option<Delivery> {
        if let Some(resident) = self.resident.upgrade() {
            return Delivery::again(&resident);
        }
        let delivery = Delivery::revived(self.sample.upgrade()?, self.account.upgrade()?);
        self.resident = Arc::downgrade(&delivery.0);
        Some(delivery)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.lock().deliveries -= 1;
        if let Some(account) = &self.0.account {
            account.changed();
        }
    }
}

/// A sample that may leave memory.
#[derive(Clone, Debug)]
pub(crate) enum SampleRef {
    /// It may not.
    Kept(Arc<Sample>),
    /// It may, unless somebody else holds it.
    Weak { resident: Weak<Resident>, sample: Weak<Sample> },
}

impl SampleRef {
    /// Holds it only without a budget.
    pub(crate) fn new(resident: &Arc<Resident>) -> Self {
        let budget = resident.account.as_ref().and_then(|account| account.ledger().limit());
        match budget {
            None => Self::Kept(Arc::clone(&resident.sample)),
            Some(_) => Self::Weak {
                resident: Arc::downgrade(resident),
                sample: Arc::downgrade(&resident.sample),
            },
        }
    }

    /// The sample, if it is in memory.
    pub(crate) fn get(&self) -> Option<Arc<Sample>> {
        match self {
            Self::Kept(sample) => Some(Arc::clone(sample)),
            // Without the engine's own hold it cannot be evicted any more.
            Self::Weak { resident, sample } => match resident.upgrade() {
                Some(resident) => resident.lend(),
                None => sample.upgrade(),
            },
        }
    }
}
