//! How much of each pitch class there is, whatever the tuning.
//!
//! # Sources
//! E. Gómez, *Tonal Description of Music Audio Signals* (2006), 3.4: pitch class profiles by
//! spectral peaks, each weighted by a squared cosine of its distance. Tuning: the mean angle of all
//! peaks on the circle of one semitone (K. Dressler and S. Streich, *Tuning frequency estimation
//! using circular statistics*, ISMIR 2007).

use std::f64::consts::TAU;

use super::spectrum::Peak;

/// Bins of an octave: 10 cents each.
const BINS: usize = 12 * PER_SEMITONE;
const PER_SEMITONE: usize = 10;
/// C of the octave below middle C, in Hz, where A is 440 Hz.
const C_HZ: f32 = 130.812_78;
/// Above this, peaks count less, by 6 dB per octave: more and more of them are partials of notes
/// that are there already.
const FULL_HZ: f32 = 500.0;

/// Sums the peaks of frames.
pub(super) struct Chroma {
    bins: [f64; BINS],
    frame: [f32; BINS],
}

/// What the peaks of all frames come to.
pub(super) struct Pitches {
    /// The strength of each pitch class from C up.
    pub(super) classes: [f64; 12],
    /// How far the semitones lie above those of A = 440 Hz, from −50 to 50 cents.
    pub(super) tuning_cents: f64,
    /// How much the peaks keep to semitones, whatever these are tuned to: 0 to 1.
    pub(super) coherence: f64,
}

impl Chroma {
    pub(super) fn new() -> Self {
        Self { bins: [0.0; BINS], frame: [0.0; BINS] }
    }

    /// Adds a frame. Loud ones count more than soft ones, but by the root only.
    pub(super) fn add(&mut self, peaks: &[Peak]) {
        self.frame.fill(0.0);
        for peak in peaks {
            let position = (peak.frequency_hz / C_HZ).log2().rem_euclid(1.0) * BINS as f32;
            let part = position.fract();
            let magnitude = peak.magnitude / (peak.frequency_hz / FULL_HZ).hypot(1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to BINS"
            )]
            let bin = position as usize;
            self.frame[bin % BINS] += (1.0 - part) * magnitude;
            self.frame[(bin + 1) % BINS] += part * magnitude;
        }
        let sum: f32 = self.frame.iter().sum();
        if sum > 0.0 && sum.is_finite() {
            let scale = f64::from(sum.sqrt().recip());
            for (bin, value) in self.bins.iter_mut().zip(self.frame) {
                *bin += f64::from(value) * scale;
            }
        }
    }

    /// None where there was no peak at all.
    pub(super) fn pitches(&self) -> Option<Pitches> {
        let sum: f64 = self.bins.iter().sum();
        let turn = |bin: usize| TAU * bin as f64 / PER_SEMITONE as f64;
        let [mut re, mut im] = [0.0; 2];
        for (bin, value) in self.bins.iter().enumerate() {
            re += value * turn(bin).cos();
            im += value * turn(bin).sin();
        }
        let tuning = im.atan2(re) / TAU;
        let class = |class: usize| {
            let weighted = self.bins.iter().enumerate().map(|(bin, value)| {
                let distance = bin as f64 / PER_SEMITONE as f64 - tuning - class as f64;
                let distance = (distance + 6.0).rem_euclid(12.0) - 6.0;
                let weight = if distance.abs() < 0.5 { (0.5 * TAU * distance).cos() } else { 0.0 };
                value * weight * weight
            });
            weighted.sum()
        };
        (sum > 0.0).then(|| Pitches {
            classes: std::array::from_fn(class),
            tuning_cents: 100.0 * tuning,
            coherence: re.hypot(im) / sum,
        })
    }
}
