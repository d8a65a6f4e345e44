//! How much of each pitch class there is, whatever the tuning.
//!
//! # Sources
//! E. Gómez, *Tonal Description of Music Audio Signals* (2006), 3.4: pitch class profiles by
//! spectral peaks, each weighted by a squared cosine of its distance, each counting for the notes
//! that it may be a partial of.

use std::f64::consts::TAU;

use super::partials::{Common, PER_SEMITONE, Partials};
use super::spectrum::Peak;

/// Bins of an octave.
const BINS: usize = 12 * PER_SEMITONE;
/// C of the octave below middle C, in Hz, where A is 440 Hz.
const C_HZ: f32 = 130.812_78;
/// Above this, peaks count less, by 6 dB per octave: more and more of them are partials of notes
/// that are there already.
const FULL_HZ: f32 = 700.0;
/// The power of its magnitude that a peak counts with for the pitch classes: so the one loudest
/// partial does not drown a chord.
const COMPRESSION: f32 = 0.7;
/// What a peak counts for as the third partial of a lower note, where the first or the second one of
/// that sounds, too. The second one is of the same pitch class; without the third, the fifth of a
/// chord is as strong as its root.
const AS_THIRD: f32 = 0.3;
/// A frequency over that of half a semitone below.
const HALF_SEMITONE: f32 = 1.029_302_2;
/// No note that has partials is lower than this, in Hz.
const LOWEST_HZ: f32 = 60.0;

/// Sums the peaks of frames.
pub(super) struct Chroma {
    partials: Partials,
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
    /// The root of the strength of each pitch class from C up: so one note that is held or loud does
    /// not outdo the others.
    pub(super) classes: [f64; 12],
    /// How far the semitones lie above those of A = 440 Hz, from −50 to 50 cents.
    pub(super) tuning_cents: f64,
    /// How much the pitches keep to semitones, whatever these are tuned to: 0 to 1.
    pub(super) coherence: f64,
    /// How much more of them are at harmonic distances than at any: below 1.
    pub(super) harmony: f64,
}

impl Chroma {
    pub(super) fn new() -> Self {
        Self { partials: Partials::new(), notes: Bins([0.0; BINS]) }
    }

    /// Adds a frame. Loud ones count more than soft ones, but by the root only.
    pub(super) fn add(&mut self, peaks: &[Peak]) {
        let sum: f32 = peaks.iter().map(|peak| peak.magnitude).sum();
        if sum <= 0.0 || !sum.is_finite() {
            return;
        }
        let scale = sum.sqrt().recip();
        let most = peaks.iter().map(|peak| peak.magnitude).fold(f32::MIN_POSITIVE, f32::max);
        let mut notes = Bins([0.0; BINS]);
        let mut loudness = 0.0;
        for peak in peaks {
            let octaves = (peak.frequency_hz / C_HZ).log2();
            self.partials.add(octaves, scale * peak.above_noise * peak.magnitude);
            let tilt = (peak.frequency_hz / FULL_HZ).hypot(1.0).recip();
            loudness += tilt * peak.magnitude;
            let weight = tilt * peak.above_noise * (peak.magnitude / most).powf(COMPRESSION);
            notes.add(octaves, weight);
            let note_hz = peak.frequency_hz / 3.0;
            if note_hz >= LOWEST_HZ && (sounds(peaks, note_hz) || sounds(peaks, 2.0 * note_hz)) {
                notes.add(octaves - 3.0_f32.log2(), AS_THIRD * weight);
            }
        }
        self.notes.add_frame(&notes, loudness.sqrt());
    }

    /// None where no pitch stands out.
    pub(super) fn pitches(&self) -> Option<Pitches> {
        let Common { tuning, coherence, harmony } = self.partials.common()?;
        let class = |class: usize| {
            let weighted = self.notes.0.iter().enumerate().map(|(bin, value)| {
                let distance = bin as f64 / PER_SEMITONE as f64 - tuning - class as f64;
                let distance = (distance + 6.0).rem_euclid(12.0) - 6.0;
                let weight = if distance.abs() < 0.5 { (0.5 * TAU * distance).cos() } else { 0.0 };
                value * weight * weight
            });
            weighted.sum::<f64>().sqrt()
        };
        Some(Pitches {
            classes: std::array::from_fn(class),
            tuning_cents: 100.0 * tuning,
            coherence,
            harmony,
        })
    }
}

/// Whether one of the peaks, which rise, is within half a semitone.
fn sounds(peaks: &[Peak], hz: f32) -> bool {
    let next = peaks.partition_point(|peak| peak.frequency_hz < hz / HALF_SEMITONE);
    peaks.get(next).is_some_and(|peak| peak.frequency_hz <= hz * HALF_SEMITONE)
}
