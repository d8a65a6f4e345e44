//! Three bands whose powers add up to that of the whole, about.
//!
//! # Sources
//! S. H. Linkwitz, *Active crossover networks for noncoincident drivers*, JAES 24 (1976), 2–8, with
//! R. Riley's filters: two Butterworth low-passes in a row; the high-pass beside it is what is left
//! of the all-pass that both add up to, (s² − √2 s + 1) / (s² + √2 s + 1). Coefficients: bilinear
//! transform with the crossover kept exact (U. Zölzer, *DAFX*, 2nd edition, 2.2). The frequencies
//! are about those of DJ programs, which divide at 200 Hz and 1.6 to 2 kHz.

use std::f64::consts::{PI, SQRT_2};

use super::super::biquad::{LANES, add_squares, pairs, settle};

/// Where the bands divide, in Hz.
const CROSSOVERS_HZ: [f64; 2] = [200.0, 2_000.0];
/// The same as a part of the rate, at most.
const MOST_OF_RATE: f64 = 0.45;

/// Divides two channels.
pub(super) struct Bands {
    crossovers: [Crossover; CROSSOVERS_HZ.len()],
}

impl Bands {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self { crossovers: CROSSOVERS_HZ.map(|hz| Crossover::new(hz / rate_hz)) }
    }

    /// Filters the next frames; adds the squares of all of it and of each band to `sums`.
    pub(super) fn add(&mut self, [left, right]: [&[f32]; LANES], sums: &mut [[f64; LANES]; 4]) {
        // Out of `self`, so that they stay in registers.
        let [mut lower, mut upper] = self.crossovers;
        let [mut all, mut low, mut mid, mut high] = *sums;
        for frame in pairs(left, right) {
            let [lowest, rest] = lower.pass(frame);
            let [middle, highest] = upper.pass(rest);
            add_squares(&mut all, frame);
            add_squares(&mut low, lowest);
            add_squares(&mut mid, middle);
            add_squares(&mut high, highest);
        }
        *sums = [all, low, mid, high];
        self.crossovers = [lower, upper];
    }

    /// As [`settle`].
    pub(super) fn settle(&mut self) {
        self.crossovers.iter_mut().for_each(Crossover::settle);
    }
}

/// The low-pass twice and the all-pass: as all of them have the same poles, the first low-pass and the
/// all-pass share what they remember (direct form II), and the second low-pass is a section of its own
/// (transposed).
#[derive(Clone, Copy)]
struct Crossover {
    /// `1 + a1 z⁻¹ + a2 z⁻²`, the poles; backwards, the zeros of the all-pass.
    a: [f64; 2],
    /// Of both low-passes, whose zeros are `1 + 2 z⁻¹ + z⁻²`.
    gain: f64,
    shared: [[f64; LANES]; 2],
    second: [[f64; LANES]; 2],
}

impl Crossover {
    /// At a frequency as a part of the rate.
    fn new(frequency: f64) -> Self {
        let k = (PI * frequency.min(MOST_OF_RATE)).tan();
        let scale = 1.0 / (1.0 + SQRT_2 * k + k * k);
        Self {
            a: [2.0 * (k * k - 1.0) * scale, (1.0 - SQRT_2 * k + k * k) * scale],
            gain: (k * k * scale).powi(2),
            shared: [[0.0; LANES]; 2],
            second: [[0.0; LANES]; 2],
        }
    }

    /// What lies below and what lies above.
    #[inline(always)]
    fn pass(&mut self, frame: [f64; LANES]) -> [[f64; LANES]; 2] {
        let [a1, a2] = self.a;
        let ([before, two_before], [one, two]) = (&mut self.shared, &mut self.second);
        let [mut low, mut high] = [[0.0; LANES]; 2];
        // Sums in this order: what waits for the frame before comes last.
        for lane in 0..LANES {
            let now = (frame[lane] - a2 * two_before[lane]) - a1 * before[lane];
            let all = (a2 * now + two_before[lane]) + a1 * before[lane];
            let first = ((now + two_before[lane]) + (before[lane] + before[lane])) * self.gain;
            (two_before[lane], before[lane]) = (before[lane], now);
            low[lane] = first + one[lane];
            one[lane] = (first + first + two[lane]) - a1 * low[lane];
            two[lane] = first - a2 * low[lane];
            high[lane] = all - low[lane];
        }
        [low, high]
    }

    fn settle(&mut self) {
        settle(&mut self.shared);
        settle(&mut self.second);
    }
}
