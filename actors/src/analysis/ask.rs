//! What one request asks to be heard in its sample.

use std::sync::{Arc, Mutex, MutexGuard};

use super::pool::Place;
use super::{Findings, Kinds, lock};
use crate::request::Request;

/// The kinds of one request that are still to be answered.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(super) request: Arc<Request>,
    /// Of the sample that it is about.
    pub(super) findings: Arc<Findings>,
    /// How urgent it is: no other ask is in the same place.
    pub(super) place: Place,
    open: Mutex<Kinds>,
}

impl Ask {
    /// All that `request` asks for.
    pub(super) fn new(request: &Arc<Request>, findings: &Arc<Findings>) -> Self {
        let (request, findings) = (Arc::clone(request), Arc::clone(findings));
        let (place, open) = (Place::of(&request), Mutex::new(request.kinds));
        Self { request, findings, place, open }
    }

    /// The kinds that are open. Who takes one out answers it, before this is unlocked.
    pub(super) fn lock(&self) -> MutexGuard<'_, Kinds> {
        lock(&self.open)
    }

    /// Whether anything is to be answered.
    pub(super) fn is_open(&self) -> bool {
        !self.lock().is_empty()
    }
}
