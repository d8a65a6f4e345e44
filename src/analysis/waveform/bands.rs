//! Three bands whose powers add up to that of the whole, about.
//!
//! # Sources
//! S. H. Linkwitz, *Active crossover networks for noncoincident drivers*, JAES 24 (1976), 2–8, with
//! R. Riley's filters: two Butterworth low-passes in a row; the high-pass beside it is what is left
//! of the all-pass that both add up to, (s² − √2 s + 1) / (s² + √2 s + 1). Coefficients: bilinear
//! transform with the crossover kept exact (U. Zölzer, *DAFX*, 2nd edition, 2.2). The frequencies
//! are about those of DJ programs, which divide at 200 Hz and 1.6 to 2 kHz.

use std::f64::consts::{PI, SQRT_2};

use super::super::biquad::{Biquad, Coefficients, LANES, add_squares, pairs};

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

    /// As [`Biquad::settle`].
    pub(super) fn settle(&mut self) {
        for crossover in &mut self.crossovers {
            crossover.low.iter_mut().for_each(Biquad::settle);
            crossover.all.settle();
        }
    }
}

#[derive(Clone, Copy)]
struct Crossover {
    low: [Biquad; 2],
    all: Biquad,
}

impl Crossover {
    /// At a frequency as a part of the rate.
    fn new(frequency: f64) -> Self {
        let k = (PI * frequency.min(MOST_OF_RATE)).tan();
        let scale = 1.0 / (1.0 + SQRT_2 * k + k * k);
        let a = [2.0 * (k * k - 1.0) * scale, (1.0 - SQRT_2 * k + k * k) * scale];
        let b = [1.0, 2.0, 1.0].map(|value| value * k * k * scale);
        Self {
            low: [Biquad::new(Coefficients { b, a }); 2],
            all: Biquad::new(Coefficients { b: [a[1], a[0], 1.0], a }),
        }
    }

    /// What lies below and what lies above.
    #[inline(always)]
    fn pass(&mut self, frame: [f64; LANES]) -> [[f64; LANES]; 2] {
        let [first, second] = &mut self.low;
        let low = second.pass(first.pass(frame));
        let all = self.all.pass(frame);
        [low, std::array::from_fn(|lane| all[lane] - low[lane])]
    }
}
