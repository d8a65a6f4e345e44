//! Every kind of error that cpal has, at every moment of a stream.
//!
//! How an engine takes what becomes of them is `tests/actors/devices/errors.rs`.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cpal::ErrorKind;

use super::super::health::MAX_ERRORS_IN_A_ROW;
use super::super::prepare;
use super::fake::{Fake, Opening};
use crate::buffer::SampleBuffer;
use crate::output::{DeviceErrorKind, Output, OutputRequest, OutputStatus};
use crate::playback::{ControlMessage, Controller, PlaybackConfig, Renderer, VoiceParams, split};

/// All of cpal 0.18.2, with what a caller gets to see of one, and whether a running stream is lost
/// by it: at once, after many in a row, or never.
const KINDS: [(ErrorKind, DeviceErrorKind, Lost); 14] = [
    (ErrorKind::DeviceBusy, DeviceErrorKind::Busy, Lost::AfterMany),
    (ErrorKind::DeviceChanged, DeviceErrorKind::Other, Lost::Never),
    (ErrorKind::DeviceNotAvailable, DeviceErrorKind::NotAvailable, Lost::AtOnce),
    (ErrorKind::HostUnavailable, DeviceErrorKind::NotAvailable, Lost::AtOnce),
    (ErrorKind::InvalidInput, DeviceErrorKind::UnsupportedConfig, Lost::AfterMany),
    (ErrorKind::PermissionDenied, DeviceErrorKind::PermissionDenied, Lost::AfterMany),
    (ErrorKind::RealtimeDenied, DeviceErrorKind::Other, Lost::Never),
    (ErrorKind::ResourceExhausted, DeviceErrorKind::Other, Lost::AfterMany),
    (ErrorKind::StreamInvalidated, DeviceErrorKind::Invalidated, Lost::AtOnce),
    (ErrorKind::UnsupportedConfig, DeviceErrorKind::UnsupportedConfig, Lost::AfterMany),
    (ErrorKind::UnsupportedOperation, DeviceErrorKind::UnsupportedConfig, Lost::AfterMany),
    (ErrorKind::Xrun, DeviceErrorKind::Other, Lost::Never),
    (ErrorKind::BackendError, DeviceErrorKind::Other, Lost::AfterMany),
    (ErrorKind::Other, DeviceErrorKind::Other, Lost::AfterMany),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    AtOnce,
    AfterMany,
    Never,
}

/// A voice whose frame n is n / 2^20.
fn ramp() -> (Controller, Renderer) {
    let (mut controller, renderer) = split(PlaybackConfig::default());
    let plane = (0..1 << 20).map(|n| n as f32 / (1 << 20) as f32).collect();
    let sample = SampleBuffer::from_planes(48_000, vec![plane]).expect("valid");
    let params = VoiceParams::default();
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    (controller, renderer)
}

fn start(fake: &Fake, renderer: Renderer) -> Box<dyn Output> {
    let prepared = prepare(fake.device(), &OutputRequest::default()).expect("it is there");
    prepared.start(renderer).map_err(|failed| failed.error).expect("it starts")
}

/// The device gets the ramp from frame `from` on, for `frames` frames.
fn plays(fake: &Fake, from: usize, frames: usize) {
    let expected = (from..from + frames).flat_map(|n| [n as f32 / (1 << 20) as f32; 2]);
    assert!(fake.callback(frames).into_iter().eq(expected), "not the ramp from {from} on");
}

#[test]
fn an_error_while_a_device_opens_is_told_and_gives_the_renderer_back() {
    for (kind, expected, _) in KINDS {
        let (_controller, mut renderer) = ramp();
        let fake = Fake::default();
        fake.fail(Some((Opening::Config, kind)));
        let refused = prepare(fake.device(), &OutputRequest::default()).err();
        assert_eq!(refused.expect("it said so").kind(), expected, "{kind:?}");
        for opening in [Opening::Build, Opening::Play] {
            fake.fail(None);
            let prepared = prepare(fake.device(), &OutputRequest::default()).expect("is there");
            fake.fail(Some((opening, kind)));
            let failed = prepared.start(renderer).err().expect("it said so");
            assert_eq!(failed.error.kind(), expected, "{kind:?} at {opening:?}");
            renderer = failed.into_renderer().expect("it comes home");
        }
        // And what was to be played is played by the next one, from the first frame on.
        fake.fail(None);
        let output = start(&fake, renderer);
        plays(&fake, 0, 100);
        assert!(output.stop().is_some());
    }
}

