//! What an engine can be asked for.

use std::path::PathBuf;
use std::thread;

use hotcue::{MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};

use crate::error::ConfigError;

/// Most slots an engine can have.
pub const MAX_SLOTS: usize = 1 << 20;
/// Most decoder threads.
pub const MAX_WORKERS: usize = 256;
/// Most voices at once.
pub const MAX_VOICES: usize = 4_096;

/// What an engine is asked for. Checked by `AudioEngine::new`, which opens nothing.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// `"auto"`, `"default"`, `"null"`, `"offline"`, or the id of a device.
    pub output: String,
    /// The engine's rate in Hz, also of every loaded sample. None takes the device's, 48,000 on
    /// `null` and `offline`.
    pub sample_rate: Option<u32>,
    /// Frames per callback to ask the device for; None takes its default.
    pub buffer_frames: Option<u32>,
    /// Slot ids are `0..slots`.
    pub slots: usize,
    /// Decoder threads; None takes the number of cores.
    pub workers: Option<usize>,
    /// Most bytes of one decoded sample; None, and what is more, is three quarters of the memory.
    pub max_sample_bytes: Option<u64>,
    /// Most bytes of decoded samples in memory, of loads in flight as of finished ones; None sets
    /// no limit. Samples that were used least recently leave for others; for the moment until they are
    /// freed there may be one sample more than this.
    pub memory_budget: Option<u64>,
    /// Most requests that wait for a decoder.
    pub max_queued: usize,
    /// Most voices that sound at once.
    pub max_voices: usize,
    /// Whether the limiter is on from the start. Off: a play is to the bit what is in its sample,
    /// on its frame, and the mix may leave full scale.
    pub limiter: bool,
    /// Turns of the meters a second, 1..=1000: each shows the levels since the last one.
    pub meter_rate_hz: u32,
    /// How far the nice value of the threads that load lies above that of the thread that calls
    /// `run`, so that they give way to it; 0 to 19, without effect but on Linux.
    pub worker_nice: i32,
    /// Where decoded audio and results of analyses are kept for the next time, by any number of
    /// engines and processes; made if it is not there. None keeps nothing.
    pub cache_dir: Option<PathBuf>,
    /// Whether decoded audio is. It takes many times the room of the results.
    pub cache_audio: bool,
    /// Most bytes that it holds; see [`Cache`](hotcue::Cache).
    pub cache_bytes: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            output: "auto".to_owned(),
            sample_rate: None,
            buffer_frames: None,
            slots: 1_024,
            workers: None,
            max_sample_bytes: None,
            memory_budget: None,
            max_queued: 1_000_000,
            max_voices: 128,
            limiter: false,
            meter_rate_hz: 60,
            worker_nice: 5,
            cache_dir: None,
            cache_audio: true,
            cache_bytes: 4 << 30,
        }
    }
}

impl EngineConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let checks = [
            (!self.output.is_empty(), "output is empty"),
            (
                self.sample_rate.is_none_or(|r| (MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&r)),
                "sample_rate out of range",
            ),
            (
                self.buffer_frames.is_none_or(|frames| (1..=1 << 16).contains(&frames)),
                "buffer_frames out of range",
            ),
            ((1..=MAX_SLOTS).contains(&self.slots), "slots out of range"),
            (self.workers.is_none_or(|n| (1..=MAX_WORKERS).contains(&n)), "workers out of range"),
            (self.max_sample_bytes != Some(0), "max_sample_bytes out of range"),
            (self.memory_budget != Some(0), "memory_budget out of range"),
            (self.max_queued > 0, "max_queued out of range"),
            ((1..=MAX_VOICES).contains(&self.max_voices), "max_voices out of range"),
            ((1..=1_000).contains(&self.meter_rate_hz), "meter_rate_hz out of range"),
            ((0..=19).contains(&self.worker_nice), "worker_nice out of range"),
            (
                self.cache_dir.as_ref().is_none_or(|dir| !dir.as_os_str().is_empty()),
                "cache_dir is empty",
            ),
            (self.cache_bytes > 0, "cache_bytes out of range"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, problem)) => Err(ConfigError((*problem).to_owned())),
            None => Ok(()),
        }
    }

    pub(crate) fn worker_count(&self) -> usize {
        self.workers
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
            .min(MAX_WORKERS)
    }
}
