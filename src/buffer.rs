//! Decoded audio, shared while it grows.
//!
//! A [`SampleBuffer`] is planar `f32`, one contiguous plane per channel. One [`SampleWriter`]
//! appends to it; any number of readers see frames `0..ready_frames()`. What is visible never
//! changes and never moves.

mod memory;
mod overview;
mod region;
mod seam;
mod storage;
#[cfg(test)]
mod tests;
mod waveform;
mod writer;

use std::any::Any;
use std::sync::{Arc, OnceLock};

pub(crate) use overview::Extremes;
pub(crate) use region::Region;
pub(crate) use seam::{BEYOND, Seam};
pub use waveform::Waveform;
pub(crate) use waveform::border;
pub use writer::SampleWriter;

use crate::error::{LoadError, LoadErrorKind};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;
use overview::Overview;
use storage::Storage;

/// Where planar frames go.
pub(crate) trait FrameSink {
    /// Lets `fill(channel, target)` write the next `frames` values of each plane in place.
    ///
    /// # Errors
    /// When there is not room for them; nothing is written then.
    fn write_with(
        &mut self,
        frames: usize,
        fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError>;
}

/// Decoded audio: planar `f32`, channels × frames, nominally −1..1, not clamped.
///
/// ```
/// # use hotcue::SampleBuffer;
/// let sample = SampleBuffer::from_planes(48_000, vec![vec![0.0, 0.5], vec![1.0, -1.0]])?;
/// assert_eq!(sample.frames(), Some(2));
/// assert_eq!(sample.plane(1), [1.0, -1.0]);
/// # Ok::<(), hotcue::LoadError>(())
/// ```
#[derive(Debug)]
pub struct SampleBuffer {
    spec: AudioSpec,
    speakers: Speakers,
    /// Fields are dropped in order: the memory first, then who was to learn of that.
    storage: Storage,
    overview: Overview,
    seams: OnceLock<Vec<Seam>>,
    companion: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl SampleBuffer {
    /// Makes a finished sample of planes that are all of one length.
    ///
    /// # Errors
    /// `unsupported_format` for a rate or a number of planes outside the limits of
    /// [`AudioSpec::validate`], `corrupt` for planes of different lengths.
    pub fn from_planes(sample_rate: u32, planes: Vec<Vec<f32>>) -> Result<Arc<Self>, LoadError> {
        let spec = AudioSpec { sample_rate, channels: planes.len() }.validate()?;
        let frames = planes.first().map_or(0, Vec::len);
        if planes.iter().any(|plane| plane.len() != frames) {
            return Err(LoadError::new(LoadErrorKind::Corrupt, "planes of different lengths"));
        }
        let mut writer = SampleWriter::with_capacity(spec, frames)?;
        let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        writer.append(&planes)?;
        Ok(writer.finish())
    }

    /// Untouched memory for `frames` frames; the spec is a valid one.
    fn with_capacity(spec: AudioSpec, frames: usize) -> Result<Self, LoadError> {
        Ok(Self {
            spec,
            speakers: Speakers::USUAL,
            storage: Storage::with_capacity(spec.channels, frames)?,
            overview: Overview::with_capacity(spec.channels, frames)?,
            seams: OnceLock::new(),
            companion: OnceLock::new(),
        })
    }

    /// Makes room for `frames` frames while nobody shares the sample.
    fn grow(&mut self, frames: usize) -> Result<(), LoadError> {
        self.overview.grow(frames)?;
        self.storage.grow(frames)
    }

    /// Gives back what is not written, while nobody shares the sample.
    fn trim(&mut self) -> Result<(), LoadError> {
        self.overview.trim()?;
        self.storage.trim()
    }

    /// Gives the sample a companion that is dropped right after its memory was freed, in the
    /// thread that frees it: by that an owner counts memory, whoever else holds the sample.
    ///
    /// # Errors
    /// Gives `companion` back when there is one already.
    pub fn accompany(
        &self,
        companion: Box<dyn Any + Send + Sync>,
    ) -> Result<(), Box<dyn Any + Send + Sync>> {
        self.companion.set(companion)
    }

    /// Sample rate and channel count.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Which loudspeakers the channels are for. Realtime-safe.
    pub fn speakers(&self) -> Speakers {
        self.speakers
    }

    /// Number of planes. Realtime-safe.
    pub fn channels(&self) -> usize {
        self.spec.channels
    }

    /// Frames per second, in Hz. Realtime-safe.
    pub fn sample_rate(&self) -> u32 {
        self.spec.sample_rate
    }

    /// How many frames may be read now. Never falls. Realtime-safe.
    pub fn ready_frames(&self) -> usize {
        self.storage.ready_frames()
    }

    /// The final length in frames, once the last one is written. Realtime-safe.
    pub fn frames(&self) -> Option<usize> {
        self.storage.is_finished().then(|| self.storage.ready_frames())
    }

    /// Whether the last frame is written. Realtime-safe.
    pub fn is_finished(&self) -> bool {
        self.storage.is_finished()
    }

    /// What it is round the ends of what is repeated of it, where that is something else than its
    /// frames: of all of it, and of the loop that its file says. Realtime-safe.
    pub(crate) fn seams(&self) -> &[Seam] {
        self.seams.get().map_or(&[], Vec::as_slice)
    }

    /// How many frames it lasts, as its file does: not a whole number where it was converted. As many
    /// as may be read while that is not known.
    pub(crate) fn exact_frames(&self) -> f64 {
        let frames = self.ready_frames();
        let whole = Seam::of(self.seams(), 0, frames as i64);
        frames as f64 - whole.map_or(0.0, Seam::short_by_frames)
    }

    /// The frames of `channel` that may be read now: `ready_frames()` of them, or a few more
    /// if the writer went on in between. The address never changes. Realtime-safe.
    ///
    /// # Panics
    /// When `channel` is not below [`channels`](Self::channels).
    pub fn plane(&self, channel: usize) -> &[f32] {
        self.storage.plane(channel)
    }

    /// The start of the first plane, for those who lend the whole block to another language:
    /// `ready_frames()` values at every multiple of [`plane_stride`](Self::plane_stride) may be
    /// read. The address never changes while the sample lives.
    pub fn as_ptr(&self) -> *const f32 {
        self.storage.as_ptr()
    }

    /// Values from the start of one plane to the start of the next: all planes lie in one block
    /// of memory, a C-contiguous array of channels × frames where this equals `frames()`. That it
    /// does where the length was known from the start, and where no more than 4 MB of planes had
    /// to be moved together; it is more where a long file turned out shorter than it could be, or
    /// one that was shared before its end, whose planes stay where they are.
    pub fn plane_stride(&self) -> usize {
        self.storage.capacity_frames()
    }

    /// Bytes of memory set aside for the planes; pages that were never written cost nothing. The
    /// overview of minima and maxima takes 0.8 % more, and what a sample that was converted is round its
    /// ends some kilobytes a channel.
    pub fn byte_len(&self) -> usize {
        self.storage.held_frames() * self.spec.channels * size_of::<f32>()
    }
}
