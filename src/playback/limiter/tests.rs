//! The limiter by itself.

use super::super::scratch::BLOCK_FRAMES;
use super::*;

const RATE: u32 = 48_000;
const LOOK_AHEAD: usize = 96;
const RAMP: u32 = 240;

/// What comes out for `input`, a value per frame and channel, in blocks of `block` frames.
fn limited(limiter: &mut Limiter, input: &[[f32; 2]], block: usize) -> Vec<[f32; 2]> {
    let mut out = Vec::new();
    for frames in input.chunks(block) {
        let mut planes = [[0.0; BLOCK_FRAMES]; 2];
        for (frame, values) in frames.iter().enumerate() {
            (planes[0][frame], planes[1][frame]) = (values[0], values[1]);
        }
        limiter.apply(frames.len(), &mut planes, RAMP);
        out.extend((0..frames.len()).map(|frame| [planes[0][frame], planes[1][frame]]));
    }
    out
}

fn on() -> Limiter {
    let mut limiter = Limiter::new(2, RATE);
    limiter.set(true, true);
    limiter
}

/// Noise up to `peak`, the channels at different levels.
fn noise(frames: usize, peak: f32) -> Vec<[f32; 2]> {
    let mut state = 1_u32;
    let mut value = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..frames).map(|_| [value() * peak, value() * peak * 0.5]).collect()
}

#[test]
fn what_is_not_too_loud_leaves_to_the_bit_two_milliseconds_later() {
    let input = noise(10_000, 1.0);
    for block in [1, 64, 256] {
        let out = limited(&mut on(), &input, block);
        assert_eq!(out[LOOK_AHEAD..], input[..10_000 - LOOK_AHEAD], "blocks of {block}");
        assert!(out[..LOOK_AHEAD].iter().flatten().all(|value| *value == 0.0));
    }
    assert_eq!(on().latency_frames(), LOOK_AHEAD);
}

#[test]
fn nothing_leaves_beyond_full_scale_and_the_gain_comes_back_to_exactly_one() {
    let mut input = noise(5_000, 1.0);
    input.extend(noise(5_000, 7.3));
    input.extend(noise(30_000, 1.0));
    let mut limiter = on();
    let out = limited(&mut limiter, &input, 256);
    let peak = out.iter().flatten().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!(peak <= 1.0 && peak > 0.9, "{peak}");
    assert!(limiter.take_lowest() < 0.2);
    // 200 ms after the last loud frame.
    let quiet = 10_000 + LOOK_AHEAD + 9_600 + 200;
    assert_eq!(out[quiet..], input[quiet - LOOK_AHEAD..input.len() - LOOK_AHEAD]);
    assert_eq!(limiter.take_lowest(), 1.0);
}

#[test]
fn both_channels_get_the_same_gain_on_a_straight_way() {
    // One frame four times too loud in silence of a constant.
    let mut input = vec![[0.5, -0.25]; 2_000];
    input[1_000][0] = 4.0;
    let out = limited(&mut on(), &input, 256);
    let gains: Vec<f32> = out[LOOK_AHEAD..].iter().map(|frame| frame[1] / -0.25).collect();
    assert_eq!(out[1_000 + LOOK_AHEAD][0], 4.0 * gains[1_000]);
    assert!((gains[1_000] - 0.25).abs() < 1e-6, "{}", gains[1_000]);
    for frame in 1_000 - LOOK_AHEAD..1_000 {
        let step = gains[frame] - gains[frame - 1];
        assert!((step + 0.75 / LOOK_AHEAD as f32).abs() < 1e-4, "{frame}: {step}");
    }
    assert_eq!(gains[1_000 - LOOK_AHEAD - 1], 1.0);
}

