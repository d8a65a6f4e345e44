//! A sample, as callers hold it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};

use hotcue::analysis::{AnalysisKind, AnalysisResult};
use hotcue::playback::LoopSpan;
use hotcue::{
    Cover, LoadError, LoadWarning, LoadedSample, Metadata, SampleBuffer, Source, SourceIdentity,
    StageTimings, StreamedSample, WarningCode, Waveform, extension_mismatch, read_cover,
};

use crate::analysis::Findings;

/// Values of a waveform that is remembered, at most: 16 kB of minima, and as much of maxima.
const MOST_REMEMBERED: usize = 4_096;

/// One immutable piece of audio, not a slot: it stays valid and unchanged after its slot is
/// replaced or unloaded, and after the engine shut down.
///
/// One that a ticket gives while its load runs is still arriving: it gets longer, and what is there
/// never changes. Should the load come to nothing, it stays as long as it was.
#[derive(Debug)]
pub struct Sample {
    /// What was known when it was made: of one that was arriving then, not all.
    loaded: LoadedSample,
    /// All that is known of one that was arriving, once it is complete.
    completed: OnceLock<LoadedSample>,
    origin: Origin,
    /// All of it, where `loaded` is only its head.
    stream: Option<Arc<StreamedSample>>,
    /// What was drawn of it last: a UI draws the same again in each frame.
    drawn: Mutex<Option<Drawn>>,
    findings: Arc<Findings>,
}

/// A sample, and the path that it was loaded from into a slot; None for content from memory.
pub type NamedSample = (Arc<Sample>, Option<PathBuf>);

/// Where a sample came from. Content from memory leaves nothing of itself here: it is not to stay
/// beside what became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) path: Option<PathBuf>,
    /// Which file that was.
    pub(crate) file: Option<SourceIdentity>,
}

#[derive(Debug)]
struct Drawn {
    start_sec: f64,
    end_sec: f64,
    waveform: Waveform,
}

impl Sample {
    pub(crate) fn new(loaded: LoadedSample, origin: Origin) -> Arc<Self> {
        Arc::new(Self::with(loaded, origin, None))
    }

    /// A stream, of which `loaded` is the head.
    pub(crate) fn streaming(
        loaded: LoadedSample,
        origin: Origin,
        stream: Arc<StreamedSample>,
    ) -> Arc<Self> {
        Arc::new(Self::with(loaded, origin, Some(stream)))
    }

    fn with(loaded: LoadedSample, origin: Origin, stream: Option<Arc<StreamedSample>>) -> Self {
        Self {
            loaded,
            completed: OnceLock::new(),
            origin,
            stream,
            drawn: Mutex::default(),
            findings: Arc::default(),
        }
    }

    /// What it is read from as it is played; None of one that is in memory.
    pub fn stream(&self) -> Option<&Arc<StreamedSample>> {
        self.stream.as_ref()
    }

    /// What was heard in it so far, in the order of [`AnalysisKind::ALL`].
    pub fn analysis(&self) -> Vec<Arc<AnalysisResult>> {
        self.findings.results()
    }

    /// As [`analysis`](Self::analysis), without waiting for anybody; None while somebody writes to it,
    /// and in a forked child for ever if somebody did when that was made.
    pub fn try_analysis(&self) -> Option<Vec<Arc<AnalysisResult>>> {
        self.findings.try_results()
    }

    /// What was found for one kind; None until that was asked for and found.
    pub fn result_of(&self, kind: AnalysisKind) -> Option<Arc<AnalysisResult>> {
        self.findings.result(kind)
    }

    pub(crate) fn findings(&self) -> &Arc<Findings> {
        &self.findings
    }

    /// What was arriving is complete: it is known by now as `loaded`, if that is the same audio.
    ///
    /// # Errors
    /// Gives `loaded` back if it is not.
    pub(crate) fn complete(&self, loaded: LoadedSample) -> Result<(), Box<LoadedSample>> {
        if Arc::ptr_eq(&self.loaded.buffer, &loaded.buffer) {
            self.completed.set(loaded).map_err(Box::new)
        } else {
            Err(Box::new(loaded))
        }
    }

    fn known(&self) -> &LoadedSample {
        self.completed.get().unwrap_or(&self.loaded)
    }

    /// The audio: planar `f32` at the engine's rate; of a stream, its head. To keep it, keep the
    /// sample: a sample that somebody holds is not evicted.
    pub fn buffer(&self) -> &Arc<SampleBuffer> {
        &self.loaded.buffer
    }

    /// The loop that the file wants to be played: its first that is none for the release.
    pub(crate) fn own_loop(&self) -> Option<LoopSpan> {
        self.metadata()?.loops.iter().find(|it| !it.is_release).map(LoopSpan::from)
    }

    /// Minima and maxima of a stretch, as [`SampleBuffer::waveform`] has them. What was asked for last
    /// is remembered. Waits for nobody.
    pub fn waveform(&self, width: usize, start_sec: f64, end_sec: f64) -> Waveform {
        if let Some(stream) = &self.stream {
            return stream.waveform(width, start_sec, end_sec);
        }
        let buffer = self.buffer();
        if !buffer.is_finished() || width.saturating_mul(self.channels()) > MOST_REMEMBERED {
            return buffer.waveform(width, start_sec, end_sec);
        }
        let mut drawn = match self.drawn.try_lock() {
            Ok(drawn) => drawn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return buffer.waveform(width, start_sec, end_sec),
        };
        let is_same = |drawn: &&Drawn| {
            (drawn.waveform.width, drawn.start_sec.to_bits(), drawn.end_sec.to_bits())
                == (width, start_sec.to_bits(), end_sec.to_bits())
        };
        if let Some(drawn) = drawn.as_ref().filter(is_same) {
            return drawn.waveform.clone();
        }
        let waveform = buffer.waveform(width, start_sec, end_sec);
        *drawn = Some(Drawn { start_sec, end_sec, waveform: waveform.clone() });
        waveform
    }

