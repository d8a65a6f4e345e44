//! Forks: in which process an engine was made, and whether one can run in this one.
#![allow(unsafe_code, reason = "a libc call that std has no name for")]

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

// Relaxed, all of them: a child has one thread when they are written there.

/// How often this process came out of a fork.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// Engines of this process whose threads run.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// Some ran in a process when this one, or one that it comes from, was forked off it.
static LEFT_SOME: AtomicBool = AtomicBool::new(false);

/// A number that differs in a forked child; the same always where no process forks. No system call
/// after the first.
pub(crate) fn generation() -> u32 {
    #[cfg(unix)]
    {
        use std::sync::Once;

        static WATCH_FORKS: Once = Once::new();

        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::Relaxed);
            if RUNNING.swap(0, Ordering::Relaxed) > 0 {
                LEFT_SOME.store(true, Ordering::Relaxed);
            }
        }

        WATCH_FORKS.call_once(|| {
            // SAFETY: the handler only touches atomics, which is allowed in a forked child.
            // Failure (out of memory) leaves forks unnoticed, as without this call.
            unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        });
    }
    FORKS.load(Ordering::Relaxed)
}

/// Whether the threads of an engine can run in this process. Not where others ran when it was
/// forked: `parking_lot` keeps, in a list, where each thread waits, in the thread's own memory; in
/// the child no such thread is left, its memory goes to new ones, and one of these is never woken.
pub(crate) fn can_run() -> bool {
    !LEFT_SOME.load(Ordering::Relaxed)
}

/// Counts an engine whose threads run, until it is dropped.
#[derive(Debug)]
pub(crate) struct RunningEngine {
    generation: u32,
}

impl RunningEngine {
    pub(crate) fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Self { generation: generation() }
    }
}

impl Drop for RunningEngine {
    fn drop(&mut self) {
        // In a child none of them runs.
        if self.generation == generation() {
            RUNNING.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
