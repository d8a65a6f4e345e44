//! How much a signal resembles itself some time later.

use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Frames that are laid beside what follows them in one step; every shorter lag is known.
pub(super) const BLOCK_FRAMES: usize = 2_048;

/// Products of a signal with itself, summed up for every lag, block by block.
pub(super) struct Correlation {
    /// Sums by lag in frames.
    sums: Vec<f64>,
    /// Sums of the squares of what lies before and behind what overlaps after a lag.
    before: Vec<f64>,
    behind: Vec<f64>,
    /// Frames of the signal.
    frames: usize,
}

/// The transforms that correlations share.
pub(super) struct Correlator {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    block: Vec<Complex32>,
    following: Vec<Complex32>,
}

impl Correlator {
    pub(super) fn new() -> Self {
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(2 * BLOCK_FRAMES);
        let inverse = planner.plan_fft_inverse(2 * BLOCK_FRAMES);
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        Self {
            forward,
            inverse,
            scratch: vec![Complex32::ZERO; scratch],
            block: vec![Complex32::ZERO; 2 * BLOCK_FRAMES],
            following: vec![Complex32::ZERO; 2 * BLOCK_FRAMES],
        }
    }

    /// Adds the products of the block that begins at `from` with all that follows within a block.
    pub(super) fn add(
        &mut self,
        signal: &[f32],
        mean: f32,
        from: usize,
        correlation: &mut Correlation,
    ) {
        let fill = |target: &mut [Complex32], frames: usize| {
            target.fill(Complex32::ZERO);
            for (target, value) in target.iter_mut().zip(signal[from..].iter().take(frames)) {
                target.re = value - mean;
            }
        };
        fill(&mut self.block, BLOCK_FRAMES);
        fill(&mut self.following, 2 * BLOCK_FRAMES);
        self.forward.process_with_scratch(&mut self.block, &mut self.scratch);
        self.forward.process_with_scratch(&mut self.following, &mut self.scratch);
        for (block, following) in self.block.iter_mut().zip(&self.following) {
            *block = block.conj() * following;
        }
        self.inverse.process_with_scratch(&mut self.block, &mut self.scratch);
        #[expect(clippy::cast_precision_loss, reason = "a power of two")]
        let scale = 1.0 / (2 * BLOCK_FRAMES) as f64;
        for (sum, product) in correlation.sums.iter_mut().zip(&self.block) {
            *sum += scale * f64::from(product.re);
        }
    }
}

impl Correlation {
    /// Of a signal whose mean is taken off, before anything is added.
    pub(super) fn new(signal: &[f32], mean: f32) -> Self {
        let squares = signal.iter().map(|value| f64::from(value - mean).powi(2));
        let lags = signal.len().min(BLOCK_FRAMES);
        Self {
            sums: vec![0.0; lags],
            before: sums(squares.clone(), lags),
            behind: sums(squares.rev(), lags),
            frames: signal.len(),
        }
    }

    /// Lags that are known, from none on.
    pub(super) fn lags(&self) -> usize {
        self.sums.len()
    }

    /// Frames of the signal.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn frames(&self) -> f64 {
        self.frames as f64
    }

    /// The sum of the squares; None of silence.
    fn square(&self) -> Option<f64> {
        self.sums.first().copied().filter(|square| *square > 0.0)
    }

    /// The sum at a lag that need not be whole; nothing beyond what is known.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lags are not negative, and far below 2^53"
    )]
    fn sum_at(&self, lag: f64) -> Option<f64> {
        let floor = lag.floor();
        let part = lag - floor;
        let low = self.sums.get(floor as usize)?;
        let high = self.sums.get(floor as usize + 1).unwrap_or(low);
        Some(low + part * (high - low))
    }

    /// The likeness at `lag` frames, 1 for perfect, as of a part of something longer: the mean
    /// product of what overlaps over the mean square. None where too little overlaps.
    pub(super) fn open(&self, lag: f64) -> Option<f64> {
        let frames = self.frames();
        let square = self.square()? / frames;
        (lag <= MOST_OF_FILE * frames)
            .then(|| Some(self.sum_at(lag)? / (frames - lag) / square))
            .flatten()
    }

    /// The likeness of what overlaps after `lag` frames, whatever is in the rest: 1 for the same.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lags are not negative"
    )]
    pub(super) fn overlapping(&self, lag: f64) -> Option<f64> {
        let square = self.square()?;
        let without = |sums: &[f64]| Some(square - sums.get(lag as usize)?);
        let product = without(&self.before)? * without(&self.behind)?;
        (product > 0.0).then(|| Some(self.sum_at(lag)? / product.sqrt())).flatten()
    }

    /// The same of something that goes on with its start after `length_frames`.
    pub(super) fn closed(&self, lag: f64, length_frames: f64) -> Option<f64> {
        let square = self.square()?;
        let lag = lag.rem_euclid(length_frames);
        // The last lags are those of the length's last frames, which need not be whole.
        let rest = (length_frames - lag).max(0.0);
        let around = |lag: f64| self.sum_at(lag).or_else(|| self.is_past_end(lag));
        Some((around(lag)? + around(rest)?) / square).map(|sum| match lag.min(rest) < 0.5 {
            true => 1.0,
            false => sum,
        })
    }

    /// Nothing is there to be multiplied once the lag is as long as the signal.
    fn is_past_end(&self, lag: f64) -> Option<f64> {
        (lag >= self.frames() - 1.0).then_some(0.0)
    }
}

/// How much two signals are alike after a lag, whichever of them is first.
///
/// What both together have in common with themselves, less what each has: the rest is what one has
/// in common with the other.
pub(super) struct Crossed<'a> {
    pub(super) each: [&'a Correlation; 2],
    /// Of the sum of the two.
    pub(super) both: &'a Correlation,
}

impl Crossed<'_> {
    /// 1 for perfect; `likeness` is that of one signal with itself. None where either is silent.
    pub(super) fn at(&self, likeness: impl Fn(&Correlation) -> Option<f64>) -> Option<f64> {
        let sum = |of: &Correlation| Some(likeness(of)? * of.square()?);
        let [one, other] = self.each;
        let squares = (one.square()? * other.square()?).sqrt();
        Some((sum(self.both)? - sum(one)? - sum(other)?) / (2.0 * squares))
    }
}

/// Lags beyond this part of the length say nothing: what overlaps is too short.
const MOST_OF_FILE: f64 = 0.92;

/// The sums of the first values: of none, of the first, of two, and so on.
fn sums(values: impl Iterator<Item = f64>, count: usize) -> Vec<f64> {
    values
        .take(count)
        .scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum - value)
        })
        .collect()
}
