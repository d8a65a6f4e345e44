//! The receipt of many loads: what `hotcue.LoadBatch` keeps inside.

use hotcue_actors::{LoadBatch, LoadTicket};
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::errors::guarded;
use crate::fork::{Held, Home};
use crate::ticket::{Ticket, heard, outcome};
use crate::waiting::Patience;
use crate::wakeups::{Wakeups, Watch};

/// Loads that were accepted together.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Batch {
    batch: Held<LoadBatch>,
}

impl Batch {
    pub(crate) fn new(batch: LoadBatch, home: Home) -> Self {
        Self { batch: Held::new(batch, home) }
    }
}

/// What each load has come to, in order: what `await_one` waits for, or the exception in its place.
///
/// # Errors
/// Where the waiting itself ends.
fn outcomes<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    tickets: &[LoadTicket],
    await_one: impl Fn(&LoadTicket) -> PyResult<PyResult<T>>,
) -> PyResult<Bound<'py, PyList>> {
    let outcomes = PyList::empty(py);
    for ticket in tickets {
        match await_one(ticket)? {
            Ok(outcome) => outcomes.append(outcome)?,
            Err(error) => outcomes.append(error.into_value(py))?,
        }
    }
    Ok(outcomes)
}

#[pymethods]
impl Batch {
    fn tickets(&self) -> Vec<Ticket> {
        let tickets = self.batch.tickets().iter();
        tickets.map(|ticket| Ticket::new(ticket.clone(), self.batch.home())).collect()
    }

    /// `hotcue.BatchProgress`, in its order.
    fn progress(&self) -> (usize, usize, usize, usize, f64) {
        let progress = self.batch.progress();
        (progress.done, progress.failed, progress.cancelled, progress.total, progress.percent)
    }

    fn cancel(&self, py: Python<'_>) -> PyResult<usize> {
        guarded(py, || {
            self.batch.home().check()?;
            // About a microsecond for each load of it.
            Ok(py.detach(|| self.batch.cancel()))
        })
    }

    /// A sample or an exception for each load, in order.
    fn result<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        guarded(py, || {
            self.batch.home().check()?;
            let patience = Patience::of(timeout)?;
            let tickets = self.batch.tickets();
            // The first is to be there still when the last one ends.
            let _waiters: Vec<_> = tickets.iter().map(LoadTicket::waiting).collect();
            outcomes(py, tickets, |ticket| {
                let ended = patience.wait(py, |slice| ticket.wait(Some(slice)))?;
                let ended = ended.ok_or_else(|| {
                    PyTimeoutError::new_err("not all loads of the batch have ended yet")
                })?;
                Ok(outcome(py, ticket, ended))
            })
        })
    }

    /// What was heard of each load, by kind, or an exception, in order.
    fn analysis_result<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        guarded(py, || {
            self.batch.home().check()?;
            let patience = Patience::of(timeout)?;
            outcomes(py, self.batch.tickets(), |ticket| {
                let answers = patience.wait(py, |slice| ticket.wait_analyses(Some(slice)))?;
                let answers = answers
                    .ok_or_else(|| PyTimeoutError::new_err("not all of the batch was heard yet"))?;
                Ok(heard(py, ticket, answers))
            })
        })
    }

    /// As that of a ticket.
    fn abandon(&self) {
        if self.batch.home().is_here() {
            self.batch.cancel();
        }
    }

    /// As that of a ticket, once all loads have ended.
    fn watch(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        self.batch.home().check()?;
        let waiting = self.batch.wake(&wakeups.waker(number));
        Ok(waiting.map(|waiting| Watch::new(waiting, self.batch.home())))
    }
}
