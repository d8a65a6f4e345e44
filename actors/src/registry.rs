//! Which files are being decoded or in memory: who asks for one of them shares it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hotcue::SourceIdentity;

use crate::job::Job;
use crate::table::{Delivery, Resident, Trace};

/// Fewer entries than this are not worth clearing.
const MIN_ENTRIES: usize = 256;

/// Files by identity. One per engine, whose rate and limits all its loads share.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    files: HashMap<SourceIdentity, Entry>,
    /// The size at which what is gone is cleared out next.
    clear_at: usize,
}

#[derive(Debug)]
enum Entry {
    Running(Weak<Job>),
    Ready(Trace),
}

/// What a decoder that has just opened a file is to do.
pub(crate) enum Claim {
    /// Go on: nobody else has it.
    New,
    /// Give its requests to the job that decodes this file already.
    Join(Arc<Job>),
    /// It is in memory.
    Cached(Delivery),
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers `job` as the one that decodes this file, unless there is one that goes on, or it
    /// is in memory.
    pub(crate) fn claim(&self, file: SourceIdentity, job: &Arc<Job>) -> Claim {
        let mut inner = self.lock();
        match inner.files.get_mut(&file) {
            Some(Entry::Running(running)) => {
                // Nobody is to wait with one that hangs. Should it come back, it has its own requests.
                if let Some(running) = running.upgrade()
                    && !Arc::ptr_eq(&running, job)
                    && !running.has_stalled()
                {
                    return Claim::Join(running);
                }
            }
            Some(Entry::Ready(trace)) => {
                if let Some(delivery) = trace.follow() {
                    return Claim::Cached(delivery);
                }
            }
            None => {}
        }
        inner.files.insert(file, Entry::Running(Arc::downgrade(job)));
        inner.clear();
        Claim::New
    }

    /// The file is in memory now. To be called before the job is closed: who comes in between
    /// finds either the job or the sample.
    pub(crate) fn finished(&self, file: SourceIdentity, job: &Arc<Job>, resident: &Arc<Resident>) {
        let mut inner = self.lock();
        if inner.is_of(file, job)
            && let Some(trace) = Trace::of(resident)
        {
            inner.files.insert(file, Entry::Ready(trace));
        }
    }

    /// The job came to nothing. To be called before it is closed.
    pub(crate) fn forget(&self, file: SourceIdentity, job: &Arc<Job>) {
        let mut inner = self.lock();
        if inner.is_of(file, job) {
            inner.files.remove(&file);
        }
    }
}

impl Inner {
    fn is_of(&self, file: SourceIdentity, job: &Arc<Job>) -> bool {
        matches!(self.files.get(&file), Some(Entry::Running(running))
            if std::ptr::eq(running.as_ptr(), Arc::as_ptr(job)))
    }

    /// Takes out what is gone, each time the map has doubled.
    fn clear(&mut self) {
        if self.files.len() < self.clear_at.max(MIN_ENTRIES) {
            return;
        }
        self.files.retain(|_, entry| match entry {
            Entry::Running(job) => job.strong_count() > 0,
            Entry::Ready(trace) => trace.is_warm(),
        });
        self.clear_at = 2 * self.files.len();
    }
}
