//! Short-time power spectra, two at a time.

use std::f32::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::super::quick::is_quick;
use super::deviation::Bins;

/// Spectra per second. Every time in this folder that is counted in frames is counted in these.
///
/// # Sources
/// S. Böck, G. Widmer, *Maximum filter vibrato suppression for onset detection*, DAFx-13 (2013)
/// have 200; 100 halves the work, and what is said of time is interpolated.
pub(super) const FRAMES_PER_SEC: u32 = 100;

/// Length of a spectrum's window. Source: as above, 2,048 of 44,100 values.
const WINDOW_SEC: f64 = 2_048.0 / 44_100.0;

/// From twice this rate on, neighbouring values are averaged first: nothing above 15 kHz counts.
const ENOUGH_HZ: u32 = 32_000;

/// Cuts a stream into overlapping windows and transforms them.
///
/// Frame `k` is centred on the value at `k` hundredths of a second; what lies before the first
/// value and after the last one is silence, so that an onset at the very start is one.
pub(super) struct Spectra {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    scratch: Vec<Complex32>,
    transformed: Vec<Complex32>,
    powers: [Vec<f32>; 2],
    /// The lowest bins of the first of two.
    lowest: Bins,
    /// Values that are averaged into one.
    stride: usize,
    /// Values of an average that is not complete.
    partial: (f32, usize),
    /// Values per second, after averaging; a fraction, as the rate need not be divisible.
    rate: (u64, u64),
    /// Values that the next frame needs, and more that came with them.
    pending: Vec<f32>,
    /// Position in the stream of the first of these, counted from half a window before its start.
    pending_from: usize,
    next_frame: u64,
    /// Values heard, after averaging.
    heard: usize,
}

