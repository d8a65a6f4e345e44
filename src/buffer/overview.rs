//! Minima and maxima of a sample, block by block: any stretch of it is drawn in microseconds,
//! however long it is.
#![allow(unsafe_code, reason = "calls Storage::write, whose contract it hands on")]

use std::ops::Range;

use super::storage::Storage;
use crate::error::LoadError;

/// Frames of one block, the finest level first; each a power of two, which divisions are cheap by.
const BLOCK_FRAMES: [usize; 2] = [256, 256 * 32];
/// Values that are compared side by side: as many as the widest registers hold, twice.
const LANES: usize = 16;

/// The least and the greatest value of some frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extremes {
    pub(crate) min: f32,
    pub(crate) max: f32,
}

impl Extremes {
    /// Those of no value at all.
    pub(crate) const NONE: Self = Self { min: f32::INFINITY, max: f32::NEG_INFINITY };

    /// Those of `values`.
    pub(crate) fn of(values: &[f32]) -> Self {
        let Some(last) = values.last_chunk::<LANES>() else {
            let one = |&value| Self { min: value, max: value };
            return values.iter().map(one).fold(Self::NONE, Self::and);
        };
        // Two arrays, not one of `Extremes`, and one loop for all: that is what gets vectorised.
        // Looking at some values twice does no harm.
        let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        for part in values.as_chunks().0.iter().chain([last]) {
            for lane in 0..LANES {
                min[lane] = lesser(min[lane], part[lane]);
                max[lane] = greater(max[lane], part[lane]);
            }
        }
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                min[lane] = lesser(min[lane], min[lane + half]);
                max[lane] = greater(max[lane], max[lane + half]);
            }
            half /= 2;
        }
        Self { min: min[0], max: max[0] }
    }

    /// Those of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { min: lesser(self.min, other.min), max: greater(self.max, other.max) }
    }
}

// Not `f32::min`: what that does about NaN, of which a sample has none, takes longer.
fn lesser(one: f32, other: f32) -> f32 {
    if other < one { other } else { one }
}

fn greater(one: f32, other: f32) -> f32 {
    if other > one { other } else { one }
}

/// Two levels of blocks that grow with the sample. What is published of them never changes, as
/// with the sample itself: the planes of a level are each channel's minima and its maxima.
#[derive(Debug)]
pub(super) struct Overview {
    levels: [Storage; BLOCK_FRAMES.len()],
}

impl Overview {
    /// Sets untouched memory aside for the blocks of `frames` frames.
    ///
    /// # Errors
    /// `too_large` without memory.
    pub(super) fn with_capacity(channels: usize, frames: usize) -> Result<Self, LoadError> {
        let [fine, coarse] =
            BLOCK_FRAMES.map(|block| Storage::with_capacity(2 * channels, frames / block));
        Ok(Self { levels: [fine?, coarse?] })
    }

    /// Makes room for the blocks of `frames` frames of a sample that nobody shares.
    ///
    /// # Errors
    /// As [`with_capacity`](Self::with_capacity); what is there stays.
    pub(super) fn grow(&mut self, frames: usize) -> Result<(), LoadError> {
        for (level, block) in self.levels.iter_mut().zip(BLOCK_FRAMES) {
            level.grow(frames / block)?;
        }
        Ok(())
    }

    /// Gives back what is not filled, of a sample that nobody shares.
    ///
    /// # Errors
    /// As [`with_capacity`](Self::with_capacity); what is there stays.
    pub(super) fn trim(&mut self) -> Result<(), LoadError> {
        self.levels.iter_mut().try_for_each(Storage::trim)
    }

    /// Adds the blocks that the frames of `sample` have filled. What that looks at was just
    /// written, so it is still in the cache.
    ///
    /// # Safety
    /// Called by the one writer of `sample` only, between its writes.
    pub(super) unsafe fn follow(&self, sample: &Storage, channels: usize) {
        let [fine, coarse] = &self.levels;
        let of_frames = |channel: usize, block| {
            Extremes::of(&sample.plane(channel)[range_of(block, BLOCK_FRAMES[0])])
        };
        // SAFETY: by this function's contract nobody else writes a level.
        unsafe { extend(fine, channels, sample.ready_frames() / BLOCK_FRAMES[0], of_frames) };
        let ratio = BLOCK_FRAMES[1] / BLOCK_FRAMES[0];
        let of_blocks = |channel, block| among(fine, channel, range_of(block, ratio));
        // SAFETY: as above.
        unsafe { extend(coarse, channels, fine.ready_frames() / ratio, of_blocks) };
    }

    /// The extremes of frames `start..end` of `channel`, all of them ready in `sample`.
    pub(super) fn extremes(
        &self,
        sample: &Storage,
        channel: usize,
        start: usize,
        end: usize,
    ) -> Extremes {
        self.extremes_at(BLOCK_FRAMES.len(), sample, channel, start, end)
    }

    /// The same, with the coarsest `levels` left out: whole blocks of one level, what is left at
    /// both ends from the next finer one.
    fn extremes_at(
        &self,
        levels: usize,
        sample: &Storage,
        channel: usize,
        start: usize,
        end: usize,
    ) -> Extremes {
        let Some(finer) = levels.checked_sub(1) else {
            return Extremes::of(&sample.plane(channel)[start..end]);
        };
        let frames = BLOCK_FRAMES[finer];
        let bits = frames.trailing_zeros();
        let level = &self.levels[finer];
        let first = (start + frames - 1) >> bits;
        let last = (end >> bits).min(level.ready_frames());
        if first >= last {
            return self.extremes_at(finer, sample, channel, start, end);
        }
        among(level, channel, first..last)
            .and(self.extremes_at(finer, sample, channel, start, first * frames))
            .and(self.extremes_at(finer, sample, channel, last * frames, end))
    }
}

/// What the `index`th block of `len` covers.
fn range_of(index: usize, len: usize) -> Range<usize> {
    index * len..(index + 1) * len
}

/// The extremes of some blocks of a level.
fn among(level: &Storage, channel: usize, blocks: Range<usize>) -> Extremes {
    Extremes {
        min: Extremes::of(&level.plane(2 * channel)[blocks.clone()]).min,
        max: Extremes::of(&level.plane(2 * channel + 1)[blocks]).max,
    }
}

/// Appends blocks to `level` until there are `until`, each what `of` says of its channel and index.
///
/// # Safety
/// Nobody else writes to `level` meanwhile.
unsafe fn extend(
    level: &Storage,
    channels: usize,
    until: usize,
    of: impl Fn(usize, usize) -> Extremes,
) {
    /// Blocks that are written at once.
    const MOST: usize = 64;
    let mut from = level.ready_frames();
    while from < until {
        let count = (until - from).min(MOST);
        for channel in 0..channels {
            let mut blocks = [Extremes::NONE; MOST];
            for (at, block) in blocks[..count].iter_mut().enumerate() {
                *block = of(channel, from + at);
            }
            let fill = |target: &mut [f32], value: fn(&Extremes) -> f32| {
                for (target, block) in target.iter_mut().zip(&blocks) {
                    *target = value(block);
                }
            };
            // SAFETY: by this function's contract there is no other writer.
            unsafe {
                level.write(2 * channel, count, |target| fill(target, |block| block.min));
                level.write(2 * channel + 1, count, |target| fill(target, |block| block.max));
            }
        }
        level.publish(count);
        from += count;
    }
}
