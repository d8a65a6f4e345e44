//! How a load gets in: from the engine's calls and from messages alike.

use std::sync::Arc;

use actix::Addr;
use hotcue::Source;

use crate::bus::Publisher;
use crate::error::{LoadFailure, SubmitError};
use crate::events::CancelReason;
use crate::job::{Job, Phase};
use crate::messages::{Reprioritised, Submit};
use crate::request::{Request, Wishes};
use crate::supervisor::LoaderSupervisor;
use crate::table::Table;

/// Accepts loads, from any thread. Never blocks, and never touches the disk.
#[derive(Clone, Debug)]
pub(crate) struct Loader {
    pub(crate) table: Arc<Table>,
    pub(crate) publisher: Publisher,
    pub(crate) supervisor: Addr<LoaderSupervisor>,
}

impl Loader {
    /// Accepts a load of slot `id`, or of the lowest free one. An older load of that slot ends
    /// here; if it is of the same path, the new one joins its job.
    ///
    /// # Errors
    /// Nothing has changed then.
    pub(crate) fn submit(
        &self,
        id: Option<u32>,
        source: Source,
        wishes: Wishes,
    ) -> Result<Arc<Request>, SubmitError> {
        let mut queued = None;
        let request = self.table.register(
            id,
            |slot| Request::with(slot, source, wishes),
            |older, request| queued = self.take_over(older, request),
        )?;
        match queued {
            Some(job) => self.supervisor.do_send(Submit(job)),
            None => self.reprioritised(&request),
        }
        Ok(request)
    }

    /// Accepts a load for each of `ids`, as `submit` does one after the other, or none of them;
    /// `make` creates the request at an index for its slot. `batch` is unique in the process.
    ///
    /// # Errors
    /// Nothing has changed then.
    pub(crate) fn submit_many(
        &self,
        ids: &[Option<u32>],
        batch: u64,
        make: impl FnMut(usize, u32) -> Arc<Request>,
    ) -> Result<Vec<Arc<Request>>, SubmitError> {
        self.table.register_many(ids, batch, make, |older, request| {
            match self.take_over(older, request) {
                Some(job) => self.supervisor.do_send(Submit(job)),
                None => self.reprioritised(request),
            }
        })
    }

    /// Ends `older` and finds `request` a job: the older one's, or a new one, which is returned.
    fn take_over(&self, older: Option<&Arc<Request>>, request: &Arc<Request>) -> Option<Arc<Job>> {
        let Some(older) = older else { return Some(Job::new(request)) };
        let same = older.source.path().filter(|path| request.source.path() == Some(path));
        let same = same.filter(|_| older.streams == request.streams);
        // Told before anything of the new request is, and while the job cannot end meanwhile.
        // Not one that hangs: the file may have come back to life, or be another one by now.
        let job = same.and_then(|_| older.job()).filter(|job| !job.has_stalled());
        let joined = job.is_some_and(|job| {
            job.join(request, |phase| {
                self.supersede(older);
                if phase == Phase::Running {
                    self.start(request);
                }
            })
        });
        if joined {
            return None;
        }
        self.supersede(older);
        Some(Job::new(request))
    }

    fn supersede(&self, older: &Arc<Request>) {
        let reason = CancelReason::Superseded;
        if self.table.end(older, Err(LoadFailure::Cancelled(reason)), || {}) {
            self.publisher.cancelled(older, reason);
        }
    }

    /// A decoder has its job already.
    fn start(&self, request: &Arc<Request>) {
        if self.table.start(request) {
            self.publisher.started(request);
        }
    }

    /// Changes the priority of a live request; false when it has ended.
    pub(crate) fn set_priority(&self, request_id: u64, priority: i32) -> bool {
        let live = self.table.request(request_id).filter(|request| request.is_live());
        if let Some(request) = &live {
            request.set_priority(priority);
            if let Some(job) = request.job() {
                job.reprioritised(request);
            }
            self.reprioritised(request);
        }
        live.is_some()
    }

    fn reprioritised(&self, request: &Request) {
        if let Some(job) = request.job() {
            self.supervisor.do_send(Reprioritised(job));
        }
    }
}
