use super::{measure, noise, tones};

/// A sum of sinc functions at every frame, in `f64`: what the samples say, whatever the filter.
fn ideal(plane: &[f32], at: f64) -> f64 {
    let term = |(frame, &value): (usize, &f32)| {
        let x = std::f64::consts::PI * (at - frame as f64);
        f64::from(value) * if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
    };
    plane.iter().enumerate().map(term).sum()
}

/// Up to 0.4 of the rate the filter is within 0.1 dB, besides what four points per sample miss.
#[test]
fn the_true_peak_is_that_of_the_waveform() {
    for frequency_hz in [100.0, 3_000.0, 9_100.0, 14_700.0, 19_200.0] {
        let mut plane = tones(48_000, frequency_hz, &[(0.01, -3.0)]);
        // A slow rise and fall: the sinc functions of an edge die away too slowly to sum up.
        let count = plane.len() as f32;
        for (at, value) in plane.iter_mut().enumerate() {
            *value *= (std::f32::consts::PI * at as f32 / count).sin().powi(2);
        }
        let most = (0..plane.len() * 16)
            .map(|point| ideal(&plane, point as f64 / 16.0).abs())
            .fold(0.0, f64::max);
        let found = f64::from(measure(48_000, &[plane]).true_peak);
        let missed_db =
            -20.0 * (std::f64::consts::PI * frequency_hz / 48_000.0 / 4.0).cos().log10();
        let error_db = 20.0 * (found / most).log10();
        assert!(error_db < 0.1 && error_db > -0.1 - missed_db, "{error_db} dB at {frequency_hz}");
    }
}

/// Where the peak cannot be, nothing is computed: that must not show.
#[test]
fn what_is_left_out_has_no_peak() {
    let mut planes = [noise(20_000), noise(20_000)];
    for (at, value) in planes.iter_mut().flatten().enumerate() {
        *value *= [0.9, 0.05, 0.5, 1.0][at / 1_000 % 4];
    }
    let found = measure(44_100, &planes).true_peak;
    let mut peaks = super::super::true_peak::Peaks::new(2, 44_100.0);
    peaks.never_leave_out();
    peaks.hear(&[&planes[0], &planes[1]]);
    assert_eq!(found, peaks.conclude()[1]);
}

#[test]
fn a_peak_is_found_in_any_channel_and_at_both_ends() {
    for channel in 0..8 {
        for at in [0, 999] {
            let mut planes = vec![vec![0.0; 1_000]; 8];
            planes[channel][at] = -0.75;
            let loudness = measure(48_000, &planes);
            assert_eq!(loudness.sample_peak, 0.75);
            assert_eq!(loudness.true_peak, 0.75);
        }
    }
}

/// The peak of a wave whose samples lie beside it, at the rates of all three ways.
#[test]
fn the_lower_the_rate_the_more_points_lie_between_its_samples() {
    // A fourth of the rate, between whose samples the peak lies in the middle, and near to half of it.
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000] {
        for part in [0.25, 0.3, 0.37] {
            let plane = tones(rate, part * f64::from(rate), &[(0.5, 0.0)]);
            let found = measure(rate, &[plane]).true_peak_dbtp().expect("a peak");
            assert!((-0.1..0.9).contains(&found), "{found} dBTP at {rate} Hz, {part}");
        }
    }
}

#[test]
fn high_rates_are_oversampled_less() {
    for rate in [44_100, 88_200, 96_000, 176_400, 192_000, 384_000] {
        let plane = tones(rate, 11_025.0, &[(0.5, 0.0)]);
        let found = measure(rate, &[plane]).true_peak_dbtp().expect("a peak");
        // An edge rings.
        assert!((-0.35..0.9).contains(&found), "{found} dBTP at {rate} Hz");
    }
}