#[test]
fn a_panic_while_a_device_opens_is_an_error_and_gives_the_renderer_back() {
    let (_controller, mut renderer) = ramp();
    let fake = Fake::default();
    for opening in [Opening::Build, Opening::Play] {
        fake.panic_at(Some(opening));
        let prepared = prepare(fake.device(), &OutputRequest::default()).expect("is there");
        let failed = prepared.start(renderer).err().expect("it said so");
        assert_eq!(failed.error.kind(), DeviceErrorKind::Other, "at {opening:?}");
        renderer = failed.into_renderer().expect("it comes home");
    }
    fake.panic_at(None);
    let output = start(&fake, renderer);
    plays(&fake, 0, 100);
    assert!(output.stop().is_some());
}

#[test]
fn an_error_while_a_device_runs_ends_it_or_not_and_the_next_one_plays_on() {
    for (kind, _, lost) in KINDS {
        // Before which callback the error comes, and how often.
        for before in 0..4 {
            for times in [1, MAX_ERRORS_IN_A_ROW] {
                let is_lost = lost == Lost::AtOnce || (lost == Lost::AfterMany && times > 1);
                let (_controller, renderer) = ramp();
                let fake = Fake::default();
                let output = start(&fake, renderer);
                for callback in 0..before {
                    plays(&fake, 100 * callback, 100);
                }
                (0..times).for_each(|_| fake.report(kind));
                let status = output.status();
                assert_eq!(status != OutputStatus::Running, is_lost, "{kind:?}, {times} times");
                let xruns = if kind == ErrorKind::Xrun { u64::from(times) } else { 0 };
                assert_eq!(output.xruns(), xruns);
                if !is_lost {
                    plays(&fake, 100 * before, 100);
                }
                let played = if is_lost { before } else { before + 1 };
                let renderer = output.stop().expect("the renderer comes home");
                assert_eq!(fake.callback(8), [0.0; 16], "what was stopped plays nothing");
                let next = Fake::default();
                let output = start(&next, renderer);
                plays(&next, 100 * played, 100);
                drop(output);
            }
        }
    }
}

#[test]
fn a_device_that_hangs_as_it_closes_gives_the_renderer_back() {
    let (_controller, renderer) = ramp();
    let fake = Fake::default();
    let (thaw, until) = mpsc::channel();
    fake.hang_at_close(until);
    let output = start(&fake, renderer);
    plays(&fake, 0, 100);
    let (home_tx, home_rx) = mpsc::channel();
    thread::spawn(move || home_tx.send(output.stop()));
    let renderer = home_rx.recv_timeout(Duration::from_secs(10)).expect("it does not wait for it");
    let next = Fake::default();
    let output = start(&next, renderer.expect("the renderer comes home"));
    assert_eq!(fake.callback(8), [0.0; 16], "what was stopped plays nothing, if it goes on");
    plays(&next, 100, 100);
    drop(thaw);
    assert!(output.stop().is_some());
}

#[test]
fn a_dropped_output_frees_its_renderer_whatever_was_reported() {
    for (kind, ..) in KINDS {
        let (mut controller, renderer) = split(PlaybackConfig::default());
        let sample = SampleBuffer::from_planes(48_000, vec![vec![0.0]]).expect("valid");
        let weak = std::sync::Arc::downgrade(&sample);
        controller
            .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
            .expect("room");
        let fake = Fake::default();
        let output = start(&fake, renderer);
        fake.callback(16);
        fake.report(kind);
        drop(output);
        drop(controller);
        assert!(weak.upgrade().is_none(), "{kind:?}: the sample outlived both ends");
    }
}
