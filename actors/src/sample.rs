//! A finished sample, as callers hold it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotcue::{
    Cover, LoadError, LoadWarning, LoadedSample, Metadata, SampleBuffer, Source, StageTimings,
    read_cover,
};

/// One immutable piece of audio, not a slot: it stays valid and unchanged after its slot is
/// replaced or unloaded, and after the engine shut down.
#[derive(Debug)]
pub struct Sample {
    loaded: LoadedSample,
    path: Option<PathBuf>,
}

impl Sample {
    /// `path` instead of the source: content from memory is not to stay beside what became of it.
    pub(crate) fn new(loaded: LoadedSample, path: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { loaded, path })
    }

    /// The audio: planar `f32` at the engine's rate. To keep it, keep the sample: a sample that
    /// somebody holds is not evicted.
    pub fn buffer(&self) -> &SampleBuffer {
        &self.loaded.buffer
    }

    /// The audio, for the callback.
    pub(crate) fn shared_buffer(&self) -> &Arc<SampleBuffer> {
        &self.loaded.buffer
    }

    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.loaded.buffer.ready_frames()
    }

    /// Length in seconds.
    pub fn duration_sec(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate())
    }

    /// Channels, as many as the file's.
    pub fn channels(&self) -> usize {
        self.loaded.buffer.channels()
    }

    /// The engine's rate, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.loaded.buffer.sample_rate()
    }

    /// The file's rate, in Hz.
    pub fn source_rate(&self) -> u32 {
        self.loaded.source_rate
    }

    /// The container's short name, e.g. `"wav"`.
    pub fn container(&self) -> &str {
        &self.loaded.container
    }

    /// The codec's short name, e.g. `"pcm_s16le"`.
    pub fn codec(&self) -> &str {
        &self.loaded.codec
    }

    /// Bits per value in the file, where the codec has such a number.
    pub fn bits_per_sample(&self) -> Option<u32> {
        self.loaded.bits_per_sample
    }

    /// What was odd about the file.
    pub fn warnings(&self) -> &[LoadWarning] {
        &self.loaded.warnings
    }

    /// How long decoding it took, stage by stage.
    pub fn timings(&self) -> StageTimings {
        self.loaded.timings
    }

    /// What the file says beside its audio; None if that is nothing.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.loaded.metadata.as_deref()
    }

    /// The picture in the file, as the file is now; None if it has none. Content from memory has
    /// its picture kept, up to [`MAX_KEPT_COVER_BYTES`](hotcue::MAX_KEPT_COVER_BYTES).
    ///
    /// Opens and reads the file in the caller's thread, which may block: no engine thread is asked
    /// and none does this by itself, so that a slow disk delays nobody but who wants the picture.
    ///
    /// # Errors
    /// `not_found`, `permission_denied` and `io` of the file.
    pub fn cover(&self) -> Result<Option<Cover>, LoadError> {
        let Some(metadata) = self.metadata().filter(|metadata| metadata.has_cover) else {
            return Ok(None);
        };
        match (&metadata.kept_cover, &self.path) {
            (Some(cover), _) => Ok(Some(Cover::clone(cover))),
            (None, Some(path)) => read_cover(&Source::Path(path.clone())),
            (None, None) => Ok(None),
        }
    }

    /// The file; None for content from memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// A sample that no file stands behind.
    pub(crate) fn from_buffer(buffer: Arc<SampleBuffer>) -> Arc<Self> {
        let loaded = LoadedSample {
            source_rate: buffer.sample_rate(),
            buffer,
            container: "memory".to_owned(),
            codec: "pcm_f32".to_owned(),
            bits_per_sample: Some(32),
            warnings: Vec::new(),
            metadata: None,
            timings: StageTimings::default(),
        };
        Self::new(loaded, None)
    }

    /// The frame that sounds at `position_sec`, at most the last one's successor.
    pub(crate) fn frame_at(&self, position_sec: f64) -> u64 {
        let frame = (position_sec * f64::from(self.sample_rate())).round();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=frames on the line itself"
        )]
        let frame = frame.clamp(0.0, self.frames() as f64) as u64;
        frame
    }
}
