//! The waveform in colour: extremes, level, and the level of three bands.

mod bands;
mod export;
mod measure;
mod rows;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::buffer::border;
use crate::spec::AudioSpec;

pub use export::Resolution;
pub(super) use measure::WaveformMeter;

/// Frames of a block of each level, the finest first: those of the minima and maxima that every
/// sample has.
const BLOCK_FRAMES: [usize; 2] = [256, 256 * 32];

/// What there is to draw of some frames of one channel. RMS is the root of the mean of the squares.
///
/// The bands divide at 200 Hz and 2 kHz by Linkwitz–Riley filters of fourth order (24 dB per
/// octave, −6 dB at the crossover).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pixel {
    /// The least value.
    pub min: f32,
    /// The greatest value.
    pub max: f32,
    /// RMS of all of it.
    pub rms: f32,
    /// RMS below 200 Hz.
    pub low: f32,
    /// RMS between 200 Hz and 2 kHz.
    pub mid: f32,
    /// RMS above 2 kHz.
    pub high: f32,
}

/// A waveform in two levels, of 256 and 8,192 frames per block: minutes of it are drawn in
/// microseconds, hours in milliseconds. It stands for itself: the sample is not needed any more.
#[derive(Clone, PartialEq)]
pub struct ColouredWaveform {
    spec: AudioSpec,
    frames: usize,
    /// The blocks of each channel, the last one being shorter where the sample ends within it.
    levels: [Vec<Vec<Block>>; BLOCK_FRAMES.len()],
}

/// Extremes and mean squares of consecutive frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Block {
    min: f32,
    max: f32,
    /// Of all of it and of the bands, the lowest first.
    powers: [f32; 4],
}

impl fmt::Debug for ColouredWaveform {
    /// Not the blocks: a song has tens of thousands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColouredWaveform")
            .field("spec", &self.spec)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl ColouredWaveform {
    /// Sample rate and channel count of the sample.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Length of the sample in frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The stretch from `start_sec` to `end_sec`, divided into `width` equal pixels; for each
    /// channel as many.
    ///
    /// Pixel `p` is of the frames from `⌊start + p · step⌋` up to where the next pixel begins, and
    /// of one frame at least. `min` and `max` are those of the blocks of 256 frames that these lie
    /// in, and so never less than there is; the levels are means over the same blocks, each
    /// weighted by how much of it the pixel covers. Where there is no frame, all is 0.
    pub fn pixels(&self, width: usize, start_sec: f64, end_sec: f64) -> Vec<Vec<Pixel>> {
        let border = border(width, start_sec, end_sec, self.spec.sample_rate);
        let stretches: Vec<_> = (0..width)
            .map(|pixel| {
                let start = border(pixel);
                let end = border(pixel + 1).max(start + 1.0);
                [start, end].map(|frame| self.frame_at(frame))
            })
            .collect();
        let of_channel = |channel| {
            stretches.iter().map(|&[start, end]| self.pixel(channel, start, end)).collect()
        };
        (0..self.spec.channels).map(of_channel).collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=frames; NaN becomes 0"
    )]
    fn frame_at(&self, frame: f64) -> usize {
        frame.clamp(0.0, self.frames as f64) as usize
    }

    /// What there is to draw of frames `start..end` of a channel.
    fn pixel(&self, channel: usize, start: usize, end: usize) -> Pixel {
        if start >= end {
            return Pixel::default();
        }
        let mut min = f32::INFINITY;
        let mut max = f32::NEG_INFINITY;
        let mut sums = [0.0; 4];
        let mut at = start;
        while at < end {
            let (block, block_end) = self.largest_block(channel, at, end);
            let to = block_end.min(end);
            (min, max) = (min.min(block.min), max.max(block.max));
            for (sum, power) in sums.iter_mut().zip(block.powers) {
                *sum += f64::from(power) * (to - at) as f64;
            }
            at = to;
        }
        #[expect(clippy::cast_possible_truncation, reason = "stored as f32")]
        let [rms, low, mid, high] = sums.map(|sum| (sum / (end - start) as f64).sqrt() as f32);
        Pixel { min, max, rms, low, mid, high }
    }

    /// The largest block that begins at `at` and ends by `end`, or else the one that `at` is in,
    /// and where it ends.
    fn largest_block(&self, channel: usize, at: usize, end: usize) -> (&Block, usize) {
        let [fine, coarse] = &self.levels;
        let [fine_frames, coarse_frames] = BLOCK_FRAMES;
        let is_whole = at + coarse_frames <= end || end == self.frames;
        let (level, frames) = match at.is_multiple_of(coarse_frames) && is_whole {
            true => (coarse, coarse_frames),
            false => (fine, fine_frames),
        };
        (&level[channel][at / frames], (at / frames + 1) * frames)
    }
}
