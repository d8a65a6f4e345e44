//! A decoder that gets no jobs: it looks how large the files are that wait.

use std::sync::Arc;

use super::worker::Worker;
use crate::home::Home;
use crate::job::Job;
use crate::messages::Measure;

/// Looks at files that wait, beside the pool: they may lie where nothing answers, and no load that
/// goes on is to wait for that.
#[derive(Debug)]
pub(super) struct Scout {
    worker: Option<Worker>,
    /// It was sent, and has not answered.
    is_out: bool,
}

impl Scout {
    pub(super) fn new(worker: Worker) -> Self {
        Self { worker: Some(worker), is_out: false }
    }

    /// Whether it can be sent. Where nothing answers, it never can again; then files are not
    /// measured any more.
    pub(super) fn is_here(&self) -> bool {
        !self.is_out
    }

    /// Sends it to look at the files of `jobs`.
    pub(super) fn send(&mut self, jobs: Vec<Arc<Job>>) {
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
