//! Which pitches there are over time, how they are tuned, and how much they keep to semitones.
//!
//! # Sources
//! Tuning: the mean angle on the circle of one semitone (K. Dressler and S. Streich, *Tuning
//! frequency estimation using circular statistics*, ISMIR 2007). What sounds at a pitch stands out
//! of what is around it in frequency, and what is struck is spread over all of it: a median parts
//! them (D. FitzGerald, *Harmonic/Percussive Separation Using Median Filtering*, DAFx 2010, but of
//! the mean over time, whose peaks are what stays or returns, instead of each frame).

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

/// Bins of a semitone: 10 cents each.
pub(super) const PER_SEMITONE: usize = 10;
/// Octaves that are looked at, from the lowest C up: to 4.2 kHz.
const OCTAVES: usize = 7;
/// Octaves from the lowest C, which is of 33 Hz, to the one below middle C.
const OCTAVES_BELOW: f32 = 2.0;
const BINS: usize = OCTAVES * 12 * PER_SEMITONE;
/// Bins that are taken together, as a played pitch is no line.
const WIDTH: usize = 3;
/// Bins that are around one: of a semitone and a half.
const AROUND: usize = 15;
/// A pitch is what is above so many times the median of what is around it.
const ABOVE: f64 = 1.5;

/// The mean spectrum, by pitch.
pub(super) struct Partials(Vec<f64>);

/// What the pitches of all frames have in common.
pub(super) struct Tuning {
    /// How far the semitones lie above those of A = 440 Hz, in semitones from −0.5 to 0.5.
    pub(super) semitones: f64,
    /// How much the pitches keep to semitones, whatever these are tuned to: 0 to 1.
    pub(super) coherence: f64,
}

impl Partials {
    pub(super) fn new() -> Self {
        Self(vec![0.0; BINS])
    }

    /// Adds a `weight` so many octaves from the C below middle C, between the two bins next to it.
    pub(super) fn add(&mut self, octaves: f32, weight: f32) {
        let position = (octaves + OCTAVES_BELOW) * (12 * PER_SEMITONE) as f32;
        let part = position.fract();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to BINS")]
        let bin = position as usize;
        if let Some([low, high]) = self.0.get_mut(bin..bin + 2) {
            *low += f64::from((1.0 - part) * weight);
            *high += f64::from(part * weight);
        }
    }

    /// None where nothing stands out.
    pub(super) fn tuning(&self) -> Option<Tuning> {
        let smooth: Vec<f64> = self.0.windows(WIDTH).map(|bins| bins.iter().sum()).collect();
        let [mut plain, mut rooted] = [Complex64::ZERO; 2];
        let mut sum = 0.0;
        for (at, around) in smooth.windows(AROUND).enumerate() {
            let pitch = (around[AROUND / 2] - ABOVE * median(around)).max(0.0);
            let bin = at + AROUND / 2 + WIDTH / 2;
            let turn = Complex64::cis(TAU * bin as f64 / PER_SEMITONE as f64);
            plain += pitch * turn;
            // So that a loud bass or drum is not all that counts.
            rooted += pitch.sqrt() * turn;
            sum += pitch.sqrt();
        }
        (sum > 0.0).then(|| Tuning { semitones: plain.arg() / TAU, coherence: rooted.norm() / sum })
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values: [f64; AROUND] = std::array::from_fn(|index| values[index]);
    *values.select_nth_unstable_by(AROUND / 2, f64::total_cmp).1
}
