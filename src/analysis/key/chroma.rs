//! How much of each pitch class there is, whatever the tuning.
//!
//! # Sources
//! E. Gómez, *Tonal Description of Music Audio Signals* (2006), 3.4: pitch class profiles by
//! spectral peaks, each weighted by a squared cosine of its distance, each counting for the notes
//! that it may be a partial of. Tuning: the mean angle of all peaks on the circle of one semitone
//! (K. Dressler and S. Streich, *Tuning frequency estimation using circular statistics*, ISMIR
//! 2007).

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
/// The power of its magnitude that a peak counts with for the pitch classes: so the one loudest
/// partial does not drown a chord.
const COMPRESSION: f32 = 0.7;
/// What a peak counts for as the third partial of a lower note. The second one is of the same pitch
/// class; without the third, the fifth of a chord is as strong as its root.
const AS_THIRD: f32 = 0.3;
/// No note that has partials is lower than this, in Hz.
const LOWEST_HZ: f32 = 60.0;

/// Sums the peaks of frames.
pub(super) struct Chroma {
    peaks: Bins<f64>,
    notes: Bins<f64>,
}

/// The bins of an octave.
struct Bins<T>([T; BINS]);

impl Bins<f32> {
    /// Adds a `weight` so many octaves from C, between the two bins next to it.
    fn add(&mut self, octaves: f32, weight: f32) {
        let position = octaves.rem_euclid(1.0) * BINS as f32;
        let part = position.fract();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to BINS")]
        let bin = position as usize;
        self.0[bin % BINS] += (1.0 - part) * weight;
        self.0[(bin + 1) % BINS] += part * weight;
    }

    fn sum(&self) -> f32 {
        self.0.iter().sum()
    }
}

impl Bins<f64> {
    /// Adds those of a frame, as many as `weight` in all.
    fn add_frame(&mut self, frame: &Bins<f32>, weight: f32) {
        let scale = f64::from(weight / frame.sum());
        for (bin, value) in self.0.iter_mut().zip(frame.0) {
            *bin += f64::from(value) * scale;
        }
    }
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
        Self { peaks: Bins([0.0; BINS]), notes: Bins([0.0; BINS]) }
    }

    /// Adds a frame. Loud ones count more than soft ones, but by the root only.
    pub(super) fn add(&mut self, peaks: &[Peak]) {
        let [mut frame, mut notes] = [Bins([0.0; BINS]), Bins([0.0; BINS])];
        let most = peaks.iter().map(|peak| peak.magnitude).fold(f32::MIN_POSITIVE, f32::max);
        for peak in peaks {
            let octaves = (peak.frequency_hz / C_HZ).log2();
            let tilt = (peak.frequency_hz / FULL_HZ).hypot(1.0).recip();
            frame.add(octaves, tilt * peak.magnitude);
            let weight = tilt * (peak.magnitude / most).powf(COMPRESSION);
            notes.add(octaves, weight);
            if peak.frequency_hz >= 3.0 * LOWEST_HZ {
                notes.add(octaves - 3.0_f32.log2(), AS_THIRD * weight);
            }
        }
        let sum = frame.sum();
        if sum > 0.0 && sum.is_finite() {
            self.peaks.add_frame(&frame, sum.sqrt());
            self.notes.add_frame(&notes, sum.sqrt());
        }
    }

    /// None where there was no peak at all.
    pub(super) fn pitches(&self) -> Option<Pitches> {
        let sum: f64 = self.peaks.0.iter().sum();
        let turn = |bin: usize| TAU * bin as f64 / PER_SEMITONE as f64;
        let [mut re, mut im] = [0.0; 2];
        for (bin, value) in self.peaks.0.iter().enumerate() {
            re += value * turn(bin).cos();
            im += value * turn(bin).sin();
        }
        let tuning = im.atan2(re) / TAU;
        let class = |class: usize| {
            let weighted = self.notes.0.iter().enumerate().map(|(bin, value)| {
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
