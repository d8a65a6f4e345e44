//! The one writer of a sample.
#![allow(unsafe_code, reason = "calls Storage::write, whose contract the unique token upholds")]

use std::sync::Arc;

use super::SampleBuffer;
use crate::error::{LoadError, LoadErrorKind};
use crate::spec::AudioSpec;

/// Frames that a sample of unknown length starts with.
const FIRST_GUESS_FRAMES: usize = 1 << 14;
/// Room for this many times what is written is believed to be needed, and no more.
const MOST_ROOM: usize = 32;

/// The unique token that appends to a [`SampleBuffer`].
#[derive(Debug)]
pub struct SampleWriter {
    buffer: Arc<SampleBuffer>,
    shareable: bool,
    max_frames: usize,
}

impl SampleWriter {
    /// Sets untouched memory aside for `frames` frames. The buffer may be shared at once.
    ///
    /// # Errors
    /// `unsupported_format` for a spec outside the limits, `too_large` without memory.
    pub fn with_capacity(spec: AudioSpec, frames: usize) -> Result<Self, LoadError> {
        Self::new(spec, frames, true)
    }

    /// Starts a sample whose length is not known. It may move while it grows, so it is shared
    /// only once it is finished.
    ///
    /// # Errors
    /// As [`with_capacity`](Self::with_capacity).
    pub fn growing(spec: AudioSpec) -> Result<Self, LoadError> {
        Self::new(spec, FIRST_GUESS_FRAMES, false)
    }

    fn new(spec: AudioSpec, frames: usize, shareable: bool) -> Result<Self, LoadError> {
        let spec = spec.validate()?;
        let buffer = Arc::new(SampleBuffer::with_capacity(spec, frames)?);
        Ok(Self { buffer, shareable, max_frames: usize::MAX })
    }

    /// Refuses more than `bytes` bytes of audio from here on.
    pub fn limit_bytes(&mut self, bytes: u64) {
        let per_frame = (self.buffer.channels() * size_of::<f32>()) as u64;
        self.max_frames = usize::try_from(bytes / per_frame).unwrap_or(usize::MAX);
    }

    /// The growing sample; None where its memory may still move.
    pub fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        self.shareable.then(|| Arc::clone(&self.buffer))
    }

    /// Sample rate and channel count.
    pub fn spec(&self) -> AudioSpec {
        self.buffer.spec
    }

    /// Frames written so far.
    pub fn frames_written(&self) -> usize {
        self.buffer.ready_frames()
    }

    /// Prepares for `frames` frames in all, with some to spare, where there is not room for them
    /// yet and nobody shares the sample. A guess: where it is beyond all measure, or memory is
    /// short, less room is made or none.
    pub(crate) fn make_room(&mut self, frames: usize) {
        let most = self.frames_written().saturating_mul(MOST_ROOM).min(self.max_frames);
        let frames = frames.min(most);
        if frames <= self.buffer.storage.capacity_frames() {
            return;
        }
        if let Some(buffer) = Arc::get_mut(&mut self.buffer) {
            self.shareable = false;
            // Without it the sample grows when it has to.
            buffer.grow(frames.saturating_add(frames / 4).min(most)).ok();
        }
    }

    /// Bytes of memory taken: the whole block, or with `written_only` what is written of it, as
    /// pages that were never touched do not exist.
    pub(crate) fn held_bytes(&self, written_only: bool) -> usize {
        match written_only {
            true => self.frames_written() * self.buffer.channels() * size_of::<f32>(),
            false => self.buffer.byte_len(),
        }
    }

    /// Appends the same number of values to every plane and publishes them.
    ///
    /// # Errors
    /// `too_large` beyond the limit or without memory; `corrupt` when the sample is shared and
    /// its stated length is exceeded. Nothing is appended then.
    ///
    /// # Panics
    /// When `planes` are not one per channel, all of one length.
    pub fn append(&mut self, planes: &[&[f32]]) -> Result<(), LoadError> {
        assert_eq!(planes.len(), self.buffer.channels(), "one plane per channel");
        let frames = planes.first().map_or(0, |plane| plane.len());
        self.write_with(frames, |channel, target| target.copy_from_slice(planes[channel]))
    }

    /// Lets `fill(channel, target)` write the next `frames` values of each plane in place, then
    /// publishes them. Targets hold zeros.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn write_with(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        self.reserve(frames)?;
        for channel in 0..self.buffer.channels() {
            // SAFETY: `self` is the only writer: it cannot be cloned, and `&mut self` excludes a
            // second call.
            unsafe {
                self.buffer.storage.write(channel, frames, |target| fill(channel, target));
            }
        }
        self.buffer.storage.publish(frames);
        // SAFETY: as above.
        unsafe { self.buffer.overview.follow(&self.buffer.storage, self.buffer.channels()) };
        Ok(())
    }

    fn reserve(&mut self, frames: usize) -> Result<(), LoadError> {
        let wanted = self.frames_written().saturating_add(frames);
        if wanted > self.max_frames {
            return Err(LoadError::new(
                LoadErrorKind::TooLarge,
                format!("more than {} frames, the limit of one sample", self.max_frames),
            ));
        }
        let capacity = self.buffer.storage.capacity_frames();
        if wanted <= capacity {
            return Ok(());
        }
        let grown = wanted.max(capacity.saturating_add(capacity / 2)).min(self.max_frames);
        match Arc::get_mut(&mut self.buffer) {
            Some(buffer) => {
                self.shareable = false;
                buffer.grow(grown)
            }
            None => Err(LoadError::new(
                LoadErrorKind::Corrupt,
                format!("holds more than the {capacity} frames that it states"),
            )),
        }
    }

    /// Ends the sample: its length is what was written. Memory behind it is given back where
    /// nobody shares it yet.
    pub fn finish(mut self) -> Arc<SampleBuffer> {
        let written = self.frames_written();
        if let Some(buffer) = Arc::get_mut(&mut self.buffer)
            && buffer.storage.capacity_frames() > written
        {
            // Giving memory back cannot fail in a way that matters: the old block stays.
            let trimmed = buffer.trim();
            debug_assert!(trimmed.is_ok(), "trimming a sample failed");
        }
        self.buffer.storage.finish();
        self.buffer
    }
}