impl Spectra {
    /// Of a stream of so many values per second; also hands on what lies below `lowest_hz` of every
    /// other spectrum as it is.
    pub(super) fn new(sample_rate: u32, lowest_hz: f64) -> Self {
        let stride = (sample_rate / ENOUGH_HZ).max(1);
        let rate_hz = f64::from(sample_rate) / f64::from(stride);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and a few thousand at most"
        )]
        let len = quick_length((WINDOW_SEC * rate_hz).round() as usize);
        let fft = FftPlanner::new().plan_fft_forward(len);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "positive, and a few thousand at most"
        )]
        let lowest = (len as f64 * lowest_hz / rate_hz) as usize;
        Self {
            lowest: Bins::new(lowest.min(len / 2)),
            window: hann(len),
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            transformed: vec![Complex32::ZERO; len],
            powers: [vec![0.0; len / 2], vec![0.0; len / 2]],
            fft,
            stride: stride as usize,
            partial: (0.0, 0),
            rate: (sample_rate.into(), stride.into()),
            pending: vec![0.0; len / 2],
            pending_from: 0,
            next_frame: 0,
            heard: 0,
        }
    }

    /// Bins of a spectrum, without that at half the rate.
    pub(super) fn bins(&self) -> usize {
        self.window.len() / 2
    }

    /// Those of them that are handed on as they are.
    pub(super) fn lowest_bins(&self) -> usize {
        self.lowest.re.len()
    }

    /// The distance of two bins in Hz.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    pub(super) fn bin_hz(&self) -> f64 {
        self.rate.0 as f64 / self.rate.1 as f64 / self.window.len() as f64
    }

    /// Takes the next values and hands on the powers of every frame that is complete with them,
    /// scaled by `gain`, a sine of amplitude 1 having about 1, and of every other frame its lowest
    /// bins.
    pub(super) fn hear(
        &mut self,
        mono: &[f32],
        gain: f32,
        mut on: impl FnMut(&[f32], Option<&Bins>),
    ) {
        if self.stride == 1 {
            self.pending.extend_from_slice(mono);
            self.heard += mono.len();
        } else {
            self.average(mono);
        }
        while self.transform_two(gain) {
            on(&self.powers[0], Some(&self.lowest));
            on(&self.powers[1], None);
        }
        self.forget();
    }

    /// Hands on the frames that begin in what was heard and are not yet complete. None may follow.
    pub(super) fn finish(&mut self, gain: f32, mut on: impl FnMut(&[f32], Option<&Bins>)) {
        let mut left = 0;
        while self.centre(self.next_frame + left) < self.heard {
            left += 1;
        }
        let last = self.centre(self.next_frame + left + 1) + self.window.len();
        self.pending.resize(last - self.pending_from, 0.0);
        while left > 0 && self.transform_two(gain) {
            on(&self.powers[0], Some(&self.lowest));
            if left > 1 {
                on(&self.powers[1], None);
            }
            left = left.saturating_sub(2);
        }
    }

    fn average(&mut self, mono: &[f32]) {
        #[expect(clippy::cast_precision_loss, reason = "24 at most")]
        let scale = 1.0 / self.stride as f32;
        let (mut sum, mut count) = self.partial;
        for value in mono {
            sum += value;
            count += 1;
            if count == self.stride {
                self.pending.push(sum * scale);
                self.heard += 1;
                (sum, count) = (0.0, 0);
            }
        }
        self.partial = (sum, count);
    }

    /// Where the middle of a frame lies; as half a window of silence comes first, that is where
    /// the frame begins in `pending`.
    fn centre(&self, frame: u64) -> usize {
        let (values, per) = self.rate;
        let at = (frame * values) / (u64::from(FRAMES_PER_SEC) * per);
        usize::try_from(at).unwrap_or(usize::MAX)
    }

    /// Transforms the next two frames as the real and the imaginary part of one, if both are there.
    fn transform_two(&mut self, gain: f32) -> bool {
        let len = self.window.len();
        let from = [0, 1].map(|n| self.centre(self.next_frame + n) - self.pending_from);
        let [Some(one), Some(other)] = from.map(|at| self.pending.get(at..at + len)) else {
            return false;
        };
        for (((value, window), re), im) in
            self.transformed.iter_mut().zip(&self.window).zip(one).zip(other)
        {
            *value = Complex32::new(window * re, window * im);
        }
        self.fft.process_with_scratch(&mut self.transformed, &mut self.scratch);
        let scale = 0.25 * gain * gain;
        let [one, other] = &mut self.powers;
        // The spectrum of what is real is symmetric, that of what is imaginary antisymmetric.
        let mirrored = self.transformed[1..].iter().rev();
        for (((p, q), one), other) in
            self.transformed[1..].iter().zip(mirrored).zip(&mut one[1..]).zip(&mut other[1..])
        {
            let (sum, difference) = (p + q, p - q);
            *one = scale * (sum.re * sum.re + difference.im * difference.im);
            *other = scale * (sum.im * sum.im + difference.re * difference.re);
        }
        let mirrored = self.transformed[1..].iter().rev();
        let Bins { re, im } = &mut self.lowest;
        for (((re, im), p), q) in
            re.iter_mut().zip(im).skip(1).zip(&self.transformed[1..]).zip(mirrored)
        {
            *re = 0.5 * gain * (p.re + q.re);
            *im = 0.5 * gain * (p.im - q.im);
        }
        self.next_frame += 2;
        true
    }

    /// Drops what no frame needs any more.
    fn forget(&mut self) {
        let done = (self.centre(self.next_frame) - self.pending_from).min(self.pending.len());
        self.pending.drain(..done);
        self.pending_from += done;
    }
}

/// A Hann window scaled so that a sine of amplitude 1 has a peak of 1.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn hann(len: usize) -> Vec<f32> {
    let step = 2.0 * PI / len as f32;
    let scale = 2.0 / len as f32;
    (0..len).map(|n| scale * (1.0 - (step * n as f32).cos())).collect()
}

/// The least number that is at least `len` and of which a transform is quick.
fn quick_length(len: usize) -> usize {
    (len.max(2)..).find(|len| is_quick(*len, &[2, 3, 5])).unwrap_or(len)
}
