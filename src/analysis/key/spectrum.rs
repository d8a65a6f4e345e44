//! The spectral peaks of consecutive frames.
//!
//! # Sources
//! J. O. Smith and X. Serra, *PARSHL* (1987): peaks by a parabola through the logarithms of three
//! bins. Range: E. Gómez, *Tonal Description of Music Audio Signals* (2006), 3.2, but lower, as
//! basses tell the tonic of loops. Noise and what is struck are spread over all frequencies, what
//! sounds at a pitch is not (D. FitzGerald, *Harmonic/Percussive Separation Using Median Filtering*,
//! DAFx 2010; instead of a median, which chords raise, the peak after as many as a chord has).

use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::super::quick::is_quick;

/// How far it is from one transform to the next: 2,048 values of 11,025 Hz. At any rate: what is heard
/// in a note, and whether it is one, depends on how long a transform is.
const HOP_SEC: f64 = 2_048.0 / 11_025.0;
/// Where peaks are looked for, in Hz.
const RANGE_HZ: [f32; 2] = [50.0, 3_500.0];
/// Peaks below this part of the power of the highest one are not heard: 60 dB.
const FAINT: f32 = 1e-6;
/// On one side of a peak, at least, is less than this part of its power: the spectrum of one value is
/// as strong everywhere, but for rounding and the ripple of the decimation.
const FLAT: f32 = 0.9999;
/// Values of the spectrum in which noise has about 13 peaks.
const BAND: usize = 48;
/// Partials that there may be among so many values: the next peak, if there is one, is noise.
const PARTIALS: usize = 9;

/// One partial.
pub(super) struct Peak {
    pub(super) frequency_hz: f32,
    pub(super) magnitude: f32,
    /// The part of it that is above the noise around it: 0 to 1.
    pub(super) above_noise: f32,
}

/// Transforms frames, two at a time: as the real and the imaginary part of one.
pub(super) struct Spectrum {
    bin_hz: f32,
    /// Values from one transform to the next: half of one, or nearly so.
    hop: usize,
    window: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    pending: Vec<f32>,
    powers: Vec<f32>,
    peaks: Vec<Peak>,
    magnitudes: Vec<f32>,
    /// The sum of all powers in the range.
    power: f64,
}

