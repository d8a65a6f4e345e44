//! The resampled mix against mathematics: a sine at one rate is the same sine at the other.

use std::f64::consts::TAU;

use super::super::feed::Feed;
use super::RateMatcher;
use crate::buffer::SampleBuffer;
use crate::playback::{ControlMessage, Controller, PlaybackConfig, VoiceParams, split};

const COMMON: [(u32, u32); 10] = [
    (44_100, 48_000),
    (48_000, 44_100),
    (48_000, 96_000),
    (96_000, 48_000),
    (44_100, 192_000),
    (192_000, 44_100),
    (48_000, 16_000),
    (48_000, 8_000),
    (22_050, 48_000),
    (48_000, 32_000),
];
/// Pairs with more places between two frames than the table has rows.
const ODD: [(u32, u32); 4] =
    [(44_101, 48_000), (48_000, 44_101), (44_100, 44_101), (192_000, 7_999)];

/// Half a second of a sine at `mix_rate`, as an output of `device_rate` gets it, and the
/// controller that keeps it. Its amplitude is 0.5.
fn feed_of_sine(frequency: f64, mix_rate: u32, device_rate: u32) -> (Controller, Feed) {
    let frames = mix_rate / 2;
    #[allow(clippy::cast_possible_truncation, reason = "samples are f32")]
    let plane = (0..frames).map(|frame| {
        let turns = frequency * f64::from(frame) / f64::from(mix_rate);
        (0.5 * (TAU * turns).sin()) as f32
    });
    feed_of(plane.collect(), mix_rate, device_rate, 1)
}

