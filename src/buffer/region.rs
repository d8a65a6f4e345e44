//! A piece of a sample that another thread than its writer's fills.
#![allow(unsafe_code, reason = "calls Storage::write_at; the writer lends each frame once")]

use std::sync::Arc;

use super::{FrameSink, SampleBuffer};
use crate::error::{LoadError, LoadErrorKind};

/// Leave to write some frames of a sample that nobody reads yet.
#[derive(Debug)]
pub(crate) struct Region {
    buffer: Arc<SampleBuffer>,
    at: usize,
    frames: usize,
    written: usize,
    /// Tells the writer that it is out.
    _lending: Arc<()>,
}

impl Region {
    /// Frames `at..at + frames` of `buffer`, which its writer has given to nobody else.
    pub(super) fn new(
        buffer: Arc<SampleBuffer>,
        at: usize,
        frames: usize,
        lending: Arc<()>,
    ) -> Self {
        Self { buffer, at, frames, written: 0, _lending: lending }
    }

    /// The first frame of it.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether it is one of `buffer`.
    pub(super) fn is_of(&self, buffer: &Arc<SampleBuffer>) -> bool {
        Arc::ptr_eq(&self.buffer, buffer)
    }

    /// Frames written so far.
    pub(crate) fn frames_written(&self) -> usize {
        self.written
    }

    /// Number of planes.
    pub(crate) fn channels(&self) -> usize {
        self.buffer.channels()
    }

    /// Frames that it has room for.
    pub(crate) fn frames(&self) -> usize {
        self.frames
    }
}

impl FrameSink for Region {
    fn write_with(
        &mut self,
        frames: usize,
        mut fill: impl FnMut(usize, &mut [f32]),
    ) -> Result<(), LoadError> {
        if frames > self.frames - self.written {
            let message = "holds more frames than there is room for";
            return Err(LoadError::new(LoadErrorKind::Corrupt, message));
        }
        let at = self.at + self.written;
        for channel in 0..self.buffer.channels() {
            // SAFETY: the writer lends each frame to one region, which cannot be cloned, and
            // publishes none of its frames before it has the region back.
            unsafe {
                self.buffer.storage.write_at(channel, at, frames, |target| fill(channel, target));
            }
        }
        self.written += frames;
        Ok(())
    }
}
