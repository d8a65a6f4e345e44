//! Waiting in the caller's thread: with the GIL released, and never deaf to Ctrl-C.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::args;
use crate::calls::{SIGNAL_PERIOD, check_signals};

/// For how long a caller waits.
pub(crate) struct Patience {
    /// None: for ever.
    deadline: Option<Instant>,
}

impl Patience {
    /// From now on, as `timeout` says: None for ever, not at all for anything negative.
    ///
    /// # Errors
    /// `ValueError` for NaN, `TypeError` for what is no number.
    pub(crate) fn of(timeout: &Bound<'_, PyAny>) -> PyResult<Self> {
        // A deadline beyond what the clock can tell is none.
        let deadline = args::timeout(timeout)?.and_then(|wait| Instant::now().checked_add(wait));
        Ok(Self { deadline })
    }

    /// Waits for what `wait` waits for, for as long as that is told to: without the GIL, but for a
    /// first look. None at the deadline.
    ///
    /// # Errors
    /// What a signal handler raised.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        wait: impl Fn(Duration) -> Option<T> + Sync,
    ) -> PyResult<Option<T>> {
        let mut found = wait(Duration::ZERO);
        while found.is_none() {
            let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            let slice = left.map_or(SIGNAL_PERIOD, |left| left.min(SIGNAL_PERIOD));
            found = py.detach(|| wait(slice));
            if found.is_none() {
                check_signals(py)?;
            }
        }
        Ok(found)
    }
}
