//! Looks for an output again and again, on a thread of its own: opening one may take a while.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hotcue::output::{self, DeviceError, OutputRequest, PreparedOutput};

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The device that an engine was asked to play on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Whatever is the default now.
    Default,
    /// One by its id.
    Id(String),
}

impl Target {
    pub(crate) fn prepare(
        &self,
        request: &OutputRequest,
    ) -> Result<Box<dyn PreparedOutput>, DeviceError> {
        match self {
            Self::Default => output::prepare_default(request),
            Self::Id(id) => output::prepare_device(id, request),
        }
    }
}

/// A search with exponential back-off. Dropping it ends the thread.
pub(crate) struct Finder {
    stop: Option<Sender<()>>,
    found: Receiver<Box<dyn PreparedOutput>>,
    thread: Option<JoinHandle<()>>,
}

impl Finder {
    pub(crate) fn start(target: Target, request: OutputRequest) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let (found_tx, found) = mpsc::channel();
        let thread = thread::Builder::new().name("hotcue-finder".into()).spawn(move || {
            let mut wait = FIRST_WAIT;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
                if let Ok(prepared) = target.prepare(&request) {
                    // The engine may have stopped while the device opened.
                    found_tx.send(prepared).ok();
                    return;
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        })?;
        Ok(Self { stop: Some(stop), found, thread: Some(thread) })
    }

    /// The output, once there is one.
    pub(crate) fn found(&self) -> Option<Box<dyn PreparedOutput>> {
        self.found.try_recv().ok()
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic while opening a device has been reported by the panic hook.
            thread.join().ok();
        }
    }
}
