//! What a decoder stores that has neither a load nor anything to hear.

use std::time::Duration;

use super::{DecoderActor, panic};

impl DecoderActor {
    /// One step of what is to be stored, and the time that no thread has spent in it; None if there is
    /// nothing, or the engine shuts down: this thread is to see that.
    pub(super) fn store(&mut self) -> Option<Duration> {
        if self.parts.stores.is_stopped() { None } else { self.store_some() }
    }

    fn store_some(&mut self) -> Option<Duration> {
        let mut storing = self.storing.take().or_else(|| self.parts.stores.take())?;
        let store = storing.store();
        // What is left of one that panicked is dropped.
        let goes_on = panic::caught(|| store.step()).unwrap_or(false);
        let blocks_for = store.blocks_for();
        self.storing = goes_on.then_some(storing);
        Some(blocks_for)
    }

    /// Leaves the store at hand to others; whether there was one.
    pub(super) fn put_store_back(&mut self) -> bool {
        let storing = self.storing.take();
        let had_one = storing.is_some();
        storing.into_iter().for_each(|storing| self.parts.stores.put_back(storing));
        had_one
    }

    /// While the engine shuts down: what can be stored in the time that is left.
    pub(super) fn store_last(&mut self) {
        while self.parts.stores.is_last_moment() && self.store_some().is_some() {}
    }
}
