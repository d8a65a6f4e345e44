//! What the caller holds of a load.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use hotcue::analysis::{AnalysisKind, AnalysisResult};
use hotcue::{LoadError, LoadErrorKind, Stage};

use super::LoadStatus;
use crate::bus::Publisher;
use crate::error::{AnalysisFailure, LoadFailure};
use crate::request::Request;
use crate::sample::Sample;
use crate::supervisor::{cancel, cancel_load};
use crate::table::Table;

/// What came of one kind of analysis.
pub type AnalysisAnswer = (AnalysisKind, Result<Arc<AnalysisResult>, AnalysisFailure>);

/// One accepted load. It reads the request's own state and takes no event from anybody; it stays
/// readable after the engine shut down.
#[derive(Clone, Debug)]
pub struct LoadTicket {
    request: Arc<Request>,
    table: Arc<Table>,
    publisher: Publisher,
}

impl LoadTicket {
    pub(super) fn new(request: Arc<Request>, table: Arc<Table>, publisher: Publisher) -> Self {
        Self { request, table, publisher }
    }

    /// Unique in the process.
    pub fn request_id(&self) -> u64 {
        self.request.id
    }

    /// The slot.
    pub fn id(&self) -> u32 {
        self.request.slot
    }

    /// 0..=100, never falls.
    pub fn percent(&self) -> f32 {
        self.request.percent()
    }

    /// Where the load is, or was when it ended.
    pub fn stage(&self) -> Stage {
        self.request.stage()
    }

    /// The sample, once it is there. With a memory budget the ticket does not keep it: None once
    /// it has left memory.
    pub fn sample(&self) -> Option<Arc<Sample>> {
        self.request.sample()
    }

    /// Ends the load, or what is still to be heard if that has succeeded. True means that its
    /// `cancelled` event follows, or `analysis` events that say so.
    pub fn cancel(&self) -> bool {
        cancel(&self.table, &self.publisher, self.request.id)
    }

    /// Ends the load only.
    pub(super) fn cancel_load(&self) -> bool {
        cancel_load(&self.table, &self.publisher, self.request.id)
    }

    /// Counts as somebody who waits for the end, until the answer is dropped: for those who look
    /// now and then instead of blocking. A sample that arrives meanwhile stays in memory for them.
    #[must_use = "dropped, nobody waits"]
    pub fn waiting(&self) -> LoadWaiter {
        self.request.begin_waiting();
        LoadWaiter { request: Arc::clone(&self.request), waker: None }
    }

    /// As [`waiting`](Self::waiting), and wakes `waker` once when the load has ended: then
    /// [`wait`](Self::wait) does not block. None if it has ended already.
    #[must_use = "dropped, it wakes nobody"]
    pub fn wake(&self, waker: &Waker) -> Option<LoadWaiter> {
        let waker = Some(self.request.begin_waking(waker)?);
        Some(LoadWaiter { request: Arc::clone(&self.request), waker })
    }

    /// Waits for the end in the calling thread. None when `timeout` passes first.
    ///
    /// # Errors
    /// How the load failed, or that it was cancelled. With a memory budget also
    /// `out_of_memory_budget` when it succeeded and the sample has left memory since; one that
    /// arrives during the call is there.
    pub fn wait(&self, timeout: Option<Duration>) -> Option<Result<Arc<Sample>, LoadFailure>> {
        let sample = self.request.wait(timeout)?;
        Some(sample.and_then(|sample| sample.ok_or_else(|| self.gone())))
    }

    /// The path that it loads from; None for content.
    pub fn path(&self) -> Option<PathBuf> {
        self.request.path()
    }

    /// Why the load failed or was cancelled; None while it has not ended, and once it has succeeded,
    /// whatever became of the sample since.
    pub fn failure(&self) -> Option<LoadFailure> {
        self.request.wait(Some(Duration::ZERO))?.err()
    }

    /// Waits in the calling thread until the load has ended and each kind that was asked for has its
    /// answer, and gives these in the order of [`AnalysisKind::ALL`]; none if nothing was asked for.
    /// None when `timeout` passes first.
    pub fn wait_analyses(&self, timeout: Option<Duration>) -> Option<Vec<AnalysisAnswer>> {
        // What is known already is answered just before the load ends.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.request.wait(timeout)?.ok();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.request.answers.wait(left)
    }

    /// Wakes `waker` once when [`wait_analyses`](Self::wait_analyses) does not block any more, unless
    /// the answer is dropped before. None if it is so already.
    #[must_use = "dropped, it wakes nobody"]
    pub fn wake_analyses(&self, waker: &Waker) -> Option<AnalysesWaiter> {
        // First: it is woken when both are there, and if they are by now, nobody wakes it any more.
        let waker = self.request.answers.begin_waking(waker);
        let waiter = AnalysesWaiter { request: Arc::clone(&self.request), waker };
        self.wait_analyses(Some(Duration::ZERO)).is_none().then_some(waiter)
    }

    /// What is said of a sample that is not in memory any more.
    fn gone(&self) -> LoadFailure {
        let error = LoadError::new(
            LoadErrorKind::OutOfMemoryBudget,
            "the sample has left memory; load it again",
        );
        let error = match self.request.path() {
            Some(path) => error.with_path(&path),
            None => error,
        };
        LoadFailure::Failed { error, stage: Stage::Publishing }
    }
}

/// Somebody waits for a load: see [`LoadTicket::waiting`] and [`LoadTicket::wake`].
#[derive(Debug)]
pub struct LoadWaiter {
    request: Arc<Request>,
    waker: Option<u64>,
}

impl Drop for LoadWaiter {
    fn drop(&mut self) {
        self.request.end_waiting(self.waker);
    }
}

/// Somebody waits for what is to be heard: see [`LoadTicket::wake_analyses`].
#[derive(Debug)]
pub struct AnalysesWaiter {
    request: Arc<Request>,
    waker: u64,
}

impl Drop for AnalysesWaiter {
    fn drop(&mut self) {
        self.request.answers.end_waking(self.waker);
    }
}

pub(super) fn status(request: &Request) -> LoadStatus {
    LoadStatus {
        id: request.slot,
        request_id: request.id,
        path: request.path(),
        stage: request.stage(),
        percent: request.percent(),
        age_sec: request.submitted.elapsed().as_secs_f64(),
    }
}
