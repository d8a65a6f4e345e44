//! Conversion by blocks of Fourier transforms: exact in the ratio of integers, so it never drifts.
//!
//! Each transform takes a stretch of input that begins with the last [`FftBlock::in_frames`] of
//! the stretch before, multiplies its spectrum by that of a filter of that length, cuts or extends
//! it to the output's rate, and goes back. What the filter had too little input for, the first
//! block, is thrown away (overlap-save). So a stretch depends on its own input and on one block
//! before it, and on nothing else: whoever begins in the middle of a stream with that much of it
//! gets the same values, bit by bit.
//!
//! The transforms are complex, and a pair of stretches of one channel that follow each other goes
//! through as the real and the imaginary part of one. Stereo is not paired that way: rounding
//! would carry a trace of each channel into the other.

use std::sync::Arc;

use rubato::{WindowFunction, calculate_cutoff};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::converter::greatest_common_divisor;
use crate::kaiser::sinc;

/// Block on the side of the lower rate: sets the width of the transition band.
const BLOCK_FRAMES: usize = 1_024;
/// Where not even so many frames fit into a block, the sinc method has the narrower transition.
const MIN_BLOCK_FRAMES: usize = super::rubato::TAPS;
/// Longest block on either side, 2 s at 48 kHz: bounds the time and the memory of one step.
const MAX_BLOCK_FRAMES: usize = 98_304;
/// Longest block times channels, likewise.
const MAX_BLOCK_VALUES: usize = 8 * MAX_BLOCK_FRAMES;
/// Blocks that a transform spans, the one that is thrown away included. Of 2 to 16, 3 was fastest:
/// half of the work is lost with 2, and with more the tables outgrow the nearest cache.
const BLOCKS_PER_TRANSFORM: usize = 3;
/// Blocks of each stretch that are new.
const NEW_BLOCKS: usize = BLOCKS_PER_TRANSFORM - 1;
/// Beyond this, a whole chunk is too much for a sample of half a second.
const LONG_BLOCK_FRAMES: usize = 8_192;
/// Stretches that go through a transform together.
const STRETCHES: usize = 2;

/// The one of rubato's windows whose side lobes lie below the rounding noise of `f32`.
pub(super) const WINDOW: WindowFunction = WindowFunction::BlackmanHarris2;

/// One block: the same time on both sides, and on both in whole halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FftBlock {
    pub(super) in_frames: usize,
    pub(super) out_frames: usize,
}

impl FftBlock {
    /// The block for a pair of rates; None where no good one is short enough.
    pub(super) fn new(in_rate: usize, out_rate: usize, channels: usize) -> Option<Self> {
        let divisor = greatest_common_divisor(in_rate, out_rate);
        // Twice the shortest block: its middle lies on a whole frame on both sides.
        let (unit_in, unit_out) = (2 * in_rate / divisor, 2 * out_rate / divisor);
        let (low, high) = (unit_in.min(unit_out), unit_in.max(unit_out));
        let fitting = MAX_BLOCK_FRAMES.min(MAX_BLOCK_VALUES / channels) / high;
        let units = BLOCK_FRAMES.div_ceil(low).min(fitting);
        (units * low >= MIN_BLOCK_FRAMES)
            .then(|| Self { in_frames: units * unit_in, out_frames: units * unit_out })
    }

    /// Whether a chunk of several blocks would be a long one.
    pub(super) fn is_long(self) -> bool {
        self.in_frames.max(self.out_frames) > LONG_BLOCK_FRAMES
    }
}

/// Converts chunks of one size.
pub(super) struct BlockConverter {
    block: FftBlock,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// Of the low-pass filter, one block long and symmetric about its middle.
    response: Vec<Complex32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    channels: Vec<Channel>,
}

/// What is kept of one channel.
struct Channel {
    /// The last block of the input so far.
    before: Vec<f32>,
    /// What the last chunk gave: each stretch in one of the parts, behind a block to ignore.
    output: Vec<Complex32>,
    /// Whether the output is nothing but zeros, whatever `output` holds.
    is_silent: [bool; STRETCHES],
}

impl BlockConverter {
    pub(super) fn new(block: FftBlock, channels: usize) -> Self {
        let FftBlock { in_frames, out_frames } = block;
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(BLOCKS_PER_TRANSFORM * in_frames);
        let inverse = planner.plan_fft_inverse(BLOCKS_PER_TRANSFORM * out_frames);
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let mut scratch = vec![Complex32::ZERO; scratch];
        let mut response = low_pass(block, BLOCKS_PER_TRANSFORM * in_frames);
        forward.process_with_scratch(&mut response, &mut scratch);
        let channel = || Channel {
            before: vec![0.0; in_frames],
            output: vec![Complex32::ZERO; BLOCKS_PER_TRANSFORM * out_frames],
            is_silent: [true; STRETCHES],
        };
        Self {
            block,
            spectrum: vec![Complex32::ZERO; forward.len()],
            forward,
            inverse,
            response,
            scratch,
            channels: (0..channels).map(|_| channel()).collect(),
        }
    }

