//! What any thread may read about the audio callback.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Figures that the callback publishes. Reading never waits.
#[derive(Debug, Default)]
pub struct PlaybackShared {
    clock_frames: AtomicU64,
    callbacks: AtomicU64,
    voices: AtomicU32,
    dropped_events: AtomicU64,
    callback_panics: AtomicU64,
    peak_left: AtomicU32,
    peak_right: AtomicU32,
    /// Of each slot, how many of its plays are over.
    ended_plays: Box<[AtomicU32]>,
}

// Relaxed, where nothing else is said: each value stands alone, and nobody reads other memory on
// the strength of one of them.
impl PlaybackShared {
    /// Figures of a playback side with this many slots.
    pub(super) fn new(slots: usize) -> Self {
        Self { ended_plays: (0..slots).map(|_| AtomicU32::new(0)).collect(), ..Self::default() }
    }

    /// How many plays of a slot are over, one way or another, since the beginning: each adds one
    /// when its voice is gone, also if it never sounded and whether or not its event found room.
    /// Wraps around. 0 for a slot that does not exist.
    pub fn ended_plays(&self, slot: u32) -> u32 {
        // Acquire pairs with the release in `count_ended_play`: who finds a play over finds all
        // that the callback did with its voice done.
        self.ended_plays.get(slot as usize).map_or(0, |ended| ended.load(Ordering::Acquire))
    }

    /// The render clock: frames rendered so far. The next block starts at this frame.
    pub fn clock_frames(&self) -> u64 {
        self.clock_frames.load(Ordering::Relaxed)
    }

    /// Blocks rendered so far; command phases without frames do not count.
    pub fn callbacks(&self) -> u64 {
        self.callbacks.load(Ordering::Relaxed)
    }

    /// Voices at the end of the last block: sounding, paused, fading, and waiting for their frame.
    pub fn voices(&self) -> u32 {
        self.voices.load(Ordering::Relaxed)
    }

    /// Playback events lost because nobody polled them.
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.load(Ordering::Relaxed)
    }

    /// Blocks that became silence because the callback panicked.
    pub fn callback_panics(&self) -> u64 {
        self.callback_panics.load(Ordering::Relaxed)
    }

    /// The highest absolute value of the mix, left and right, since the last call.
    ///
    /// The sides are the output's first two channels; on a mono output both are its one.
    pub fn take_peak(&self) -> [f32; 2] {
        [&self.peak_left, &self.peak_right]
            .map(|peak| f32::from_bits(peak.swap(0, Ordering::Relaxed)))
    }

    pub(super) fn set_clock(&self, frames: u64) {
        self.clock_frames.store(frames, Ordering::Relaxed);
    }

    pub(super) fn count_callback(&self) {
        self.callbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_voices(&self, voices: u32) {
        self.voices.store(voices, Ordering::Relaxed);
    }

    pub(super) fn count_dropped_event(&self) {
        self.dropped_events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_ended_play(&self, slot: u32) {
        if let Some(ended) = self.ended_plays.get(slot as usize) {
            ended.fetch_add(1, Ordering::Release);
        }
    }

    pub(super) fn count_panic(&self) {
        self.callback_panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Raises the peaks. Both values are finite and not negative: then their bits order as they
    /// do.
    pub(super) fn raise_peak(&self, [left, right]: [f32; 2]) {
        self.peak_left.fetch_max(left.to_bits(), Ordering::Relaxed);
        self.peak_right.fetch_max(right.to_bits(), Ordering::Relaxed);
    }
}
