//! The one writer of a sample.
#![allow(unsafe_code, reason = "calls Storage::write, whose contract the unique token upholds")]

use std::convert::Infallible;
use std::sync::Arc;

use super::region::Region;
use super::{FrameSink, SampleBuffer, Seam, memory};
use crate::error::{LoadError, LoadErrorKind};
use crate::speakers::Speakers;
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
    /// Where the last region ends that was lent; not beyond what is written: none.
    lent_to: usize,
    /// Held by each region that is out.
    lending: Arc<()>,
    /// Frames that are there and are written once more.
    again: usize,
    /// Where these go.
    scratch: Vec<f32>,
    seams: Vec<Seam>,
}

impl SampleWriter {
    /// Sets untouched memory aside for `frames` frames. The buffer may be shared at once.
    ///
    /// # Errors
    /// `unsupported_format` for a spec outside the limits, `too_large` without memory, and for more
    /// than three quarters of what there is.
    pub fn with_capacity(spec: AudioSpec, frames: usize) -> Result<Self, LoadError> {
        Self::new(spec, frames, true)
    }

    /// Starts a sample whose length is not known. It may move while it grows, so it is shared
    /// only once it is finished.
    ///
    /// # Errors
    /// As [`with_capacity`](Self::with_capacity).
    pub fn growing(spec: AudioSpec) -> Result<Self, LoadError> {
        let mut writer = Self::new(spec, 0, false)?;
        writer.reserve(FIRST_GUESS_FRAMES)?;
        Ok(writer)
    }

    fn new(spec: AudioSpec, frames: usize, shareable: bool) -> Result<Self, LoadError> {
        let spec = spec.validate()?;
        let max_frames = memory::most_bytes().map_or(usize::MAX, |bytes| frames_in(bytes, spec));
        if frames > max_frames {
            return Err(LoadError::new(
                LoadErrorKind::TooLarge,
                format!("its {frames} frames are more than three quarters of the memory"),
            ));
        }
        let buffer = Arc::new(SampleBuffer::with_capacity(spec, frames)?);
        Ok(Self {
            buffer,
            shareable,
            max_frames,
            lent_to: 0,
            lending: Arc::default(),
            again: 0,
            scratch: Vec::new(),
            seams: Vec::new(),
        })
    }

    /// Says which loudspeakers its channels are for, before anybody shares it.
    pub fn set_speakers(&mut self, speakers: Speakers) {
        if let Some(buffer) = Arc::get_mut(&mut self.buffer) {
            buffer.speakers = speakers;
        }
    }

    /// Refuses more than `bytes` bytes of audio from here on, too.
    pub fn limit_bytes(&mut self, bytes: u64) {
        self.max_frames = self.max_frames.min(frames_in(bytes, self.buffer.spec));
    }

    /// The growing sample; None where its memory may still move. Should more come than there is room
    /// for, what readers have stays as it is, and the sample goes on elsewhere: None from then on.
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
    /// `too_large` beyond the limit or without memory. Nothing is appended then.
    ///
    /// # Panics
    /// When `planes` are not one per channel, all of one length.
    pub fn append(&mut self, planes: &[&[f32]]) -> Result<(), LoadError> {
        assert_eq!(planes.len(), self.buffer.channels(), "one plane per channel");
        let frames = planes.first().map_or(0, |plane| plane.len());
        self.write_with(frames, |channel, target| target.copy_from_slice(planes[channel]))
    }

    /// Lets `fill(channel, target)` write the next `frames` values of each plane in place, then
    /// publishes them. What targets hold before means nothing.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    ///
    /// # Panics
    /// While regions are lent.
    pub fn write_with(
        &mut self,
        frames: usize,
        fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        match self.again {
            0 => self.write_new(frames, fill),
            _ => self.write_again(frames, fill),
        }
    }

    fn write_new(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        let Ok(()) = self.write_sound(frames, |channel, target| {
            fill(channel, target);
            Ok::<(), Infallible>(())
        })?;
        Ok(())
    }

