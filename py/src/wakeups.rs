//! How engine threads wake an event loop of Python's, which they must not call.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use hotcue_actors::Signal;
use pyo3::prelude::*;

use crate::args;
use crate::errors::guarded;
use crate::fork::{AtHome, Home};

/// Numbers that were woken, and not seen yet by their one event loop, which knows what waits under
/// each of them. It watches the descriptor, or a thread of Python's waits here.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Wakeups {
    inbox: Arc<Inbox>,
    home: Home,
}

#[derive(Default)]
struct Inbox {
    /// A leaf: nothing is called while it is held.
    woken: Mutex<Woken>,
    arrived: Condvar,
}

#[derive(Default)]
struct Woken {
    numbers: Vec<u64>,
    /// Raised while there are numbers, once somebody has asked for it.
    signal: Option<Signal>,
    ended: bool,
}

/// One number, to be put into its inbox.
struct Number {
    inbox: Arc<Inbox>,
    number: u64,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Woken> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Woken {
    fn take(&mut self) -> Vec<u64> {
        if let Some(signal) = &mut self.signal {
            signal.set(false);
        }
        mem::take(&mut self.numbers)
    }
}

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        let mut woken = self.inbox.lock();
        woken.numbers.push(self.number);
        if let Some(signal) = &mut woken.signal {
            signal.set(true);
        }
        self.inbox.arrived.notify_one();
    }
}

impl Wakeups {
    /// What puts `number` here.
    pub(crate) fn waker(&self, number: u64) -> Waker {
        Waker::from(Arc::new(Number { inbox: Arc::clone(&self.inbox), number }))
    }
}

#[pymethods]
impl Wakeups {
    #[new]
    fn new() -> Self {
        Self { inbox: Arc::default(), home: Home::here() }
    }

    /// A descriptor that is readable while numbers are here.
    fn fileno(&self) -> PyResult<i64> {
        self.home.check()?;
        let mut woken = self.inbox.lock();
        let mut signal = woken.signal.take().map_or_else(Signal::new, Ok)?;
        signal.set(!woken.numbers.is_empty());
        let descriptor = signal.descriptor();
        woken.signal = Some(signal);
        Ok(descriptor)
    }

    /// Takes what was woken.
    fn take(&self) -> PyResult<Vec<u64>> {
        self.home.check()?;
        Ok(self.inbox.lock().take())
    }

    /// Waits until something was woken, at most `timeout` seconds, and takes it. None once it was
    /// ended. Not for the main thread: it is deaf to signals.
    fn wait(&self, py: Python<'_>, timeout: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u64>>> {
        guarded(py, || {
            self.home.check()?;
            let timeout = args::timeout(timeout)?.unwrap_or(Duration::MAX);
            let inbox = &self.inbox;
            Ok(py.detach(|| {
                let nothing = |woken: &mut Woken| woken.numbers.is_empty() && !woken.ended;
                let waited = inbox.arrived.wait_timeout_while(inbox.lock(), timeout, nothing);
                let mut woken = waited.unwrap_or_else(PoisonError::into_inner).0;
                (!woken.ended).then(|| woken.take())
            }))
        })
    }

    /// Nobody waits here any more, from now on. In a forked child nobody does anyway.
    fn end(&self) {
        if self.home.is_here() {
            self.inbox.lock().ended = true;
            self.inbox.arrived.notify_all();
        }
    }
}

/// Somebody who is to be woken, for as long as this is kept.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Watch {
    _waiters: AtHome<Box<dyn Send + Sync>>,
}

impl Watch {
    /// `waiters` end the watch when they are dropped.
    pub(crate) fn new(waiters: impl Send + Sync + 'static, home: Home) -> Self {
        Self { _waiters: AtHome::new(Box::new(waiters), home) }
    }
}
