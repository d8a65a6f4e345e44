//! What a voice reads: a sample in memory, or one that is streamed.

use super::track::Stretch;
use crate::buffer::{SampleBuffer, Seam};
use crate::speakers::Speakers;
use crate::stream::StreamReader;

/// A sample as the mixer has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Material<'a> {
    /// In memory; it may still grow.
    Memory(&'a SampleBuffer),
    /// Read from its file ahead of this one voice.
    Stream(&'a StreamReader),
}

impl<'a> Material<'a> {
    /// Its channels.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Memory(sample) => sample.channels(),
            Self::Stream(reader) => reader.sample().spec().channels,
        }
    }

    /// Which loudspeakers these are for.
    pub(super) fn speakers(self) -> Speakers {
        match self {
            Self::Memory(sample) => sample.speakers(),
            Self::Stream(reader) => reader.sample().speakers(),
        }
    }

    /// Its length in frames, once that is known.
    pub(super) fn frames(self) -> Option<usize> {
        match self {
            Self::Memory(sample) => sample.frames(),
            Self::Stream(reader) => {
                reader.sample().frames().map(|frames| usize::try_from(frames).unwrap_or(usize::MAX))
            }
        }
    }

    /// What it is round the ends of what is repeated of it, where that is something else than its
    /// frames.
    pub(super) fn seams(self) -> &'a [Seam] {
        match self {
            Self::Memory(sample) => sample.seams(),
            Self::Stream(reader) => reader.sample().seams(),
        }
    }

    /// Whether it is sure to have so many frames, though its length is not known.
    pub(super) fn reaches(self, frames: usize) -> bool {
        match self {
            Self::Memory(sample) => sample.ready_frames() >= frames,
            // By what the file says: what is there at this moment says little.
            Self::Stream(reader) => {
                reader.sample().expected_frames().is_some_and(|expected| expected >= frames as u64)
            }
        }
    }
}

/// Whether all frames of `stretch` that a streamed sample of `length` frames has can be read now.
pub(super) fn holds(reader: &StreamReader, stretch: Stretch, length: Option<i64>) -> bool {
    let end = stretch.end.min(length.unwrap_or(i64::MAX));
    let (Ok(start), Ok(end)) = (u64::try_from(stretch.start.max(0)), u64::try_from(end)) else {
        return true;
    };
    end <= start || reader.frames_from(start) >= end - start
}
