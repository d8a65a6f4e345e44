//! What a sample becomes before tempi are looked for, and how long a step is.

use std::time::Duration;

use super::super::novelty::Moments;
use super::super::pulse::Pulse;
use super::{Noise, Track, analyse};

#[test]
fn what_is_always_in_motion_is_steadier_than_strokes_in_silence() {
    let mut moments = Moments::default();
    let frames: Vec<_> = (0..1_000)
        .map(|frame| {
            let stroke = if frame % 10 == 0 { 1.0 } else { 0.0 };
            let always = if frame % 2 == 0 { 0.5 } else { 1.5 };
            [stroke, always, 0.0, 0.0, 0.0, 0.0, 0.0]
        })
        .collect();
    moments.add(&frames);
    // The mean over the deviation: 0.1 over √(0.1 − 0.1²), and 1 over 0.5.
    let expected = [1.0 / 3.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for (steadiness, expected) in moments.steadiness().into_iter().zip(expected) {
        assert!((steadiness - expected).abs() < 1e-6, "{steadiness}, not {expected}");
    }
}

#[test]
fn a_pulse_is_the_fourier_transform_of_its_stretch() {
    let mut noise = Noise(0x1234_5678);
    // An odd number of frames, and the most there may be in one stretch.
    for frames in [777, 4_096] {
        let stretch: Vec<f32> = (0..frames).map(|_| noise.next().abs() as f32).collect();
        let mut pulse = Pulse::new(frames);
        pulse.add(&stretch);
        let sum: f64 = stretch.iter().map(|value| f64::from(*value)).sum();
        let mean = sum / frames as f64;
        // Bins of a transform eight times as long as the next power of two.
        let bins = 8 * frames.next_power_of_two();
        for bin in [0, 1, 2, 333, bins / 13, bins / 7] {
            let [mut re, mut im] = [0.0; 2];
            for (at, value) in stretch.iter().enumerate() {
                let turn = std::f64::consts::TAU * (at * bin % bins) as f64 / bins as f64;
                re += (f64::from(*value) - mean) * turn.cos();
                im += (f64::from(*value) - mean) * turn.sin();
            }
            let found = pulse.at(100.0 * bin as f64 / bins as f64);
            let expected = re.hypot(im) / sum;
            assert!((found - expected).abs() < 5e-6, "bin {bin}: {found}, not {expected}");
        }
    }
}

/// Far more than a step takes, and far less than the analysis as a whole.
const STEP_MOST: Duration = Duration::from_millis(100);

#[test]
fn ten_minutes_are_done_in_small_steps() {
    let (onsets, tempo, longest) = analyse(Track::groove(16_000, 128.0, 320).sample());
    let bpm = tempo.bpm.expect("a pulse");
    assert!((bpm - 128.0).abs() < 0.02, "{bpm}");
    assert_eq!(tempo.beats_sec.len(), 1_280);
    assert!(onsets.frames.len() >= 1_280);
    assert!(longest < STEP_MOST, "{longest:?}");
}
