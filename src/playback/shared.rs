//! What any thread may read about the audio callback.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::bus::BUSES;
use super::load::{CallbackLoad, LoadCounter};
use super::meter::{Level, METERED_CHANNELS};
use super::playheads::{Playhead, PlayheadTable};

/// Figures that the callback publishes. Reading never waits, and takes nothing from other readers.
#[derive(Debug, Default)]
pub struct PlaybackShared {
    clock_frames: AtomicU64,
    callbacks: AtomicU64,
    voices: AtomicU32,
    most_voices: AtomicU32,
    underruns: AtomicU64,
    jumping_streams: AtomicU32,
    dropped_events: AtomicU64,
    dropped_changes: AtomicU64,
    callback_panics: AtomicU64,
    limiter_frames: AtomicU32,
    limiter_gain: AtomicU32,
    /// Of each slot, how many of its plays are over.
    ended_plays: Box<[AtomicU32]>,
    all_ended_plays: AtomicU32,
    playheads: PlayheadTable,
    /// Of the master, then of the buses.
    levels: Box<[[SharedLevel; METERED_CHANNELS]]>,
    load: LoadCounter,
}

/// The level of one channel, as bits.
#[derive(Debug, Default)]
struct SharedLevel {
    peak: AtomicU32,
    rms: AtomicU32,
}

// Relaxed, where nothing else is said: each value stands alone, and nobody reads other memory on
// the strength of one of them.
impl PlaybackShared {
    /// Figures of a playback side with this many slots and places for voices.
    pub(super) fn new(slots: usize, places: usize) -> Self {
        Self {
            limiter_gain: AtomicU32::new(1.0_f32.to_bits()),
            ended_plays: (0..slots).map(|_| AtomicU32::new(0)).collect(),
            playheads: PlayheadTable::new(places),
            levels: (0..=BUSES).map(|_| Default::default()).collect(),
            ..Self::default()
        }
    }

    /// How many plays of a slot are over, one way or another, since the beginning: each adds one
    /// when its voice is gone, also if it never sounded and whether or not its event found room.
    /// Wraps around. 0 for a slot that does not exist.
    pub fn ended_plays(&self, slot: u32) -> u32 {
        // Acquire pairs with the release in `count_ended_play`: who finds a play over finds all
        // that the callback did with its voice done.
        self.ended_plays.get(slot as usize).map_or(0, |ended| ended.load(Ordering::Acquire))
    }

    /// The same of all slots together.
    pub fn all_ended_plays(&self) -> u32 {
        self.all_ended_plays.load(Ordering::Acquire)
    }

    /// The render clock: frames rendered so far. The next block starts at this frame.
    pub fn clock_frames(&self) -> u64 {
        self.clock_frames.load(Ordering::Relaxed)
    }

    /// Callbacks so far: each is one block, at the rate of whoever asks for it. Command phases
    /// without frames do not count.
    pub fn callbacks(&self) -> u64 {
        self.callbacks.load(Ordering::Relaxed)
    }

    /// Voices at the end of the last block: sounding, paused, fading, and waiting for their frame.
    pub fn voices(&self) -> u32 {
        self.voices.load(Ordering::Relaxed)
    }

    /// The most voices there ever were at the end of a block.
    pub fn most_voices(&self) -> u32 {
        self.most_voices.load(Ordering::Relaxed)
    }

    /// How often a voice had to wait for frames that were not decoded yet.
    pub fn underruns(&self) -> u64 {
        self.underruns.load(Ordering::Relaxed)
    }

    /// Voices on streamed samples that fade before they jump, or will within a block: after which
    /// frame they do is not known before. What renders without a clock goes frame by frame as long as there are any, so that
    /// their feeds have what is needed there.
    pub fn jumping_streams(&self) -> u32 {
        self.jumping_streams.load(Ordering::Relaxed)
    }

