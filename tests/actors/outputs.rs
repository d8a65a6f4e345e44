//! Outputs that come, stall and go while an engine runs.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hotcue::output::mock::{MockHandle, mock};
use hotcue::output::{
    DeviceError, DeviceErrorKind, Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput,
    StartError,
};
use hotcue::playback::Renderer;
use hotcue::{LoadErrorKind, Source};
use hotcue_actors::{
    AudioEngine, DeviceState, DropReason, EngineConfig, EngineError, LoadFailure, LoaderEvent,
    PlayOptions, PlaybackNotice, SubmitError,
};
use hotcue_tests::{BlockingSource, Gate, PATIENCE, sine, wait_until, wav_bytes};

use crate::{offline, running};

fn tone(frames: u32) -> Source {
    Source::Memory(Arc::from(wav_bytes(48_000, 1, frames, sine(440.0, 48_000))))
}

fn on_mock() -> (AudioEngine, MockHandle) {
    let (output, handle) = mock(&OutputRequest::default());
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    engine.run_on(output).expect("a mock starts");
    (engine, handle)
}

fn wait_for_device(engine: &AudioEngine, wanted: DeviceState) {
    wait_until("a device event", || {
        engine
            .drain_loader_events(None)
            .iter()
            .any(|event| matches!(event, LoaderEvent::Device { state, .. } if *state == wanted))
    });
}

#[test]
fn a_lost_device_is_replaced_by_a_clock_and_voices_keep_their_place() {
    let (engine, handle) = on_mock();
    let ticket = engine.load_sample_async(Some(0), tone(480_000), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    engine.play_sample(0, PlayOptions::default()).expect("it runs");
    wait_until("the voice sounds", || {
        handle.pull(64).is_some_and(|block| block.iter().any(|value| *value != 0.0))
    });
    let before = engine.clock().expect("it runs").frame;
    handle.lose(DeviceError::new(DeviceErrorKind::Invalidated, "unplugged"));
    wait_for_device(&engine, DeviceState::Lost);
    wait_until("the clock goes on", || engine.clock().expect("it runs").frame > before + 1_000);
    assert_eq!(engine.stats().voices, 1);
    assert_eq!(engine.stats().output, "null");
    // A load is not held up by the loss.
    let ticket = engine.load_sample_async(Some(1), tone(100), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
}

#[test]
fn an_output_without_a_rate_or_channels_is_an_error_and_the_engine_runs_on_another() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    for (sample_rate, channels) in [(0, 2), (48_000, 0)] {
        let (id, name) = ("odd".to_owned(), "Odd".to_owned());
        let info = OutputInfo { id, name, sample_rate, channels, buffer_frames: None };
        let Err(EngineError::Device(error)) = engine.run_on(MockHandle::new(info).prepare()) else {
            panic!("it runs on {channels} channels at {sample_rate} Hz")
        };
        assert_eq!(error.kind(), DeviceErrorKind::UnsupportedConfig);
    }
    engine.run_on(mock(&OutputRequest::default()).0).expect("a mock starts");
}

#[test]
fn set_output_moves_the_callback_and_refuses_what_is_not_there() {
    let (engine, handle) = on_mock();
    engine.set_output("null").expect("the null output always opens");
    assert!(!handle.is_running());
    let before = engine.clock().expect("it runs").frame;
    wait_until("the clock goes on", || engine.clock().expect("it runs").frame > before);
    let missing = engine.set_output("alsa:there-is-no-such-card");
    assert!(matches!(missing, Err(EngineError::Device(_))), "{missing:?}");
    assert_eq!(engine.stats().output, "null", "the output stays as it was");
    engine.set_output("offline").expect("the offline output always opens");
    assert_eq!(engine.render(10).expect("offline").samples.len(), 20);
}

#[test]
fn a_stuck_callback_ends_loads_with_ring_buffer_full() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    engine.run_on(Box::new(StuckOutput::new())).expect("it starts");
    for _ in 0..3_000 {
        engine.set_volume(0.5).expect("it runs");
    }
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    match ticket.wait(None) {
        Some(Err(LoadFailure::Failed { error, .. })) => {
            assert_eq!(error.kind(), LoadErrorKind::RingBufferFull);
        }
        other => panic!("{other:?}"),
    }
    assert!(engine.sample(0).expect("it runs").is_none());
}

