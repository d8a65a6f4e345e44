//! What the caller holds of a load.

use std::sync::Arc;
use std::time::Duration;

use hotcue::Stage;

use super::LoadStatus;
use crate::bus::Publisher;
use crate::error::LoadFailure;
use crate::events::CancelReason;
use crate::request::{Outcome, Request};
use crate::sample::Sample;
use crate::supervisor::cancel;
use crate::table::Table;

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

    /// The sample, once it is there.
    pub fn sample(&self) -> Option<Arc<Sample>> {
        match self.request.outcome() {
            Some(Outcome::Ready(sample)) => Some(sample),
            _ => None,
        }
    }

    /// Ends the load. True means that its `cancelled` event follows.
    pub fn cancel(&self) -> bool {
        cancel(&self.table, &self.publisher, self.request.id, CancelReason::User)
    }

    /// Waits for the end in the calling thread. None when `timeout` passes first.
    pub fn wait(&self, timeout: Option<Duration>) -> Option<Result<Arc<Sample>, LoadFailure>> {
        self.request.wait(timeout).map(|outcome| match outcome {
            Outcome::Ready(sample) => Ok(sample),
            Outcome::Failed { error, stage } => Err(LoadFailure::Failed { error, stage }),
            Outcome::Cancelled(reason) => Err(LoadFailure::Cancelled(reason)),
        })
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
