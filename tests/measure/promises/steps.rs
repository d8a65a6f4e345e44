//! How long the steps of analyses are, on material of odd shapes.

use hotcue::SampleBuffer;
use hotcue::analysis::AnalysisKind;
use hotcue_actors::EngineError;
use hotcue_tests::{Random, step_times};

use super::{Promises, Spread};

/// Sample rate, channels, seconds, and after how many it repeats itself: an hour, ten minutes of a
/// song, what has the most values per second, and of that what is looked at closely for coming back.
const SHAPES: [(u32, usize, u32, u32); 6] = [
    (8_000, 1, 3_600, 3_600),
    (44_100, 2, 600, 600),
    (48_000, 8, 120, 120),
    (192_000, 2, 120, 120),
    (192_000, 2, 60, 2),
    (48_000, 8, 60, 2),
];
/// What a step may take.
const STEP_MS: f64 = 1.0;
/// Strokes per second, and how soon they die away.
const STROKES_HZ: f64 = 4.0;
const DECAY_SEC: f64 = 0.05;

/// The processor time of every step of all kinds.
pub(super) fn longest(promises: &Promises) -> Result<bool, EngineError> {
    let mut within = true;
    for (rate, channels, seconds, period_sec) in SHAPES {
        let plane = strokes(rate, period_sec).repeat((seconds / period_sec) as usize);
        let sample = SampleBuffer::from_planes(rate, vec![plane; channels]).expect("a sample");
        let steps = Spread::of(step_times(&sample, &AnalysisKind::ALL));
        let repeats = if period_sec < seconds { ", repeated" } else { "" };
        let what =
            format!("step of all analyses: {seconds} s{repeats}, {rate} Hz × {channels} (≤ 1 ms)");
        within &= promises.row(&what, &steps.to_string(), steps.most, STEP_MS * promises.times);
    }
    Ok(within)
}

/// Noise that swells at once and dies away, again and again.
#[expect(clippy::cast_possible_truncation, reason = "a signal is computed in f64")]
fn strokes(rate: u32, seconds: u32) -> Vec<f32> {
    let mut random = Random::new(3);
    let value = |frame: u32| {
        let since_sec = (f64::from(frame) / f64::from(rate)).rem_euclid(1.0 / STROKES_HZ);
        let noise = (random.number() % 20_001) as f64 / 10_000.0 - 1.0;
        (0.5 * noise * (-since_sec / DECAY_SEC).exp()) as f32
    };
    (0..seconds * rate).map(value).collect()
}
