//! The receipt of many loads: what `hotcue.LoadBatch` keeps inside.

use hotcue_actors::LoadBatch;
use pyo3::prelude::*;

use crate::errors::guarded;
use crate::fork::Home;
use crate::ticket::Ticket;

/// Loads that were accepted together.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Batch {
    batch: LoadBatch,
    home: Home,
}

impl Batch {
    pub(crate) fn new(batch: LoadBatch, home: Home) -> Self {
        Self { batch, home }
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
}