    /// Length in frames; as many as are there while it is arriving. Of a stream, what its file says,
    /// until all of it was seen.
    pub fn frames(&self) -> usize {
        if let Some(stream) = &self.stream {
            let frames = stream.expected_frames().unwrap_or(0);
            return usize::try_from(frames).unwrap_or(usize::MAX);
        }
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
        self.known().source_rate
    }

    /// The container's short name, e.g. `"wav"`.
    pub fn container(&self) -> &str {
        &self.known().container
    }

    /// The codec's short name, e.g. `"pcm_s16le"`.
    pub fn codec(&self) -> &str {
        &self.known().codec
    }

    /// Bits per value in the file, where the codec has such a number.
    pub fn bits_per_sample(&self) -> Option<u32> {
        self.known().bits_per_sample
    }

    /// What was odd about the file; nothing while it is arriving, or, of a stream, until all of it
    /// was seen.
    pub fn warnings(&self) -> &[LoadWarning] {
        match &self.stream {
            Some(stream) => stream.warnings(),
            None => &self.known().warnings,
        }
    }

    /// The same of a load under the name `path`, which may be another one for the same file.
    pub fn warnings_as(&self, path: Option<&Path>) -> Vec<LoadWarning> {
        let is_of_content = |warning: &&LoadWarning| warning.code != WarningCode::ExtensionMismatch;
        let known = self.warnings().iter().filter(is_of_content).cloned();
        known.chain(path.and_then(|path| extension_mismatch(path, self.container()))).collect()
    }

    /// How long decoding it took, stage by stage; nothing while it is arriving.
    pub fn timings(&self) -> StageTimings {
        self.known().timings
    }

    /// What the file says beside its audio; None if that is nothing.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.known().metadata.as_deref()
    }

    /// The picture in the file, as the file is now; None if it has none. Content from memory has
    /// its picture kept, up to [`MAX_KEPT_COVER_BYTES`](hotcue::MAX_KEPT_COVER_BYTES); of a
    /// [`Source::Custom`] it is not: see [`read_cover`].
    ///
    /// Opens and reads the file in the caller's thread, which may block: no engine thread is asked
    /// and none does this by itself, so that a slow disk delays nobody but who wants the picture.
    ///
    /// # Errors
    /// `not_found`, `permission_denied` and `io` of the file.
    pub fn cover(&self) -> Result<Option<Cover>, LoadError> {
        self.cover_in(self.path())
    }

    /// The same of a file that is known by another name.
    ///
    /// # Errors
    /// As [`cover`](Self::cover).
    pub fn cover_in(&self, path: Option<&Path>) -> Result<Option<Cover>, LoadError> {
        let Some(metadata) = self.metadata().filter(|metadata| metadata.has_cover) else {
            return Ok(None);
        };
        match (&metadata.kept_cover, path) {
            (Some(cover), _) => Ok(Some(Cover::clone(cover))),
            (None, Some(path)) => read_cover(&Source::Path(path.to_path_buf())),
            (None, None) => Ok(None),
        }
    }

    /// The file, by the name that it was first loaded under; None for content from memory.
    pub fn path(&self) -> Option<&Path> {
        self.origin.path.as_deref()
    }

    /// Which file it came from; None for content from memory.
    pub(crate) fn file(&self) -> Option<SourceIdentity> {
        self.origin.file
    }

    /// Where it came from, as far as it keeps that: of content, nothing.
    pub(crate) fn source(&self) -> Source {
        match &self.origin.path {
            Some(path) => Source::Path(path.clone()),
            None => Source::Memory(Arc::from([])),
        }
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
        Self::new(loaded, Origin::default())
    }
}

#[cfg(test)]
mod tests {
    use hotcue::{LoadedSample, SampleBuffer, StageTimings};

    use super::{Origin, Sample};

    #[test]
    fn what_is_remembered_is_what_was_asked_for() {
        let planes = (0..2).map(|channel| (0..1_000).map(|n| (n + channel) as f32).collect());
        let buffer = SampleBuffer::from_planes(1_000, planes.collect()).expect("a valid sample");
        let loaded = LoadedSample {
            buffer,
            source_rate: 1_000,
            container: "wav".to_owned(),
            codec: "pcm_s16le".to_owned(),
            bits_per_sample: Some(16),
            warnings: Vec::new(),
            metadata: None,
            timings: StageTimings::default(),
        };
        let sample = Sample::new(loaded, Origin::default());
        for (width, start, end) in
            [(10, 0.0, 1.0), (10, 0.5, 1.0), (20, 0.5, 1.0), (5_000, 0.0, 1.0)]
        {
            let expected = sample.buffer().waveform(width, start, end);
            for _ in 0..2 {
                assert_eq!(sample.waveform(width, start, end), expected);
            }
        }
    }
}
