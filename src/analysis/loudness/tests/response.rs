//! K-weighting at other rates than that of the document.

use super::super::weighting::{gain, k_weighting};
use super::{assert_near, measure, tones};

fn gain_db(rate_hz: f64, frequency_hz: f64) -> f64 {
    let of_stage = |stage| gain(stage, frequency_hz, rate_hz);
    20.0 * k_weighting(rate_hz).iter().map(of_stage).product::<f64>().log10()
}

/// Below a quarter of the lower rate, where no bilinear transform bends much.
#[test]
fn the_response_is_that_of_48_khz() {
    for (rate_hz, tolerance_db) in
        [(8_000.0, 0.5), (22_050.0, 0.2), (44_100.0, 0.02), (96_000.0, 0.1), (768_000.0, 0.15)]
    {
        for frequency_hz in [20.0, 38.0, 100.0, 500.0, 997.0, 1_682.0, 2_000.0, 5_000.0, 10_000.0] {
            if frequency_hz <= rate_hz / 4.0 {
                let difference = gain_db(rate_hz, frequency_hz) - gain_db(48_000.0, frequency_hz);
                assert!(
                    difference.abs() < tolerance_db,
                    "{difference} dB at {frequency_hz} Hz of {rate_hz}"
                );
            }
        }
    }
}

#[test]
fn below_48_khz_the_response_is_the_same_up_to_half_the_rate() {
    for (rate_hz, tolerance_db) in [
        (4_000.0, 0.31),
        (8_000.0, 0.05),
        (11_025.0, 0.015),
        (16_000.0, 0.005),
        (22_050.0, 0.003),
        (32_000.0, 0.003),
        (44_100.0, 0.003),
    ] {
        for part in 1..500 {
            let frequency_hz = rate_hz * f64::from(part) / 1_000.0;
            let difference = gain_db(rate_hz, frequency_hz) - gain_db(48_000.0, frequency_hz);
            // The high-pass is bent where it is steep and nothing is left.
            if frequency_hz > 30.0 {
                assert!(
                    difference.abs() < tolerance_db,
                    "{difference} dB at {frequency_hz} Hz of {rate_hz}"
                );
            }
        }
    }
}

/// BS.1770-5, Annex 1: a sine of 997 Hz at full scale in one channel is −3.01 LKFS.
#[test]
fn the_reference_tone_is_the_same_at_all_rates() {
    for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000, 384_000] {
        let plane = tones(rate, 997.0, &[(2.0, 0.0)]);
        assert_near(measure(rate, &[plane]).integrated_lufs, -3.01, 0.02);
    }
}
