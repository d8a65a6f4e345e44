//! Looks for an output on a thread of its own: opening one may take a while.

#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hotcue::output::{DeviceError, PreparedOutput};

/// How long dropping a search waits for its thread.
const PATIENCE: Duration = Duration::from_millis(20);
/// The wait between two tries doubles up to this.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A search. Dropping it ends the thread, which is left behind if it is inside a device that takes
/// its time to open: the sink must not wait for that.
pub(crate) struct Finder {
    stop: Option<Sender<()>>,
    found: Receiver<Box<dyn PreparedOutput>>,
    thread: Option<JoinHandle<()>>,
}

impl Finder {
    /// Calls `prepare` after `wait`, and again after twice as long and so on until it succeeds.
    pub(super) fn start(
        mut wait: Duration,
        prepare: impl Fn() -> Result<Box<dyn PreparedOutput>, DeviceError> + Send + 'static,
    ) -> io::Result<Self> {
        Self::spawn(move |stopped, found| {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
                if let Some(prepared) = tried(&prepare) {
                    // The engine may have stopped while the device opened.
                    found.send(prepared).ok();
                    return;
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        })
    }

    /// Calls `prepare` once.
    pub(super) fn try_once(
        prepare: impl FnOnce() -> Result<Box<dyn PreparedOutput>, DeviceError> + Send + 'static,
    ) -> io::Result<Self> {
        Self::spawn(move |_, found| {
            if let Some(prepared) = tried(prepare) {
                found.send(prepared).ok();
            }
        })
    }

    fn spawn(
        search: impl FnOnce(&Receiver<()>, &Sender<Box<dyn PreparedOutput>>) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let (found_tx, found) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("hotcue-finder".into())
            .spawn(move || search(&stopped, &found_tx))?;
        Ok(Self { stop: Some(stop), found, thread: Some(thread) })
    }

    /// The output, once there is one.
    ///
    /// # Errors
    /// `Empty` while it looks, `Disconnected` once nobody does any more.
    pub(crate) fn found(&self) -> Result<Box<dyn PreparedOutput>, TryRecvError> {
        self.found.try_recv()
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        drop(self.stop.take());
        let deadline = Instant::now() + PATIENCE;
        // The thread's end closes the channel. What it found meanwhile is dropped here.
        while self.found.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        if let Some(thread) = self.thread.take()
            && self.found.try_recv().is_err_and(|error| error == TryRecvError::Disconnected)
        {
            // No panic ends it; and should one, the hook has reported it.
            thread.join().ok();
        }
    }
}

/// What `prepare` finds. A panic, in what may be any sound system's library, is one more try that
/// came to nothing: the panic hook has reported it, and the search goes on.
fn tried(
    prepare: impl FnOnce() -> Result<Box<dyn PreparedOutput>, DeviceError>,
) -> Option<Box<dyn PreparedOutput>> {
    // Unwind safety: what `prepare` has is what to open, which no try changes.
    catch_unwind(AssertUnwindSafe(prepare)).ok()?.ok()
}
