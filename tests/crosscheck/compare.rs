//! Lays two decodings of one file side by side.

use super::references::Audio;
use hotcue_tests::loading::snr_db;

/// What hotcue does with values that are no audio, so that references are held to the same.
const MAX_MAGNITUDE: f32 = 1e20;
/// Frames that are laid over each other to find a shift. The greediest codec has some 5,000
/// in front.
const WINDOW_FRAMES: usize = 1 << 13;
const MAX_SHIFT_FRAMES: usize = 6_144;
/// With at least this, nothing can be shifted.
const CLOSE_DB: f64 = 40.0;

/// How one decoding lies to a reference.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// Of the reference.
    pub(crate) frames: usize,
    pub(crate) rate: u32,
    pub(crate) channels: usize,
    /// None where rate or channels differ.
    pub(crate) values: Option<Values>,
}

/// How values lie to those of a reference, as far as both have some.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    /// Each equals the reference's.
    pub(crate) exact: bool,
    pub(crate) snr_db: f64,
    /// Frames that ours begin later; negative: earlier.
    pub(crate) offset_frames: i64,
    /// With that offset undone.
    pub(crate) aligned_snr_db: f64,
}

impl Comparison {
    /// Compares `ours` with `reference`.
    pub(crate) fn new(ours: &Audio, reference: &Audio) -> Self {
        let comparable = (ours.rate, ours.channels) == (reference.rate, reference.channels);
        Self {
            frames: reference.frames(),
            rate: reference.rate,
            channels: reference.channels,
            values: comparable.then(|| {
                let cleaned: Vec<f32> =
                    reference.values.iter().map(|value| clean(*value)).collect();
                Values::new(&ours.values, &cleaned, ours.channels)
            }),
        }
    }
}

fn clean(value: f32) -> f32 {
    if value.abs() <= MAX_MAGNITUDE { value } else { 0.0 }
}

impl Values {
    fn new(ours: &[f32], reference: &[f32], channels: usize) -> Self {
        let exact = ours.iter().zip(reference).all(|(ours, theirs)| ours == theirs);
        let snr_db = if exact { f64::INFINITY } else { snr(reference, ours) };
        if snr_db >= CLOSE_DB {
            return Self { exact, snr_db, offset_frames: 0, aligned_snr_db: snr_db };
        }
        let offset_frames = shift(&first(ours, channels), &first(reference, channels));
        let skip = |late: i64| usize::try_from(late).unwrap_or(0) * channels;
        let (ours_late, theirs_late) = (skip(offset_frames), skip(-offset_frames));
        let aligned_snr_db = snr(
            reference.get(theirs_late..).unwrap_or_default(),
            ours.get(ours_late..).unwrap_or_default(),
        );
        Self { exact, snr_db, offset_frames, aligned_snr_db }
    }
}

/// [`snr_db`] over what both have.
fn snr(reference: &[f32], ours: &[f32]) -> f64 {
    let common = reference.len().min(ours.len());
    snr_db(&reference[..common], &ours[..common])
}

/// The sum of all channels.
fn first(values: &[f32], channels: usize) -> Vec<f32> {
    values.chunks_exact(channels).map(|frame| frame.iter().sum()).collect()
}

/// By how many frames `ours` is later than `reference`, where they are most alike.
fn shift(ours: &[f32], reference: &[f32]) -> i64 {
    let peak = reference.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    let onset = reference.iter().position(|value| value.abs() > peak / 20.0).unwrap_or(0);
    // With room before it, for what ours may lack.
    let room = MAX_SHIFT_FRAMES.min(reference.len() / 4);
    let start = onset.saturating_sub(WINDOW_FRAMES / 8).max(room);
    let window = &reference[start..(start + WINDOW_FRAMES).min(reference.len())];
    let likeness = |late: i64| -> Option<f64> {
        let start = usize::try_from(i64::try_from(start).ok()? + late).ok()?;
        let there = ours.get(start..(start + window.len()).min(ours.len()))?;
        let (mut product, mut energy) = (0.0_f64, f64::MIN_POSITIVE);
        for (a, b) in there.iter().zip(window) {
            product += f64::from(a * b);
            energy += f64::from(a * a);
        }
        Some(product / energy.sqrt())
    };
    let most = MAX_SHIFT_FRAMES as i64;
    (-most..=most)
        .filter_map(|late| Some((late, likeness(late)?)))
        // Of equals, the smallest shift.
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.abs().cmp(&a.0.abs())))
        .map_or(0, |(late, _)| late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(values: Vec<f32>) -> Audio {
        Audio { rate: 44_100, channels: 2, values }
    }

    /// Stereo noise of `frames` frames, the same every time.
    fn noise(frames: usize) -> Vec<f32> {
        let bytes = hotcue_tests::noise(7, frames * 2);
        bytes.iter().map(|byte| (f32::from(*byte) - 127.5) / 128.0).collect()
    }

    #[test]
    fn what_is_equal_is_exact_whatever_follows() {
        let mut reference = noise(3_000);
        let ours = audio(reference.clone());
        reference.extend([0.5; 20]);
        let comparison = Comparison::new(&ours, &audio(reference));
        assert!(comparison.values.is_some_and(|values| values.exact));
        assert_eq!((comparison.frames, ours.frames()), (3_010, 3_000));
    }

    #[test]
    fn noise_is_measured() {
        let reference = noise(3_000);
        let ours = reference.iter().map(|value| value * 1.001).collect();
        let values = Comparison::new(&audio(ours), &audio(reference)).values;
        let values = values.expect("rate and channels are the same");
        assert!((values.snr_db - 60.0).abs() < 0.01, "{values:?}");
        assert_eq!(values.offset_frames, 0);
    }

    #[test]
    fn a_shift_is_found_in_either_direction() {
        let reference = noise(40_000);
        for late in [1_105_i64, -529] {
            let silence = vec![0.0; 2 * usize::try_from(late).unwrap_or(0)];
            let skipped = 2 * usize::try_from(-late).unwrap_or(0);
            let ours = [silence, reference[skipped..].to_vec()].concat();
            let values = Comparison::new(&audio(ours), &audio(reference.clone())).values;
            let values = values.expect("rate and channels are the same");
            assert_eq!((values.offset_frames, values.exact), (late, false));
            assert!(values.aligned_snr_db.is_infinite(), "{values:?}");
        }
    }

    #[test]
    fn other_rates_cannot_be_compared() {
        let other = Audio { rate: 48_000, ..audio(noise(10)) };
        assert!(Comparison::new(&audio(noise(10)), &other).values.is_none());
    }

    #[test]
    fn what_is_no_number_counts_as_silence_as_it_does_here() {
        let comparison = Comparison::new(&audio(vec![0.0, 1.0]), &audio(vec![f32::NAN, 1.0]));
        assert!(comparison.values.is_some_and(|values| values.exact));
    }
}
