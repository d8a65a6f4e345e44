//! The receipt of a load: what `hotcue.LoadTicket`, an `int`, keeps inside.

use std::time::{Duration, Instant};

use hotcue_actors::LoadTicket;
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;

use crate::args;
use crate::errors::{guarded, load_failure};
use crate::fork::Home;
use crate::sample::Sample;

/// Longest wait between two looks at the signals: Ctrl-C must feel immediate.
const SIGNAL_PERIOD: Duration = Duration::from_millis(40);

/// A view of one request's own state.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Ticket {
    ticket: LoadTicket,
    home: Home,
}

impl Ticket {
    pub(crate) fn new(ticket: LoadTicket, home: Home) -> Self {
        Self { ticket, home }
    }
}

#[pymethods]
impl Ticket {
    #[getter]
    fn request_id(&self) -> u64 {
        self.ticket.request_id()
    }

    #[getter]
    fn id(&self) -> u32 {
        self.ticket.id()
    }

    #[getter]
    fn percent(&self) -> f32 {
        self.ticket.percent()
    }

    fn sample(&self, py: Python<'_>) -> PyResult<Option<Sample>> {
        guarded(py, || {
            self.home.check()?;
            Ok(self.ticket.sample().map(Sample::new))
        })
    }

    fn cancel(&self, py: Python<'_>) -> PyResult<bool> {
        guarded(py, || {
            self.home.check()?;
            Ok(self.ticket.cancel())
        })
    }

    fn result(&self, py: Python<'_>, timeout: &Bound<'_, PyAny>) -> PyResult<Sample> {
        guarded(py, || {
            self.home.check()?;
            // A deadline beyond what the clock can tell is none.
            let deadline =
                args::timeout(timeout)?.and_then(|wait| Instant::now().checked_add(wait));
            // Between two slices nobody waits; the sample is kept for us all the same.
            let _waiter = self.ticket.waiting();
            loop {
                let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
                let wait = left.map_or(SIGNAL_PERIOD, |left| left.min(SIGNAL_PERIOD));
                match py.detach(|| self.ticket.wait(Some(wait))) {
                    Some(Ok(sample)) => return Ok(Sample::new(sample)),
                    Some(Err(failure)) => return Err(load_failure(py, failure, &self.ticket)),
                    None if left.is_some_and(|left| left.is_zero()) => {
                        return Err(PyTimeoutError::new_err("the load has not ended yet"));
                    }
                    None => py.check_signals()?,
                }
            }
        })
    }
}
