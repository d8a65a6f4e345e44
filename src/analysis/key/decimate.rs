//! Down to a rate that carries what a key is heard by.

use std::f64::consts::PI;

/// The lowest rate that is decimated to, in Hz.
const LOWEST_RATE_HZ: usize = 11_025;
/// Taps of the filter per frame that is left out. Hann's window: with 12, what is below a quarter
/// of the new rate stays as it is, and what would be mirrored there is 40 dB down.
const TAPS_PER_FRAME: usize = 12;
/// Products that are summed side by side.
const LANES: usize = 8;

/// A low-pass filter that keeps every n-th value.
pub(super) struct Decimator {
    factor: usize,
    taps: Vec<f32>,
    pending: Vec<f32>,
}

impl Decimator {
    pub(super) fn new(rate: usize) -> Self {
        let factor = (rate / LOWEST_RATE_HZ).max(1);
        let count = if factor == 1 { 1 } else { TAPS_PER_FRAME * factor };
        let taps = low_pass(count, factor);
        Self { factor, pending: vec![0.0; count / 2], taps }
    }

    /// By how much the rate falls.
    pub(super) fn factor(&self) -> usize {
        self.factor
    }

    /// Appends to `decimated` what comes of the next values.
    pub(super) fn pass(&mut self, values: &[f32], decimated: &mut Vec<f32>) {
        if self.factor == 1 {
            decimated.extend_from_slice(values);
            return;
        }
        self.pending.extend_from_slice(values);
        let mut at = 0;
        while let Some(values) = self.pending.get(at..at + self.taps.len()) {
            decimated.push(product(&self.taps, values));
            at += self.factor;
        }
        self.pending.drain(..at);
    }
}

/// A symmetric low-pass filter of `count` taps at half of the rate divided by `factor`.
fn low_pass(count: usize, factor: usize) -> Vec<f32> {
    let middle = (count as f64 - 1.0) / 2.0;
    let tap = |tap: usize| {
        let distance = tap as f64 - middle;
        let x = PI * distance / factor as f64;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        sinc * (PI * distance / (count as f64 + 1.0)).cos().powi(2)
    };
    let taps: Vec<f64> = (0..count).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "taps for f32")]
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

fn product(taps: &[f32], values: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (tap_chunks, tap_rest) = taps.as_chunks::<LANES>();
    let (value_chunks, value_rest) = values.as_chunks::<LANES>();
    for (taps, values) in tap_chunks.iter().zip(value_chunks) {
        for lane in 0..LANES {
            sums[lane] += taps[lane] * values[lane];
        }
    }
    let rest: f32 = tap_rest.iter().zip(value_rest).map(|(tap, value)| tap * value).sum();
    sums.iter().sum::<f32>() + rest
}
