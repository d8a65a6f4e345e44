//! One slot: what it plays, and the newest load of it.

use std::sync::Arc;

use crate::request::Request;
use crate::sample::Sample;

/// What a slot holds, for a UI to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlotState {
    /// Nothing, and nothing on the way.
    Empty,
    /// Its first load waits for a decoder.
    Queued,
    /// Its first load runs.
    Loading,
    /// It holds a sample, also while a newer load of it runs.
    Ready,
    /// It holds nothing because its last load failed.
    Failed,
}

impl SlotState {
    /// The name that Python sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Queued => "queued",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) sample: Option<Arc<Sample>>,
    /// The newest request, while it is live.
    pub(super) current: Option<Arc<Request>>,
    /// The batch that will load into the slot, which is free for nobody else.
    pub(super) reserved: Option<u64>,
    pub(super) failed: bool,
    /// The last change of `sample`.
    pub(super) change: Change,
}

impl Slot {
    pub(super) fn is_free(&self) -> bool {
        self.sample.is_none() && self.reserved.is_none() && self.live().is_none()
    }

    pub(super) fn live(&self) -> Option<&Arc<Request>> {
        self.current.as_ref().filter(|request| request.is_live())
    }
}

/// One change of what a slot plays. The sink tells by it what has overtaken what on the way there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change {
    /// Rises with every change of any slot.
    pub(crate) serial: u64,
    /// The serial of the last change that emptied the slot, this one included.
    pub(crate) emptied: u64,
}

/// What is in a slot for someone who wants to play it.
pub(crate) enum Playable {
    /// A sample, to sound at once.
    Ready(Arc<Sample>),
    /// None yet, but a load is on its way.
    Loading,
    /// Neither.
    Empty,
}

impl Slot {
    /// Takes `request` out if it is the newest; true if it was.
    pub(super) fn drop_current(&mut self, request: &Arc<Request>) -> bool {
        let newest = self.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, request));
        if newest {
            self.current = None;
        }
        newest
    }
}