    /// Goes back to the beginning of a stream.
    pub(super) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.before.fill(0.0);
            channel.is_silent = [true; STRETCHES];
        }
    }

    /// Frames that go in at once.
    pub(super) fn chunk_frames(&self) -> usize {
        STRETCHES * NEW_BLOCKS * self.block.in_frames
    }

    /// Frames that come out of each chunk.
    pub(super) fn converted_frames(&self) -> usize {
        STRETCHES * self.stretch_frames()
    }

    fn stretch_frames(&self) -> usize {
        NEW_BLOCKS * self.block.out_frames
    }

    /// Output frames before the one that is aligned with the first input frame. The filter's
    /// middle is a whole frame on both sides, so the alignment is exact.
    pub(super) fn delay_frames(&self) -> usize {
        self.block.out_frames / 2
    }

    /// Input frames before a chunk that its output depends on.
    pub(super) fn history_frames(&self) -> usize {
        self.block.in_frames
    }

    /// Puts `frames` into the history of a channel, which lie `before` frames from its end.
    pub(super) fn fill_history(&mut self, channel: usize, before: usize, frames: &[f32]) {
        let start = self.block.in_frames - before;
        self.channels[channel].before[start..start + frames.len()].copy_from_slice(frames);
    }

    /// Converts `chunk`, the next [`chunk_frames`](Self::chunk_frames) of one channel.
    pub(super) fn convert(&mut self, channel: usize, chunk: &[f32]) {
        let keep = self.block.in_frames;
        let stretch = NEW_BLOCKS * keep;
        let Channel { before, output, is_silent } = &mut self.channels[channel];
        let (first, second) = chunk.split_at(stretch);
        let second_before = &first[stretch - keep..];
        let silent = |part: &[f32]| part.iter().all(|value| *value == 0.0);
        *is_silent = [silent(before) && silent(first), silent(second_before) && silent(second)];
        if *is_silent != [true; STRETCHES] {
            let (old, new) = self.spectrum.split_at_mut(keep);
            pair(old, before, second_before);
            pair(new, first, second);
            self.forward.process_with_scratch(&mut self.spectrum, &mut self.scratch);
            filter(&self.spectrum, &self.response, output);
            self.inverse.process_with_scratch(output, &mut self.scratch);
        }
        before.copy_from_slice(&second[stretch - keep..]);
    }

    /// Copies what the last chunk gave, from frame `from` on, to `target`.
    pub(super) fn copy_converted(&self, channel: usize, from: usize, target: &mut [f32]) {
        let frames = self.stretch_frames();
        let Channel { output, is_silent, .. } = &self.channels[channel];
        let output = &output[self.block.out_frames..];
        let (first, second) = target.split_at_mut(frames.saturating_sub(from).min(target.len()));
        let second_from = from.saturating_sub(frames);
        if is_silent[0] {
            first.fill(0.0);
        } else {
            first.iter_mut().zip(&output[from.min(frames)..]).for_each(|(to, of)| *to = of.re);
        }
        if is_silent[1] {
            second.fill(0.0);
        } else {
            second.iter_mut().zip(&output[second_from..]).for_each(|(to, of)| *to = of.im);
        }
    }

    /// Bytes of memory held, about.
    pub(super) fn byte_len(&self) -> usize {
        let (input, output) = (self.forward.len(), self.inverse.len());
        let tables = 2 * (input + output) + self.response.len() + self.spectrum.len();
        let per_channel = output * size_of::<Complex32>() + self.block.in_frames * size_of::<f32>();
        (tables + self.scratch.len()) * size_of::<Complex32>() + self.channels.len() * per_channel
    }
}

/// The impulse response of the filter in `len` values, for transforms that do not scale.
fn low_pass(block: FftBlock, len: usize) -> Vec<Complex32> {
    let taps = block.in_frames;
    let low = taps.min(block.out_frames);
    let cutoff = calculate_cutoff::<f64>(low, WINDOW) * low as f64 / taps as f64;
    let middle = (taps / 2) as f64;
    let tap =
        |frame: usize| window(frame as f64 / taps as f64) * sinc((frame as f64 - middle) * cutoff);
    let response: Vec<f64> = (0..taps).map(tap).collect();
    let gain = response.iter().sum::<f64>() * len as f64;
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what transforms work in")]
    let mut response: Vec<Complex32> =
        response.iter().map(|value| Complex32::new((value / gain) as f32, 0.0)).collect();
    response.resize(len, Complex32::ZERO);
    response
}

/// [`WINDOW`] at `part` of its length: the square of the Blackman-Harris window of four terms.
fn window(part: f64) -> f64 {
    let turn = std::f64::consts::TAU * part;
    let value = 0.35875 - 0.48829 * turn.cos() + 0.14128 * (2.0 * turn).cos()
        - 0.01168 * (3.0 * turn).cos();
    value * value
}

/// Puts two stretches of one length together.
fn pair(target: &mut [Complex32], re: &[f32], im: &[f32]) {
    for ((to, &re), &im) in target.iter_mut().zip(re).zip(im) {
        *to = Complex32::new(re, im);
    }
}

/// Filters a spectrum, and cuts or extends it to the length of `output`.
fn filter(spectrum: &[Complex32], response: &[Complex32], output: &mut [Complex32]) {
    let common = spectrum.len().min(output.len());
    // The frequencies from 0 up, and at the end the negative ones. What lies between belongs to
    // the higher rate alone; in the middle of it the filter lets nothing through.
    let (up, down) = (common / 2, common - common / 2);
    let multiply = |output: &mut [Complex32], spectrum: &[Complex32], response: &[Complex32]| {
        for ((to, of), by) in output.iter_mut().zip(spectrum).zip(response) {
            *to = of * by;
        }
    };
    let (in_gap, out_gap) = (spectrum.len() - down, output.len() - down);
    multiply(&mut output[..up], &spectrum[..up], &response[..up]);
    output[up..out_gap].fill(Complex32::ZERO);
    multiply(&mut output[out_gap..], &spectrum[in_gap..], &response[in_gap..]);
}
