//! How unlike a bar sounds to the bar before it.
//!
//! Chords, instruments and fills come and go with whole bars. Over a bar, and over the one before
//! it, what repeats itself within a bar is the same wherever they begin: what is left is what
//! changed, and it is most where the border between the two is one between bars of the music.
//!
//! # Sources
//! J. Foote, *Automatic audio segmentation using a measure of audio novelty*, ICME 2000, of what is
//! before and after a moment; here of their means, over a bar.

use std::ops::Range;

/// Frames whose spectra are taken together, 50 ms.
const BLOCK_FRAMES: usize = 5;
/// Steps of a logarithmic magnitude, of which there are 7 at most: a byte holds it, as there are
/// hours of them.
const STEPS: f32 = 32.0;

/// The spectra of a sample, in blocks.
pub(super) struct Sound {
    /// Of the block that is not complete.
    sum: Vec<f32>,
    frames: usize,
    /// The values of one block after those of the other.
    blocks: Vec<u8>,
}

impl Sound {
    /// Of spectra of so many values; `frames` of them, about.
    pub(super) fn new(values: usize, frames: usize) -> Self {
        let blocks = Vec::with_capacity(values * (frames / BLOCK_FRAMES));
        Self { sum: vec![0.0; values], frames: 0, blocks }
    }

    /// Takes the next spectrum: logarithms, as what is louder as a whole is not another sound.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "five frames, and no magnitude is below 0"
    )]
    pub(super) fn hear(&mut self, spectrum: &[f32]) {
        for (sum, value) in self.sum.iter_mut().zip(spectrum) {
            *sum += value;
        }
        self.frames += 1;
        if self.frames.is_multiple_of(BLOCK_FRAMES) {
            let byte = |sum: &f32| (STEPS / BLOCK_FRAMES as f32 * sum).round() as u8;
            self.blocks.extend(self.sum.iter().map(byte));
            self.sum.fill(0.0);
        }
    }

    /// How far what is between a frame and a later one differs from what is between that and a
    /// third: the variance, over the filters, of how much louder each is. None beyond an end.
    pub(super) fn contrast(&self, [from, border, to]: [f64; 3]) -> Option<f64> {
        let [from, border, to] = [block(from)?, block(border)?, block(to)?];
        let (before, after) = (self.means(from..border)?, self.means(border..to)?);
        #[expect(clippy::cast_precision_loss, reason = "forty")]
        let mean = |sum: f64| sum / self.sum.len() as f64;
        let louder = || before.iter().zip(&after).map(|(before, after)| after - before);
        let as_a_whole = mean(louder().sum());
        Some(mean(louder().map(|louder| (louder - as_a_whole).powi(2)).sum()))
    }

    /// The mean of each value over some blocks.
    fn means(&self, blocks: Range<usize>) -> Option<Vec<f64>> {
        let values = self.sum.len();
        let count = u32::try_from(blocks.len()).ok().filter(|count| *count > 0)?;
        let heard = self.blocks.get(blocks.start * values..blocks.end * values)?;
        let mut sums = vec![0_u32; values];
        for block in heard.chunks_exact(values) {
            sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += u32::from(*value));
        }
        let scale = f64::from(STEPS) * f64::from(count);
        Some(sums.iter().map(|sum| f64::from(*sum) / scale).collect())
    }
}

/// The first block that begins at a frame or after it; None before the first one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "far below 2^53, and not negative here"
)]
fn block(frame: f64) -> Option<usize> {
    let block = (frame / BLOCK_FRAMES as f64).ceil();
    (block >= 0.0).then_some(block as usize)
}
