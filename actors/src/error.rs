//! What the engine refuses, and why.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

use hotcue::analysis::AnalysisError;
use hotcue::output::DeviceError;
use hotcue::{LoadError, Stage};
use thiserror::Error;

use crate::events::CancelReason;

/// A configuration that cannot work; nothing was opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

/// A load that was not accepted. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The slot is not in `0..slots`.
    #[error("id out of range")]
    IdOutOfRange,
    /// The priority is not in −100..=100.
    #[error("priority out of range")]
    PriorityOutOfRange,
    /// `max_queued` requests wait already.
    #[error("the load queue is full")]
    QueueFull,
    /// No id was given and every slot is taken.
    #[error("no free slot")]
    NoFreeSlot,
    /// The engine is shutting down, or what hands out its loads, or brings them to the output, has
    /// panicked.
    #[error("the engine is shut down")]
    Closed,
}

/// A call that was refused in the caller's thread. Nothing has changed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Outside `run()`…`shut_down()`.
    #[error("Audio engine not initialized")]
    NotInitialized,
    /// `run()` while it runs.
    #[error("Audio engine already running")]
    AlreadyRunning,
    /// A load that was not accepted.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// `WhenLoading::Raise`, and the slot's sample is not there yet.
    #[error("sample {0} is still loading")]
    NotReady(u32),
    /// There is nothing to analyse: the slot holds no finished sample.
    #[error("slot {0} holds no finished sample")]
    NoSample(u32),
    /// An argument outside its documented range, by name.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
    /// [`MAX_CHANGES_AHEAD`](hotcue::playback::MAX_CHANGES_AHEAD) changes with a frame of their own
    /// are still to come.
    #[error("{} changes are still to come", hotcue::playback::MAX_CHANGES_AHEAD)]
    TooManyChanges,
    /// The output could not be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// `render()` needs `output="offline"`.
    #[error("render() needs output=\"offline\"")]
    NotOffline,
    /// The cache's folder could not be made or listed.
    #[error("could not open the cache: {}: {error}", folder.display())]
    Cache {
        /// `EngineConfig::cache_dir`.
        folder: PathBuf,
        /// What the system says. No `source`: the message has it.
        error: Arc<io::Error>,
    },
    /// A thread could not be started. What the system says is no `source`: the message has it.
    #[error("could not start the engine's threads: {0}")]
    Threads(Arc<io::Error>),
    /// This is a forked child of the process that made the engine, or of one in which some engine
    /// ran: threads do not survive a fork, and what they waited in is left behind.
    #[error("no engine goes on in a forked child, nor can one run where its parent ran some")]
    Forked,
}

/// Why an analysis that was asked for has no result. The load is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum AnalysisFailure {
    /// There is no sample: the load failed.
    #[error("the load failed")]
    Load(#[source] LoadError),
    /// The load was cancelled, or the analysis was: by `cancel_load`, by an unload of its slot,
    /// by another sample in it, or by shutting down.
    #[error("cancelled: {}", .0.as_str())]
    Cancelled(CancelReason),
    /// The sample left memory to keep the budget.
    #[error("the sample left memory to keep the budget")]
    Evicted,
    /// The sample is streamed, and so never in memory as a whole.
    #[error("a streamed sample is not in memory")]
    Streamed,
    /// A waveform, which goes with its audio: that had left memory, and nobody had the result, when
    /// the event was read.
    #[error("the waveform left memory with its audio before anybody read the event")]
    Unread,
    /// A bug; the worker goes on.
    #[error("the analysis panicked: {0}")]
    Panicked(String),
    /// The core's reason.
    #[error(transparent)]
    Refused(#[from] AnalysisError),
}

impl AnalysisFailure {
    /// The name that events carry.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Load(error) => error.kind().as_str(),
            Self::Cancelled(reason) => reason.as_str(),
            Self::Evicted => "evicted",
            Self::Streamed => "streamed",
            Self::Unread => "unread",
            Self::Panicked(_) => "worker_panic",
            Self::Refused(error) => error.as_str(),
        }
    }

    /// What happened, and why.
    pub fn full_message(&self) -> String {
        match self {
            Self::Load(error) => format!("{self}: {}", error.full_message()),
            other => other.to_string(),
        }
    }
}

/// A request that ended without a sample.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoadFailure {
    /// The load failed. Says what `error` says, and has the source of that.
    Failed {
        /// Why.
        error: LoadError,
        /// Where it was.
        stage: Stage,
    },
    /// It was cancelled.
    Cancelled(CancelReason),
}

impl LoadFailure {
    /// Why nothing comes of the analyses that the request asked for.
    pub(crate) fn of_analyses(&self) -> AnalysisFailure {
        match self {
            Self::Failed { error, .. } => AnalysisFailure::Load(error.clone()),
            Self::Cancelled(reason) => AnalysisFailure::Cancelled(*reason),
        }
    }
}

impl fmt::Display for LoadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { error, .. } => error.fmt(f),
            Self::Cancelled(reason) => write!(f, "load cancelled: {}", reason.as_str()),
        }
    }
}

// Not derived: that can only have `error` itself as the source, whose message would come twice.
impl std::error::Error for LoadFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } => error.source(),
            Self::Cancelled(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io;

    use hotcue::LoadErrorKind;

    use super::*;

    /// Every message of a chain of errors.
    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |&error| error.source())
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn each_cause_of_a_failure_is_told_once() {
        let error = LoadError::new(LoadErrorKind::Io, "reading failed")
            .with_source(io::Error::other("the disk is gone"));
        let load = LoadFailure::Failed { error: error.clone(), stage: Stage::Reading };
        assert_eq!(chain(&load), ["reading failed", "the disk is gone"]);
        let analysis = AnalysisFailure::Load(error);
        assert_eq!(chain(&analysis), ["the load failed", "reading failed", "the disk is gone"]);
        let refused = EngineError::from(SubmitError::QueueFull);
        assert_eq!(chain(&refused), ["the load queue is full"]);
        let error = Arc::new(io::Error::other("the disk is gone"));
        let cache = EngineError::Cache { folder: "there".into(), error: Arc::clone(&error) };
        assert_eq!(chain(&cache), ["could not open the cache: there: the disk is gone"]);
        let threads = EngineError::Threads(error);
        assert_eq!(chain(&threads), ["could not start the engine's threads: the disk is gone"]);
        let cancelled = LoadFailure::Cancelled(CancelReason::User);
        assert_eq!(chain(&cancelled), ["load cancelled: user"]);
    }
}
