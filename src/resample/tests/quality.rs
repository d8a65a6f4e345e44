//! What a tone suffers: noise, aliases, images, level, phase. The measure is a sine fitted by
//! least squares in `f64`.

use std::f64::consts::TAU;

use super::resample;

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

const AMPLITUDE: f64 = 0.9;

/// A sine that begins at phase 0.
#[expect(clippy::cast_possible_truncation, reason = "f32 is what a sample holds")]
fn tone(hz: f64, rate: u32, seconds: usize) -> Vec<f32> {
    let radians = TAU * hz / f64::from(rate);
    let frames = rate as usize * seconds;
    (0..frames).map(|n| (AMPLITUDE * (radians * n as f64).sin()) as f32).collect()
}

/// A tone of `seconds` to resample. `margin` output frames at both ends are not judged: where it
/// breaks off, it is no tone.
#[derive(Clone, Copy)]
struct Case {
    rates: (u32, u32),
    hz: f64,
    seconds: usize,
    margin: usize,
    min_snr_db: f64,
}

impl Case {
    fn new(rates: (u32, u32), hz: f64) -> Self {
        Self { rates, hz, seconds: 1, margin: 4_800, min_snr_db: 130.0 }
    }

    /// A pair whose FFT block, and with it the filter, is two seconds long. One rate being prime
    /// costs 4 dB: 130.8 dB were measured with AVX, and other instructions round differently.
    fn two_second_filter(rates: (u32, u32), hz: f64, seconds: usize) -> Self {
        let margin = rates.1 as usize * 3 / 2;
        Self { rates, hz, seconds, margin, min_snr_db: 129.0 }
    }

    /// Checks noise, level, and the phase near both ends.
    fn check(self) {
        let Self { rates: (in_rate, out_rate), hz, seconds, margin, min_snr_db } = self;
        let output = resample(in_rate, out_rate, &tone(hz, in_rate, seconds));
        let case = format!("{hz:.0} Hz from {in_rate} to {out_rate}");
        let radians = TAU * hz / f64::from(out_rate);
        let (start, end) = (margin, output.len() - margin);

        let whole = fit(&output[start..end], radians, start);
        assert!(whole.snr_db >= min_snr_db, "{case}: SNR {} dB", whole.snr_db);
        assert!((whole.amplitude / AMPLITUDE - 1.0).abs() < 1e-4, "{case}: {}", whole.amplitude);

        let part = 4_800;
        for from in [start, end - part] {
            let error_frames = fit(&output[from..from + part], radians, from).phase / radians;
            assert!(error_frames.abs() <= 0.01, "{case}: {error_frames} frames off at {from}");
        }
    }
}

#[test]
fn tones_gain_no_noise_and_no_images_and_stay_in_phase() {
    for rates in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000)] {
        for hz in [1_000.0, 10_000.0, 20_000.0] {
            Case::new(rates, hz).check();
        }
    }
    // The images of these fall into the output's band.
    Case::new((22_050, 48_000), 11_025.0 / 1.04).check();
    Case::new((44_100, 192_000), 22_050.0 / 1.04).check();
}

#[test]
fn awkward_pairs_are_no_worse() {
    for hz in [1_000.0, 10_000.0, 20_000.0] {
        Case::two_second_filter((44_101, 48_000), hz, 4).check();
        // By sinc: down, up and far down.
        for rates in [(95_989, 48_000), (48_000, 95_989), (383_983, 48_000)] {
            Case::new(rates, hz).check();
        }
    }
}

#[test]
fn a_minute_at_an_awkward_ratio_does_not_drift() {
    Case::two_second_filter((44_101, 48_000), 1_000.0, 60).check();
    Case { seconds: 60, ..Case::new((47_981, 96_001), 1_000.0) }.check();
}

#[test]
fn tones_above_the_outputs_band_leave_no_alias() {
    for (in_rate, out_rate) in [(48_000, 44_100), (96_000, 48_000), (95_989, 48_000)] {
        for above_nyquist in [1.04, 1.08, 1.5, 1.9] {
            let hz = above_nyquist * f64::from(out_rate) / 2.0;
            if hz >= f64::from(in_rate) / 2.0 {
                continue;
            }
            let output = resample(in_rate, out_rate, &tone(hz, in_rate, 1));
            // The tone breaks off at both ends, and that does lie in the band.
            let middle = &output[4_800..output.len() - 4_800];
            let power = middle.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
            let mean = power / middle.len() as f64;
            let alias_db = 10.0 * (mean / (AMPLITUDE * AMPLITUDE / 2.0)).log10();
            assert!(alias_db <= -130.0, "{hz} Hz from {in_rate} to {out_rate}: {alias_db} dB");
        }
    }
}
