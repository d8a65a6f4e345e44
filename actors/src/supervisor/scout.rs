//! A decoder that gets no jobs: it looks how large the files are that wait.

use std::sync::Arc;

use super::worker::Worker;
use crate::home::Home;
use crate::job::Job;
use crate::messages::Measure;

/// Looks at files that wait, beside the pool: they may lie where nothing answers, and no load that
/// goes on is to wait for that. Started when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Scout {
    worker: Option<Worker>,
    /// It was sent, and has not answered.
    is_out: bool,
}

impl Scout {
    /// Whether it can be sent. Where nothing answers, it never can again; then files are not
    /// measured any more.
    pub(super) fn is_here(&self) -> bool {
        !self.is_out
    }

    /// Sends it to look at the files of `jobs`. Without a thread for it, `start` gives None, and
    /// their sizes stay unknown.
    pub(super) fn send(&mut self, jobs: Vec<Arc<Job>>, start: impl FnOnce() -> Option<Worker>) {
        if self.worker.is_none() {
            self.worker = start();
        }
        if let Some(worker) = &self.worker {
            self.is_out = true;
            worker.addr.do_send(Measure(jobs));
        }
    }

    /// It has answered.
    pub(super) fn is_back(&mut self) {
        self.is_out = false;
    }

    /// Its home, told to end.
    pub(super) fn stop(&mut self) -> Option<Home> {
        let worker = self.worker.take()?;
        worker.home.stop();
        Some(worker.home)
    }
}
