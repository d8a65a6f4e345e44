//! The thread that a stream's callback runs in, in the system's books.
#![allow(unsafe_code, reason = "one system call that has no safe binding here")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Processor time of the callback's thread, and how much of that was rendering. Relaxed
/// throughout: each value stands alone.
#[derive(Debug, Default)]
pub(super) struct ThreadTime {
    /// 0 before the first callback and where there is no such number.
    thread: AtomicU64,
    rendering_nanos: AtomicU64,
}

impl ThreadTime {
    /// Says that this is the thread: for the first callback, before it renders. Asks the system
    /// for a number, which takes less than a microsecond and waits for nothing.
    pub(super) fn note_this_thread(&self) {
        #[cfg(target_os = "linux")]
        {
            // SAFETY: it has no arguments and touches no memory.
            let thread = unsafe { libc::gettid() };
            self.thread.store(u64::try_from(thread).unwrap_or(0), Ordering::Relaxed);
        }
    }

    /// Adds time that was spent rendering. Realtime-safe.
    pub(super) fn add_rendering(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.rendering_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What the thread has taken of a processor beside rendering. Reads a file that the kernel
    /// makes up on the spot; not for the callback.
    pub(super) fn idle_cpu(&self) -> Option<Duration> {
        let thread = self.thread.load(Ordering::Relaxed);
        if thread == 0 {
            return None;
        }
        // The first of three numbers: nanoseconds on a processor (Linux, Documentation/scheduler/
        // sched-stats.rst).
        let path = format!("/proc/self/task/{thread}/schedstat");
        let text = std::fs::read_to_string(path).ok()?;
        let total: u64 = text.split(' ').next()?.parse().ok()?;
        let rendering = self.rendering_nanos.load(Ordering::Relaxed);
        Some(Duration::from_nanos(total.saturating_sub(rendering)))
    }
}
