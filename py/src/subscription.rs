//! A reader of its own: what `hotcue.EventStream` keeps inside.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::guarded;
use crate::events::loader_event;
use crate::fork::{AtHome, Home};
use crate::wakeups::{Wakeups, Watch};

/// A queue of events beside the poll queue.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Subscription {
    events: AtHome<hotcue_actors::Subscription>,
    home: Home,
}

impl Subscription {
    pub(crate) fn new(events: hotcue_actors::Subscription, home: Home) -> Self {
        Self { events: AtHome::new(events, home), home }
    }
}

#[pymethods]
impl Subscription {
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(py, || self.events.get()?.poll().map(|event| loader_event(py, event)).transpose())
    }

    /// Whether nothing is left, and nothing will come.
    fn is_finished(&self) -> PyResult<bool> {
        Ok(self.events.get()?.is_finished())
    }

    /// Puts `number` into `wakeups` when there is something to poll, or nothing will come, unless
    /// the answer is dropped before. None if it is so already.
    fn watch(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        let waiting = self.events.get()?.wake(&wakeups.waker(number));
        Ok(waiting.map(|waiting| Watch::new(waiting, self.home)))
    }

    fn dropped(&self) -> PyResult<u64> {
        Ok(self.events.get()?.dropped())
    }

    /// Nothing will come any more.
    fn end(&self) -> PyResult<()> {
        self.events.get()?.end();
        Ok(())
    }
}
