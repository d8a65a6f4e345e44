//! The receipt of a load: what `hotcue.LoadTicket`, an `int`, keeps inside.

use std::sync::Arc;

use hotcue_actors::{AnalysisAnswer, LoadFailure, LoadTicket};
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::analysis;
use crate::errors::{analysis_failure, guarded, load_failure};
use crate::fork::{Held, Home};
use crate::sample::Sample;
use crate::waiting::Patience;
use crate::wakeups::{Wakeups, Watch};

/// A view of one request's own state.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Ticket {
    ticket: Held<LoadTicket>,
}

impl Ticket {
    pub(crate) fn new(ticket: LoadTicket, home: Home) -> Self {
        Self { ticket: Held::new(ticket, home) }
    }
}

/// What a load came to, as Python has it.
pub(crate) fn outcome(
    py: Python<'_>,
    ticket: &LoadTicket,
    ended: Result<Arc<hotcue_actors::Sample>, LoadFailure>,
) -> PyResult<Sample> {
    match ended {
        Ok(sample) => Ok(Sample::new(sample, ticket.id(), ticket.path())),
        Err(failure) => Err(load_failure(py, failure, ticket)),
    }
}

/// The answers to what was asked for of a load, as Python has them: what was heard, by kind.
pub(crate) fn heard<'py>(
    py: Python<'py>,
    ticket: &LoadTicket,
    answers: Vec<AnalysisAnswer>,
) -> PyResult<Bound<'py, PyDict>> {
    // Nobody answers for a load that nothing was asked of.
    if let Some(failure) = ticket.failure().filter(|_| answers.is_empty()) {
        return Err(load_failure(py, failure, ticket));
    }
    let heard: Result<Vec<_>, _> = answers
        .into_iter()
        .map(|(kind, answer)| answer.map_err(|failure| (kind, failure)))
        .collect();
    match heard {
        Ok(heard) => analysis::results(py, &heard),
        Err((kind, failure)) => Err(analysis_failure(py, kind, failure, ticket)),
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
            self.ticket.home().check()?;
            let (id, path) = (self.ticket.id(), self.ticket.path());
            Ok(self.ticket.sample().map(|sample| Sample::new(sample, id, path)))
        })
    }

    fn cancel(&self, py: Python<'_>) -> PyResult<bool> {
        guarded(py, || {
            self.ticket.home().check()?;
            Ok(self.ticket.cancel())
        })
    }

    fn result(&self, py: Python<'_>, timeout: &Bound<'_, PyAny>) -> PyResult<Sample> {
        guarded(py, || {
            self.ticket.home().check()?;
            let patience = Patience::of(timeout)?;
            // Between two slices nobody waits; the sample is kept for us all the same.
            let _waiter = self.ticket.waiting();
            match patience.wait(py, |slice| self.ticket.wait(Some(slice)))? {
                Some(ended) => outcome(py, &self.ticket, ended),
                None => Err(PyTimeoutError::new_err("the load has not ended yet")),
            }
        })
    }

    /// What was heard, by kind, once each that was asked for has its answer.
    fn analysis_result<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || {
            self.ticket.home().check()?;
            let patience = Patience::of(timeout)?;
            match patience.wait(py, |slice| self.ticket.wait_analyses(Some(slice)))? {
                Some(answers) => heard(py, &self.ticket, answers),
                None => Err(PyTimeoutError::new_err("not all was heard yet")),
            }
        })
    }

    /// Cancels the load of somebody who waits no more; in a forked child there is nothing to cancel.
    fn abandon(&self) {
        if self.ticket.home().is_here() {
            self.ticket.cancel();
        }
    }

    /// Puts `number` into `wakeups` once the load has ended, unless the answer is dropped before;
    /// while it is kept, so is the sample. None if the load has ended already.
    fn watch(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        self.ticket.home().check()?;
        let waiting = self.ticket.wake(&wakeups.waker(number));
        Ok(waiting.map(|waiting| Watch::new(waiting, self.ticket.home())))
    }

    /// The same, once each kind that was asked for has its answer.
    fn watch_analysis(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        self.ticket.home().check()?;
        let waiting = self.ticket.wake_analyses(&wakeups.waker(number));
        Ok(waiting.map(|waiting| Watch::new(waiting, self.ticket.home())))
    }
}