#[test]
fn it_is_turned_on_and_off_without_a_click() {
    let sine = |frame: usize| {
        let value = (frame as f32 * std::f32::consts::TAU * 100.0 / RATE as f32).sin() * 0.5;
        [value, value]
    };
    let input: Vec<[f32; 2]> = (0..9_000).map(sine).collect();
    let mut limiter = Limiter::new(2, RATE);
    let mut out = limited(&mut limiter, &input[..3_000], 100);
    assert_eq!(out, input[..3_000]);
    limiter.set(true, false);
    out.extend(limited(&mut limiter, &input[3_000..6_000], 100));
    limiter.set(false, false);
    out.extend(limited(&mut limiter, &input[6_000..], 100));
    assert_eq!(out[4_000..6_000], input[4_000 - LOOK_AHEAD..6_000 - LOOK_AHEAD]);
    assert_eq!(out[7_000..], input[7_000..]);
    let corners = out.windows(3).map(|w| (w[0][0] - 2.0 * w[1][0] + w[2][0]).abs());
    let sharpest = corners.fold(0.0, f32::max);
    // A ramp of 0.1 (what 2 ms change) over 240 frames; a cut would make 0.1.
    assert!(sharpest < 4e-3, "{sharpest}");
}

#[test]
fn turned_off_in_silence_it_is_off_at_once_but_never_cuts_off_what_it_holds() {
    let input = noise(1_000, 1.0);
    let mut limiter = on();
    limited(&mut limiter, &input, 256);
    limited(&mut limiter, &[[0.0; 2]; LOOK_AHEAD], 256);
    limiter.set(false, true);
    assert_eq!(limited(&mut limiter, &input, 256), input);

    let mut limiter = on();
    limited(&mut limiter, &input, 256);
    limiter.set(false, true);
    let tail = limited(&mut limiter, &[[0.0; 2]; 2 * LOOK_AHEAD], 256);
    for (frame, value) in tail[..LOOK_AHEAD].iter().enumerate() {
        let left = 1.0 - (frame + 1) as f32 / RAMP as f32;
        let expected = input[input.len() - LOOK_AHEAD + frame][0] * left;
        assert!((value[0] - expected).abs() < 1e-5, "{frame}: {} {expected}", value[0]);
    }
}

#[test]
fn what_is_no_number_does_not_stay() {
    let mut input = noise(3_000, 1.0);
    input[500] = [f32::NAN, f32::INFINITY];
    let out = limited(&mut on(), &input, 256);
    assert!(out[500 + LOOK_AHEAD + 1..].iter().flatten().all(|value| value.is_finite()));
}

#[test]
fn the_sliding_minimum_is_the_least_of_the_window() {
    let mut minimum = SlidingMinimum::new(7);
    let mut state = 1_u32;
    let mut pushed = Vec::new();
    for _ in 0..5_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        pushed.push((state >> 28) * (state >> 20 & 1));
        let window = &pushed[pushed.len().saturating_sub(7)..];
        assert_eq!(Some(&minimum.push(pushed[pushed.len() - 1])), window.iter().min());
    }
}

#[test]
fn what_it_held_when_it_was_turned_off_is_gone() {
    let mut limiter = on();
    limited(&mut limiter, &noise(1_000, 7.3), 256);
    limiter.set(false, false);
    limited(&mut limiter, &vec![[1.0; 2]; 1_000], 256);
    limiter.set(true, false);
    let out = limited(&mut limiter, &vec![[0.0; 2]; 1_000], 256);
    assert!(out.iter().flatten().all(|value| *value == 0.0));
    assert_eq!(limited(&mut limiter, &vec![[1.0; 2]; 1_000], 256)[LOOK_AHEAD..], [[1.0; 2]; 904]);
}

#[test]
fn it_holds_what_is_loud_from_the_first_frame_for_other_channels() {
    let mut limiter = on();
    limited(&mut limiter, &noise(1_000, 0.5), 256);
    limiter.set_outputs(2);
    let out = limited(&mut limiter, &noise(1_000, 7.3), 256);
    let peak = out.iter().flatten().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!(peak <= 1.0 && peak > 0.5, "{peak}");
    assert!(out[..LOOK_AHEAD].iter().flatten().all(|value| *value == 0.0));
}

#[test]
fn it_looks_two_milliseconds_ahead_at_any_rate() {
    for (rate, frames) in [(100, 1), (44_100, 88), (RATE, 96), (2_200_000_000, 4_400_000)] {
        let mut limiter = Limiter::new(0, rate);
        limiter.set(true, true);
        assert_eq!(limiter.latency_frames(), frames, "{rate} Hz");
    }
}
