//! Tests of the outputs that need no device.

use std::thread;
use std::time::{Duration, Instant};

use super::mock::{MockHandle, mock};
use super::{
    DeviceError, DeviceErrorKind, Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput,
    prepare_null, prepare_offline,
};
use crate::buffer::SampleBuffer;
use crate::playback::{
    ControlMessage, Controller, Looping, PlaybackConfig, Renderer, VoiceParams, split,
};

/// Ends with a message instead of hanging: orders of magnitude above what is normal.
const DEADLINE: Duration = Duration::from_secs(20);

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "{what} did not happen within {DEADLINE:?}");
        thread::yield_now();
    }
}

/// A playback side with a sample of 0.25 sounding in a loop.
fn humming(sample_rate: u32) -> (Controller, Renderer) {
    let (mut controller, renderer) =
        split(PlaybackConfig { sample_rate, ..PlaybackConfig::default() });
    let sample = SampleBuffer::from_planes(sample_rate, vec![vec![0.25; 480]]).expect("valid");
    let params = VoiceParams { looping: Looping::WHOLE, ..VoiceParams::default() };
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    (controller, renderer)
}

fn start(prepared: Box<dyn PreparedOutput>, renderer: Renderer) -> Box<dyn Output> {
    prepared.start(renderer).map_err(|error| error.to_string()).expect("starts")
}

#[test]
fn the_null_output_advances_the_clock_until_it_stops_and_then_no_more() {
    let (controller, renderer) = humming(48_000);
    let shared = controller.shared();
    let began = Instant::now();
    let output = start(prepare_null(&OutputRequest::default()), renderer);
    assert_eq!(output.info().id, "null");
    wait_until("a quarter of a second", || shared.clock_frames() >= 12_000);
    assert_eq!(output.status(), OutputStatus::Running);
    let renderer = output.stop().expect("the renderer comes home");
    // It may be late on a busy machine; early would mean that it is not paced at all.
    let rendered = shared.clock_frames() as f64 / 48_000.0;
    assert!(rendered <= began.elapsed().as_secs_f64() + 0.02, "ran ahead: {rendered} s");
    assert_eq!(shared.clock_frames() % 256, 0, "blocks of 256 frames");

    // The same renderer goes on elsewhere, where it was.
    let before = shared.clock_frames();
    let mut offline = start(prepare_offline(&OutputRequest::default()), renderer);
    let mut out = [0.0; 8];
    assert!(offline.render(&mut out));
    assert_eq!(out, [0.25; 8]);
    assert_eq!(shared.clock_frames(), before + 4);
}

#[test]
fn a_dropped_null_output_ends_its_thread_and_frees_its_renderer() {
    let (mut controller, renderer) = split(PlaybackConfig::default());
    let sample = SampleBuffer::from_planes(48_000, vec![vec![0.0]]).expect("valid");
    let weak = std::sync::Arc::downgrade(&sample);
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    let request = OutputRequest { buffer_frames: Some(64), ..OutputRequest::default() };
    let output = start(prepare_null(&request), renderer);
    wait_until("the command was taken", || controller.shared().callbacks() > 0);
    drop(output);
    drop(controller);
    assert!(weak.upgrade().is_none(), "the sample outlived both ends");
}

#[test]
fn a_mix_of_another_rate_is_resampled_and_comes_home_as_it_was() {
    let (controller, renderer) = humming(44_100);
    let mut output = start(prepare_offline(&OutputRequest::default()), renderer);
    // 85 frames, half the filter: 1.9 ms at 44.1 kHz.
    assert!((0.001..0.003).contains(&output.latency_sec()), "{}", output.latency_sec());
    let mut second = vec![0.0; 2 * 48_000];
    assert!(output.render(&mut second));
    assert!(second[400..].iter().all(|value| (value - 0.25).abs() < 1e-6), "a constant stays one");
    let rendered = controller.shared().clock_frames();
    assert!((44_100..44_200).contains(&rendered), "{rendered} frames of the mix");

    let renderer = output.stop().expect("comes home");
    assert_eq!(renderer.sample_rate(), 44_100);
    let same_rate = OutputRequest { sample_rate: Some(44_100), ..OutputRequest::default() };
    let mut output = start(prepare_offline(&same_rate), renderer);
    assert_eq!(output.latency_sec(), 0.0);
    assert!(output.render(&mut [0.0; 20]));
    assert_eq!(controller.shared().clock_frames(), rendered + 10);
}

