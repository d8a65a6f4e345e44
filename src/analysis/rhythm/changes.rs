//! How much the sound as a whole changes from one half of a second to the next.
//!
//! Chords, basses and instruments change where a bar begins more often than elsewhere, which no
//! single attack tells: a chord's change need not be loud.
//!
//! # Sources
//! M. E. P. Davies, M. D. Plumbley, *A spectral difference approach to downbeat extraction in
//! musical audio*, EUSIPCO 2006, from beat to beat; here over a fixed time, so that it is known
//! before the beats are.

use std::collections::VecDeque;

/// Frames whose spectra are taken together, 50 ms.
const BLOCK_FRAMES: usize = 5;
/// Blocks before and after a change.
const SIDE_BLOCKS: usize = 10;
/// Added to every change: ten times what rounding makes of none. Where a sound repeats itself
/// exactly, changes are told beside each other, and that would be all there is of them.
const ROUNDING: f64 = 1e-5;

/// The change at every border of two blocks, of spectra that come one after the other.
pub(super) struct Changes {
    /// Of the block that is not complete.
    sum: Vec<f32>,
    frames: usize,
    /// Those of the last blocks, the oldest first.
    blocks: VecDeque<Vec<f32>>,
    /// The first one is that after `SIDE_BLOCKS`; no number where there is silence.
    found: Vec<f32>,
}

impl Changes {
    /// Of spectra of so many values.
    pub(super) fn new(values: usize, frames: usize) -> Self {
        let found = Vec::with_capacity(frames / BLOCK_FRAMES);
        Self { sum: vec![0.0; values], frames: 0, blocks: VecDeque::new(), found }
    }

    /// Takes the next spectrum.
    pub(super) fn hear(&mut self, spectrum: &[f32]) {
        for (sum, value) in self.sum.iter_mut().zip(spectrum) {
            *sum += value;
        }
        self.frames += 1;
        if !self.frames.is_multiple_of(BLOCK_FRAMES) {
            return;
        }
        let oldest = (self.blocks.len() == 2 * SIDE_BLOCKS).then(|| self.blocks.pop_front());
        let mut next = oldest.flatten().unwrap_or_else(|| vec![0.0; self.sum.len()]);
        next.fill(0.0);
        std::mem::swap(&mut next, &mut self.sum);
        self.blocks.push_back(next);
        if self.blocks.len() == 2 * SIDE_BLOCKS {
            self.found.push(self.change());
        }
    }

    /// One less the cosine of the angle between the older and the newer half of the blocks.
    fn change(&self) -> f32 {
        let [mut product, mut before_square, mut after_square] = [0.0; 3];
        for value in 0..self.sum.len() {
            let sum = |from: usize| -> f32 {
                (from..from + SIDE_BLOCKS).map(|block| self.blocks[block][value]).sum()
            };
            let (before, after) = (sum(0), sum(SIDE_BLOCKS));
            product += before * after;
            before_square += before * before;
            after_square += after * after;
        }
        let most = (before_square * after_square).sqrt();
        if most > 0.0 { 1.0 - product / most } else { f32::NAN }
    }

    /// The change at a frame, between those at the borders around it; None within half a second of
    /// an end, and beside silence.
    pub(super) fn at(&self, frame: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let place = frame / BLOCK_FRAMES as f64 - SIDE_BLOCKS as f64;
        let (border, part) = (place.floor(), place - place.floor());
        let before = self.at_border(border)?;
        match part > 0.0 {
            true => Some(before + part * (self.at_border(border + 1.0)? - before)),
            false => Some(before),
        }
    }

    fn at_border(&self, border: f64) -> Option<f64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "blocks are far below 2^53, and not negative here"
        )]
        let change = *self.found.get((border >= 0.0).then_some(border as usize)?)?;
        (!change.is_nan()).then(|| f64::from(change.max(0.0)) + ROUNDING)
    }
}
