//! What any thread may know of the output.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hotcue::output::{Output, OutputInfo};

/// Written by the sink, read by anybody. Each value stands alone.
#[derive(Debug, Default)]
pub(crate) struct DeviceView {
    latency_bits: AtomicU64,
    /// Of outputs that are no more.
    past_xruns: AtomicU64,
    xruns: AtomicU64,
    info: Mutex<Option<OutputInfo>>,
}

impl DeviceView {
    pub(crate) fn latency_sec(&self) -> f64 {
        f64::from_bits(self.latency_bits.load(Ordering::Relaxed))
    }

    pub(crate) fn xruns(&self) -> u64 {
        self.past_xruns.load(Ordering::Relaxed) + self.xruns.load(Ordering::Relaxed)
    }

    pub(crate) fn info(&self) -> Option<OutputInfo> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows an output that has just started.
    pub(super) fn show(&self, output: &dyn Output) {
        *self.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(output.info().clone());
        let past = self.xruns.swap(0, Ordering::Relaxed);
        self.past_xruns.fetch_add(past, Ordering::Relaxed);
        self.update(output);
    }

    pub(super) fn update(&self, output: &dyn Output) {
        self.latency_bits.store(output.latency_sec().to_bits(), Ordering::Relaxed);
        self.xruns.store(output.xruns(), Ordering::Relaxed);
    }
}
