//! Keeps a device that runs far ahead of time from taking the mix with it.

use std::time::{Duration, Instant};

/// Faster than this no device runs that has a clock.
const MAX_SPEED: f64 = 1.25;
/// Frames that may come at once, beside what a device asks for in four callbacks: PulseAudio takes
/// up to two seconds in advance.
const ADVANCE: Duration = Duration::from_secs(2);
/// What a device has left out, it cannot make up for later than this.
const WINDOW: Duration = Duration::from_secs(10);

/// Counts frames against time, in windows.
#[derive(Debug)]
pub(super) struct Governor {
    sample_rate: u32,
    began: Option<Instant>,
    frames: u64,
}

impl Governor {
    pub(super) fn new(sample_rate: u32) -> Self {
        Self { sample_rate, began: None, frames: 0 }
    }

    /// Counts a callback of `frames` frames; false if it comes too soon. Realtime-safe.
    pub(super) fn admits(&mut self, frames: usize, now: Instant) -> bool {
        let mut elapsed = now.saturating_duration_since(*self.began.get_or_insert(now));
        if elapsed > WINDOW {
            self.began = Some(now);
            self.frames = 0;
            elapsed = Duration::ZERO;
        }
        self.frames += frames as u64;
        let due = elapsed.as_secs_f64() * MAX_SPEED + ADVANCE.as_secs_f64();
        self.frames as f64 <= due * f64::from(self.sample_rate) + 4.0 * frames as f64
    }
}
