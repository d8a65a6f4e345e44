//! Where a sample is cut that does not cross zero.

use super::grid_slices;
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
