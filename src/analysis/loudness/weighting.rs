//! K-weighting at any sample rate.
//!
//! # Sources
//! ITU-R BS.1770-5, Annex 1, Tables 1 and 2: the coefficients of both stages for 48 kHz. Other
//! rates are to have "the same frequency response": the tables are taken back to the analogue
//! filters whose bilinear transforms they are, and these are transformed for the rate at hand, each
//! exact at the frequency that matters most. At rates below that of the tables this bends the shelf,
//! by up to 0.4 dB at 8 kHz. There its poles stay where they are, and its zeros are chosen so that it
//! is exact at 0, at half the rate and between: M. Vicanek, *Matched Second Order Digital Filters*,
//! 2016.

use std::f64::consts::PI;

use super::super::biquad::{Biquad, Coefficients, LANES, add_squares, pairs};

/// The rate of the tables, in Hz.
const TABLE_RATE_HZ: f64 = 48_000.0;
/// Where stage 1 is exact, in Hz: equation (2) makes up for the gain there.
const SHELF_HZ: f64 = 997.0;
/// Matched, all of it is within 0.05 dB at 8 kHz, within 0.015 at 11.025 and 0.003 from 16 on. Below
/// this rate its poles are beyond half of it.
const LEAST_MATCHED_HZ: f64 = 4_000.0;
/// Where stage 2 is, in Hz: its corner.
const HIGH_PASS_HZ: f64 = 38.0;
/// Table 1, the head as a rigid sphere: `b0 b1 b2` over `1 a1 a2`.
const SHELF: Coefficients = Coefficients {
    b: [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
    a: [-1.690_659_293_182_41, 0.732_480_774_215_85],
};
/// Table 2, the revised low-frequency B-curve.
const HIGH_PASS: Coefficients =
    Coefficients { b: [1.0, -2.0, 1.0], a: [-1.990_047_454_833_98, 0.990_072_250_366_21] };

/// Both stages for `rate_hz`, in the order of the document.
pub(super) fn k_weighting(rate_hz: f64) -> [Coefficients; 2] {
    let shelf = match (LEAST_MATCHED_HZ..TABLE_RATE_HZ).contains(&rate_hz) {
        true => matched(SHELF, rate_hz, SHELF_HZ),
        false => at(SHELF, rate_hz, SHELF_HZ),
    };
    [shelf, at(HIGH_PASS, rate_hz, HIGH_PASS_HZ)]
}

/// A section with a pair of complex poles at another rate, with its gain at 0, at `frequency_hz` and
/// at half the rate.
fn matched(section: Coefficients, rate_hz: f64, frequency_hz: f64) -> Coefficients {
    let frequency_hz = frequency_hz.min(rate_hz / 4.0);
    let radius = section.a[1].sqrt();
    let angle = (-section.a[0] / (2.0 * radius)).acos();
    let longer = TABLE_RATE_HZ / rate_hz;
    let radius = radius.powf(longer);
    let a = [-2.0 * radius * (angle * longer).cos(), radius * radius];
    // A squared magnitude is a sum of three terms in sin² of half the angle.
    let squares = |[zero, one, two]: [f64; 3]| {
        [(zero + one + two).powi(2), (zero - one + two).powi(2), -4.0 * zero * two]
    };
    let of_poles = squares([1.0, a[0], a[1]]);
    let power_at = |frequency_hz: f64| gain(&section, frequency_hz, TABLE_RATE_HZ).powi(2);
    let (low, high) = (power_at(0.0) * of_poles[0], power_at(rate_hz / 2.0) * of_poles[1]);
    let up = (PI * frequency_hz / rate_hz).sin().powi(2);
    let terms = [1.0 - up, up, 4.0 * up * (1.0 - up)];
    let poles: f64 = terms.iter().zip(of_poles).map(|(term, pole)| term * pole).sum();
    let between = (power_at(frequency_hz) * poles - low * terms[0] - high * terms[1]) / terms[2];
    let (low, high) = (low.sqrt(), high.sqrt());
    let half = f64::midpoint(low, high);
    let first = f64::midpoint(half, (half * half + between).sqrt());
    Coefficients { b: [first, f64::midpoint(low, -high), -between / (4.0 * first)], a }
}

/// The section with the same response at another rate, exact at `frequency_hz`.
fn at(section: Coefficients, rate_hz: f64, frequency_hz: f64) -> Coefficients {
    // In u = (z − 1) / (z + 1), the analogue frequency but for a factor, which is that of the
    // rate: tan(π f / rate).
    let zeros = to_analogue(section.b);
    let poles = to_analogue([1.0, section.a[0], section.a[1]]);
    // Of a rate that cannot carry it, half of what it can carry.
    let frequency_hz = frequency_hz.min(rate_hz / 4.0);
    let angle = |rate_hz: f64| (PI * frequency_hz / rate_hz).tan();
    let factor = angle(TABLE_RATE_HZ) / angle(rate_hz);
    let scaled = |[zero, one, two]: [f64; 3]| [zero, one * factor, two * factor * factor];
    let (zeros, poles) = (to_digital(scaled(zeros)), to_digital(scaled(poles)));
    Coefficients {
        b: zeros.map(|value| value / poles[0]),
        a: [poles[1] / poles[0], poles[2] / poles[0]],
    }
}

/// The gain at `frequency_hz`, as a ratio.
pub(super) fn gain(section: &Coefficients, frequency_hz: f64, rate_hz: f64) -> f64 {
    let turn = 2.0 * PI * frequency_hz / rate_hz;
    let magnitude = |[zero, one, two]: [f64; 3]| {
        let re = zero + one * turn.cos() + two * (2.0 * turn).cos();
        let im = one * turn.sin() + two * (2.0 * turn).sin();
        re.hypot(im)
    };
    magnitude(section.b) / magnitude([1.0, section.a[0], section.a[1]])
}

/// `p0 + p1 z⁻¹ + p2 z⁻²` as a polynomial in u, times (1 + u)², which cancels in a fraction.
fn to_analogue([p0, p1, p2]: [f64; 3]) -> [f64; 3] {
    [p0 + p1 + p2, 2.0 * (p0 - p2), p0 - p1 + p2]
}

/// The way back: `q0 + q1 u + q2 u²` in z⁻¹, likewise.
fn to_digital([q0, q1, q2]: [f64; 3]) -> [f64; 3] {
    [q0 + q1 + q2, 2.0 * (q0 - q2), q0 - q1 + q2]
}

/// K-weights two channels.
pub(super) struct Weighting {
    stages: [Biquad; 2],
}

impl Weighting {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self { stages: k_weighting(rate_hz).map(Biquad::new) }
    }

    /// Filters the next frames of both channels; the sums of the squares of what comes out.
    pub(super) fn energy(&mut self, [left, right]: [&[f32]; LANES]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        // Out of `self`, so that they stay in registers.
        let [mut shelf, mut high_pass] = self.stages;
        for frame in pairs(left, right) {
            add_squares(&mut sums, high_pass.pass(shelf.pass(frame)));
        }
        self.stages = [shelf, high_pass];
        self.stages.iter_mut().for_each(Biquad::settle);
        // What is no number is no sound.
        sums.map(|sum| if sum.is_finite() { sum } else { 0.0 })
    }
}
