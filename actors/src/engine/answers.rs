//! Answers of the engine's calls.

use hotcue::CacheStats;
use hotcue::playback::{CallbackLoad, Level, VoiceState};

/// Where the audio stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Frames rendered since `run()`.
    pub frame: u64,
    /// Seconds since `run()`, the clock of the events.
    pub time_sec: f64,
    /// The engine's rate in Hz.
    pub sample_rate: u32,
    /// From the callback to the ear, as far as the output knows, and through the limiter.
    pub latency_sec: f64,
}

/// Figures about a running engine; all zero when it does not run, but for events and cache.
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
    /// Requests for which something is still to be heard in their samples.
    pub analyses: usize,
    /// Samples in their slots that are still to be put into the cache.
    pub stores: usize,
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
    /// Plays that are under way, from the call on: waiting, sounding, paused or fading.
    pub voices: u32,
    /// The most voices there ever were.
    pub most_voices: u32,
    /// Voices that play a stream, those included that have just ended.
    pub stream_voices: usize,
    /// Times a voice had to wait for what was not decoded yet.
    pub underruns: u64,
    /// Times the callback ran.
    pub callbacks: u64,
    /// What share of its time the callback has worked.
    pub callback_load: CallbackLoad,
    /// Times the device ran dry.
    pub xruns: u64,
    /// Playback events lost: in the callback's ring, in this run, or left out because nobody polled,
    /// in all runs.
    pub dropped_playback_events: u64,
    /// Changes to come that found no room in the callback; where a call can tell, it fails instead.
    pub dropped_changes: u64,
    /// Panics caught in the callback; each gave a block of silence.
    pub callback_panics: u64,
    /// The id of the output that plays.
    pub output: String,
    /// What the cache was good for, in all runs of the engine.
    pub cache: CacheStats,
}

/// How loud the output and its buses are, channel by channel, in the last turn of the meters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meters {
    /// What leaves: all buses, at the master volume, behind the limiter.
    pub master: Vec<Level>,
    /// Each bus, at its volume.
    pub buses: Vec<Vec<Level>>,
    /// The least gain that the limiter applied; 1.0: it did not.
    pub limiter_gain: f32,
}

/// Where a voice is in its sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoicePosition {
    /// Which voice.
    pub voice: u64,
    /// Its slot.
    pub id: u32,
    /// Where in its sample it plays on, in seconds.
    pub position_sec: f64,
    /// What it does.
    pub state: VoiceState,
    /// The frame of the engine's clock that this is of; one for all voices.
    pub frame: u64,
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
