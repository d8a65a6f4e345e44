//! Signs of life of a source, and the word to stop, for those who cannot reach its reader.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a load has had of its source so far. Readable from any thread, also while the load is
/// stuck inside a read.
///
/// ```
/// # use hotcue::Pulse;
/// let pulse = Pulse::default();
/// pulse.beat(4096);
/// assert_eq!((pulse.bytes(), pulse.beats()), (4096, 1));
/// ```
#[derive(Debug, Default)]
pub struct Pulse {
    bytes: AtomicU64,
    beats: AtomicU64,
    waits: AtomicBool,
    stopped: AtomicBool,
}

impl Pulse {
    /// Bytes that were read, all in all: what is read twice counts twice.
    pub fn bytes(&self) -> u64 {
        // Relaxed here and below: figures to look at; nothing is published through them.
        self.bytes.load(Ordering::Relaxed)
    }

    /// How often the source has answered: every opening, read and seek that came back well.
    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Counts one answer of the source, with `bytes` bytes.
    pub fn beat(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells whether the load is inside a call of its source from now on.
    pub fn set_waiting(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Whether the load is inside a call of its source, for however long; a load that is silent
    /// without that has lost its way in its own work.
    pub fn is_waiting(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Has the load end at its next read: for one that nobody wants any more, whose step may take
    /// long. What comes of it is an `io` error.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the load is to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
