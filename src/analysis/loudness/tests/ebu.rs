//! The signals that EBU Tech 3341 (2023), Table 1, and Tech 3342 (2023), Table 1, describe, with
//! the tolerances given there. Left out are the "authentic programmes", which no text describes;
//! the cases for live meters are measured segment by segment.

use super::{Loudness, assert_near, measure, tones};

const RATE: u32 = 48_000;
/// dBFS of silence.
const SILENCE: f64 = f64::NEG_INFINITY;

/// A stereo sine of 1000 Hz, in phase.
fn stereo(parts: &[(f64, f64)]) -> Loudness {
    let plane = tones(RATE, 1_000.0, parts);
    measure(RATE, &[plane.clone(), plane])
}

#[test]
fn case_3341_1_and_2() {
    for level in [-23.0, -33.0] {
        let loudness = stereo(&[(20.0, level)]);
        assert_near(loudness.momentary_max_lufs, level, 0.1);
        assert_near(loudness.short_term_max_lufs, level, 0.1);
        assert_near(loudness.integrated_lufs, level, 0.1);
    }
}

#[test]
fn case_3341_3() {
    let loudness = stereo(&[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]);
    assert_near(loudness.integrated_lufs, -23.0, 0.1);
}

#[test]
fn case_3341_4() {
    let loudness =
        stereo(&[(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)]);
    assert_near(loudness.integrated_lufs, -23.0, 0.1);
}

#[test]
fn case_3341_5() {
    let loudness = stereo(&[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]);
    assert_near(loudness.integrated_lufs, -23.0, 0.1);
}

#[test]
fn case_3341_6_also_with_a_loud_lfe() {
    let [front, centre, surround] =
        [-28.0, -24.0, -30.0].map(|level| tones(RATE, 1_000.0, &[(20.0, level)]));
    let lfe = tones(RATE, 1_000.0, &[(20.0, 0.0)]);
    let five = [&front, &front, &centre, &surround, &surround].map(Clone::clone);
    let six = [&front, &front, &centre, &lfe, &surround, &surround].map(Clone::clone);
    assert_near(measure(RATE, &five).integrated_lufs, -23.0, 0.1);
    assert_near(measure(RATE, &six).integrated_lufs, -23.0, 0.1);
}

#[test]
fn case_3341_9() {
    let loudness = stereo(&[(1.34, -20.0), (1.66, -30.0)].repeat(5));
    assert_near(loudness.short_term_max_lufs, -23.0, 0.1);
    // Constant, once 3 s have passed.
    assert_near(loudness.range_lu, 0.0, 0.2);
}

#[test]
fn case_3341_10_and_11() {
    for i in 0..20 {
        let before = f64::from(i) * 0.15;
        let loudness = stereo(&[(before, SILENCE), (3.0, -23.0), (1.0, SILENCE)]);
        assert_near(loudness.short_term_max_lufs, -23.0, 0.1);
        let level = -38.0 + f64::from(i);
        let loudness = stereo(&[(before, SILENCE), (3.0, level), (3.0 - before, SILENCE)]);
        assert_near(loudness.short_term_max_lufs, level, 0.1);
    }
}

#[test]
fn case_3341_12() {
    let loudness = stereo(&[(0.18, -20.0), (0.22, -30.0)].repeat(25));
    assert_near(loudness.momentary_max_lufs, -23.0, 0.1);
}

#[test]
fn case_3341_13_and_14() {
    for i in 0..20 {
        let before = f64::from(i) * 0.02;
        let loudness = stereo(&[(before, SILENCE), (0.4, -23.0), (1.0, SILENCE)]);
        assert_near(loudness.momentary_max_lufs, -23.0, 0.1);
        let level = -38.0 + f64::from(i);
        let loudness = stereo(&[(before, SILENCE), (0.4, level), (0.4 - before, SILENCE)]);
        assert_near(loudness.momentary_max_lufs, level, 0.1);
    }
}

/// Within +0.2 and −0.4 dB.
#[track_caller]
fn assert_true_peak(plane: Vec<f32>, expected_dbtp: f64) {
    let found = measure(RATE, &[plane.clone(), plane]).true_peak_dbtp().expect("a peak");
    assert!(
        (expected_dbtp - 0.4..=expected_dbtp + 0.2).contains(&found),
        "{found} dBTP, expected {expected_dbtp}"
    );
}

/// 10 ms in and out.
fn faded(values: &mut [f64], rate: f64) {
    let frames = (0.01 * rate) as usize;
    let count = values.len();
    for at in 0..frames {
        let gain = at as f64 / frames as f64;
        values[at] *= gain;
        values[count - 1 - at] *= gain;
    }
}

#[test]
fn cases_3341_15_to_19() {
    let cases = [
        (4.0, 0.50, 0.0, -6.0),
        (4.0, 0.50, 45.0, -6.0),
        (6.0, 0.50, 60.0, -6.0),
        (8.0, 0.50, 67.5, -6.0),
        (4.0, 1.41, 45.0, 3.0),
    ];
    for (period, amplitude, phase_degrees, expected_dbtp) in cases {
        let value = |at: usize| {
            let turns = at as f64 / period + phase_degrees / 360.0;
            amplitude * (std::f64::consts::TAU * turns).sin()
        };
        let mut values: Vec<f64> = (0..RATE as usize).map(value).collect();
        faded(&mut values, f64::from(RATE));
        assert_true_peak(values.iter().map(|&value| value as f32).collect(), expected_dbtp);
    }
}

/// At four times the rate: a sine of fs/6 at 0.5, and in its middle one period of fs/4 at 1.
fn burst() -> Vec<f64> {
    let sine = |period: usize, amplitude: f64, count: usize| {
        (0..count * period)
            .map(move |at| amplitude * (std::f64::consts::TAU * at as f64 / period as f64).sin())
    };
    let mut values: Vec<f64> =
        sine(24, 0.5, 200).chain(sine(16, 1.0, 1)).chain(sine(24, 0.5, 200)).collect();
    faded(&mut values, 4.0 * f64::from(RATE));
    values
}

/// The value at `at` behind a low-pass filter at half of a quarter of the rate.
fn low_passed(values: &[f64], at: usize) -> f64 {
    const HALF: isize = 256;
    let tap = |offset: isize| {
        let x = offset as f64 / 4.0;
        let sinc = if offset == 0 {
            1.0
        } else {
            (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
        };
        let turn = std::f64::consts::PI * offset as f64 / HALF as f64;
        sinc / 4.0 * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
    };
    let value = |offset: isize| at.checked_add_signed(offset).and_then(|at| values.get(at));
    (-HALF..=HALF).filter_map(|offset| value(offset).map(|value| value * tap(offset))).sum()
}

#[test]
fn cases_3341_20_to_23() {
    let values = burst();
    for offset in 0..4 {
        let plane = (offset..values.len()).step_by(4).map(|at| low_passed(&values, at) as f32);
        assert_true_peak(plane.collect(), 0.0);
    }
}

#[test]
fn cases_3342_1_to_4() {
    let cases: [(&[f64], f64); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for (levels, expected) in cases {
        let parts: Vec<_> = levels.iter().map(|&level| (20.0, level)).collect();
        assert_near(stereo(&parts).range_lu, expected, 1.0);
    }
    // The same, if the signal is repeated.
    let parts = [(20.0, -20.0), (20.0, -30.0)].repeat(2);
    assert_near(stereo(&parts).range_lu, 10.0, 1.0);
}