#[test]
fn loads_wait_for_a_device_that_is_slow_to_begin() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    let (output, handle) = mock(&OutputRequest::default());
    handle.keep_time(Duration::ZERO);
    engine.run_on(output).expect("a mock starts");
    for _ in 0..3_000 {
        engine.set_volume(0.5).expect("it runs");
    }
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    let early = ticket.wait(Some(Duration::from_millis(2_700)));
    assert!(early.is_none(), "the device has six seconds to begin: {early:?}");
    wait_until("the ring is empty", || {
        handle.pull(64);
        ticket.wait(Some(Duration::ZERO)).is_some()
    });
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
}

#[test]
fn plays_that_the_callback_never_took_are_told_at_the_end() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    engine.run_on(Box::new(StuckOutput::new())).expect("it starts");
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
    let play = || engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("there");
    let voices: Vec<_> = (0..1_100).map(|_| play()).collect();
    engine.shut_down();
    let mut dropped = Vec::new();
    for notice in engine.playback_events().drain(None) {
        match notice {
            PlaybackNotice::Dropped { voice, reason: DropReason::OutputStalled, .. } => {
                dropped.push(voice);
            }
            other => panic!("{other:?}"),
        }
    }
    // The ring has 1,024 places.
    assert!(dropped.len() >= 76, "{}", dropped.len());
    assert_eq!(dropped, voices[voices.len() - dropped.len()..]);
}

#[test]
fn an_output_that_ends_only_in_the_next_run_takes_none_of_its_notices() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    let (gate, sink) = (Arc::new(Gate::default()), Arc::new(()));
    let output =
        StuckOutput { end: Some((Arc::clone(&gate), Arc::clone(&sink))), ..StuckOutput::new() };
    engine.run_on(Box::new(output)).expect("it starts");
    engine.shut_down();
    assert!(engine.playback_events().is_finished());
    let (output, handle) = mock(&OutputRequest::default());
    engine.run_on(output).expect("a mock starts");
    let own = engine.subscribe_playback().expect("it runs");
    gate.open();
    wait_until("the first run's sink is gone", || Arc::strong_count(&sink) == 1);
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    assert!(!engine.playback_events().is_finished() && !own.is_finished());
    engine.play_sample(0, PlayOptions::default()).expect("it runs");
    wait_until("both queues have the voice's notices", || {
        handle.pull(64);
        !own.is_empty() && !engine.playback_events().is_empty()
    });
}

#[test]
fn an_output_that_panics_leaves_no_load_and_no_play_waiting() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    let panics = Arc::new(AtomicBool::new(false));
    let output = StuckOutput { panics: Arc::clone(&panics), ..StuckOutput::new() };
    engine.run_on(Box::new(output)).expect("it starts");
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let options = PlayOptions { max_wait_sec: 3_600.0, ..PlayOptions::default() };
    let voice = engine.play_sample(0, options).expect("it runs").expect("it waits for its load");
    panics.store(true, Ordering::Release);
    match ticket.wait(Some(PATIENCE)) {
        Some(Err(LoadFailure::Failed { error, .. })) => {
            assert_eq!(error.kind(), LoadErrorKind::Device);
        }
        other => panic!("{other:?}"),
    }
    wait_for_device(&engine, DeviceState::Lost);
    let dropped = engine.playback_events().wait(Instant::now() + PATIENCE);
    assert!(
        matches!(dropped, Some(PlaybackNotice::Dropped { voice: of, .. }) if of == voice),
        "{dropped:?}"
    );
    let refused = engine.load_sample_async(Some(1), tone(100), 0).map(drop);
    assert!(matches!(refused, Err(EngineError::Submit(SubmitError::Closed))), "{refused:?}");
    // Once what it holds is dropped.
    wait_until("plays are refused", || {
        let refused = engine.play_sample(0, PlayOptions::default());
        matches!(refused, Err(EngineError::Submit(SubmitError::Closed)))
    });
    gate.open();
    engine.shut_down();
    engine.run_on(mock(&OutputRequest::default()).0).expect("it runs again");
    let ticket = engine.load_sample_async(Some(0), tone(100), 0).expect("accepted");
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
}

