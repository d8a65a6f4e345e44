//! Where in the stream a frame belongs, by the number that it bears.

use super::header::FrameHeader;

/// Longest gap that is believed, in seconds: beyond it the number is wrong rather than the file
/// that much damaged.
const MAX_GAP_SEC: u64 = 10;

/// What is missing before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// Frames of the stream, and of audio in them; None where nobody knows how many.
    Lost { packets: u64, frames: Option<u64> },
    /// Nothing, yet so many bytes belong to no frame.
    Skipped(u64),
}

/// Where the next frame belongs.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The last frame; None before the first one.
    pub(super) last: Option<FrameHeader>,
    /// Bytes since then that belong to no sound frame.
    pub(super) passed: u64,
    /// Frames state the number of their first frame of audio, whatever they claim, as of Flake 0.11.
    pub(super) counts_audio: bool,
}

impl Place {
    /// Passes bytes.
    pub(super) fn pass(&mut self, bytes: u64) {
        self.passed += bytes;
    }

    /// Whether `header` bears the number of the next frame, and is like the last one.
    pub(super) fn is_next(&self, header: &FrameHeader) -> bool {
        self.last.as_ref().is_none_or(|last| self.follows(last, header))
    }

    /// Whether `header` bears the number of the frame behind `last`, and is like that.
    pub(super) fn follows(&self, last: &FrameHeader, header: &FrameHeader) -> bool {
        let kind = |header: &FrameHeader| (header.is_fixed, header.channels, header.sample_rate);
        kind(header) == kind(last) && header.number == self.next_number(last)
    }

    /// What the frame behind `header` bears.
    pub(super) fn next_number(&self, header: &FrameHeader) -> u64 {
        let counts_frames = header.is_fixed && !self.counts_audio;
        header.number + if counts_frames { 1 } else { u64::from(header.block_frames) }
    }

    /// Enters a sound frame of audio at `sample_rate`.
    pub(super) fn enter(&mut self, header: &FrameHeader, sample_rate: u32) -> Gap {
        let passed = std::mem::take(&mut self.passed);
        let is_first = self.last.is_none();
        let last = self.last.replace(*header);
        self.counts_audio |= last.is_some_and(|last| {
            passed == 0 && header.number == last.number + u64::from(last.block_frames)
        });
        // A stream that is cut out of a longer one does not begin with 0; a damaged one does.
        let next = match &last {
            Some(last) if last.is_fixed == header.is_fixed => Some(self.next_number(last)),
            None if passed > 0 => Some(0),
            _ => None,
        };
        let missing = match next {
            Some(next) => header.number.checked_sub(next),
            None => Some(0),
        };
        let longest = MAX_GAP_SEC * u64::from(sample_rate);
        // The last frame may be shorter than the others.
        let block = u64::from(last.as_ref().unwrap_or(header).block_frames);
        match missing {
            Some(0) if passed == 0 || is_first => Gap::None,
            Some(0) => Gap::Skipped(passed),
            Some(missing) => {
                let (packets, frames) = match header.is_fixed && !self.counts_audio {
                    true => (missing, missing.saturating_mul(block)),
                    false => (1, missing),
                };
                match frames <= longest {
                    true => Gap::Lost { packets, frames: Some(frames) },
                    // Nothing lies between them: some encoders count otherwise.
                    false if passed == 0 => Gap::None,
                    false => Gap::Lost { packets: 1, frames: None },
                }
            }
            // Another stream begins, or the encoder does not count.
            None if passed == 0 => Gap::None,
            None => Gap::Skipped(passed),
        }
    }
}

/// Frames of audio before frame `first` of the stream that it is of, by its number.
pub(super) fn start(first: &FrameHeader) -> u64 {
    first.number.saturating_mul(if first.is_fixed { u64::from(first.block_frames) } else { 1 })
}

/// Frames of audio up to the end of frame `last` of a stream that begins with `first` and states
/// `stated` of them.
pub(super) fn length(first: &FrameHeader, last: &FrameHeader, stated: u64) -> Option<u64> {
    let before = last.number.checked_sub(first.number)?;
    let block = u64::from(last.block_frames);
    // Some encoders count audio, and claim to count frames.
    if !last.is_fixed || before + block == stated {
        return Some(before + block);
    }
    before.checked_mul(u64::from(first.block_frames))?.checked_add(block)
}
