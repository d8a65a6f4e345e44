//! Which pitches there are over time, how they are tuned, and how far they are music.
//!
//! # Sources
//! Tuning: the mean angle on the circle of one semitone (K. Dressler and S. Streich, *Tuning
//! frequency estimation using circular statistics*, ISMIR 2007). What sounds at a pitch stands out
//! of what is around it in frequency, and what is struck is spread over all of it: a median parts
//! them (D. FitzGerald, *Harmonic/Percussive Separation Using Median Filtering*, DAFx 2010, but of
//! the mean over time, whose peaks are what stays or returns, instead of each frame). Partials of a
//! note are the same distances apart on a logarithmic scale whatever the note (J. C. Brown, *Musical
//! fundamental frequency tracking using a pattern recognition method*, JASA 1992), and so are notes
//! that go together: an autocorrelation finds them.

use std::f64::consts::TAU;
use std::ops::RangeInclusive;

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
/// Bins that are around one: of two semitones.
const AROUND: usize = 21;
/// A pitch is what is above so many times the median of what is around it.
const ABOVE: f64 = 1.05;
/// Distances of partials of one note, and of notes that go together, in bins: a fifth, an octave, a
/// twelfth, two octaves.
const HARMONIC: [usize; 4] =
    [7 * PER_SEMITONE, 12 * PER_SEMITONE, 19 * PER_SEMITONE, 24 * PER_SEMITONE];
/// The same of a note that has odd partials alone, as of square waves and driven tones: the fifth from
/// the third, the third from the first, the fifth from the first.
const ODD: [usize; 3] = [88 * PER_SEMITONE / 10, 19 * PER_SEMITONE, 279 * PER_SEMITONE / 10];
/// What these are behind: of two likenesses, one is more often high by chance.
pub(super) const ODD_BEHIND: f64 = 0.05;
/// Distances that these are compared with, in bins: half an octave to two and a half.
const DISTANCES: RangeInclusive<usize> = 6 * PER_SEMITONE..=30 * PER_SEMITONE;

/// The mean spectrum, by pitch.
pub(super) struct Partials(Vec<f64>);

/// What the pitches of all frames have in common.
pub(super) struct Common {
    /// How far the semitones lie above those of A = 440 Hz, in semitones from −0.5 to 0.5.
    pub(super) tuning: f64,
    /// How much the pitches keep to semitones, whatever these are tuned to: 0 to 1.
    pub(super) coherence: f64,
    /// How much more of them are as far apart as partials and notes that go together than are any other
    /// distance: below 1, of what is struck around 0.
    pub(super) harmony: f64,
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
    pub(super) fn common(&self) -> Option<Common> {
        let smooth: Vec<f64> = self.0.windows(WIDTH).map(|bins| bins.iter().sum()).collect();
        let above = |around: &[f64]| (around[AROUND / 2] - ABOVE * median(around)).max(0.0);
        let pitches: Vec<f64> = smooth.windows(AROUND).map(above).collect();
        // So that a loud bass or drum is not all that counts.
        let roots: Vec<f64> = pitches.iter().map(|pitch| pitch.sqrt()).collect();
        let sum: f64 = roots.iter().sum();
        let [mut plain, mut rooted] = [Complex64::ZERO; 2];
        for (at, (pitch, root)) in pitches.iter().zip(&roots).enumerate() {
            let bin = at + AROUND / 2 + WIDTH / 2;
            let turn = Complex64::cis(TAU * bin as f64 / PER_SEMITONE as f64);
            plain += pitch * turn;
            rooted += root * turn;
        }
        (sum > 0.0).then(|| Common {
            tuning: plain.arg() / TAU,
            coherence: rooted.norm() / sum,
            harmony: harmony(&roots),
        })
    }
}

/// How much more alike pitches are to those at harmonic distances than to those at any.
fn harmony(pitches: &[f64]) -> f64 {
    let alike = |distance: usize| {
        let pairs = pitches.iter().zip(&pitches[distance..]);
        pairs.map(|(low, high)| low * high).sum::<f64>()
    };
    let near = |distance: &usize| (distance - 1..=distance + 1).map(alike).fold(0.0, f64::max);
    let mean = |distances: &[usize]| {
        distances.iter().map(near).sum::<f64>() / (distances.len() as f64 * alike(0))
    };
    let any = DISTANCES.map(alike).sum::<f64>() / (DISTANCES.count() as f64 * alike(0));
    mean(&HARMONIC).max(mean(&ODD) - ODD_BEHIND) - any
}

fn median(values: &[f64]) -> f64 {
    let mut values: [f64; AROUND] = std::array::from_fn(|index| values[index]);
    *values.select_nth_unstable_by(AROUND / 2, f64::total_cmp).1
}
