#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "signals are computed in f64, and lengths are short"
)]

mod ebu;
mod edges;
mod gain;
mod gates;
mod peaks;
mod response;

use super::{Loudness, LoudnessMeter};
use crate::speakers::Speakers;

/// Measures in blocks of odd lengths.
fn measure(rate: u32, planes: &[Vec<f32>]) -> Loudness {
    measure_for(Speakers::USUAL, rate, planes)
}

fn measure_for(speakers: Speakers, rate: u32, planes: &[Vec<f32>]) -> Loudness {
    let mut meter = LoudnessMeter::new(speakers, planes.len(), rate);
    let frames = planes[0].len();
    let mut from = 0;
    for size in [1, 4_096, 777].into_iter().cycle() {
        let to = frames.min(from + size);
        let block: Vec<&[f32]> = planes.iter().map(|plane| &plane[from..to]).collect();
        meter.measure(&block);
        from = to;
        if from == frames {
            break;
        }
    }
    loop {
        if let Some(loudness) = meter.result() {
            return loudness;
        }
    }
}

/// A sine of constant phase whose level changes: pairs of seconds and dBFS of its peak.
fn tones(rate: u32, frequency_hz: f64, parts: &[(f64, f64)]) -> Vec<f32> {
    let mut values = Vec::new();
    for &(seconds, level_dbfs) in parts {
        let frames = (seconds * f64::from(rate)).round() as usize;
        let amplitude = 10.0_f64.powf(level_dbfs / 20.0);
        for _ in 0..frames {
            let turns = frequency_hz * values.len() as f64 / f64::from(rate);
            values.push((amplitude * (std::f64::consts::TAU * turns).sin()) as f32);
        }
    }
    values
}

/// White noise from −1 to 1, the same each time.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..frames).map(|_| next()).collect()
}

#[track_caller]
fn assert_near(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.expect("a value");
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected} ± {tolerance}");
}
