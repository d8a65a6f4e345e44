use super::super::spectrum::{Peak, part_from_noise};

/// Hz between values of the spectrum: a band, of 48 of them, is 160 Hz wide.
const BIN_HZ: f32 = 160.0 / 48.0;

/// How far peaks of these frequencies and magnitudes are above noise.
fn above_noise(peaks: impl IntoIterator<Item = (f32, f32)>) -> Vec<f32> {
    let peak = |(frequency_hz, magnitude)| Peak { frequency_hz, magnitude, above_noise: 1.0 };
    let mut peaks: Vec<Peak> = peaks.into_iter().map(peak).collect();
    part_from_noise(&mut peaks, BIN_HZ, &mut Vec::new());
    peaks.iter().map(|peak| peak.above_noise).collect()
}

/// Twenty in a band, as noise has them, one of which is ten times as high as the others.
#[test]
fn what_stands_out_of_noise_is_above_it() {
    for gain in [1e-6, 1.0, 1e6] {
        let magnitude = |at| if at == 7 { 10.0 * gain } else { gain };
        let parts = above_noise((0..20).map(|at| (160.0 + 8.0 * at as f32, magnitude(at))));
        for (at, part) in parts.into_iter().enumerate() {
            let expected = if at == 7 { 0.9 } else { 0.0 };
            assert!((part - expected).abs() < 1e-6, "{at}: {part}");
        }
    }
}

/// The tenth highest is noise: with nine peaks in a band there is none, however soft one is.
#[test]
fn partials_are_too_few_for_noise() {
    let band = |count: u8| (1..=count).map(|at| (160.0 + f32::from(at), f32::from(at)));
    assert!(above_noise(band(9)).iter().all(|part| *part == 1.0));
    for (at, part) in above_noise(band(10)).into_iter().enumerate() {
        assert!((part - (1.0 - 1.0 / (at + 1) as f32)).abs() < 1e-6, "{at}: {part}");
    }
}

/// It is loud in one band, and there is none in the next.
#[test]
fn noise_is_that_of_its_band() {
    let loud = (0..20).map(|at| (160.0 + 8.0 * at as f32, 1.0));
    let parts = above_noise(loud.chain([(330.0, 0.5), (400.0, 0.1)]));
    assert!(parts[..20].iter().all(|part| *part == 0.0), "{parts:?}");
    assert_eq!(parts[20..], [1.0, 1.0]);
}
