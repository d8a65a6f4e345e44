//! What needs no device: conversion and the reading of error reports.

mod errors;
mod fake;

use std::time::{Duration, Instant};

use cpal::ErrorKind;

use super::convert::Converter;
use super::convert::narrow::{
    to_i8, to_i16, to_i24, to_i32, to_i64, to_u8, to_u16, to_u24, to_u32, to_u64,
};
use super::governor::Governor;
use super::health::{Health, device_error};
use super::{buffer_frames, prefer_named_cards, prepare};
use crate::buffer::SampleBuffer;
use crate::output::feed::Feed;
use crate::output::{DeviceErrorKind, DeviceInfo, OutputRequest, OutputStatus};
use crate::playback::{ControlMessage, PlaybackConfig, VoiceParams, split};

#[test]
fn full_scale_zero_and_beyond_are_what_each_format_has() {
    assert_eq!([-2.0, -1.0, 0.0, 1.0, 2.0].map(to_i8), [-128, -128, 0, 127, 127]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_i16), [i16::MIN, 0, i16::MAX]);
    assert_eq!([-1.0, 0.0, 1.0].map(|v| to_i24(v).inner()), [-(1 << 23), 0, (1 << 23) - 1]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_i32), [i32::MIN, 0, i32::MAX]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_i64), [i64::MIN, 0, i64::MAX]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_u8), [0, 128, 255]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_u16), [0, 1 << 15, u16::MAX]);
    assert_eq!([-1.0, 0.0, 1.0].map(|v| to_u24(v).inner()), [0, 1 << 23, (1 << 24) - 1]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_u32), [0, 1 << 31, u32::MAX]);
    assert_eq!([-1.0, 0.0, 1.0].map(to_u64), [0, 1 << 63, u64::MAX]);
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    assert_eq!(odd.map(to_i16), [0, i16::MAX, i16::MIN]);
    assert_eq!(odd.map(to_u8), [128, 255, 0]);
}

#[test]
fn every_16_bit_value_survives_the_way_through_f32() {
    for value in i16::MIN..=i16::MAX {
        let mix = f32::from(value) / 32_768.0;
        assert_eq!(to_i16(mix), value);
        assert_eq!(to_i24(mix).inner(), i32::from(value) << 8);
        assert_eq!(to_i32(mix), i32::from(value) << 16);
    }
    // To the nearest step, ties to even.
    assert_eq!([0.4, 0.5, 0.6, 1.5, -0.5].map(|steps| to_i16(steps / 32_768.0)), [0, 0, 1, 2, 0]);
}

#[test]
fn what_a_device_asks_for_at_once_is_one_callback() {
    for sample_rate in [48_000, 44_100] {
        let config = PlaybackConfig { sample_rate, ..PlaybackConfig::default() };
        let (controller, renderer) = split(config);
        let fake = fake::Fake::default();
        let prepared = prepare(fake.device(), &OutputRequest::default()).expect("it is there");
        let output = prepared.start(renderer).map_err(|failed| failed.error).expect("it starts");
        for count in 1..=3 {
            fake.callback(4_000);
            assert_eq!(controller.shared().callbacks(), count, "{sample_rate} Hz");
        }
        assert!(output.stop().is_some());
    }
}

#[test]
fn reports_end_a_stream_only_when_it_cannot_go_on() {
    let health = Health::default();
    for kind in [ErrorKind::Xrun, ErrorKind::DeviceChanged, ErrorKind::RealtimeDenied] {
        (0..1000).for_each(|_| health.report(kind));
    }
    assert_eq!((health.status(), health.xruns()), (OutputStatus::Running, 1000));

    for (kind, expected) in [
        (ErrorKind::DeviceNotAvailable, DeviceErrorKind::NotAvailable),
        (ErrorKind::HostUnavailable, DeviceErrorKind::NotAvailable),
        (ErrorKind::StreamInvalidated, DeviceErrorKind::Invalidated),
    ] {
        let health = Health::default();
        health.report(kind);
        health.report(ErrorKind::BackendError);
        let OutputStatus::Lost(error) = health.status() else { panic!("{kind:?} is fatal") };
        assert_eq!(error.kind(), expected);
    }
}

#[test]
fn a_storm_of_errors_ends_a_stream_and_single_ones_do_not() {
    let health = Health::default();
    for _ in 0..1000 {
        health.report(ErrorKind::BackendError);
        health.rendered(512, Duration::from_millis(10));
    }
    assert_eq!(health.status(), OutputStatus::Running);
    assert_eq!(health.latency(), Duration::from_millis(10));
    (0..50).for_each(|_| health.report(ErrorKind::BackendError));
    assert!(matches!(health.status(), OutputStatus::Lost(_)));
}

#[test]
fn messages_are_lower_case_clauses() {
    let error = device_error(&cpal::Error::with_message(ErrorKind::Other, "Something broke."));
    assert_eq!(error.to_string(), "something broke");
    let error = device_error(&cpal::Error::with_message(ErrorKind::Other, "JACK said no"));
    assert_eq!(error.to_string(), "JACK said no");
    let error = device_error(&ErrorKind::DeviceBusy.into());
    assert_eq!(error.kind(), DeviceErrorKind::Busy);
    assert_eq!(error.to_string(), "something else uses the device");
}

