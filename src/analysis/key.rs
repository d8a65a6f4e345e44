//! The musical key.
//!
//! Spectral peaks of a low rate are summed to pitch classes, whatever the tuning, and compared with
//! profiles of keys. Sources stand with each step.

mod chroma;
mod decimate;
mod partials;
mod profiles;
mod spectrum;
#[cfg(test)]
mod tests;

use super::single::Single;
use super::{AnalysisResult, Block};
use crate::buffer::Extremes;
use chroma::{Chroma, Pitches};
use decimate::Decimator;
use profiles::Match;
use spectrum::Spectrum;

/// What the coherence of pitches counts for beside their harmony: for a single pure tone, which has
/// no harmony.
const OF_COHERENCE: f64 = 0.12;
/// With less of both, what is heard is percussion.
const LEAST_TONAL: f64 = 0.094;
/// With this much of both, it certainly is not.
const CLEARLY_TONAL: f64 = 0.25;
/// Of less there is no key: a semitone at A = 440 Hz is 26 Hz, which takes 38 ms to tell.
const LEAST_MS: usize = 50;
/// What varies by no more than this part of itself is a constant: 100 dB below it, there is nothing
/// but what rounding leaves, and where it begins and ends.
const CONSTANT: f32 = 1e-5;
/// With less than this part of the energy where pitches are looked for, −35 dB, what is found there is
/// what the decimation leaves of something above, as of a whistle at 15 kHz: 40 dB less.
const LEAST_PART: f64 = 3e-4;
/// The margin, in correlation, from which on nothing speaks for another key.
const CLEAR_MARGIN: f64 = 0.2;

/// Major or minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// With the major third.
    Major,
    /// With the minor third.
    Minor,
}

/// A key, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// The tonic as a pitch class: 0 is C, 1 is C sharp or D flat, up to 11, which is B.
    pub tonic: u8,
    /// Major or minor.
    pub mode: Mode,
    /// From 0 to 1: how far all other keys are from fitting as well.
    pub confidence: f64,
    /// How far the tuning lies above A = 440 Hz, from −50 to 50 cents.
    pub tuning_cents: f64,
}

impl Key {
    /// The tonic's usual name in this mode, such as `"F#"` or `"Eb"`.
    pub fn tonic_name(&self) -> &'static str {
        /// Where both spellings are in use, the one of fewer accidentals, of major and of minor.
        const NAMES: [[&str; 12]; 2] = [
            ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"],
            ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"],
        ];
        NAMES[usize::from(self.mode == Mode::Minor)][usize::from(self.tonic % 12)]
    }

    /// The code of Mixed In Key's Camelot wheel: `"8B"` is C major, `"8A"` A minor.
    pub fn camelot(&self) -> String {
        let letter = if self.mode == Mode::Major { 'B' } else { 'A' };
        format!("{}{letter}", (self.fifths() + 7) % 12 + 1)
    }

    /// The code of Open Key: `"1d"` is C major, `"1m"` A minor.
    pub fn open_key(&self) -> String {
        let letter = if self.mode == Mode::Major { 'd' } else { 'm' };
        format!("{}{letter}", self.fifths() + 1)
    }

    /// Fifths up from C major or from A minor, 0 to 11.
    fn fifths(&self) -> u8 {
        let major = match self.mode {
            Mode::Major => self.tonic,
            Mode::Minor => self.tonic + 3,
        };
        major * 7 % 12
    }
}

/// Listens for the key.
pub(super) struct KeyMeter {
    decimator: Decimator,
    spectrum: Spectrum,
    chroma: Chroma,
    extremes: Extremes,
    /// Of all values: how many, their sum, and that of their squares.
    moments: [f64; 3],
    /// Frames still to come before there may be a key.
    least_frames: usize,
}

impl KeyMeter {
    pub(super) fn new(rate: u32) -> Self {
        let decimator = Decimator::new(rate as usize);
        let rate_hz = rate as f32 / decimator.factor() as f32;
        let (spectrum, chroma) = (Spectrum::new(rate_hz), Chroma::new());
        let least_frames = rate as usize * LEAST_MS / 1_000;
        Self {
            decimator,
            spectrum,
            chroma,
            extremes: Extremes::NONE,
            moments: [0.0; 3],
            least_frames,
        }
    }

    fn listen(&mut self, mono: &[f32]) {
        self.extremes = self.extremes.and(Extremes::of(mono));
        self.least_frames = self.least_frames.saturating_sub(mono.len());
        for (moment, found) in self.moments.iter_mut().zip(moments(mono)) {
            *moment += found;
        }
        self.decimator.pass(mono, self.spectrum.pending());
        self.spectrum.drain(false, |peaks| self.chroma.add(peaks));
    }

    /// The part of the energy that is where pitches are looked for; what is constant has none.
    fn part_heard(&self) -> f64 {
        let [count, sum, squares] = self.moments;
        let energy = squares - sum * sum / count;
        self.spectrum.energy() * self.decimator.factor() as f64 / energy.max(f64::MIN_POSITIVE)
    }

    fn result(mut self) -> Option<Key> {
        let Extremes { min, max } = self.extremes;
        if self.least_frames > 0 || max - min <= CONSTANT * max.max(-min) {
            return None;
        }
        self.spectrum.drain(true, |peaks| self.chroma.add(peaks));
        if self.part_heard() < LEAST_PART {
            return None;
        }
        let Pitches { classes, tuning_cents, coherence, harmony } = self.chroma.pitches()?;
        let tonal = harmony + OF_COHERENCE * coherence;
        (tonal >= LEAST_TONAL).then(|| {
            let Match { tonic, mode, margin, .. } = profiles::best(&classes);
            let confidence = (margin / CLEAR_MARGIN).min(1.0) * (tonal / CLEARLY_TONAL).min(1.0);
            Key { tonic, mode, confidence, tuning_cents }
        })
    }
}

/// How many values there are, their sum, and that of their squares.
fn moments(values: &[f32]) -> [f64; 3] {
    /// Values that are summed side by side.
    const LANES: usize = 8;
    let [mut sums, mut squares] = [[0.0_f32; LANES]; 2];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += chunk[lane];
            squares[lane] += chunk[lane] * chunk[lane];
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        sums[lane] += value;
        squares[lane] += value * value;
    }
    let sum = |lanes: [f32; LANES]| lanes.iter().sum::<f32>().into();
    [values.len() as f64, sum(sums), sum(squares)]
}

impl Single for KeyMeter {
    fn hear(&mut self, block: &Block<'_>) {
        self.listen(block.mono);
    }

    fn conclude(self) -> AnalysisResult {
        AnalysisResult::Key(self.result())
    }
}