/// An output that runs but never calls the callback.
struct StuckOutput {
    info: OutputInfo,
    renderer: Option<Renderer>,
    /// Whether asking for its status panics.
    panics: Arc<AtomicBool>,
    /// What its end waits for, and what is let go of after that.
    end: Option<(Arc<Gate>, Arc<()>)>,
}

impl StuckOutput {
    fn new() -> Self {
        let info = OutputInfo {
            id: "stuck".to_owned(),
            name: "stuck".to_owned(),
            sample_rate: 48_000,
            channels: 2,
            buffer_frames: None,
        };
        Self { info, renderer: None, panics: Arc::default(), end: None }
    }
}

impl PreparedOutput for StuckOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn start(mut self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        self.renderer = Some(renderer);
        Ok(self)
    }
}

impl Output for StuckOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        if self.panics.load(Ordering::Acquire) {
            resume_unwind(Box::new("planted panic"));
        }
        OutputStatus::Running
    }

    fn latency_sec(&self) -> f64 {
        0.0
    }

    fn xruns(&self) -> u64 {
        0
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        if let Some((gate, _)) = &self.end {
            gate.pass();
        }
        self.renderer
    }
}

#[test]
fn render_is_for_offline_only() {
    let engine = running(EngineConfig { output: "null".to_owned(), ..EngineConfig::default() });
    assert!(matches!(engine.render(10), Err(EngineError::NotOffline)));
}

#[test]
fn an_output_that_is_not_there_is_an_error_and_nothing_runs() {
    let engine = AudioEngine::new(EngineConfig {
        output: "alsa:there-is-no-such-card".to_owned(),
        ..EngineConfig::default()
    })
    .expect("a valid configuration");
    assert!(matches!(engine.run(), Err(EngineError::Device(_))));
    assert!(!engine.is_running());
}

#[test]
fn a_pushed_sample_plays() {
    let engine = offline(1);
    let handle = engine.stream_handle().expect("it runs");
    let buffer = hotcue::SampleBuffer::from_planes(48_000, vec![vec![0.25; 100]]).expect("valid");
    let too_high = handle.push_sample(4096, Arc::clone(&buffer));
    assert_eq!(too_high, Err(SubmitError::IdOutOfRange));
    handle.push_sample(7, Arc::clone(&buffer)).expect("it runs");
    assert!(engine.sample(7).expect("it runs").is_some());
    engine.play_sample(7, PlayOptions::default()).expect("it runs");
    let sound = engine.render(100).expect("offline").samples;
    assert!(sound.iter().all(|value| *value == 0.25), "{sound:?}");
    engine.shut_down();
    assert_eq!(handle.push_sample(7, buffer), Err(SubmitError::Closed));
}

#[test]
fn every_configuration_field_is_checked() {
    let good = EngineConfig::default;
    let bad = [
        EngineConfig { output: String::new(), ..good() },
        EngineConfig { sample_rate: Some(999), ..good() },
        EngineConfig { sample_rate: Some(768_001), ..good() },
        EngineConfig { buffer_frames: Some(0), ..good() },
        EngineConfig { slots: 0, ..good() },
        EngineConfig { workers: Some(0), ..good() },
        EngineConfig { max_sample_bytes: Some(0), ..good() },
        EngineConfig { max_queued: 0, ..good() },
        EngineConfig { max_voices: 0, ..good() },
        EngineConfig { worker_nice: 20, ..good() },
    ];
    for config in bad {
        assert!(AudioEngine::new(config.clone()).is_err(), "{config:?}");
    }
    assert!(AudioEngine::new(good()).is_ok());
}
