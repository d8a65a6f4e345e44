//! The filter of [`RateMatcher`](super::RateMatcher), tabulated.
//!
//! # Sources
//! Kaiser's window and its formulas for length and shape: A. V. Oppenheim, R. W. Schafer,
//! *Discrete-Time Signal Processing*, 3rd ed., section 7.6. The polyphase form: R. E. Crochiere,
//! L. R. Rabiner, *Multirate Digital Signal Processing*, section 3.3. Interpolation between rows:
//! J. O. Smith, *Digital Audio Resampling*, "Theory of Ideal Bandlimited Interpolation".

use std::f64::consts::PI;

use crate::kaiser::{kaiser, sinc};

/// How far below the music lies what the filter lets through that it should not.
const STOP_DB: f64 = 120.0;
/// What passes unchanged, as a fraction of what the lower of both rates can carry: 20 kHz at
/// 44.1 kHz.
const PASS_FRACTION: f64 = 20_000.0 / 22_050.0;
/// Rows of the table at most: all common pairs of rates have fewer places between two frames.
/// Other pairs take what lies between two rows; the error of that is (π / rows)² / 8, −118 dB.
const MAX_ROWS: u32 = 1024;
/// Products that are summed side by side, as a processor's vectors do.
const LANES: usize = 8;

/// A low-pass, sampled at each place where a frame of the device can fall between two of the mix.
#[derive(Debug)]
pub(super) struct Kernel {
    taps: usize,
    /// Rows of `taps`; one more than `row_count` where they are interpolated.
    rows: Box<[f32]>,
    row_count: u32,
    phases: u32,
    step: u32,
}

impl Kernel {
    pub(super) fn new(mix_rate: u32, device_rate: u32) -> Self {
        let common = greatest_common_divisor(mix_rate, device_rate);
        let (phases, step) = (device_rate / common, mix_rate / common);
        // Relative to what the mix can carry.
        let edge = (f64::from(device_rate) / f64::from(mix_rate)).min(1.0);
        let transition = (1.0 - PASS_FRACTION) * edge * PI;
        let length = (STOP_DB - 8.0) / (2.285 * transition) + 1.0;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are u32 and above 0"
        )]
        let (taps, max_rows) = (
            (length.ceil() as usize).next_multiple_of(2 * LANES),
            // A wide filter changes slowly from row to row.
            (f64::from(MAX_ROWS) * edge).ceil() as u32,
        );
        let row_count = if phases <= MAX_ROWS { phases } else { max_rows };
        let cutoff = 0.5 * (1.0 + PASS_FRACTION) * edge;
        let rows = (0..=row_count).flat_map(|row| {
            let place = f64::from(row) / f64::from(row_count);
            design_row(taps, cutoff, place)
        });
        Self { taps, rows: rows.collect(), row_count, phases, step }
    }

    /// Frames of the mix under the filter; even.
    pub(super) fn taps(&self) -> usize {
        self.taps
    }

    /// Places between two frames of the mix where one of the device can fall.
    pub(super) fn phases(&self) -> u32 {
        self.phases
    }

    /// How many of them lie between two frames of the device.
    pub(super) fn step(&self) -> u32 {
        self.step
    }

    /// The value at `phase` behind the middle of `values`, of which there are `taps`.
    /// Realtime-safe.
    pub(super) fn apply(&self, phase: u32, values: &[f32]) -> f32 {
        if self.row_count == self.phases {
            return dot(self.row(phase), values);
        }
        let place = u64::from(phase) * u64::from(self.row_count);
        let (row, rest) = (place / u64::from(self.phases), place % u64::from(self.phases));
        #[allow(clippy::cast_possible_truncation, reason = "below `row_count`, and below 1")]
        let (row, rest) = (row as u32, (rest as f64 / f64::from(self.phases)) as f32);
        let (before, after) = (dot(self.row(row), values), dot(self.row(row + 1), values));
        before + rest * (after - before)
    }

    fn row(&self, row: u32) -> &[f32] {
        &self.rows[row as usize * self.taps..][..self.taps]
    }
}

/// A row for the place `place`, 0..=1, between the two middle taps. Its sum is 1, so that a
/// constant stays one.
fn design_row(taps: usize, cutoff: f64, place: f64) -> Vec<f32> {
    let half = (taps / 2) as f64;
    let beta = 0.1102 * (STOP_DB - 8.7);
    let row: Vec<f64> = (0..taps)
        .map(|tap| {
            let distance = tap as f64 - (half - 1.0) - place;
            sinc(cutoff * distance) * kaiser(beta, distance / half)
        })
        .collect();
    let sum: f64 = row.iter().sum();
    #[allow(clippy::cast_possible_truncation, reason = "f32 is what the mix is in")]
    row.into_iter().map(|value| (value / sum) as f32).collect()
}

fn dot(row: &[f32], values: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (row, values) in row.chunks_exact(LANES).zip(values.chunks_exact(LANES)) {
        for (sum, (coefficient, value)) in sums.iter_mut().zip(row.iter().zip(values)) {
            *sum += coefficient * value;
        }
    }
    sums.iter().sum()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
