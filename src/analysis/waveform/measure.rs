//! Block by block as the sample is heard.

use std::sync::Arc;

use super::super::biquad::{LANES, in_pairs};
use super::super::single::Single;
use super::super::{AnalysisResult, Block as Heard};
use super::bands::Bands;
use super::{BLOCK_FRAMES, Block, ColouredWaveform};
use crate::spec::AudioSpec;

/// Measures what there is to draw.
pub(in super::super) struct WaveformMeter {
    spec: AudioSpec,
    frames: usize,
    /// One for each pair of channels.
    bands: Vec<Bands>,
    /// What the open block of each level has so far, for each channel.
    open: [Vec<Sums>; BLOCK_FRAMES.len()],
    levels: [Vec<Vec<Block>>; BLOCK_FRAMES.len()],
}

/// What a block is made of.
#[derive(Clone, Copy)]
struct Sums {
    frames: usize,
    min: f32,
    max: f32,
    squares: [f64; 4],
}

impl Sums {
    const NONE: Self =
        Self { frames: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, squares: [0.0; 4] };

    fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.min = lesser(self.min, other.min);
        self.max = greater(self.max, other.max);
        for (sum, other) in self.squares.iter_mut().zip(other.squares) {
            *sum += other;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "stored as f32, kept within its range")]
    fn block(&self) -> Block {
        let power = |sum: f64| (sum / self.frames as f64).min(f64::from(f32::MAX)) as f32;
        // Of nothing but no numbers there is neither.
        let (min, max) = if self.min > self.max { (0.0, 0.0) } else { (self.min, self.max) };
        Block {
            min: min.clamp(f32::MIN, f32::MAX),
            max: max.clamp(f32::MIN, f32::MAX),
            powers: self.squares.map(power),
        }
    }
}

// Not `f32::min`: both pass over what is no number, and only these are fast.
fn lesser(one: f32, other: f32) -> f32 {
    if other < one { other } else { one }
}

fn greater(one: f32, other: f32) -> f32 {
    if other > one { other } else { one }
}

impl WaveformMeter {
    /// Of a sample of so many frames: what grew as it is heard would be moved now and then, which
    /// takes longer than a step.
    pub(in super::super) fn new(spec: AudioSpec, frames: usize) -> Self {
        let level = |block_frames| {
            let blocks = frames.div_ceil(block_frames);
            (0..spec.channels).map(|_| Vec::with_capacity(blocks)).collect()
        };
        let pairs = spec.channels.div_ceil(LANES);
        Self {
            spec,
            frames: 0,
            bands: (0..pairs).map(|_| Bands::new(f64::from(spec.sample_rate))).collect(),
            open: std::array::from_fn(|_| vec![Sums::NONE; spec.channels]),
            levels: BLOCK_FRAMES.map(level),
        }
    }

    /// Hears the frames that follow: one plane per channel, all of one length.
    pub(super) fn measure(&mut self, planes: &[&[f32]]) {
        let frames = planes.first().map_or(0, |plane| plane.len());
        let mut from = 0;
        while from < frames {
            let to = frames.min(from + BLOCK_FRAMES[0] - self.frames % BLOCK_FRAMES[0]);
            self.add(planes, from, to);
            self.frames += to - from;
            for (level, block_frames) in BLOCK_FRAMES.into_iter().enumerate() {
                if self.frames.is_multiple_of(block_frames) {
                    self.close(level);
                }
            }
            from = to;
        }
    }

    /// Adds frames `from..to`, all of them in one block.
    fn add(&mut self, planes: &[&[f32]], from: usize, to: usize) {
        let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[from..to]).collect();
        let [fine, _] = &mut self.open;
        let open = fine.chunks_mut(LANES);
        for ((pair, open), bands) in in_pairs(&part).zip(open).zip(&mut self.bands) {
            let mut squares = [[0.0; LANES]; 4];
            bands.add(pair, &mut squares);
            for (lane, open) in open.iter_mut().enumerate() {
                let (min, max) = extremes(pair[lane]);
                // What is no number is no sound.
                let squares = squares.map(|sums| sums[lane]);
                let squares = squares.map(|sum| if sum.is_finite() { sum } else { 0.0 });
                open.add(&Sums { frames: to - from, min, max, squares });
            }
        }
    }

    /// Ends the open block of a level, which becomes a part of the one above.
    fn close(&mut self, level: usize) {
        for channel in 0..self.spec.channels {
            let sums = std::mem::replace(&mut self.open[level][channel], Sums::NONE);
            self.levels[level][channel].push(sums.block());
            if let Some(above) = self.open.get_mut(level + 1) {
                above[channel].add(&sums);
            }
        }
        if level == 0 {
            self.bands.iter_mut().for_each(Bands::settle);
        }
    }

    /// What all that was heard comes to.
    pub(super) fn result(mut self) -> ColouredWaveform {
        for (level, block_frames) in BLOCK_FRAMES.into_iter().enumerate() {
            if !self.frames.is_multiple_of(block_frames) {
                self.close(level);
            }
        }
        ColouredWaveform { spec: self.spec, frames: self.frames, levels: self.levels }
    }
}

impl Single for WaveformMeter {
    fn hear(&mut self, block: &Heard<'_>) {
        self.measure(block.planes);
    }

    fn conclude(self) -> AnalysisResult {
        AnalysisResult::Waveform(Arc::new(self.result()))
    }
}

fn extremes(values: &[f32]) -> (f32, f32) {
    /// Values that are compared side by side.
    const LANES: usize = 8;
    let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            min[lane] = lesser(min[lane], chunk[lane]);
            max[lane] = greater(max[lane], chunk[lane]);
        }
    }
    let min = min.into_iter().chain(rest.iter().copied()).fold(f32::INFINITY, lesser);
    let max = max.into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, greater);
    (min, max)
}