#[test]
fn outputs_without_a_device_take_the_requested_rate() {
    let request = OutputRequest { sample_rate: Some(96_000), buffer_frames: Some(32) };
    assert_eq!(prepare_null(&request).info().sample_rate, 96_000);
    assert_eq!(prepare_null(&request).info().buffer_frames, Some(32));
    assert_eq!(prepare_offline(&request).info().sample_rate, 96_000);
}

#[test]
fn an_output_without_a_rate_or_channels_does_not_start_and_gives_the_renderer_back() {
    let (_controller, mut renderer) = humming(48_000);
    let request = OutputRequest { sample_rate: Some(0), buffer_frames: None };
    let of = |channels| OutputInfo {
        sample_rate: 48_000,
        channels,
        ..mock(&OutputRequest::default()).0.info().clone()
    };
    for prepared in [
        prepare_null(&request),
        prepare_offline(&request),
        mock(&request).0,
        MockHandle::new(of(0)).prepare(),
    ] {
        let Err(refused) = prepared.start(renderer) else { panic!("it started") };
        assert_eq!(refused.error.kind(), DeviceErrorKind::UnsupportedConfig, "{refused}");
        renderer = refused.into_renderer().expect("comes back");
    }
    assert!(start(MockHandle::new(of(1)).prepare(), renderer).stop().is_some());
}

#[test]
fn a_mock_captures_what_it_pulls() {
    let (_controller, renderer) = humming(48_000);
    let (prepared, device) = mock(&OutputRequest::default());
    assert!(!device.is_running());
    let output = start(prepared, renderer);
    assert_eq!(device.pull(2), Some(vec![0.25; 4]));
    assert_eq!(device.pull(3), Some(vec![0.25; 6]));
    assert_eq!(device.captured(), vec![0.25; 10]);
    assert!(output.stop().is_some());
    assert_eq!(device.pull(1), None);
}

#[test]
fn a_mock_is_lost_or_refuses_with_the_kind_it_is_told() {
    for kind in [
        DeviceErrorKind::NotAvailable,
        DeviceErrorKind::Busy,
        DeviceErrorKind::PermissionDenied,
        DeviceErrorKind::UnsupportedConfig,
        DeviceErrorKind::Invalidated,
        DeviceErrorKind::Unsteady,
        DeviceErrorKind::Other,
    ] {
        let error = DeviceError::new(kind, "unplugged");
        let (_controller, renderer) = humming(48_000);
        let (prepared, device) = mock(&OutputRequest::default());
        device.refuse(error.clone());
        let Err(refused) = prepared.start(renderer) else { panic!("a refusing device started") };
        assert_eq!(refused.error, error);

        let renderer = refused.into_renderer().expect("comes back");
        let (prepared, device) = mock(&OutputRequest::default());
        let mut output = start(prepared, renderer);
        device.report_xrun();
        assert_eq!((output.status(), output.xruns()), (OutputStatus::Running, 1));
        device.lose(error.clone());
        assert_eq!(output.status(), OutputStatus::Lost(error));
        assert_eq!(device.pull(8), None);
        assert!(!output.render(&mut [0.0; 8]), "what is lost renders for nobody");
        assert!(output.stop().is_some(), "a lost device gives the renderer back");
    }
}

#[cfg(feature = "device")]
#[test]
fn a_device_that_is_not_there_is_an_error_at_once() {
    let began = Instant::now();
    for id in ["alsa:hotcue-no-such-card", "no host at all", ""] {
        let Err(error) = super::prepare_device(id, &OutputRequest::default()) else {
            panic!("{id} opened")
        };
        assert_eq!(error.kind(), DeviceErrorKind::NotAvailable, "{error}");
    }
    // The stated bound is one second each; what is normal is milliseconds.
    assert!(began.elapsed() < Duration::from_secs(3));
}
