//! How much one step does. What is found is tested with the rest of the rhythm.

use super::super::super::mono::{Mixture, Mono};
use super::super::correlation::{BLOCK_FRAMES, Correlation, Correlator};
use super::super::spectra::FRAMES_PER_SEC;
use super::{Comparison, PROBES_AT_A_TIME, Repetition};
use crate::buffer::SampleBuffer;

/// Twelve times the same noise.
fn seconds(frames: u32) -> Vec<f32> {
    let mut state = 1_u32;
    let second: Vec<f32> = (0..frames)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(0x3f80_0000 | (state >> 9)) - 1.5
        })
        .collect();
    second.repeat(12)
}

/// The correlation of strokes that are a second apart.
fn strokes() -> Correlation {
    let signal: Vec<f32> =
        (0..12 * FRAMES_PER_SEC).map(|at| f32::from(u8::from(at % FRAMES_PER_SEC == 0))).collect();
    let mut correlation = Correlation::new(&signal, 0.0);
    for from in (0..signal.len()).step_by(BLOCK_FRAMES) {
        Correlator::new().add(&signal, 0.0, from, &mut correlation);
    }
    correlation
}

#[test]
fn a_step_compares_the_fewer_attacks_the_more_values_each_has() {
    let attacks_sec: Vec<f64> = (0..12).map(f64::from).collect();
    for (rate, channels, expected) in [
        (44_100, 2, PROBES_AT_A_TIME),
        (48_000, 8, 1),
        (192_000, 1, 3),
        (192_000, 2, 1),
        (12_000, 64, 1),
    ] {
        let sample = SampleBuffer::from_planes(rate, vec![seconds(rate); channels]).expect("few");
        let mono = Mono::new(&sample, Mixture::Mean);
        let mut repetition = Repetition::new(&strokes());
        let (mut most, mut before) = (0, 0);
        while repetition.step(mono, &attacks_sec) {
            let compared = repetition.near.as_ref().map_or(0, |near| near.compared);
            most = most.max(compared.saturating_sub(before));
            before = compared;
        }
        assert_eq!(most, expected, "at {rate} Hz, {channels} channels");
        let found_sec = repetition.shortest_sec().expect("it repeats itself");
        assert!((found_sec - 1.0).abs() < 1e-9, "{found_sec} s");
    }
}

/// The distance is looked for among means of frames first, and then frame by frame.
#[test]
fn what_seems_to_come_back_is_looked_at_more_closely_in_a_step_of_its_own() {
    // No whole number of the four frames that are taken together.
    let sample = SampleBuffer::from_planes(44_100, vec![seconds(44_101)]).expect("mono");
    let mono = Mono::new(&sample, Mixture::Mean);
    let attacks_sec: Vec<f64> = (0..12).map(f64::from).collect();
    let mut near = Comparison::coarse(mono).near(&attacks_sec, 1.004).expect("it repeats itself");
    let exact = Comparison::exact(mono);
    let loudest = near.loudest.take().expect("not looked at yet");
    assert!(exact.comes_back(&mut near, loudest));
    assert_eq!(near.lag, 44_101);
}
