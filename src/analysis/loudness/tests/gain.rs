use super::{Loudness, measure, noise};

fn loudness(integrated_lufs: f64, true_peak: f32) -> Loudness {
    Loudness {
        integrated_lufs: Some(integrated_lufs),
        momentary_max_lufs: None,
        short_term_max_lufs: None,
        range_lu: None,
        sample_peak: true_peak,
        true_peak,
        is_short: false,
        is_mono: false,
    }
}

#[track_caller]
fn assert_gain_db(gain: f32, expected_db: f64) {
    let found = 20.0 * f64::from(gain).log10();
    assert!((found - expected_db).abs() < 1e-4, "{found} dB, expected {expected_db}");
}

#[test]
fn the_target_is_met_where_there_is_room() {
    assert_gain_db(loudness(-30.0, 0.1).gain(-14.0, 0.0), 16.0);
    assert_gain_db(loudness(-8.0, 1.1).gain(-14.0, 0.0), -6.0);
}

#[test]
fn the_true_peak_stays_below_the_ceiling() {
    assert_gain_db(loudness(-30.0, 0.5).gain(-14.0, 0.0), 20.0 * 2.0_f64.log10());
    assert_gain_db(loudness(-30.0, 0.5).gain(-14.0, -1.0), 20.0 * 2.0_f64.log10() - 1.0);
    // Too high already, and quieter than the target.
    assert_gain_db(loudness(-16.0, 2.0).gain(-14.0, 0.0), -20.0 * 2.0_f64.log10());
}

#[test]
fn one_channel_gets_3_db_less() {
    let mono = Loudness { is_mono: true, ..loudness(-23.0, 0.1) };
    assert_gain_db(mono.gain(-18.0, 0.0), 5.0 - 10.0 * 2.0_f64.log10());
}

#[test]
fn what_has_no_loudness_stays_as_it_is() {
    assert_eq!(Loudness { integrated_lufs: None, ..loudness(0.0, 0.1) }.gain(-18.0, 0.0), 1.0);
    for [target, ceiling] in [[f64::NAN, 0.0], [f64::INFINITY, 0.0], [-18.0, f64::NEG_INFINITY]] {
        assert_eq!(loudness(-20.0, 0.5).gain(target, ceiling), 1.0);
    }
}

/// Measured again, the sample has the loudness that was asked for.
#[test]
fn a_sample_that_is_amplified_is_on_target() {
    let quiet: Vec<f32> = noise(96_000).iter().map(|value| value * 0.01).collect();
    let gain = measure(48_000, &[quiet.clone(), quiet.clone()]).gain(-23.0, 0.0);
    let louder: Vec<f32> = quiet.iter().map(|value| value * gain).collect();
    let found = measure(48_000, &[louder.clone(), louder]);
    assert!((found.integrated_lufs.expect("noise") + 23.0).abs() < 0.001);
}

#[test]
fn replay_gain_goes_to_minus_18_lufs() {
    let tag = loudness(-11.5, 0.75).replay_gain().expect("a loudness");
    assert_eq!((tag.gain_db, tag.peak), (-6.5, 0.75));
}

#[test]
fn no_gain_is_infinite() {
    assert_eq!(loudness(-70.0, 0.0).gain(1e4, 0.0), f32::MAX);
}