impl Spectrum {
    pub(super) fn new(rate_hz: f32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and some thousands"
        )]
        let hop = ((HOP_SEC * f64::from(rate_hz)).round() as usize).max(2);
        let frame = quick_near(2 * hop);
        let fft = FftPlanner::new().plan_fft_forward(frame);
        #[expect(clippy::cast_possible_truncation, reason = "a window for f32")]
        let hann = |at: usize| (0.5 - 0.5 * (TAU * at as f64 / frame as f64).cos()) as f32;
        Self {
            bin_hz: rate_hz / frame as f32,
            hop,
            window: (0..frame).map(hann).collect(),
            spectrum: vec![Complex32::ZERO; frame],
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            // Half a frame of silence, so that what begins at once counts as much as the rest.
            pending: vec![0.0; hop],
            powers: Vec::new(),
            peaks: Vec::new(),
            magnitudes: Vec::new(),
            power: 0.0,
        }
    }

    /// The sum of the squares of all values, as far as it comes from the range, by Parseval's theorem:
    /// the powers are four times those of a frame, of the positive frequencies alone, and the squares
    /// of windows that overlap by half add up to 0.75.
    pub(super) fn energy(&self) -> f64 {
        let overlap = self.frame() as f64 / (2 * self.hop) as f64;
        self.power / (0.75 * 2.0 * overlap * self.frame() as f64)
    }

    /// Values of a transform.
    fn frame(&self) -> usize {
        self.window.len()
    }

    /// Where the next values go.
    pub(super) fn pending(&mut self) -> &mut Vec<f32> {
        &mut self.pending
    }

    /// Gives the peaks of each frame that is whole to `heard`; at the `end` of all, also of those
    /// that begin within what there is.
    pub(super) fn drain(&mut self, end: bool, mut heard: impl FnMut(&[Peak])) {
        let (frame, hop) = (self.frame(), self.hop);
        if end {
            self.pending.resize(self.pending.len().next_multiple_of(hop) + 2 * frame, 0.0);
        }
        let mut done = 0;
        while self.pending.len() >= done + frame + hop {
            self.transform(done);
            for second in [false, true] {
                self.find_peaks(second);
                part_from_noise(&mut self.peaks, self.bin_hz, &mut self.magnitudes);
                heard(&self.peaks);
            }
            done += 2 * hop;
        }
        self.pending.drain(..done);
    }

    fn transform(&mut self, at: usize) {
        let (frame, hop) = (self.frame(), self.hop);
        let first = &self.pending[at..at + frame];
        let second = &self.pending[at + hop..at + hop + frame];
        let pairs = first.iter().zip(second).zip(&self.window);
        for (to, ((&re, &im), &window)) in self.spectrum.iter_mut().zip(pairs) {
            *to = Complex32::new(re * window, im * window);
        }
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
    }

    /// Finds the peaks of the first or the second of the two frames.
    fn find_peaks(&mut self, second: bool) {
        let frame = self.frame();
        let nyquist = frame / 2 - 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bin within the spectrum"
        )]
        let [from, to] = RANGE_HZ.map(|hz| ((hz / self.bin_hz) as usize).clamp(1, nyquist));
        self.powers.clear();
        for bin in from - 1..=to {
            let [one, other] = [self.spectrum[bin], self.spectrum[(frame - bin) % frame].conj()];
            let of_frame = if second { one - other } else { one + other };
            self.powers.push(of_frame.norm_sqr());
        }
        self.power += f64::from(self.powers.iter().sum::<f32>());
        let floor = self.powers.iter().copied().fold(0.0, f32::max) * FAINT;
        self.peaks.clear();
        for (bin, powers) in (from..).zip(self.powers.windows(3)) {
            let [before, power, after] = *powers else { continue };
            let is_peak = power > before && power >= after && before.min(after) < FLAT * power;
            if power <= floor || !is_peak {
                continue;
            }
            // Halves: of powers, not magnitudes.
            let [before, power, after] =
                [before, power, after].map(|power| 0.5 * power.max(f32::MIN_POSITIVE).ln());
            let curve = before - 2.0 * power + after;
            let offset = if curve < 0.0 { 0.5 * (before - after) / curve } else { 0.0 };
            self.peaks.push(Peak {
                frequency_hz: (bin as f32 + offset) * self.bin_hz,
                magnitude: (power - 0.25 * (before - after) * offset).exp(),
                above_noise: 1.0,
            });
        }
    }
}

/// The number nearest to `len` of which a transform is quick.
fn quick_near(len: usize) -> usize {
    let near = (0..len).flat_map(|off| [len + off, len - off]);
    near.into_iter().find(|len| is_quick(*len, &[2, 3, 5, 7, 11])).unwrap_or(len)
}

/// Tells how far each of the peaks, which rise in frequency, is above noise. `magnitudes` is scratch.
pub(super) fn part_from_noise(peaks: &mut [Peak], bin_hz: f32, magnitudes: &mut Vec<f32>) {
    let band = |peak: &Peak| (peak.frequency_hz / (BAND as f32 * bin_hz)).floor();
    for peaks in peaks.chunk_by_mut(|one, other| band(one) == band(other)) {
        magnitudes.clear();
        magnitudes.extend(peaks.iter().map(|peak| peak.magnitude));
        if magnitudes.len() > PARTIALS {
            let descending = |one: &f32, other: &f32| other.total_cmp(one);
            let noise = *magnitudes.select_nth_unstable_by(PARTIALS, descending).1;
            for peak in peaks {
                peak.above_noise = (1.0 - noise / peak.magnitude).max(0.0);
            }
        }
    }
}
