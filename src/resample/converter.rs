//! Which method converts a pair of rates, and how its output is aligned.
//!
//! The rule is [`BlockConverter`]: the longer its block, the narrower the transition band. Measured
//! with one block of ≥ 1,024 frames on the side of the lower rate (tone's SNR by least squares;
//! alias of a tone at 1.04 × the output's Nyquist frequency):
//!
//! | pair | SNR at 1, 10, 20 kHz | alias |
//! |---|---|---|
//! | 44,100 → 48,000 | 136, 136, 137 dB | – |
//! | 48,000 → 44,100 | 138, 138, 139 dB | −139 dB |
//! | 96,000 → 48,000 | 142, 139, 141 dB | −142 dB |
//!
//! A minute of stereo takes half the time that rubato's transforms take, which go by single blocks
//! and by real numbers. Where the shortest block is too long for that ([`FftBlock::is_long`]),
//! these are used:
//!
//! | pair | SNR at 1, 10, 20 kHz | alias |
//! |---|---|---|
//! | 44,101 → 48,000 | 131, 131, 131 dB | – |
//! | 47,981 → 48,000 | 131, 131, 131 dB | – |
//!
//! Where even one block would take too long and hold too much memory, the method is windowed sinc
//! interpolation: 134 to 142 dB, ≤ −138 dB of aliases and 250 × realtime at an output of 48 kHz,
//! a quarter of it from 192 kHz. Its ratio is an `f64`, whose rounding adds up to less than 0.001
//! frames in an hour even at the highest rate. Replacing the ratio by one of smaller integers is
//! no way out: with 0.01 frames of drift in an hour they are no smaller.

use super::blocks::{BlockConverter, FftBlock};
use super::rubato::RubatoConverter;
use crate::playback::without_denormals;
use crate::spec::MAX_CHANNELS;

/// Converts chunks of one size. The first frame that goes in is aligned with output frame
/// `delay_frames`.
pub(super) enum Converter {
    Blocks(BlockConverter),
    Rubato(RubatoConverter),
}

impl Converter {
    /// Chooses the method. Rates and channels are within the limits of `AudioSpec`, and the
    /// rates differ.
    pub(super) fn new(in_rate: u32, out_rate: u32, channels: usize) -> Self {
        let (in_rate, out_rate) = (in_rate as usize, out_rate as usize);
        match FftBlock::new(in_rate, out_rate, channels) {
            Some(block) if block.is_long() => {
                Self::Rubato(RubatoConverter::fft(in_rate, out_rate, channels, block))
            }
            Some(block) => Self::Blocks(BlockConverter::new(block, channels)),
            None => Self::Rubato(RubatoConverter::sinc(in_rate, out_rate, channels)),
        }
    }

    /// Goes back to the beginning of a stream.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Blocks(blocks) => blocks.reset(),
            Self::Rubato(rubato) => rubato.reset(),
        }
    }

    /// Frames that go in at once.
    pub(super) fn chunk_frames(&self) -> usize {
        match self {
            Self::Blocks(blocks) => blocks.chunk_frames(),
            Self::Rubato(rubato) => rubato.chunk_frames(),
        }
    }

    /// Output frames before the one that is aligned with the first input frame.
    pub(super) fn delay_frames(&self) -> usize {
        match self {
            Self::Blocks(blocks) => blocks.delay_frames(),
            Self::Rubato(rubato) => rubato.delay_frames(),
        }
    }

    /// Converts the chunk that begins at frame `at` of `input`, one plane per channel.
    pub(super) fn convert(&mut self, input: &[&[f32]], at: usize) {
        let end = at + self.chunk_frames();
        // A tail that dies away to nothing would take many times as long as any other audio.
        without_denormals(|| match self {
            Self::Blocks(blocks) => {
                for (channel, plane) in input.iter().enumerate() {
                    blocks.convert(channel, &plane[at..end]);
                }
            }
            Self::Rubato(rubato) => rubato.convert(input, at),
        });
    }

    /// The same of planes that are one chunk long.
    pub(super) fn convert_planes(&mut self, input: &[Vec<f32>]) {
        let mut planes: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        for (slice, plane) in planes.iter_mut().zip(input) {
            *slice = plane;
        }
        self.convert(&planes[..input.len()], 0);
    }

    /// Input frames before a chunk that its output depends on; None: all.
    pub(super) fn history_frames(&self) -> Option<usize> {
        match self {
            Self::Blocks(blocks) => Some(blocks.history_frames()),
            Self::Rubato(_) => None,
        }
    }

    /// Puts `frames` into the history of a channel, which lie `before` frames from its end.
    pub(super) fn fill_history(&mut self, channel: usize, before: usize, frames: &[f32]) {
        if let Self::Blocks(blocks) = self {
            blocks.fill_history(channel, before, frames);
        }
    }

    /// Frames that come out of a chunk, where that is always the same.
    pub(super) fn chunk_out_frames(&self) -> usize {
        match self {
            Self::Blocks(blocks) => blocks.converted_frames(),
            Self::Rubato(_) => 0,
        }
    }

    /// Frames that the last chunk gave.
    pub(super) fn converted_frames(&self) -> usize {
        match self {
            Self::Blocks(blocks) => blocks.converted_frames(),
            Self::Rubato(rubato) => rubato.converted_frames(),
        }
    }

    /// Copies what the last chunk gave, from frame `from` on, to `target`.
    pub(super) fn copy_converted(&self, channel: usize, from: usize, target: &mut [f32]) {
        match self {
            Self::Blocks(blocks) => blocks.copy_converted(channel, from, target),
            Self::Rubato(rubato) => rubato.copy_converted(channel, from, target),
        }
    }

    /// Bytes of memory held, about.
    pub(super) fn byte_len(&self) -> usize {
        match self {
            Self::Blocks(blocks) => blocks.byte_len(),
            Self::Rubato(rubato) => rubato.byte_len(),
        }
    }
}

pub(super) fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
