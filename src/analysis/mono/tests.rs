//! Channels that cancel each other out, and those that do not.

use std::f32::consts::TAU;
use std::sync::Arc;

use super::super::tests::results;
use super::super::{AnalysisKind, AnalysisResult, grid_slices};
use super::Mixture;
use crate::buffer::SampleBuffer;

const RATE: u32 = 8_000;

fn sample(planes: Vec<Vec<f32>>) -> Arc<SampleBuffer> {
    SampleBuffer::from_planes(RATE, planes).expect("few channels, of one length")
}

fn times(gain: f32, plane: &[f32]) -> Vec<f32> {
    plane.iter().map(|value| gain * value).collect()
}

/// Notes of a C major chord, struck twice a second for eight seconds.
fn strokes() -> Vec<f32> {
    let chord = [261.63, 329.63, 392.0];
    let value = |frame: u32| {
        let since_sec = (frame % (RATE / 2)) as f32 / RATE as f32;
        let tones = chord.iter().map(|hz| (TAU * hz * since_sec).sin()).sum::<f32>();
        0.2 * tones * (-since_sec / 0.2).exp()
    };
    (0..8 * RATE).map(value).collect()
}

/// Zeros with one value that is none.
fn click(frames: usize, at: usize) -> Vec<f32> {
    let mut plane = vec![0.0; frames];
    plane[at] = 0.5;
    plane
}

/// What does not depend on how many channels there are.
fn heard(sample: &Arc<SampleBuffer>) -> Vec<AnalysisResult> {
    let kinds = [AnalysisKind::Bpm, AnalysisKind::Key, AnalysisKind::Onsets];
    results(sample, &kinds)
}

#[test]
fn of_channels_that_cancel_each_other_out_the_loudest_is_heard_as_if_it_were_alone() {
    let plane = strokes();
    let alone = heard(&sample(vec![plane.clone()]));
    let [
        AnalysisResult::Onsets(onsets),
        AnalysisResult::Bpm(tempo),
        AnalysisResult::Key(Some(key)),
    ] = alone.as_slice()
    else {
        panic!("{alone:?}");
    };
    assert_eq!(key.tonic, 0, "C");
    assert_eq!(onsets.frames.len(), 16);
    assert!(tempo.bpm.is_some_and(|bpm| (bpm - 120.0).abs() < 0.5), "{tempo:?}");

    // Of equally loud ones it is the first.
    for (what, others) in [
        ("inverted", vec![times(-1.0, &plane)]),
        ("inverted, and a silent third", vec![times(-1.0, &plane), times(0.0, &plane)]),
        ("inverted, and a little softer", vec![times(-0.9, &plane)]),
        ("two against one", vec![times(-0.5, &plane), times(-0.5, &plane)]),
    ] {
        let planes = [vec![plane.clone()], others].concat();
        assert_eq!(heard(&sample(planes.clone())), alone, "{what}");
        if what.starts_with("inverted, and a little") || what.starts_with("two") {
            let reversed = planes.into_iter().rev().collect();
            assert_eq!(heard(&sample(reversed)), alone, "{what}, the loudest last");
        }
    }
}

#[test]
fn of_all_other_channels_the_mean_is_heard() {
    let plane = strokes();
    let late: Vec<f32> = [vec![0.0; 801], plane[..plane.len() - 801].to_vec()].concat();
    for (what, planes) in [
        ("one", vec![plane.clone()]),
        ("nothing", vec![Vec::new(); 2]),
        ("silence", vec![vec![0.0; 8_000]; 2]),
        ("the same on both sides", vec![plane.clone(); 2]),
        ("one side alone", vec![plane.clone(), times(0.0, &plane)]),
        ("one of eight", [vec![plane.clone()], vec![times(0.0, &plane); 7]].concat()),
        ("a late second one", vec![plane.clone(), late.clone()]),
        ("a late second one, inverted", vec![plane.clone(), times(-1.0, &late)]),
        ("inverted, at half the level", vec![plane.clone(), times(-0.5, &plane)]),
        ("no numbers", vec![vec![f32::NAN; 8_000], vec![f32::INFINITY; 8_000]]),
    ] {
        assert_eq!(Mixture::of(&sample(planes)), Mixture::Mean, "{what}");
    }
}

/// Strokes that become louder by 50 dB, over soft noise.
fn crescendo() -> Vec<f32> {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    });
    let plane = strokes();
    let frames = plane.len() as f32;
    let level = |at: usize| 10.0_f32.powf(2.5 * (at as f32 / frames - 1.0));
    plane
        .iter()
        .zip(noise)
        .enumerate()
        .map(|(at, (value, noise))| level(at) * value + 0.000_5 * noise)
        .collect()
}

#[test]
fn how_loud_channels_are_beside_their_mean_does_not_matter() {
    let plane = crescendo();
    let silence = times(0.0, &plane);
    let alone = heard(&sample(vec![plane.clone()]));
    for (what, planes) in [
        ("one side alone", vec![plane.clone(), silence.clone()]),
        ("one of four", vec![silence.clone(), plane.clone(), silence.clone(), silence]),
        ("both sides", vec![plane.clone(), plane.clone()]),
        ("inverted, at a quarter of the level", vec![plane.clone(), times(-0.25, &plane)]),
        ("louder", vec![times(8.0, &plane), times(-4.0, &plane)]),
    ] {
        let stereo = heard(&sample(planes));
        let [AnalysisResult::Onsets(one), AnalysisResult::Bpm(tempo), _] = alone.as_slice() else {
            panic!()
        };
        let [AnalysisResult::Onsets(other), AnalysisResult::Bpm(same), _] = stereo.as_slice()
        else {
            panic!()
        };
        assert_eq!(one.frames, other.frames, "{what}");
        assert_eq!(tempo.bpm, same.bpm, "{what}");
        if !what.starts_with("inverted") {
            assert_eq!((one, tempo), (other, same), "{what}");
        }
    }
}

#[test]
fn one_click_decides_however_long_the_sample() {
    let frames = 600 * RATE as usize;
    for at in [0, 1_234_567, frames - 1] {
        let plane = click(frames, at);
        let inverted = sample(vec![plane.clone(), times(-1.0, &plane)]);
        assert_eq!(Mixture::of(&inverted), Mixture::Channel(0), "at {at}");
        let equal = sample(vec![plane.clone(), plane]);
        assert_eq!(Mixture::of(&equal), Mixture::Mean, "at {at}");
    }
}

#[test]
fn slices_of_channels_that_cancel_each_other_out_are_cut_where_the_loudest_crosses_zero() {
    // Crosses zero every 20 frames, from 5 on.
    let plane: Vec<f32> =
        (0..8_000).map(|at| if (at + 15) % 40 < 20 { 0.5 } else { -0.5 }).collect();
    let inverted = sample(vec![plane.clone(), times(-1.0, &plane)]);
    // Of 0, 2,000, 4,000 and 6,000 each is five frames before a crossing, and cut on this side of it.
    assert_eq!(grid_slices(&inverted, &[0.0, 0.5], 2), [0, 2_004, 4_004, 6_004]);
}
