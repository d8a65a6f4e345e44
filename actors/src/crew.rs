//! Loads that decoders without a job of their own help with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hotcue::{Helper, SharedLoad};

/// The loads of one engine that may be worked at by several decoders.
#[derive(Debug)]
pub(crate) struct Crew {
    /// Of one decoder there is nobody to help it.
    has_several: bool,
    offers: Mutex<Vec<Arc<SharedLoad>>>,
}

impl Crew {
    /// Of `workers` decoders.
    pub(crate) fn new(workers: usize) -> Arc<Self> {
        Arc::new(Self { has_several: workers > 1, offers: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<SharedLoad>>> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets others help with `load` until what this gives is dropped; None where there are no others.
    pub(crate) fn offer(self: &Arc<Self>, load: Arc<SharedLoad>) -> Option<Offer> {
        if !self.has_several {
            return None;
        }
        self.lock().push(Arc::clone(&load));
        Some(Offer { crew: Arc::clone(self), load })
    }

    /// Whether there is something to help with.
    pub(crate) fn wants_help(&self) -> bool {
        self.lock().iter().any(|load| !load.is_over())
    }

    /// Whether others may still help with `load`: not while nobody steps it.
    pub(crate) fn offers(&self, load: &Arc<SharedLoad>) -> bool {
        self.lock().iter().any(|offered| Arc::ptr_eq(offered, load))
    }

    /// Helps with the load that fewest help with.
    pub(crate) fn join(&self) -> Option<Helper> {
        let offers = self.lock();
        let going_on = offers.iter().filter(|load| !load.is_over());
        going_on.min_by_key(|load| load.helpers()).map(SharedLoad::help)
    }
}

/// A load that others may help with.
#[derive(Debug)]
pub(crate) struct Offer {
    crew: Arc<Crew>,
    load: Arc<SharedLoad>,
}

impl Drop for Offer {
    fn drop(&mut self) {
        // One of them alone: a decoder that is stuck may have the load that another goes on with.
        let mut offers = self.crew.lock();
        if let Some(place) = offers.iter().position(|load| Arc::ptr_eq(load, &self.load)) {
            offers.swap_remove(place);
        }
    }
}
