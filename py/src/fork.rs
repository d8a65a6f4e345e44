//! What a forked child may do: nothing. Threads do not survive a fork, and a lock that one of them
//! held stays locked for ever.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Forks between the first process and this one. No system call is needed to look.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Called by `os.register_at_fork` in the child, while it has one thread.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    // Relaxed: nothing is published with it; the child's only thread is this one.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// The process that something was made in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home(u32);

impl Home {
    /// This process.
    pub(crate) fn here() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether this is that process still.
    pub(crate) fn is_here(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }

    /// `RuntimeError` in a forked child.
    pub(crate) fn check(self) -> PyResult<()> {
        if self.is_here() { Ok(()) } else { Err(forked()) }
    }
}

/// What a forked child is told.
pub(crate) fn forked() -> PyErr {
    PyRuntimeError::new_err(
        "Audio engine belongs to the parent of this forked process, and none can run in the child \
         of one in which any ran: start processes with the \"spawn\" or \"forkserver\" method",
    )
}

/// What a forked child must not drop: that takes locks, or tells threads that are not there.
#[derive(Debug)]
pub(crate) struct AtHome<T> {
    /// There until the drop.
    value: Option<T>,
    home: Home,
}

impl<T> AtHome<T> {
    /// Of the process that `home` is.
    pub(crate) fn new(value: T, home: Home) -> Self {
        Self { value: Some(value), home }
    }

    /// The process that it was made in.
    pub(crate) fn home(&self) -> Home {
        self.home
    }

    /// The value, or `RuntimeError` in a forked child.
    pub(crate) fn get(&self) -> PyResult<&T> {
        self.home.check()?;
        Ok(self.value.as_ref().expect("it is there until the drop"))
    }
}

impl<T> Drop for AtHome<T> {
    fn drop(&mut self) {
        if !self.home.is_here() {
            std::mem::forget(self.value.take());
        }
    }
}

/// As [`AtHome`], of what a forked child may look at, too.
#[derive(Debug)]
pub(crate) struct Held<T>(AtHome<T>);

impl<T> Held<T> {
    /// Of the process that `home` is.
    pub(crate) fn new(value: T, home: Home) -> Self {
        Self(AtHome::new(value, home))
    }

    /// The process that it was made in.
    pub(crate) fn home(&self) -> Home {
        self.0.home()
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.value.as_ref().expect("it is there until the drop")
    }
}
