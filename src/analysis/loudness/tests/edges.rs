//! Whatever comes in: numbers, or None.

use super::{Loudness, assert_near, measure, measure_for, noise, tones};
use crate::speakers::Speakers;

/// Panics where a value is no number.
fn assert_sound(loudness: &Loudness, what: &str) {
    let values = [
        loudness.integrated_lufs,
        loudness.momentary_max_lufs,
        loudness.short_term_max_lufs,
        loudness.range_lu,
        loudness.sample_peak_dbfs(),
        loudness.true_peak_dbtp(),
        loudness.replay_gain().map(|tag| tag.gain_db),
        Some(f64::from(loudness.sample_peak)),
        Some(f64::from(loudness.true_peak)),
        Some(f64::from(loudness.gain(-18.0, 0.0))),
    ];
    assert!(values.iter().flatten().all(|value| value.is_finite()), "{what}: {loudness:?}");
}

#[test]
fn any_input_has_a_result_of_numbers() {
    type Content = (&'static str, fn(usize) -> Vec<f32>);
    let contents: [Content; 9] = [
        ("silence", |frames| vec![0.0; frames]),
        ("the least numbers", |frames| vec![f32::from_bits(1); frames]),
        ("constant", |frames| vec![1.0; frames]),
        ("noise", noise),
        ("all of the greatest", |frames| vec![f32::MAX; frames]),
        ("alternating", |frames| {
            (0..frames).map(|at| if at % 2 == 0 { f32::MAX } else { f32::MIN }).collect()
        }),
        ("no numbers", |frames| vec![f32::NAN; frames]),
        ("one that is none", |frames| {
            (0..frames).map(|at| if at == frames / 2 { f32::NAN } else { 0.1 }).collect()
        }),
        ("infinite", |frames| {
            (0..frames).map(|at| if at == frames / 2 { f32::INFINITY } else { 0.1 }).collect()
        }),
    ];
    for (what, content) in contents {
        for (rate, channels) in [(1_000, 1), (8_000, 2), (44_100, 8), (192_000, 1), (768_000, 3)] {
            for frames in [0, 1, 2, 100, rate as usize / 3, rate as usize] {
                let planes = vec![content(frames); channels];
                assert_sound(&measure(rate, &planes), what);
            }
        }
    }
}

/// What is no number silences the 10 ms that it is in.
#[test]
fn what_is_no_number_leaves_what_follows_as_loud_as_it_is() {
    let mut plane = tones(48_000, 1_000.0, &[(3.0, -20.0)]);
    plane[1_000] = f32::NAN;
    plane[2_000] = f32::INFINITY;
    let loudness = measure(48_000, &[plane.clone(), plane]);
    assert_near(loudness.integrated_lufs, -20.0, 0.1);
}

#[test]
fn silence_has_no_loudness() {
    let loudness = measure(48_000, &[vec![0.0; 200_000], vec![0.0; 200_000]]);
    assert_eq!(
        loudness,
        Loudness {
            integrated_lufs: None,
            momentary_max_lufs: None,
            short_term_max_lufs: None,
            range_lu: None,
            sample_peak: 0.0,
            true_peak: 0.0,
            is_short: false,
            is_mono: false,
        }
    );
    assert_eq!(loudness.replay_gain(), None);
    assert_eq!(loudness.gain(-18.0, 0.0), 1.0);
}

#[test]
fn what_is_below_the_absolute_gate_has_no_integrated_loudness() {
    let plane = tones(48_000, 1_000.0, &[(4.0, -72.0)]);
    let loudness = measure(48_000, &[plane.clone(), plane]);
    assert_eq!((loudness.integrated_lufs, loudness.range_lu), (None, None));
    assert_near(loudness.momentary_max_lufs, -72.0, 0.1);
}

/// 200 ms of −20 LUFS fill half of a block of 400 ms, and a fifteenth of 3 s.
#[test]
fn windows_are_filled_up_with_silence() {
    let plane = tones(48_000, 1_000.0, &[(0.2, -20.0)]);
    let loudness = measure(48_000, &[plane.clone(), plane]);
    assert!(loudness.is_short);
    assert_near(loudness.integrated_lufs, -20.0 - 3.01, 0.1);
    assert_near(loudness.momentary_max_lufs, -20.0 - 3.01, 0.1);
    assert_near(loudness.short_term_max_lufs, -20.0 - 10.0 * 15.0_f64.log10(), 0.1);
    assert_eq!(loudness.range_lu, None);
}

/// 5 ms of −20 LUFS behind the last whole 10 ms.
#[test]
fn the_last_frames_are_in_the_greatest_windows() {
    let mut plane = vec![0.0; 48_000 * 4];
    plane.extend(tones(48_000, 1_000.0, &[(0.005, -20.0)]));
    let loudness = measure(48_000, &[plane.clone(), plane]);
    assert!(!loudness.is_short);
    assert_near(loudness.momentary_max_lufs, -20.0 - 10.0 * 80.0_f64.log10(), 0.2);
    // No gating block has any of it: it is as loud as the loudest 400 ms.
    assert_eq!(loudness.integrated_lufs, loudness.momentary_max_lufs);
    assert_near(loudness.short_term_max_lufs, -20.0 - 10.0 * 600.0_f64.log10(), 0.2);
}

#[test]
fn there_is_no_step_at_400_ms() {
    let lufs = |seconds| {
        let plane = tones(44_100, 1_000.0, &[(seconds, -20.0)]);
        measure(44_100, &[plane.clone(), plane]).integrated_lufs.expect("loud enough")
    };
    assert!((lufs(0.4) - lufs(0.4 - 1.0 / 44_100.0)).abs() < 0.01);
}

/// In WAVE order: what counts is the place, not the content.
#[test]
fn channels_count_by_their_place() {
    let weights_of: [(u32, &[f64]); 11] = [
        (0, &[1.0, 1.0, 1.41, 1.41]),
        (0, &[1.0, 1.0, 1.0, 1.41, 1.41]),
        (0, &[1.0, 1.0, 1.0, 0.0, 1.41, 1.41]),
        (0, &[1.0, 1.0, 1.0, 0.0, 1.0, 1.41, 1.41]),
        (0, &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41]),
        // As a file names its speakers: 2.1, 3.1, L R C Cb, L R C LFE Ls Rs Cb, L R C Cb Ls Rs.
        (0xb, &[1.0, 1.0, 0.0]),
        (0xf, &[1.0, 1.0, 1.0, 0.0]),
        (0x107, &[1.0, 1.0, 1.0, 1.0]),
        (0x13f, &[1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.0]),
        (0x707, &[1.0, 1.0, 1.0, 1.0, 1.41, 1.41]),
        // 5.1.2: those above count like those in front.
        (0x560f, &[1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.0, 1.0]),
    ];
    let tone = tones(48_000, 997.0, &[(1.0, 0.0)]);
    for (mask, weights) in weights_of {
        let channels = weights.len();
        let speakers = Speakers::of_mask(mask, channels);
        for (channel, &weight) in weights.iter().enumerate() {
            let mut planes = vec![vec![0.0; tone.len()]; channels];
            planes[channel].clone_from(&tone);
            let found = measure_for(speakers, 48_000, &planes).integrated_lufs;
            match weight {
                0.0 => assert_eq!(found, None),
                _ => assert_near(found, -3.01 + 10.0 * weight.log10(), 0.02),
            }
        }
    }
}
