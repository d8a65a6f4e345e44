//! A reader of its own: what `hotcue.EventStream` keeps inside.

use hotcue_actors::{PlaybackSubscription, Subscription as LoaderSubscription};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::guarded;
use crate::events::{loader_event, playback_event};
use crate::fork::{AtHome, Home};
use crate::wakeups::{Wakeups, Watch};

/// A queue of events beside those that are polled.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Subscription {
    events: AtHome<Events>,
}

/// Of what.
pub(crate) enum Events {
    Loads(LoaderSubscription),
    Playback(PlaybackSubscription),
}

impl Subscription {
    pub(crate) fn new(events: Events, home: Home) -> Self {
        Self { events: AtHome::new(events, home) }
    }
}

#[pymethods]
impl Subscription {
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(py, || {
            match self.events.get()? {
                Events::Loads(events) => events.poll().map(|event| loader_event(py, event)),
                Events::Playback(events) => events.poll().map(|event| playback_event(py, event)),
            }
            .transpose()
        })
    }

    /// Whether nothing is left, and nothing will come.
    fn is_finished(&self) -> PyResult<bool> {
        Ok(match self.events.get()? {
            Events::Loads(events) => events.is_finished(),
            Events::Playback(events) => events.is_finished(),
        })
    }

    /// Puts `number` into `wakeups` when there is something to poll, or nothing will come, unless
    /// the answer is dropped before. None if it is so already.
    fn watch(&self, wakeups: &Wakeups, number: u64) -> PyResult<Option<Watch>> {
        let waker = wakeups.waker(number);
        Ok(match self.events.get()? {
            Events::Loads(events) => {
                events.wake(&waker).map(|waits| Watch::new(waits, self.events.home()))
            }
            Events::Playback(events) => {
                events.wake(&waker).map(|waits| Watch::new(waits, self.events.home()))
            }
        })
    }

    fn dropped(&self) -> PyResult<u64> {
        Ok(match self.events.get()? {
            Events::Loads(events) => events.dropped(),
            Events::Playback(events) => events.dropped(),
        })
    }

    /// Nothing will come any more.
    fn end(&self) -> PyResult<()> {
        match self.events.get()? {
            Events::Loads(events) => events.end(),
            Events::Playback(events) => events.end(),
        }
        Ok(())
    }
}