fn feed_of(
    plane: Vec<f32>,
    mix_rate: u32,
    device_rate: u32,
    channels: usize,
) -> (Controller, Feed) {
    let config = PlaybackConfig { sample_rate: mix_rate, ..PlaybackConfig::default() };
    let (mut controller, renderer) = split(config);
    let sample = SampleBuffer::from_planes(mix_rate, vec![plane]).expect("valid");
    let params = VoiceParams::default();
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    (controller, Feed::new(renderer, device_rate, channels).expect("a device of some rate"))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some frames")]
fn delay_frames(feed: &Feed, sample_rate: u32) -> usize {
    (feed.delay_sec() * f64::from(sample_rate)).round() as usize
}

/// What comes of it, but for the ends, where the sine begins and stops: the frames and the number
/// of the first one.
fn middle(mut feed: Feed, mix_rate: u32, device_rate: u32) -> (Vec<f32>, usize) {
    let mut out = vec![0.0; device_rate as usize / 2];
    feed.render(&mut out);
    // The filter reaches as far as half of it.
    let reach = delay_frames(&feed, device_rate) + 2;
    assert!(reach < out.len() / 4, "{mix_rate} to {device_rate}: the filter is too long for this");
    let len = out.len();
    (out[reach..len - reach].to_vec(), reach)
}

/// Decibels between the sine that is expected and what differs from it.
fn signal_to_noise_db(frequency: f64, mix_rate: u32, device_rate: u32) -> f64 {
    let (_controller, feed) = feed_of_sine(frequency, mix_rate, device_rate);
    let (heard, first) = middle(feed, mix_rate, device_rate);
    let mut noise = 0.0;
    let mut signal = 0.0;
    for (frame, heard) in (first..).zip(heard) {
        let expected = 0.5 * (TAU * frequency * frame as f64 / f64::from(device_rate)).sin();
        signal += expected * expected;
        noise += (f64::from(heard) - expected).powi(2);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn a_sine_is_the_same_sine_at_the_other_rate() {
    for (pairs, at_least) in [(&COMMON[..], 120.0), (&ODD[..], 115.0)] {
        for &(mix, device) in pairs {
            let top = f64::from(mix.min(device)) / 44_100.0 * 20_000.0;
            for frequency in [0.01 * top, 0.1 * top, 0.5 * top, 0.9 * top] {
                let db = signal_to_noise_db(frequency, mix, device);
                assert!(db >= at_least, "{mix} to {device}, {frequency:.0} Hz: {db:.1} dB");
            }
        }
    }
}

#[test]
fn twenty_kilohertz_pass_between_the_rates_of_music() {
    for (mix, device) in [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (48_000, 48_001)] {
        let db = signal_to_noise_db(20_000.0, mix, device);
        assert!(db >= 110.0, "{mix} to {device}: {db:.1} dB");
    }
}

#[test]
fn what_the_device_cannot_carry_is_gone() {
    // Above half the device's rate: without the filter it would come back as another tone.
    for (mix, device, frequency) in
        [(48_000, 44_100, 22_500.0), (96_000, 48_000, 25_000.0), (192_000, 44_100, 60_000.0)]
    {
        let (_controller, feed) = feed_of_sine(frequency, mix, device);
        let (heard, _) = middle(feed, mix, device);
        let peak = heard.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
        let db = 20.0 * f64::from(peak / 0.5).log10();
        assert!(db <= -115.0, "{mix} to {device}, {frequency} Hz: {db:.1} dB");
    }
}

#[test]
fn a_constant_stays_one() {
    for (mix, device) in COMMON.into_iter().chain(ODD) {
        let (_controller, feed) = feed_of(vec![0.5; mix as usize / 2], mix, device, 1);
        let (heard, _) = middle(feed, mix, device);
        let off = heard.iter().fold(0.0_f32, |off, value| off.max((value - 0.5).abs()));
        assert!(off <= 1e-6, "{mix} to {device}: {off}");
    }
}

#[test]
fn buffers_of_any_size_hold_the_same_frames_on_one_to_eight_channels() {
    let plane: Vec<f32> = (0..4_800_u32).map(|n| (n * 7919 % 1000) as f32 / 1000.0 - 0.5).collect();
    for channels in 1..=8 {
        let (_controller, mut whole) = feed_of(plane.clone(), 48_000, 44_100, channels);
        let mut expected = vec![0.0; 4_000 * channels];
        whole.render(&mut expected);
        for sizes in [&[1][..], &[3, 1, 500, 2, 77], &[441], &[4_000]] {
            let (_controller, mut feed) = feed_of(plane.clone(), 48_000, 44_100, channels);
            let mut heard = Vec::new();
            for frames in sizes.iter().cycle() {
                let mut out =
                    vec![f32::NAN; (*frames).min(4_000 - heard.len() / channels) * channels];
                feed.render(&mut out);
                heard.extend(out);
                if heard.len() == expected.len() {
                    break;
                }
            }
            assert!(heard == expected, "{channels} channels in pieces of {sizes:?}");
        }
    }
}

#[test]
fn a_minute_ends_on_its_frame() {
    let (controller, mut feed) = feed_of(vec![0.0], 44_100, 48_000, 1);
    let ahead = delay_frames(&feed, 44_100) as u64;
    let mut second = vec![0.0; 48_000];
    for _ in 0..60 {
        feed.render(&mut second);
    }
    // The last frame of the minute falls before the first of the next, which is the mix's frame
    // 60 × 44,100; its filter reaches half its length ahead.
    assert_eq!(controller.shared().clock_frames(), 60 * 44_100 + ahead);
}

#[test]
fn a_buffer_of_the_device_is_one_callback() {
    for (mix, device) in [(48_000, 48_000), (48_000, 44_100), (44_100, 192_000)] {
        let (controller, mut feed) = feed_of(vec![0.5; 9_600], mix, device, 2);
        for count in 1..=3 {
            feed.render(&mut [0.0; 2 * 4_000]);
            assert_eq!(controller.shared().callbacks(), count, "{mix} to {device}");
        }
        feed.render(&mut []);
        // So short that the mix may have it already.
        feed.render(&mut [0.0; 2]);
        assert_eq!(controller.shared().callbacks(), 4, "{mix} to {device}");
    }
}

#[test]
fn an_incomplete_frame_is_silence_and_no_frames_are_commands_alone() {
    let (controller, mut feed) = feed_of(vec![0.5; 9_600], 48_000, 44_100, 2);
    feed.render(&mut []);
    assert_eq!(controller.shared().voices(), 1, "the play was taken");
    assert_eq!(controller.shared().clock_frames(), 0);
    let mut out = [f32::NAN; 2 * 500 + 1];
    feed.render(&mut out);
    assert!(out.iter().all(|value| value.is_finite()));
    assert_eq!(out[1000], 0.0);
}

#[test]
fn the_delay_is_half_the_filter() {
    let matcher = RateMatcher::new(44_100, 48_000, 2);
    // 85 frames: within two milliseconds, and no less than the sharpness of the filter needs.
    assert!((0.001..0.0021).contains(&matcher.delay_sec()), "{}", matcher.delay_sec());
}
