//! Arguments and answers of the engine's calls.

use hotcue::playback::{Retrigger, VoiceParams};

use crate::error::EngineError;

/// What `play_sample` does for a slot that is empty while its load runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenLoading {
    /// Starts as soon as the sample is there. One play waits per slot, the latest.
    #[default]
    PlayWhenReady,
    /// Does nothing.
    Drop,
    /// Answers `EngineError::NotReady`.
    Raise,
}

/// How a sample is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayOptions {
    /// Linear gain, 0..=4.
    pub volume: f32,
    /// −1 (left) ..= 1 (right), constant power.
    pub pan: f32,
    /// Playback rate, −4..=4; negative plays backwards.
    pub speed: f32,
    /// Starts again at the end.
    pub looped: bool,
    /// Where in the sample to start, in seconds.
    pub start_sec: f64,
    /// Frame of the engine's clock to start at; None or one in the past: at once.
    pub at_frame: Option<u64>,
    /// What happens to voices of the slot that sound already.
    pub retrigger: Retrigger,
    /// What happens while the slot's first sample is still loading.
    pub when_loading: WhenLoading,
    /// How long a waiting play waits, in seconds.
    pub max_wait_sec: f64,
}

impl Default for PlayOptions {
    fn default() -> Self {
        Self {
            volume: 1.0,
            pan: 0.0,
            speed: 1.0,
            looped: false,
            start_sec: 0.0,
            at_frame: None,
            retrigger: Retrigger::default(),
            when_loading: WhenLoading::default(),
            max_wait_sec: 2.0,
        }
    }
}

/// Longest wait that is told from "for ever", in seconds.
const LONGEST_WAIT_SEC: f64 = 86_400.0;

impl PlayOptions {
    pub(super) fn check(&self) -> Result<(), EngineError> {
        check_volume(self.volume)?;
        check_pan(self.pan)?;
        check_speed(self.speed)?;
        check_position("start_sec", self.start_sec)?;
        check((0.0..=LONGEST_WAIT_SEC).contains(&self.max_wait_sec), "max_wait_sec")
    }

    pub(super) fn params(&self, start_frame: u64) -> VoiceParams {
        VoiceParams {
            volume: self.volume,
            pan: self.pan,
            speed: self.speed,
            looped: self.looped,
            start_frame,
            at_frame: self.at_frame,
            retrigger: self.retrigger,
        }
    }
}

/// Changes of a sounding voice; None leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VoiceChange {
    /// Linear gain, 0..=4.
    pub volume: Option<f32>,
    /// −1..=1.
    pub pan: Option<f32>,
    /// −4..=4.
    pub speed: Option<f32>,
    /// Whether it starts again at the end.
    pub looped: Option<bool>,
}

impl VoiceChange {
    pub(super) fn check(&self) -> Result<(), EngineError> {
        self.volume.map_or(Ok(()), check_volume)?;
        self.pan.map_or(Ok(()), check_pan)?;
        self.speed.map_or(Ok(()), check_speed)
    }
}

// A NaN is in no range, so these refuse it too.
fn check(holds: bool, name: &'static str) -> Result<(), EngineError> {
    if holds { Ok(()) } else { Err(EngineError::OutOfRange(name)) }
}

pub(super) fn check_volume(volume: f32) -> Result<(), EngineError> {
    check((0.0..=4.0).contains(&volume), "volume")
}

pub(super) fn check_pan(pan: f32) -> Result<(), EngineError> {
    check((-1.0..=1.0).contains(&pan), "pan")
}

pub(super) fn check_speed(speed: f32) -> Result<(), EngineError> {
    check((-4.0..=4.0).contains(&speed), "speed")
}

pub(super) fn check_position(name: &'static str, sec: f64) -> Result<(), EngineError> {
    check(sec >= 0.0 && sec.is_finite(), name)
}

pub(super) fn check_fade(sec: f64) -> Result<(), EngineError> {
    check((0.0..=60.0).contains(&sec), "fade_sec")
}

/// What is wanted at once.
pub(super) const HIGHEST_PRIORITY: i32 = 100;

pub(super) fn check_priority(priority: i32) -> Result<(), EngineError> {
    check((-100..=HIGHEST_PRIORITY).contains(&priority), "priority")
}

/// Where the audio stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Frames rendered since `run()`.
    pub frame: u64,
    /// Seconds since `run()`, the clock of the events.
    pub time_sec: f64,
    /// The engine's rate in Hz.
    pub sample_rate: u32,
    /// From the callback to the ear, as far as the output knows.
    pub latency_sec: f64,
}

/// Figures about a running engine; all zero when it does not run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineStats {
    /// Decoder threads.
    pub workers: usize,
    /// Decoders that were replaced because a read of theirs did not return.
    pub abandoned_workers: usize,
    /// Requests waiting for a decoder.
    pub queued: usize,
    /// Requests not ended yet, queued ones included.
    pub live: usize,
    /// Slots that hold a sample.
    pub samples: usize,
    /// Bytes of those samples; one that several slots share counts once.
    pub sample_bytes: u64,
    /// Bytes of loads in flight, and of samples that have left their slots without being freed:
    /// somebody holds them, a voice still plays them, or the callback has yet to let go.
    pub reserved_bytes: u64,
    /// What both together are to stay below, without samples that were pushed by hand.
    pub memory_budget: Option<u64>,
    /// Events waiting in the poll queue.
    pub unread_events: usize,
    /// Events left out because nobody polled; never a terminal one.
    pub dropped_events: u64,
    /// Voices sounding.
    pub voices: u32,
    /// Times the callback ran.
    pub callbacks: u64,
    /// Times the device ran dry.
    pub xruns: u64,
    /// Playback events lost in the callback's ring.
    pub dropped_playback_events: u64,
    /// Panics caught in the callback; each gave a block of silence.
    pub callback_panics: u64,
    /// The id of the output that plays.
    pub output: String,
}

/// Frames out of `render()`.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedAudio {
    /// Values per frame.
    pub channels: usize,
    /// Interleaved frames, −1..1 nominally, not clipped.
    pub samples: Vec<f32>,
}

/// One live request, for a UI to list.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadStatus {
    /// The slot.
    pub id: u32,
    /// The request.
    pub request_id: u64,
    /// The file; None for content from memory.
    pub path: Option<std::path::PathBuf>,
    /// Where it is.
    pub stage: hotcue::Stage,
    /// 0..=100.
    pub percent: f32,
    /// Since submit.
    pub age_sec: f64,
}
