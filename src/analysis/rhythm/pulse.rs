//! How strongly a signal pulses at every frequency.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::{Complex32, Complex64};
use rustfft::{Fft, FftPlanner};

use super::spectra::FRAMES_PER_SEC;

/// Frames that are transformed together, 41 s: where a tempo wanders, a stretch much longer has no
/// one frequency.
pub(super) const STRETCH_FRAMES: usize = 4_096;
/// What is shorter is transformed as if it were this long.
const FEWEST_FRAMES: usize = 128;
/// As many bins for each frame: with the zeros behind them, a parabola fits a peak.
const BINS_PER_FRAME: usize = 8;
/// What is kept is up to this frequency.
const KEPT_HZ: usize = 16;

/// Magnitudes of the transform of a signal, over all its stretches.
pub(super) struct Pulse {
    /// Half as long as the transform that is meant: what is real is transformed in pairs, and to
    /// plan a transform takes longer than to do it.
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    /// Pairs of consecutive values.
    values: Vec<Complex32>,
    magnitudes: Vec<f32>,
    /// What they would be if all of the signal were in one phase.
    most: f32,
}

impl Pulse {
    /// Of a signal of so many frames.
    pub(super) fn new(frames: usize) -> Self {
        let stretch = frames.clamp(FEWEST_FRAMES, STRETCH_FRAMES).next_power_of_two();
        let padded = BINS_PER_FRAME * stretch;
        let fft = FftPlanner::new().plan_fft_forward(padded / 2);
        Self {
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            values: vec![Complex32::ZERO; padded / 2],
            magnitudes: vec![0.0; padded * KEPT_HZ / FRAMES_PER_SEC as usize],
            most: 0.0,
        }
    }

    /// Adds one stretch of at most [`STRETCH_FRAMES`] frames.
    pub(super) fn add(&mut self, stretch: &[f32]) {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let mean = stretch.iter().sum::<f32>() / stretch.len().max(1) as f32;
        self.values.fill(Complex32::ZERO);
        for (value, frames) in self.values.iter_mut().zip(stretch.chunks(2)) {
            value.re = frames[0] - mean;
            value.im = frames.get(1).map_or(0.0, |frame| frame - mean);
        }
        self.most += stretch.iter().map(|frame| frame.abs()).sum::<f32>();
        self.fft.process_with_scratch(&mut self.values, &mut self.scratch);
        self.add_magnitudes();
    }

    /// Adds the magnitudes of the transform whose even and odd values were transformed as the real
    /// and the imaginary part of one.
    #[expect(clippy::cast_precision_loss, reason = "a power of two")]
    fn add_magnitudes(&mut self) {
        let mirrored = std::iter::once(&self.values[0]).chain(self.values[1..].iter().rev());
        let turn = Complex64::cis(-PI / self.values.len() as f64);
        let mut turned = Complex64::ONE;
        for ((magnitude, value), mirrored) in
            self.magnitudes.iter_mut().zip(&self.values).zip(mirrored)
        {
            let (even, odd) = (value + mirrored.conj(), value - mirrored.conj());
            #[expect(clippy::cast_possible_truncation, reason = "no more digits are needed")]
            let turned_back = Complex32::new(turned.im as f32, -turned.re as f32);
            *magnitude += 0.5 * (even + turned_back * odd).norm();
            turned *= turn;
        }
    }

    /// The strength of `frequency_hz` and of its double and its fourfold, each 0 to 1.
    pub(super) fn strength(&self, frequency_hz: f64) -> f64 {
        [1.0, 2.0, 4.0].iter().map(|multiple| self.at(multiple * frequency_hz)).sum()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "bins are few, and the frequency is not negative"
    )]
    pub(super) fn at(&self, frequency_hz: f64) -> f64 {
        let bin = frequency_hz * 2.0 * self.values.len() as f64 / f64::from(FRAMES_PER_SEC);
        let floor = bin.floor();
        let Some([low, high]) = self.magnitudes.get(floor as usize..floor as usize + 2) else {
            return 0.0;
        };
        let part = bin - floor;
        let magnitude = f64::from(*low) * (1.0 - part) + f64::from(*high) * part;
        magnitude / f64::from(self.most.max(f32::MIN_POSITIVE))
    }

    /// The strongest frequency within `width` (a part of it) around `frequency_hz`.
    pub(super) fn refine(&self, frequency_hz: f64, width: f64) -> f64 {
        /// Places on each side that are looked at before the parabola.
        const PLACES: i32 = 12;
        let step = width / f64::from(PLACES);
        let at = |place: i32| frequency_hz * (1.0 + step * f64::from(place));
        let best = (-PLACES..=PLACES)
            .max_by(|one, other| self.strength(at(*one)).total_cmp(&self.strength(at(*other))))
            .unwrap_or(0);
        let [before, peak, after] = [best - 1, best, best + 1].map(|at_| self.strength(at(at_)));
        let bend = before - 2.0 * peak + after;
        let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
        frequency_hz * (1.0 + step * (f64::from(best) + shift.clamp(-1.0, 1.0)))
    }
}
