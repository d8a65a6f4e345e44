//! Sources of the caller's own, which are dropped where that harms nobody.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use hotcue::{ByteSource, ReadSeek, Source};

use crate::forks::{self, RunningEngine};

/// What waits to be dropped, of all engines.
static UNNEEDED: Mutex<Unneeded> =
    Mutex::new(Unneeded { sources: VecDeque::new(), is_attended: false });

struct Unneeded {
    sources: VecDeque<Arc<dyn ByteSource>>,
    /// A thread drops them, until there are none.
    is_attended: bool,
}

/// One that goes to a thread apart when nobody of the engine needs it any more: to drop it may take
/// long, may panic, or may end the engine, and whoever has it last may be any of its threads.
struct Kept {
    /// None once it has gone there.
    source: Option<Arc<dyn ByteSource>>,
    fork_generation: u32,
}

/// For every source that is accepted: the same, to be dropped anywhere.
pub(crate) fn kept(source: Source) -> Source {
    match source {
        Source::Custom(source) => {
            let (source, fork_generation) = (Some(source), forks::generation());
            Source::Custom(Arc::new(Kept { source, fork_generation }))
        }
        Source::Path(_) | Source::Memory(_) => source,
    }
}

impl ByteSource for Kept {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        match &self.source {
            Some(source) => source.open(),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn name(&self) -> &str {
        self.source.as_ref().map_or("", |source| source.name())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Some(source) = self.source.take() else { return };
        if self.fork_generation != forks::generation() {
            // The lock may have been taken in the parent, where that thread lives.
            return mem::forget(source);
        }
        // In a child that is forked meanwhile there is no such thread: no engine can run there.
        let running = RunningEngine::new();
        let mut unneeded = lock();
        unneeded.sources.push_back(source);
        let is_attended = mem::replace(&mut unneeded.is_attended, true);
        drop(unneeded);
        let attend = move || {
            attend();
            drop(running);
        };
        if !is_attended && thread::Builder::new().name("hotcue-drop".into()).spawn(attend).is_err()
        {
            self::attend();
        }
    }
}

/// Drops what there is.
fn attend() {
    while let Some(source) = next() {
        // Unwind safety: nobody sees what it has left half done. The panic hook has reported it.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(source))) {
            // Its own drop may panic, too.
            mem::forget(payload);
        }
    }
}

/// The next one to be dropped; without any, whoever comes with one looks for another thread.
fn next() -> Option<Arc<dyn ByteSource>> {
    let mut unneeded = lock();
    let source = unneeded.sources.pop_front();
    unneeded.is_attended = source.is_some();
    source
}

fn lock() -> MutexGuard<'static, Unneeded> {
    UNNEEDED.lock().unwrap_or_else(PoisonError::into_inner)
}
