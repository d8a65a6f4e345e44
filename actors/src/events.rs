//! What the loader says: [`LoaderEvent`], one variant per row of the event contract.

use std::path::PathBuf;
use std::sync::Arc;

use hotcue::analysis::{AnalysisKind, AnalysisResult};
use hotcue::{LoadError, LoadWarning, Stage};

use crate::error::AnalysisFailure;

/// Why a request ended in `cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// `cancel_load`, or `unload_sample` of its slot.
    User,
    /// A newer load of the same slot.
    Superseded,
    /// The engine shut down.
    Shutdown,
}

impl CancelReason {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Superseded => "superseded",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What became of the output device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// It plays.
    Started,
    /// It is gone; the null clock drives the callback meanwhile.
    Lost,
    /// It is back, or another one took over; or the callback has panicked, a bug, was silent for
    /// one block, and goes on without its voices.
    Recovered,
    /// None opened; the null output plays instead.
    Fallback,
}

impl DeviceState {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Lost => "lost",
            Self::Recovered => "recovered",
            Self::Fallback => "fallback",
        }
    }
}

/// How long a load spent with what, in milliseconds: not the stages of `Progress`.
///
/// The time between these, while a job was given back unfinished for a more urgent one, is part
/// of `load_ms` only. A request that joined another's job shows that job's figures; one that
/// found its file in memory shows zeros for what it did not need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// From submit until a decoder took it.
    pub queued_ms: f64,
    /// In the source, from the first byte to the last.
    pub reading_ms: f64,
    /// Finding out the format, decoding, and putting the sample together.
    pub decoding_ms: f64,
    /// Changing the sample rate.
    pub resampling_ms: f64,
    /// From the finished sample to its place in the ring.
    pub publishing_ms: f64,
}

/// One thing that happened to a request, a slot or the device.
///
/// `id` is the slot, `time_sec` counts from the engine's `run()` on a monotonic clock.
/// Per request the order is `Started`, then `Progress`, `Stalled` and at most one `Playable`, then
/// one terminal event. Only `Analysis` and `Evicted` may follow that: `Analysis` once for each kind that
/// was asked for, whatever happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the columns of the event contract, said here once")]
pub enum LoaderEvent {
    /// A decoder took the job. `path` is None for content from memory.
    Started { id: u32, request_id: u64, time_sec: f64, path: Option<PathBuf> },
    /// `percent` 0..=100 never falls; 100 precedes `Success`.
    Progress { id: u32, request_id: u64, time_sec: f64, percent: f32, stage: Stage },
    /// No byte came for `stalled_sec`; again every 2 s. The next `Progress` ends it.
    Stalled { id: u32, request_id: u64, time_sec: f64, stage: Stage, stalled_sec: f64 },
    /// The slot was empty, and can be played from now on while the rest is arriving: `ready_sec` are
    /// there. Should the load end without success, it is empty again.
    Playable { id: u32, request_id: u64, time_sec: f64, ready_sec: f64 },
    /// Terminal: the slot holds the sample, the control message is in the ring.
    Success {
        id: u32,
        request_id: u64,
        time_sec: f64,
        duration_sec: f64,
        frames: u64,
        channels: usize,
        /// The engine's rate, in Hz.
        sample_rate: u32,
        /// The file's rate, in Hz.
        source_rate: u32,
        warnings: Vec<LoadWarning>,
        /// From submit to success, in milliseconds.
        load_ms: f64,
        from_cache: bool,
        /// Where that time went.
        stage_times: StageTimes,
    },
    /// Terminal: what was in the slot before is still there.
    Error {
        id: u32,
        request_id: u64,
        time_sec: f64,
        error: LoadError,
        stage: Stage,
        path: Option<PathBuf>,
    },
    /// Terminal: as `Error`, on request.
    Cancelled { id: u32, request_id: u64, time_sec: f64, reason: CancelReason },
    /// One kind of what the request asked to be heard in its sample; `last` tells the last of
    /// them. Its failure is none of the load.
    Analysis {
        id: u32,
        request_id: u64,
        time_sec: f64,
        analysis: AnalysisKind,
        result: Result<Arc<AnalysisResult>, AnalysisFailure>,
        last: bool,
    },
    /// A sample left memory to keep the budget. `id` is the slot, `request_id` the load that had
    /// brought it there. `freed_bytes` are 0 for all but the last of the slots that shared it.
    Evicted { id: u32, request_id: u64, time_sec: f64, freed_bytes: u64 },
    /// The output device changed.
    Device { time_sec: f64, state: DeviceState, name: String },
}

