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
    home: Home,
}

impl Batch {
    pub(crate) fn new(batch: LoadBatch, home: Home) -> Self {
        Self { batch: Held::new(batch, home), home }
    }
}

#[pymethods]
impl Batch {
    fn tickets(&self) -> Vec<Ticket> {
        let tickets = self.batch.tickets().iter();
        tickets.map(|ticket| Ticket::new(ticket.clone(), self.home)).collect()
    }

    /// `hotcue.BatchProgress`, in its order.
    fn progress(&self) -> (usize, usize, usize, usize, f64) {
        let progress = self.batch.progress();
        (progress.done, progress.failed, progress.cancelled, progress.total, progress.percent)
    }

    fn cancel(&self, py: Python<'_>) -> PyResult<usize> {
        guarded(py, || {
            self.home.check()?;
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
            self.home.check()?;
            let patience = Patience::of(timeout)?;
            let tickets = self.batch.tickets();
            // The first is to be there still when the last one ends.
            let _waiters: Vec<_> = tickets.iter().map(LoadTicket::waiting).collect();
            let outcomes = PyList::empty(py);
            for ticket in tickets {
                let ended = patience.wait(py, |slice| ticket.wait(Some(slice)))?;
                let ended = ended.ok_or_else(|| {
                    PyTimeoutError::new_err("not all loads of the batch have ended yet")
                })?;
                match outcome(py, ticket, ended) {
                    Ok(sample) => outcomes.append(sample)?,
                    Err(error) => outcomes.append(error.into_value(py))?,
                }
            }
            Ok(outcomes)
        })
    }

    /// What was heard of each load, by kind, or an exception, in order.
    fn analysis_result<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        guarded(py, || {
            self.home.check()?;
            let patience = Patience::of(timeout)?;
            let outcomes = PyList::empty(py);
            for ticket in self.batch.tickets() {
                let answers = patience.wait(py, |slice| ticket.wait_analyses(Some(slice)))?;
                let answers = answers
                    .ok_or_else(|| PyTimeoutError::new_err("not all of the batch was heard yet"))?;
                match heard(py, ticket, answers) {
                    Ok(heard) => outcomes.append(heard)?,
                    Err(error) => outcomes.append(error.into_value(py))?,
                }
            }
            Ok(outcomes)
        })
    }

    /// As that of a ticket.
    fn abandon(&self) {
        if self.home.is_here() {
            self.batch.cancel();
        }
    }

    /// As that of a ticket, once all loads have ended.
    fn watch(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        self.home.check()?;
        let waiting = self.batch.wake(&wakeups.waker(number));
        Ok(waiting.map(|waiting| Watch::new(waiting, self.home)))
    }
}