#[test]
fn the_callback_size_is_what_the_device_allows() {
    let range = |min, max| cpal::SupportedBufferSize::Range { min, max };
    assert_eq!(buffer_frames(range(64, 4096), None), Some(512));
    assert_eq!(buffer_frames(range(64, 4096), Some(32)), Some(64));
    assert_eq!(buffer_frames(range(256, 256), Some(512)), Some(256), "a JACK server's own");
    assert_eq!(buffer_frames(cpal::SupportedBufferSize::Unknown, None), None);
}

#[test]
fn cards_are_listed_by_name_where_they_have_one() {
    let device = |id: &str| DeviceInfo {
        id: id.into(),
        name: id.into(),
        is_default: false,
        channels: 2,
        default_sample_rate: None,
    };
    let ids = ["alsa:default", "alsa:plughw:CARD=PCH,DEV=0", "alsa:plughw:CARD=0,DEV=0"];
    let mut listed = ids.map(device).to_vec();
    prefer_named_cards(&mut listed);
    assert_eq!(listed, [device(ids[0]), device(ids[1])]);
    let mut numbers = vec![device(ids[2])];
    prefer_named_cards(&mut numbers);
    assert_eq!(numbers, [device(ids[2])]);
}

/// What the converter puts into a device's buffer of `frames` stereo frames, if the sample played
/// is `plane` on both sides.
fn converted<T: cpal::SizedSample>(plane: &[f32], frames: usize) -> Vec<T> {
    let (mut controller, renderer) = split(PlaybackConfig::default());
    let mut feed = Feed::new(renderer, 48_000, 2).expect("stereo");
    let sample = SampleBuffer::from_planes(48_000, vec![plane.to_vec()]).expect("valid");
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    let params = VoiceParams::default();
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    let mut buffer = vec![T::EQUILIBRIUM; 2 * frames];
    // SAFETY: the pointer, length and format are those of `buffer`, which outlives `data` and is
    // not touched meanwhile.
    #[allow(unsafe_code, reason = "cpal makes its buffers in no other way")]
    let mut data =
        unsafe { cpal::Data::from_parts(buffer.as_mut_ptr().cast(), buffer.len(), T::FORMAT) };
    assert!(Converter::new(2).render(&mut feed, &mut data));
    assert_eq!(controller.shared().clock_frames(), frames as u64);
    buffer
}

#[test]
fn buffers_of_every_length_are_filled_to_the_end() {
    // The scratch holds 2,048 stereo frames: lengths around it and far beyond.
    for frames in [1, 2, 2047, 2048, 2049, 4096, 5000, 65_536] {
        let plane: Vec<i16> = (1..=i16::MAX).cycle().take(frames).collect();
        let mix: Vec<f32> = plane.iter().map(|value| f32::from(*value) / 32_768.0).collect();
        let both = |value: &i16| [*value; 2];
        assert!(converted::<i16>(&mix, frames).into_iter().eq(plane.iter().flat_map(both)));
        let floats = mix.iter().flat_map(|value| [*value; 2]);
        assert!(converted::<f32>(&mix, frames).into_iter().eq(floats.clone()));
        assert!(converted::<f64>(&mix, frames).into_iter().eq(floats.map(f64::from)));
    }
}

#[test]
fn what_is_no_number_never_reaches_a_device() {
    let mix = [f32::NAN, f32::INFINITY, 1.5, f32::NEG_INFINITY, -1.5];
    let floats = [0.0, 0.0, 0.0, 0.0, 1.5, 1.5, 0.0, 0.0, -1.5, -1.5];
    assert_eq!(converted::<f32>(&mix, 5), floats);
    assert_eq!(converted::<f64>(&mix, 5), floats.map(f64::from));
    let (low, high) = (i16::MIN, i16::MAX);
    assert_eq!(converted::<i16>(&mix, 5), [0, 0, high, high, high, high, low, low, low, low]);
}

#[test]
fn a_device_that_runs_ahead_of_time_is_stopped_and_a_hasty_start_is_not() {
    let start = Instant::now();
    // As PulseAudio begins: two seconds at once, then in time, for a minute.
    let mut governor = Governor::new(48_000);
    assert!(governor.admits(96_000, start));
    for second in 0..60 {
        assert!(governor.admits(48_000, start + Duration::from_secs(second)), "{second} s");
    }
    // As ALSA's `null` runs, at 500 times the speed: 512 frames each 21 µs.
    let mut governor = Governor::new(48_000);
    let admitted = (0..100_000_u32)
        .take_while(|n| governor.admits(512, start + Duration::from_micros(21) * *n))
        .count();
    assert!(admitted < 200, "{admitted} callbacks of 10.7 ms");
    // A long pause is no leave to catch up.
    let mut governor = Governor::new(48_000);
    assert!(governor.admits(512, start));
    let late = start + Duration::from_secs(3_600);
    let admitted = (0..100_000).take_while(|_| governor.admits(512, late)).count();
    assert!(admitted < 200, "{admitted} callbacks at once");
}

#[cfg(target_os = "linux")]
#[test]
fn the_time_of_a_thread_beside_rendering_is_known() {
    use super::thread::ThreadTime;

    let time = ThreadTime::default();
    assert_eq!(time.idle_cpu(), None, "before the first callback");
    time.note_this_thread();
    let before = time.idle_cpu().expect("Linux tells");
    // Until the books say so: how long that takes depends on who else wants the processor.
    while time.idle_cpu().is_some_and(|now| now < before + Duration::from_millis(20)) {
        std::hint::spin_loop();
    }
    time.add_rendering(Duration::from_millis(20));
    let after = time.idle_cpu().expect("Linux tells");
    assert!(after < before + Duration::from_millis(20), "{before:?}, {after:?}");
}