impl LoaderEvent {
    /// The name of the event's row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Progress { .. } => "progress",
            Self::Stalled { .. } => "stalled",
            Self::Playable { .. } => "playable",
            Self::Success { .. } => "success",
            Self::Error { .. } => "error",
            Self::Cancelled { .. } => "cancelled",
            Self::Analysis { .. } => "analysis",
            Self::Evicted { .. } => "evicted",
            Self::Device { .. } => "device",
        }
    }

    /// The slot and the request it is about; None for `Device`.
    pub fn ids(&self) -> Option<(u32, u64)> {
        match *self {
            Self::Started { id, request_id, .. }
            | Self::Progress { id, request_id, .. }
            | Self::Stalled { id, request_id, .. }
            | Self::Playable { id, request_id, .. }
            | Self::Success { id, request_id, .. }
            | Self::Error { id, request_id, .. }
            | Self::Cancelled { id, request_id, .. }
            | Self::Analysis { id, request_id, .. }
            | Self::Evicted { id, request_id, .. } => Some((id, request_id)),
            Self::Device { .. } => None,
        }
    }

    /// The request it is about; None for `Device`.
    pub fn request_id(&self) -> Option<u64> {
        self.ids().map(|(_, request_id)| request_id)
    }

    /// Whether it is the last of its request.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Success { .. } | Self::Error { .. } | Self::Cancelled { .. })
    }

    /// Whether a later one of the same request replaces it.
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::Progress { .. })
    }

    /// What comes before a `success`: that the load is complete.
    pub(crate) fn complete(&self) -> Option<Self> {
        let Self::Success { id, request_id, time_sec, .. } = *self else { return None };
        let stage = Stage::Publishing;
        Some(Self::Progress { id, request_id, time_sec, percent: 100.0, stage })
    }

    /// Why nothing comes of the analyses that the request asked for, if it has ended without a
    /// sample.
    pub(crate) fn precludes_analysis(&self) -> Option<AnalysisFailure> {
        match self {
            Self::Error { error, .. } => Some(AnalysisFailure::Load(error.clone())),
            Self::Cancelled { reason, .. } => Some(AnalysisFailure::Cancelled(*reason)),
            _ => None,
        }
    }

    /// Puts the event at `earliest_sec` if it says that it was before; gives its time.
    pub(crate) fn not_before(&mut self, earliest_sec: f64) -> f64 {
        match self {
            Self::Started { time_sec, .. }
            | Self::Progress { time_sec, .. }
            | Self::Stalled { time_sec, .. }
            | Self::Playable { time_sec, .. }
            | Self::Success { time_sec, .. }
            | Self::Error { time_sec, .. }
            | Self::Cancelled { time_sec, .. }
            | Self::Analysis { time_sec, .. }
            | Self::Evicted { time_sec, .. }
            | Self::Device { time_sec, .. } => {
                *time_sec = time_sec.max(earliest_sec);
                *time_sec
            }
        }
    }

    /// Seconds since the engine's `run()`. Never less than those of the event before.
    pub fn time_sec(&self) -> f64 {
        match *self {
            Self::Started { time_sec, .. }
            | Self::Progress { time_sec, .. }
            | Self::Stalled { time_sec, .. }
            | Self::Playable { time_sec, .. }
            | Self::Success { time_sec, .. }
            | Self::Error { time_sec, .. }
            | Self::Cancelled { time_sec, .. }
            | Self::Analysis { time_sec, .. }
            | Self::Evicted { time_sec, .. }
            | Self::Device { time_sec, .. } => time_sec,
        }
    }
}
