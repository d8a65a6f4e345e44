//! Frames on their way from a cursor to where they are kept.

use crate::buffer::FrameSink;
use crate::error::LoadError;
use crate::spec::MAX_CHANNELS;

/// Planar frames; the first ones may be thrown away as they come.
#[derive(Debug)]
pub(super) struct Planes {
    planes: Vec<Vec<f32>>,
    skip_frames: usize,
}

impl Planes {
    /// Of `channels` channels, empty.
    pub(super) fn new(channels: usize) -> Self {
        Self { planes: vec![Vec::new(); channels], skip_frames: 0 }
    }

    /// The first `frames` frames, one slice per channel; of further ones nothing.
    pub(super) fn first(&self, frames: usize) -> [&[f32]; MAX_CHANNELS] {
        let mut slices: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        for (slice, plane) in slices.iter_mut().zip(&self.planes) {
            *slice = &plane[..frames];
        }
        slices
    }

    /// Throws the first `frames` frames away.
    pub(super) fn drop_first(&mut self, frames: usize) {
        self.planes.iter_mut().for_each(|plane| drop(plane.drain(..frames)));
    }

    /// Frames that are there.
    pub(super) fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    /// All of them.
    pub(super) fn into_planes(self) -> Vec<Vec<f32>> {
        self.planes
    }

    /// Keeps the first `frames` frames.
    pub(super) fn truncate(&mut self, frames: usize) {
        self.planes.iter_mut().for_each(|plane| plane.truncate(frames));
    }

    /// How many of the frames to come are to be thrown away.
    pub(super) fn set_skip(&mut self, frames: usize) {
        self.skip_frames = frames;
    }

    /// How many of the frames to come still are.
    pub(super) fn skip(&self) -> usize {
        self.skip_frames
    }
}

impl FrameSink for Planes {
    fn write_with(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        let skipped = self.skip_frames.min(frames);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            let before = plane.len();
            plane.resize(before + frames, 0.0);
            fill(channel, &mut plane[before..]);
            plane.drain(before..before + skipped);
        }
        self.skip_frames -= skipped;
        Ok(())
    }
}