    /// Playback events lost because nobody polled them.
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.load(Ordering::Relaxed)
    }

    /// Commands with a frame to come that were dropped, as [`MAX_CHANGES_AHEAD`] of them were to
    /// come already.
    ///
    /// [`MAX_CHANGES_AHEAD`]: super::MAX_CHANGES_AHEAD
    pub fn dropped_changes(&self) -> u64 {
        self.dropped_changes.load(Ordering::Relaxed)
    }

    /// Blocks that became silence because the callback panicked. The ends of the voices of a
    /// block that is counted can be polled.
    pub fn callback_panics(&self) -> u64 {
        self.callback_panics.load(Ordering::Acquire)
    }

    /// Frames by which the limiter delays the mix: 0 while it is off.
    pub fn limiter_frames(&self) -> u32 {
        self.limiter_frames.load(Ordering::Relaxed)
    }

    /// The least gain that the limiter applied in the last turn of the meters; 1 is untouched.
    pub fn limiter_gain(&self) -> f32 {
        f32::from_bits(self.limiter_gain.load(Ordering::Relaxed))
    }

    /// How loud the output was in the last turn of the meters, channel by channel.
    pub fn master_levels(&self) -> [Level; METERED_CHANNELS] {
        self.levels_at(0)
    }

    /// How loud a bus was in the last turn of the meters, channel by channel, at its volume.
    /// Silence for a bus that does not exist.
    pub fn bus_levels(&self, bus: usize) -> [Level; METERED_CHANNELS] {
        self.levels_at(bus.saturating_add(1))
    }

    fn levels_at(&self, index: usize) -> [Level; METERED_CHANNELS] {
        let Some(levels) = self.levels.get(index) else { return Default::default() };
        levels.each_ref().map(|level| Level {
            peak: f32::from_bits(level.peak.load(Ordering::Relaxed)),
            rms: f32::from_bits(level.rms.load(Ordering::Relaxed)),
        })
    }

    /// Where every voice is at the end of the last block, all at the same frame of the clock.
    pub fn playheads(&self) -> Vec<Playhead> {
        self.playheads.read()
    }

    /// What share of its time the callback has worked.
    pub fn load(&self) -> CallbackLoad {
        self.load.read()
    }

    pub(super) fn set_clock(&self, frames: u64) {
        self.clock_frames.store(frames, Ordering::Relaxed);
    }

    /// A block of `frames` frames took `worked`.
    pub(super) fn count_callback(&self, worked: Duration, frames: usize, sample_rate: u32) {
        self.callbacks.fetch_add(1, Ordering::Relaxed);
        self.load.count(worked, frames, sample_rate);
    }

    pub(super) fn set_voices(&self, voices: u32) {
        self.voices.store(voices, Ordering::Relaxed);
        self.most_voices.fetch_max(voices, Ordering::Relaxed);
    }

    pub(super) fn show_playheads(
        &self,
        clock_frame: u64,
        playheads: impl ExactSizeIterator<Item = Option<Playhead>>,
    ) {
        self.playheads.show(clock_frame, playheads);
    }

    pub(super) fn count_underrun(&self) {
        self.underruns.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_jumping_streams(&self, voices: u32) {
        self.jumping_streams.store(voices, Ordering::Relaxed);
    }

    pub(super) fn count_dropped_event(&self) {
        self.dropped_events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_dropped_change(&self) {
        self.dropped_changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_ended_play(&self, slot: u32) {
        if let Some(ended) = self.ended_plays.get(slot as usize) {
            ended.fetch_add(1, Ordering::Release);
            self.all_ended_plays.fetch_add(1, Ordering::Release);
        }
    }

    pub(super) fn count_panic(&self) {
        self.callback_panics.fetch_add(1, Ordering::Release);
    }

    pub(super) fn set_limiter_frames(&self, frames: usize) {
        self.limiter_frames.store(u32::try_from(frames).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(super) fn set_master_levels(&self, levels: &[Level; METERED_CHANNELS], gain: f32) {
        self.set_levels(0, levels);
        self.limiter_gain.store(gain.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn set_bus_levels(&self, bus: usize, levels: &[Level; METERED_CHANNELS]) {
        self.set_levels(bus + 1, levels);
    }

    fn set_levels(&self, index: usize, levels: &[Level; METERED_CHANNELS]) {
        for (shared, level) in self.levels[index].iter().zip(levels) {
            shared.peak.store(level.peak.to_bits(), Ordering::Relaxed);
            shared.rms.store(level.rms.to_bits(), Ordering::Relaxed);
        }
    }
}
