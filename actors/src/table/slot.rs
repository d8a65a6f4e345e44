//! One slot: what it plays, and the newest load of it.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use hotcue::playback::LoopSpan;

use super::Resident;
use crate::analysis::{Ask, Heard};
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
    /// Its first load runs, and enough is there to be played.
    Playable,
    /// It holds a sample, also while a newer load of it runs.
    Ready,
    /// It holds nothing because its last load failed.
    Failed,
    /// It holds nothing because its sample left memory to keep the budget; a play loads it again.
    Evicted,
}

impl SlotState {
    /// The name that Python sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Queued => "queued",
            Self::Loading => "loading",
            Self::Playable => "playable",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Evicted => "evicted",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) sample: Option<Arc<Resident>>,
    /// The newest request, while it is live.
    pub(super) current: Option<Arc<Request>>,
    /// What it plays while it holds no sample: the one that is arriving for `current`.
    pub(super) offer: Option<Offer>,
    /// The batch that will load into the slot, which is free for nobody else.
    pub(super) reserved: Option<u64>,
    pub(super) failed: bool,
    /// The file of what it holds, or of what it held until that was evicted.
    pub(super) file: Option<PathBuf>,
    /// What was heard in what it held until that was evicted.
    pub(super) heard: Option<Heard>,
    /// Whether what it holds, now or later, is to stay in memory.
    pub(super) pinned: bool,
    /// The serial of the last `unload_sample`.
    pub(super) unloaded: u64,
    /// The last change of `sample` or `offer`.
    pub(super) change: Change,
    /// What is to be heard in `sample` for those who brought it here, or asked for it here, as long as
    /// it is open: with an ask goes its request, and with that the content that was loaded.
    pub(super) asks: Vec<Weak<Ask>>,
}

/// A sample that is still arriving, as an empty slot offers it, and the callback has it.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) sample: Arc<Sample>,
    pub(super) own_loop: Option<LoopSpan>,
}

impl Slot {
    /// Somebody asks what is to be heard in what it holds.
    pub(super) fn add(&mut self, ask: Option<Arc<Ask>>) {
        if let Some(ask) = ask {
            self.asks.retain(|ask| ask.strong_count() > 0);
            self.asks.push(Arc::downgrade(&ask));
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.sample.is_none()
            && self.reserved.is_none()
            && self.live().is_none()
            && self.file.is_none()
    }

    /// What it plays, unless that is being evicted.
    pub(super) fn resident(&self) -> Option<&Arc<Resident>> {
        self.sample.as_ref().filter(|resident| !resident.is_evicted())
    }

    /// What is arriving for it.
    pub(super) fn offered(&self) -> Option<Arc<Sample>> {
        self.offer.as_ref().map(|offer| Arc::clone(&offer.sample))
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

/// What came of a play that was asked for.
pub(crate) enum PlayStart {
    /// The slot holds a sample, or offers one that is arriving, to sound at once.
    Ready,
    /// It holds none yet, but a load is on its way.
    Loading(Expected),
    /// Neither.
    Empty,
}

/// A sample that a play waits for.
pub(crate) struct Expected {
    /// The serial of the slot's last change when the play was asked for.
    pub(crate) since: u64,
    /// The load that brings an evicted sample back; it is to be submitted.
    pub(crate) reload: Option<Arc<Request>>,
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
