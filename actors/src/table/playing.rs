//! Plays of what slots hold, offer or will hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Table;
use super::plays::Plays;
use super::slot::{Expected, PlayStart};
use crate::engine::Normalize;
use crate::error::SubmitError;
use crate::request::Request;

impl Table {
    /// Begins a play: it counts from here on, until its voice is gone or it is
    /// [dropped](Self::drop_play). One that cannot sound at once counts if it `waits`. An evicted
    /// sample is loaded again, by the request that `reload` makes.
    pub(crate) fn begin_play(
        &self,
        id: u32,
        waits: bool,
        reload: impl FnOnce(PathBuf) -> Arc<Request>,
    ) -> Result<PlayStart, SubmitError> {
        let mut slot = self.slots.entry(id).or_default();
        let sample = slot.sample.as_ref();
        if sample.and_then(|it| it.unless_evicted(|_| self.plays.begin(id))).is_some() {
            return Ok(PlayStart::Ready);
        }
        if slot.offer.is_some() {
            self.plays.begin(id);
            return Ok(PlayStart::Ready);
        }
        let mut reloading = None;
        if slot.live().is_none() {
            let Some(path) = slot.file.clone() else { return Ok(PlayStart::Empty) };
            if self.closed.load(Ordering::Acquire) {
                return Err(SubmitError::Closed);
            }
            let request = reload(path);
            // Not held up by `max_queued`: at most one per slot, and somebody is listening.
            self.queued.fetch_add(1, Ordering::AcqRel);
            self.live.fetch_add(1, Ordering::AcqRel);
            slot.current = Some(Arc::clone(&request));
            slot.failed = false;
            reloading = Some(request);
        }
        if waits {
            self.plays.begin(id);
        }
        let expected = Expected { since: slot.change.serial, reload: reloading };
        drop(slot);
        if let Some(request) = &expected.reload {
            self.list(request);
        }
        Ok(PlayStart::Loading(expected))
    }

    /// A play was dropped before it reached the callback.
    pub(crate) fn drop_play(&self, id: u32) {
        self.plays.drop_one(id);
    }

    /// A voice of the slot has ended: till then it was in use.
    pub(crate) fn touch(&self, id: u32) {
        if let Some(slot) = self.slots.get(&id)
            && let Some(resident) = &slot.sample
        {
            resident.touch();
        }
    }

    /// Which slots have plays under way.
    pub(crate) fn plays(&self) -> &Plays {
        &self.plays
    }

    /// By what a play amplifies what a slot holds or offers; 1 if that is nothing.
    pub(crate) fn gain(&self, id: u32, normalize: Normalize) -> f32 {
        if normalize == Normalize::Off {
            return 1.0;
        }
        let (resident, offered) = match self.slots.get(&id) {
            Some(slot) => (slot.resident().cloned(), slot.offered()),
            None => return 1.0,
        };
        let sample = resident.as_ref().map(|resident| resident.sample()).or(offered.as_deref());
        sample.map_or(1.0, |sample| normalize.gain(sample))
    }

    /// Whether a slot was unloaded after the change with this serial.
    pub(crate) fn unloaded_since(&self, id: u32, serial: u64) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.unloaded > serial)
    }

    /// Whether a slot holds a sample or a load of it is on its way.
    pub(crate) fn is_expectant(&self, id: u32) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.resident().is_some() || slot.live().is_some())
    }
}
