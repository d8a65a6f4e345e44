//! Devices that stop, spin, go and come back, or run at another rate, while an engine runs.

mod errors;
mod panic;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::SampleBuffer;
use hotcue::output::mock::MockHandle;
use hotcue::output::{DeviceError, DeviceErrorKind, OutputInfo, OutputRequest};
use hotcue_actors::{
    AudioEngine, DeviceState, EngineConfig, EngineError, LoaderEvent, PlayOptions,
};
use hotcue_tests::{sine, wait_until, wav_bytes};

fn mock_at(id: &str, sample_rate: u32, channels: usize) -> MockHandle {
    MockHandle::new(OutputInfo {
        id: id.into(),
        name: id.into(),
        sample_rate,
        channels,
        buffer_frames: None,
    })
}

fn unplugged() -> DeviceError {
    DeviceError::new(DeviceErrorKind::NotAvailable, "unplugged")
}

/// An engine on these devices, which are the paths to one, best first; at 48 kHz.
fn on_paths(devices: &[&MockHandle]) -> AudioEngine {
    let config = EngineConfig { sample_rate: Some(48_000), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let devices: Vec<MockHandle> = devices.iter().map(|device| (*device).clone()).collect();
    let paths = devices.iter().map(MockHandle::id).collect();
    let open = move |path: &str, _: &OutputRequest| {
        let device = devices.iter().find(|device| device.id() == path).expect("one of them");
        Ok(device.prepare())
    };
    engine.run_with(paths, open).expect("a mock starts");
    engine
}

/// Puts a ramp that says where a voice is into slot 0, and plays it: its frame n is n / 2^20.
fn play_ramp(engine: &AudioEngine) {
    let plane = (0..1 << 20).map(|n| n as f32 / (1 << 20) as f32).collect();
    let ramp = SampleBuffer::from_planes(48_000, vec![plane]).expect("valid");
    engine.stream_handle().expect("it runs").push_sample(0, ramp).expect("it runs");
    engine.play_sample(0, PlayOptions::default()).expect("it runs");
}

/// The states and names of the device events that have not been read, in order.
fn states(engine: &AudioEngine) -> impl Iterator<Item = (DeviceState, String)> {
    std::iter::from_fn(|| engine.poll_loader_events()).filter_map(|event| match event {
        LoaderEvent::Device { state, name, .. } => Some((state, name)),
        _ => None,
    })
}

/// Waits for device events and gives their states and names in order, up to the first `last`.
fn states_until(engine: &AudioEngine, last: DeviceState) -> Vec<(DeviceState, String)> {
    let mut seen = Vec::new();
    wait_until("a device event", || {
        states(engine).any(|next| {
            let is_last = next.0 == last;
            seen.push(next);
            is_last
        })
    });
    seen
}

/// Where the ramp stands in a stereo block that the device has just got, less the clock.
fn lag(engine: &AudioEngine, block: &[f32]) -> f64 {
    let frames = block.len() / 2;
    let clock = engine.clock().expect("it runs").frame - frames as u64;
    f64::from(block[0]) * f64::from(1 << 20) - clock as f64
}

#[test]
fn a_device_that_returns_plays_on_where_the_clock_is() {
    let device = mock_at("card", 48_000, 2);
    let engine = on_paths(&[&device]);
    play_ramp(&engine);
    wait_until("it sounds", || device.pull(64).is_some_and(|block| block[0] != 0.0));
    let before = lag(&engine, &device.pull(64).expect("it runs"));
    let lost_at = engine.clock().expect("it runs").frame;
    device.lose(unplugged());
    assert_eq!(states_until(&engine, DeviceState::Lost).last().expect("one").1, "card");
    assert_eq!(states_until(&engine, DeviceState::Recovered).last().expect("one").1, "card");
    let block = device.pull(64).expect("it runs again");
    assert!(engine.clock().expect("it runs").frame > lost_at + 4_800, "the clock stood still");
    // To the frame: the voice neither jumped nor started again.
    assert_eq!(lag(&engine, &block), before);
    let left: Vec<f32> = block.chunks(2).map(|frame| frame[0]).collect();
    assert!(left.windows(2).all(|pair| pair[1] > pair[0]), "{left:?}");
}

#[test]
fn voices_keep_their_place_when_the_output_is_changed() {
    let device = mock_at("card", 48_000, 2);
    let engine = on_paths(&[&device]);
    play_ramp(&engine);
    wait_until("it sounds", || device.pull(64).is_some_and(|block| block[0] != 0.0));
    let before = lag(&engine, &device.pull(64).expect("it runs"));
    engine.set_output("offline").expect("it always opens");
    let block = engine.render(64).expect("offline").samples;
    assert_eq!(lag(&engine, &block), before);
}

#[test]
fn a_device_that_stops_asking_is_lost_and_opened_again() {
    let device = mock_at("card", 48_000, 2);
    device.keep_time(Duration::ZERO);
    let engine = on_paths(&[&device]);
    // Not the pause before it begins: that may be longer.
    assert!(device.pull(256).is_some());
    let began = Instant::now();
    let states = states_until(&engine, DeviceState::Lost);
    assert!(began.elapsed() > Duration::from_secs(2), "PulseAudio pauses for two seconds");
    assert_eq!(states.last().expect("one").0, DeviceState::Lost);
    let frozen = device.captured().len();
    states_until(&engine, DeviceState::Recovered);
    assert_eq!(device.pull(8), Some(vec![0.0; 16]));
    assert_eq!(device.captured().len(), frozen + 16);
}

#[test]
fn a_path_that_spins_is_left_for_another_one_without_a_loss() {
    let (spins, works) = (mock_at("spins", 48_000, 2), mock_at("works", 48_000, 2));
    spins.keep_time(Duration::ZERO);
    let engine = on_paths(&[&spins, &works]);
    play_ramp(&engine);
    let began = Instant::now();
    wait_until("the other path plays", || {
        spins.pull(16);
        spins.keep_time(began.elapsed());
        works.pull(16).is_some()
    });
    let mut told = states_until(&engine, DeviceState::Started);
    told.extend(states(&engine));
    assert!(told.iter().all(|(state, _)| *state == DeviceState::Started), "{told:?}");
    assert!(!spins.is_running());
    assert!(began.elapsed() < Duration::from_secs(15));
    // It comes last from now on: after a loss the one that works is opened again.
    works.lose(unplugged());
    states_until(&engine, DeviceState::Recovered);
    assert!(works.is_running() && !spins.is_running());
}

#[test]
fn a_path_that_spins_is_said_to_be_lost_if_the_other_one_does_not_start() {
    let (spins, refuses) = (mock_at("spins", 48_000, 2), mock_at("refuses", 48_000, 2));
    spins.keep_time(Duration::ZERO);
    refuses.refuse(unplugged());
    let engine = on_paths(&[&spins, &refuses]);
    let began = Instant::now();
    let mut lost = None;
    wait_until("it is lost", || {
        spins.pull(16);
        spins.keep_time(began.elapsed());
        lost = engine.drain_loader_events(None).into_iter().find_map(|event| match event {
            LoaderEvent::Device { state: DeviceState::Lost, name, .. } => Some(name),
            _ => None,
        });
        lost.is_some()
    });
    assert_eq!(lost.as_deref(), Some("spins"));
    // It is better than nothing.
    states_until(&engine, DeviceState::Recovered);
    assert!(spins.is_running() || refuses.is_running());
}

#[test]
fn a_path_that_spins_is_kept_where_there_is_no_other() {
    let device = mock_at("spins", 48_000, 2);
    device.keep_time(Duration::ZERO);
    let engine = on_paths(&[&device]);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        assert!(device.pull(16).is_some(), "it was left");
        device.keep_time(began.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut told = states_until(&engine, DeviceState::Started);
    told.extend(states(&engine));
    assert_eq!(told, [(DeviceState::Started, "spins".to_owned())]);
}

#[test]
fn the_engine_keeps_its_rate_on_a_device_of_another() {
    let device = mock_at("card", 44_100, 2);
    let engine = on_paths(&[&device]);
    assert_eq!(engine.clock().expect("it runs").sample_rate, 48_000);
    // Loaded samples have the engine's rate, not the device's.
    let source =
        hotcue::Source::Memory(Arc::from(wav_bytes(48_000, 1, 48_000, sine(440.0, 48_000))));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let sample = ticket.wait(None).expect("it ends").expect("it loads");
    assert_eq!((sample.sample_rate(), sample.frames()), (48_000, 48_000));
    device.pull(44_100);
    wait_until("the clock is published", || {
        // A second of the device is a second of the mix, and half a filter.
        (48_000..48_200).contains(&engine.clock().expect("it runs").frame)
    });
    wait_until("the filter's delay is in the latency", || {
        (0.001..0.003).contains(&engine.clock().expect("it runs").latency_sec)
    });
    engine.set_output("null").expect("it always opens");
    assert_eq!(engine.clock().expect("it runs").sample_rate, 48_000);
    wait_until("and goes with it", || engine.clock().expect("it runs").latency_sec == 0.0);
}

#[test]
fn an_output_at_whose_rate_nothing_can_be_loaded_is_refused() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    for rate in [0, 1, 999, 768_001, u32::MAX] {
        let refused = engine.run_on(mock_at("odd", rate, 2).prepare()).map(drop);
        let Err(EngineError::Device(error)) = refused else { panic!("{rate} Hz: {refused:?}") };
        assert_eq!(error.kind(), DeviceErrorKind::UnsupportedConfig, "{error}");
    }
    for rate in [1_000, 768_000] {
        engine.run_on(mock_at("odd", rate, 2).prepare()).expect("files have such rates");
        let content = wav_bytes(48_000, 1, 4_800, sine(440.0, 48_000));
        let ticket = engine.load_sample_async(Some(0), hotcue::Source::Memory(content.into()), 0);
        let loaded = ticket.expect("accepted").wait(None).expect("it ends").expect("it loads");
        assert_eq!(loaded.sample_rate(), rate);
        engine.shut_down();
    }
}

#[test]
fn a_program_comes_back_to_each_way_to_its_own_device() {
    let [first, second] = ["first", "second"].map(|id| mock_at(id, 48_000, 2));
    let engine = on_paths(&[&first, &second]);
    for (output, device) in [("second", &second), ("first", &first)] {
        engine.set_output("null").expect("it always opens");
        engine.set_output(output).expect("it is one of its paths");
        assert_eq!(engine.stats().output, output);
        assert!(device.is_running());
    }
    // What is lost is found again by the others.
    engine.set_output("second").expect("it is one of its paths");
    engine.drain_loader_events(None);
    second.lose(unplugged());
    states_until(&engine, DeviceState::Recovered);
    assert!(["first", "second"].contains(&&*engine.stats().output));
    engine.set_output("third").expect_err("it is none of them");
}

#[test]
fn one_to_eight_channels_are_served_in_any_callback_size() {
    for channels in 1..=8 {
        let device = mock_at("card", 48_000, channels);
        let engine = on_paths(&[&device]);
        play_ramp(&engine);
        wait_until("it sounds", || device.pull(1).is_some_and(|frame| frame[0] != 0.0));
        let mut last = 0.0;
        for frames in [1, 2, 17, 255, 4096, 20_000] {
            let block = device.pull(frames).expect("it runs");
            assert_eq!(block.len(), frames * channels);
            // The front left channel is the first of every layout, and the ramp rises on it.
            for frame in block.chunks(channels) {
                assert!(frame[0] > last, "{channels} channels: {} after {last}", frame[0]);
                last = frame[0];
            }
        }
    }
}
