//! What the device reports, kept in atomics: its reports come in the audio thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use cpal::ErrorKind;

use super::super::{DeviceError, DeviceErrorKind, OutputStatus};
use super::thread::ThreadTime;

/// This many errors in a row without a block in between, and the stream is given up. Some
/// backends report the same failure thousands of times a second.
pub(super) const MAX_ERRORS_IN_A_ROW: u32 = 50;

/// Codes of the `lost` word.
const RUNNING: u32 = 0;
const NOT_AVAILABLE: u32 = 1;
const INVALIDATED: u32 = 2;
const FAILING: u32 = 3;
const FREE_RUNNING: u32 = 4;

/// The state of a running stream. Relaxed throughout: each value stands alone.
#[derive(Debug, Default)]
pub(super) struct Health {
    lost: AtomicU32,
    errors_in_a_row: AtomicU32,
    xruns: AtomicU64,
    frames: AtomicU64,
    latency_nanos: AtomicU64,
    pub(super) time: ThreadTime,
}

impl Health {
    /// Takes an error report. Realtime-safe.
    pub(super) fn report(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Xrun => {
                self.xruns.fetch_add(1, Ordering::Relaxed);
            }
            // The stream goes on.
            ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => self.lose(NOT_AVAILABLE),
            ErrorKind::StreamInvalidated => self.lose(INVALIDATED),
            _ => {
                let before = self.errors_in_a_row.fetch_add(1, Ordering::Relaxed);
                if before + 1 >= MAX_ERRORS_IN_A_ROW {
                    self.lose(FAILING);
                }
            }
        }
    }

    /// Notes that the device asks for far more than its rate. Realtime-safe.
    pub(super) fn report_free_running(&self) {
        self.lose(FREE_RUNNING);
    }

    /// Notes that a block was rendered, and how long until it sounds. Realtime-safe.
    pub(super) fn rendered(&self, frames: usize, latency: Duration) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.errors_in_a_row.store(0, Ordering::Relaxed);
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latency_nanos.store(nanos, Ordering::Relaxed);
    }

    pub(super) fn xruns(&self) -> u64 {
        self.xruns.load(Ordering::Relaxed)
    }

    /// Frames rendered so far.
    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_nanos(self.latency_nanos.load(Ordering::Relaxed))
    }

    pub(super) fn status(&self) -> OutputStatus {
        let (kind, message) = match self.lost.load(Ordering::Relaxed) {
            RUNNING => return OutputStatus::Running,
            NOT_AVAILABLE => (DeviceErrorKind::NotAvailable, "the device went away"),
            INVALIDATED => (DeviceErrorKind::Invalidated, "the device's configuration changed"),
            FREE_RUNNING => (DeviceErrorKind::Unsteady, "the device runs far too fast"),
            _ => (DeviceErrorKind::Invalidated, "the device reports one error after another"),
        };
        OutputStatus::Lost(DeviceError::new(kind, message))
    }

    /// The first cause stays.
    fn lose(&self, cause: u32) {
        let relaxed = Ordering::Relaxed;
        // An error means that a cause was there before.
        self.lost.compare_exchange(RUNNING, cause, relaxed, relaxed).ok();
    }
}

/// cpal's error in this crate's terms.
pub(super) fn device_error(error: &cpal::Error) -> DeviceError {
    let kind = match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => DeviceErrorKind::NotAvailable,
        ErrorKind::DeviceBusy => DeviceErrorKind::Busy,
        ErrorKind::PermissionDenied => DeviceErrorKind::PermissionDenied,
        ErrorKind::UnsupportedConfig
        | ErrorKind::UnsupportedOperation
        | ErrorKind::InvalidInput => DeviceErrorKind::UnsupportedConfig,
        ErrorKind::StreamInvalidated => DeviceErrorKind::Invalidated,
        _ => DeviceErrorKind::Other,
    };
    let general = match kind {
        DeviceErrorKind::NotAvailable => "there is no such device, or nothing is behind it",
        DeviceErrorKind::Busy => "something else uses the device",
        DeviceErrorKind::PermissionDenied => "this user may not use the device",
        DeviceErrorKind::UnsupportedConfig => "the device does not support what is asked",
        DeviceErrorKind::Invalidated => "the device's configuration changed",
        DeviceErrorKind::Unsteady => "the device keeps no time",
        DeviceErrorKind::Other => "the sound system reports an error of no known kind",
    };
    DeviceError::new(kind, error.message().map_or_else(|| general.to_owned(), clause))
}

/// As one lower-case clause: backends write sentences. Abbreviations keep their capitals.
fn clause(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut rest = message.chars();
    match (rest.next(), rest.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => message.to_owned(),
    }
}
