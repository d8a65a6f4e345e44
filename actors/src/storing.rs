//! What is still to be put into the cache of samples that are in their slots, by decoders that have
//! neither a load nor anything to hear.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix_rt::time::Instant;

use crate::work::Store;

/// So long the decoders of an engine that shuts down go on with it: less than their threads are
/// waited for.
const LAST_MOMENT: Duration = Duration::from_millis(80);

/// The stores of one engine.
#[derive(Default)]
pub(crate) struct Stores {
    /// Those that no decoder is at, the oldest first.
    waiting: Mutex<VecDeque<Storing>>,
    /// Held by each that is not over.
    open: Arc<()>,
    /// When they end, once the engine shuts down.
    until: OnceLock<Instant>,
}

/// One of them, as it travels.
pub(crate) struct Storing {
    store: Box<dyn Store>,
    _open: Arc<()>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("open", &self.open()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Storing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storing").finish_non_exhaustive()
    }
}

impl Stores {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Storing>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, of a sample that was just handed on.
    pub(crate) fn put(&self, store: Box<dyn Store>) {
        self.lock().push_back(Storing { store, _open: Arc::clone(&self.open) });
    }

    /// One that a decoder was at and that is not over, for whoever takes it next.
    pub(crate) fn put_back(&self, storing: Storing) {
        if !self.is_stopped() {
            self.lock().push_front(storing);
        }
    }

    pub(crate) fn take(&self) -> Option<Storing> {
        self.lock().pop_front()
    }

    /// Whether there is one that no decoder is at.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.lock().is_empty()
    }

    /// How many are not over.
    pub(crate) fn open(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    /// Drops those that wait: nobody comes for them any more.
    pub(crate) fn clear(&self) {
        drop(mem::take(&mut *self.lock()));
    }

    /// The engine shuts down: what is not over soon is to be dropped.
    pub(crate) fn stop(&self) {
        self.until.get_or_init(|| Instant::now() + LAST_MOMENT);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.until.get().is_some()
    }

    /// Whether the engine shuts down, and there is still some time.
    pub(crate) fn is_last_moment(&self) -> bool {
        self.until.get().is_some_and(|until| Instant::now() < *until)
    }
}

impl Storing {
    /// What is stepped.
    pub(crate) fn store(&mut self) -> &mut dyn Store {
        &mut *self.store
    }
}