    /// As [`write_with`](Self::write_with) of new frames, which are published only if all is well:
    /// what `fill` has to say against them is given back.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    ///
    /// # Panics
    /// While regions are lent.
    pub(crate) fn write_sound<E>(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<Result<(), E>, LoadError> {
        assert!(self.lent_to <= self.frames_written(), "writing where a region may be lent");
        self.reserve(frames)?;
        for channel in 0..self.buffer.channels() {
            let mut filled = Ok(());
            // SAFETY: `self` is the only writer: it cannot be cloned, `&mut self` excludes a
            // second call, and no region is out.
            unsafe {
                self.buffer.storage.write(channel, frames, |target| filled = fill(channel, target));
            }
            if filled.is_err() {
                return Ok(filled);
            }
        }
        self.publish(frames);
        Ok(Ok(()))
    }

    fn publish(&mut self, frames: usize) {
        self.buffer.storage.publish(frames);
        // SAFETY: `self` is the only writer.
        unsafe { self.buffer.overview.follow(&self.buffer.storage, self.buffer.channels()) };
    }

    /// Begins at the first frame again: what is there is not written a second time, and what comes
    /// behind it is appended.
    pub(crate) fn start_over(&mut self) {
        self.again = self.frames_written();
    }

    /// Whether frames still come again.
    #[cfg(test)]
    pub(super) fn is_starting_over(&self) -> bool {
        self.again > 0
    }

    /// As [`write_with`](Self::write_with), where the first frames are there already.
    fn write_again(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        let known = self.again.min(frames);
        let channels = self.buffer.channels();
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(frames * channels, 0.0);
        for (channel, plane) in scratch.chunks_exact_mut(frames.max(1)).enumerate() {
            fill(channel, plane);
        }
        self.again -= known;
        let result = if known == frames {
            Ok(())
        } else {
            self.write_new(frames - known, |channel, target| {
                target.copy_from_slice(&scratch[channel * frames + known..][..frames - known]);
            })
        };
        self.scratch = scratch;
        result
    }

    /// Lends the next `frames` frames that are not lent yet, to be written by another thread; None
    /// where there is not room for them.
    pub(crate) fn lend(&mut self, frames: usize) -> Option<Region> {
        let at = self.lent_to.max(self.frames_written());
        let room = self.buffer.storage.capacity_frames().min(self.max_frames);
        if self.again > 0 || frames > room.saturating_sub(at) {
            return None;
        }
        self.lent_to = at + frames;
        let (buffer, lending) = (Arc::clone(&self.buffer), Arc::clone(&self.lending));
        Some(Region::new(buffer, at, frames, lending))
    }

    /// Frames that could still be lent.
    pub(crate) fn room(&self) -> usize {
        let room = self.buffer.storage.capacity_frames().min(self.max_frames);
        room.saturating_sub(self.lent_to.max(self.frames_written()))
    }

    /// Publishes what was written into the region that was lent first of those that are out.
    ///
    /// # Panics
    /// When it is another one.
    pub(crate) fn take_back(&mut self, region: Region) {
        assert!(region.is_of(&self.buffer), "a region of another sample");
        assert_eq!(region.at(), self.frames_written(), "regions come back in their order");
        self.publish(region.frames_written());
    }

    /// Takes back all that is lent, if no region is left. False while one is.
    pub(crate) fn reclaim(&mut self) -> bool {
        let is_free = Arc::get_mut(&mut self.lending).is_some();
        if is_free {
            self.lent_to = 0;
        }
        is_free
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
        self.shareable = false;
        match Arc::get_mut(&mut self.buffer) {
            Some(buffer) => buffer.grow(grown),
            None => self.move_out(grown),
        }
    }

    /// Goes on in a sample of its own, with room for `frames` frames: readers keep the one that they
    /// have, which ends nowhere.
    fn move_out(&mut self, frames: usize) -> Result<(), LoadError> {
        let mut copy = Self::with_capacity(self.buffer.spec, frames)?;
        copy.set_speakers(self.buffer.speakers);
        let planes: Vec<&[f32]> = (0..self.buffer.channels())
            .map(|channel| &self.buffer.plane(channel)[..self.buffer.ready_frames()])
            .collect();
        copy.append(&planes)?;
        self.buffer = copy.buffer;
        Ok(())
    }

    /// Says what the finished sample is while it is repeated.
    pub(crate) fn set_seams(&mut self, seams: Vec<Seam>) {
        self.seams = seams;
    }

    /// Ends the sample: its length is what was written. Memory behind it is given back where
    /// nobody shares it yet; where somebody does, it was never touched and costs nothing.
    pub fn finish(mut self) -> Arc<SampleBuffer> {
        let written = self.frames_written();
        if self.buffer.storage.capacity_frames() > written {
            match Arc::get_mut(&mut self.buffer) {
                Some(buffer) => {
                    // Giving memory back cannot fail in a way that matters: the old block stays.
                    let trimmed = buffer.trim();
                    debug_assert!(trimmed.is_ok(), "trimming a sample failed");
                }
                None => self.buffer.storage.hold_ready_only(),
            }
        }
        let (channels, frames) = (self.buffer.channels(), written as u64);
        self.seams.retain(|seam| seam.fits(channels, frames));
        if !self.seams.is_empty() {
            // Nobody else sets them.
            drop(self.buffer.seams.set(self.seams));
        }
        self.buffer.storage.finish();
        self.buffer
    }
}

impl FrameSink for SampleWriter {
    fn write_with(
        &mut self,
        frames: usize,
        fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        Self::write_with(self, frames, fill)
    }
}

/// Whole frames in so many bytes.
fn frames_in(bytes: u64, spec: AudioSpec) -> usize {
    let per_frame = (spec.channels * size_of::<f32>()) as u64;
    usize::try_from(bytes / per_frame).unwrap_or(usize::MAX)
}
