//! Length, alignment and quality, by mathematics of this file alone.

use std::f64::consts::TAU;

use super::*;

/// A sine fitted by least squares.
struct Fit {
    amplitude: f64,
    /// Phase of the sine at frame 0, in radians, −π to π.
    phase: f64,
    /// Power of the sine over the power of all else, in dB.
    snr_db: f64,
}

/// Fits `a·sin(w·n) + b·cos(w·n)` to `values`, of which the first is frame `first`.
fn fit(values: &[f32], radians_per_frame: f64, first: usize) -> Fit {
    let (mut ss, mut sc, mut cc, mut ys, mut yc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let basis = |n: usize| (radians_per_frame * (first + n) as f64).sin_cos();
    for (n, &value) in values.iter().enumerate() {
        let ((s, c), y) = (basis(n), f64::from(value));
        ss += s * s;
        sc += s * c;
        cc += c * c;
        ys += y * s;
        yc += y * c;
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant);
    let (mut signal, mut rest) = (0.0, 0.0);
    for (n, &value) in values.iter().enumerate() {
        let (s, c) = basis(n);
        let fitted = a * s + b * c;
        signal += fitted * fitted;
        rest += (f64::from(value) - fitted).powi(2);
    }
    Fit { amplitude: a.hypot(b), phase: b.atan2(a), snr_db: 10.0 * (signal / rest).log10() }
}

/// `frames` of a sine of amplitude 0.9 that begins at phase 0.
fn tone(hz: f64, rate: u32, frames: usize) -> Vec<f32> {
    let radians = TAU * hz / f64::from(rate);
    (0..frames).map(|n| (0.9 * (radians * n as f64).sin()) as f32).collect()
}

/// Resamples one channel in pushes of `step` frames.
fn resample_by(resampler: &mut Resampler, input: &[f32], step: usize) -> Vec<f32> {
    let spec = AudioSpec { sample_rate: resampler.out_rate, channels: 1 };
    let mut writer = SampleWriter::growing(spec).expect("a valid spec");
    for part in input.chunks(step) {
        resampler.push(&[part], &mut writer).expect("memory");
    }
    resampler.finish(input.len() as u64, &mut writer).expect("memory");
    writer.finish().plane(0).to_vec()
}

fn resample(in_rate: u32, out_rate: u32, input: &[f32]) -> Vec<f32> {
    let mut resampler = Resampler::new(in_rate, out_rate, 1).expect("valid rates");
    resample_by(&mut resampler, input, 4_096)
}

/// The fit of a resampled tone of `seconds` without `margin` output frames at both ends, and its
/// error in phase near the start and near the end, in output frames.
fn measure(in_rate: u32, out_rate: u32, seconds: usize, margin: usize, hz: f64) -> (Fit, [f64; 2]) {
    let output = resample(in_rate, out_rate, &tone(hz, in_rate, in_rate as usize * seconds));
    assert_eq!(output.len(), out_rate as usize * seconds);
    let radians = TAU * hz / f64::from(out_rate);
    let (start, end) = (margin, output.len() - margin);
    let part = (end - start) / 8;
    let error = |from: usize| fit(&output[from..from + part], radians, from).phase / radians;
    (fit(&output[start..end], radians, start), [error(start), error(end - part)])
}

#[test]
fn tones_keep_level_and_phase_and_gain_no_noise() {
    for (in_rate, out_rate) in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000)] {
        for hz in [1_000.0, 10_000.0, 20_000.0] {
            let (fit, phases) = measure(in_rate, out_rate, 1, 2_400, hz);
            let case = format!("{hz} Hz, {in_rate} to {out_rate}");
            assert!(fit.snr_db >= 130.0, "{case}: {} dB", fit.snr_db);
            assert!((fit.amplitude / 0.9 - 1.0).abs() < 1e-4, "{case}: {}", fit.amplitude);
            assert!(phases.iter().all(|error| error.abs() < 0.01), "{case}: {phases:?}");
        }
    }
}
