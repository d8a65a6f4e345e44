//! Where a sample is cut that does not cross zero.

use super::{GridSlicing, grid_slices};
use crate::buffer::SampleBuffer;

#[test]
fn what_does_not_cross_zero_is_cut_where_it_is_nearest_to_it() {
    // At 1 kHz slices move by up to five frames.
    let mut plane = vec![0.5_f32; 1_000];
    plane[246] = 0.2;
    plane[253] = 0.1;
    plane[256] = 0.0; // Too far away.
    plane[504] = -0.3; // A crossing, if not the value that is nearest to zero.
    plane[501] = 0.01;
    let sample = SampleBuffer::from_planes(1_000, vec![plane]).expect("one channel");
    assert_eq!(grid_slices(&sample, &[0.0, 0.5], 2), [0, 253, 504, 750]);
}

#[test]
fn slices_that_come_to_lie_on_one_frame_are_one() {
    let sample = SampleBuffer::from_planes(1_000, vec![vec![0.0; 1_000]]).expect("one channel");
    // Eight parts of four frames.
    let slices = grid_slices(&sample, &[0.1, 0.102], 4);
    assert!(slices.windows(2).all(|pair| pair[0] < pair[1]), "{slices:?}");
    assert!(slices.first() == Some(&100) && slices.len() < 8, "{slices:?}");
}

#[test]
fn a_beat_alone_is_cut_where_it_begins() {
    let sample = SampleBuffer::from_planes(1_000, vec![vec![0.0; 1_000]]).expect("one channel");
    assert_eq!(grid_slices(&sample, &[0.1], 4), [100]);
    assert_eq!(grid_slices(&sample, &[1.0], 4), []);
}

#[test]
fn nothing_is_cut_at_the_end_of_a_sample_or_behind_it() {
    let sample = SampleBuffer::from_planes(1_000, vec![vec![0.0; 1_000]]).expect("one channel");
    assert_eq!(grid_slices(&sample, &[0.0, 0.5, 1.0, 1.5], 1), [0, 500]);
}

/// The frame at which planes of a rate of 1 kHz are cut for the one at `place`, as it is documented.
fn cut_by_the_book(planes: &[Vec<f32>], place: usize) -> usize {
    let frames = planes[0].len();
    let mean = |at: usize| planes.iter().map(|plane| plane[at]).sum::<f32>();
    let loudest = |at: usize| planes.iter().map(|plane| plane[at].abs()).fold(0.0, f32::max);
    let peak = (0..frames).map(loudest).fold(0.0, f32::max);
    let changes = |one: usize, other: usize| mean(one) * mean(other) < 0.0;
    let crosses = |at: &usize| {
        let beside_next = at + 1 < frames && changes(*at, at + 1);
        *at == 0 || mean(*at) == 0.0 || changes(at - 1, *at) || beside_next
    };
    let mut near: Vec<usize> = (place.saturating_sub(5)..frames.min(place + 6)).collect();
    near.sort_by_key(|at| at.abs_diff(place));
    let crossings: Vec<usize> = near.iter().copied().filter(crosses).collect();
    let quiet = crossings.iter().find(|at| loudest(**at) <= 0.01 * peak);
    let among = if crossings.is_empty() { near } else { crossings.clone() };
    let quietest = among.iter().min_by(|one, other| loudest(**one).total_cmp(&loudest(**other)));
    *quiet.or(quietest).expect("some frames")
}

#[test]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small numbers"
)]
fn slices_lie_where_they_should_in_whatever_audio_step_by_step() {
    let mut state = 0x1234_5678_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32
    };
    for case in 0..300 {
        // Around zero, or mostly beside it; now and then quiet.
        let (offset, channels) = ([0.0, 0.4, 0.5, 1.0][case % 4], case % 3 + 1);
        let mut value = || {
            let level = if next() < 0.1 { 0.004 } else { 1.0 };
            level * (next() - 0.5 + offset)
        };
        let planes: Vec<Vec<f32>> =
            (0..channels).map(|_| (0..220).map(|_| value()).collect()).collect();
        let sample = SampleBuffer::from_planes(1_000, planes.clone()).expect("a few channels");
        let beats_sec = [0.01, 0.06, 0.13, 0.17];
        let per_beat = [1, 2, 3, 4, 5, 6, 7][case % 7];
        let mut expected: Vec<u64> = Vec::new();
        for (beat, start) in beats_sec.iter().enumerate() {
            let end = beats_sec.get(beat + 1).copied().unwrap_or(2.0 * 0.17 - 0.13);
            for part in 0..per_beat {
                let at_sec = start + (end - start) * f64::from(part) / f64::from(per_beat);
                let frame = cut_by_the_book(&planes, (at_sec * 1_000.0).round() as usize) as u64;
                if expected.last().is_none_or(|last| *last < frame) {
                    expected.push(frame);
                }
            }
        }
        let mut slicing = GridSlicing::new(&sample, &beats_sec, per_beat);
        let slices = std::iter::repeat_with(|| slicing.step()).flatten().next();
        assert_eq!(slices, Some(expected), "{case}");
    }
}

#[test]
fn many_slices_of_many_channels_take_many_steps() {
    // Windows of 7,681 frames, 64 channels of which are more than a step looks at.
    let sample = SampleBuffer::from_planes(768_000, vec![vec![0.5; 20_000]; 64]).expect("a few");
    let beats_sec = [0.0, 0.01, 0.02];
    let mut slicing = GridSlicing::new(&sample, &beats_sec, 8);
    let steps = (0..).take_while(|_| slicing.step().is_none()).count();
    assert!(steps >= 24, "{steps}");
}
