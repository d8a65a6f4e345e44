//! Every kind of error of a device, at every moment of a session.
//!
//! How cpal's own kinds become these is `src/output/cpal/tests`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use hotcue::Source;
use hotcue::output::mock::MockHandle;
use hotcue::output::{DeviceError, DeviceErrorKind, OutputRequest};
use hotcue_actors::{
    AudioEngine, EngineConfig, EngineError, LoadTicket, LoaderEvent, PlayOptions, Sample,
};
use hotcue_tests::{PATIENCE, descriptor_count, sine, thread_count, wait_until, wav_bytes};

use super::mock_at;
use crate::alone;

const KINDS: [DeviceErrorKind; 7] = [
    DeviceErrorKind::NotAvailable,
    DeviceErrorKind::Busy,
    DeviceErrorKind::PermissionDenied,
    DeviceErrorKind::UnsupportedConfig,
    DeviceErrorKind::Invalidated,
    DeviceErrorKind::Unsteady,
    DeviceErrorKind::Other,
];

/// What a session does, in order; the device fails before one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Moment {
    FirstCallback,
    Load,
    Loaded,
    Play,
    Sounding,
    Pause,
    Resume,
    PlayWhenReady,
    Replace,
    StopVoice,
    Unload,
    SetOutput,
    ShutDown,
}

const MOMENTS: [Moment; 13] = [
    Moment::FirstCallback,
    Moment::Load,
    Moment::Loaded,
    Moment::Play,
    Moment::Sounding,
    Moment::Pause,
    Moment::Resume,
    Moment::PlayWhenReady,
    Moment::Replace,
    Moment::StopVoice,
    Moment::Unload,
    Moment::SetOutput,
    Moment::ShutDown,
];

/// How the device fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// It is lost, and there again at once.
    Lost,
    /// It cannot be opened at the first try after that.
    ThenClosed,
    /// It can be opened, and does not start at the first try after that.
    ThenRefusing,
}

/// A device that runs, its callbacks on a thread of their own.
struct Running {
    device: MockHandle,
    /// What the next opening fails with.
    closed: Arc<Mutex<Option<DeviceError>>>,
    over: Arc<AtomicBool>,
    callbacks: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start(engine: &AudioEngine) -> Self {
        let device = mock_at("card", 48_000, 2);
        let closed = Arc::<Mutex<Option<DeviceError>>>::default();
        let over = Arc::<AtomicBool>::default();
        let (opened, refusals) = (device.clone(), Arc::clone(&closed));
        let open = move |_: &str, _: &OutputRequest| match take(&refusals) {
            Some(error) => Err(error),
            None => Ok(opened.prepare()),
        };
        engine.run_with(vec!["card".into()], open).expect("a mock starts");
        let (pulled, stop) = (device.clone(), Arc::clone(&over));
        let callbacks = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                pulled.pull(240);
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self { device, closed, over, callbacks: Some(callbacks) }
    }

    fn fail(&self, failure: Failure, error: &DeviceError) {
        match failure {
            Failure::Lost => {}
            Failure::ThenClosed => {
                *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            }
            Failure::ThenRefusing => self.device.refuse(error.clone()),
        }
        self.device.lose(error.clone());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(callbacks) = self.callbacks.take() {
            callbacks.join().expect("the device's thread ends");
        }
    }
}

fn take(closed: &Mutex<Option<DeviceError>>) -> Option<DeviceError> {
    closed.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn tone() -> Source {
    Source::Memory(Arc::from(wav_bytes(48_000, 1, 24_000, sine(440.0, 48_000))))
}

fn looped() -> PlayOptions {
    PlayOptions { looping: true.into(), ..PlayOptions::default() }
}

/// Waits until what the device gets is not silence.
fn wait_for_sound(device: &MockHandle) {
    wait_until("the voice sounds on the device", || {
        device.pull(64).is_some_and(|block| block.iter().any(|value| *value != 0.0))
    });
}

/// One session in which the device fails before `fails_at`.
fn session(fails_at: Moment, failure: Failure, kind: DeviceErrorKind) {
    let error = DeviceError::new(kind, "injected");
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let running = Running::start(&engine);
    let load = |slot| engine.load_sample_async(Some(slot), tone(), 0).expect("accepted");
    let mut tickets = Vec::new();
    let mut samples = Vec::new();
    let mut sounds = false;
    for moment in MOMENTS {
        if moment == fails_at {
            running.fail(failure, &error);
        }
        match moment {
            Moment::FirstCallback | Moment::Sounding | Moment::ShutDown => {}
            Moment::Load => tickets.push(load(0)),
            Moment::Loaded => samples.push(finished(&tickets[0])),
            Moment::Play => {
                engine.play_sample(0, looped()).expect("it runs").expect("a voice");
                sounds = true;
            }
            Moment::Pause => {
                engine.pause_sample(0).expect("it runs");
                sounds = false;
            }
            Moment::Resume => {
                engine.resume_sample(0).expect("it runs");
                sounds = true;
            }
            Moment::PlayWhenReady => {
                tickets.push(load(1));
                // However long a busy machine takes to load it.
                let patient = PlayOptions { max_wait_sec: PATIENCE.as_secs_f64(), ..looped() };
                engine.play_sample(1, patient).expect("it runs").expect("a voice");
            }
            Moment::Replace => tickets.push(load(0)),
            Moment::StopVoice => engine.stop_sample(0, 0.005).expect("it runs"),
            Moment::Unload => {
                samples.extend(tickets[1..].iter().map(finished));
                engine.unload_sample(0).expect("it runs");
            }
            Moment::SetOutput => {
                engine.set_output("null").expect("it always opens");
                sounds = false;
            }
        }
        if moment == fails_at && moment < Moment::SetOutput {
            wait_until("the device plays again", || running.device.is_running());
            if sounds {
                wait_for_sound(&running.device);
            }
        }
    }
    engine.shut_down();
    drop(running);
    // Every request has ended once, in success: no device makes a load fail.
    let mut ends: HashMap<u64, usize> = HashMap::new();
    for event in engine.drain_loader_events(None) {
        match event {
            LoaderEvent::Success { request_id, .. } => *ends.entry(request_id).or_default() += 1,
            LoaderEvent::Error { .. } | LoaderEvent::Cancelled { .. } => panic!("{event:?}"),
            _ => {}
        }
    }
    let expected = tickets.iter().map(|ticket| (ticket.request_id(), 1)).collect();
    assert_eq!(ends, expected);
    drop(tickets);
    assert!(samples.iter().all(|sample| sample.upgrade().is_none()), "a sample is left");
}

fn finished(ticket: &LoadTicket) -> Weak<Sample> {
    Arc::downgrade(&ticket.wait(None).expect("it ends").expect("it loads"))
}

#[test]
fn a_device_that_fails_in_any_way_at_any_moment_plays_on_and_loses_nothing() {
    let name = "a_device_that_fails_in_any_way_at_any_moment_plays_on_and_loses_nothing";
    alone(&format!("devices::errors::{name}"), all_sessions);
}

fn all_sessions() {
    session(Moment::ShutDown, Failure::Lost, DeviceErrorKind::Other);
    let before = (thread_count(), descriptor_count());
    for failure in [Failure::Lost, Failure::ThenClosed, Failure::ThenRefusing] {
        // All at once: they mostly wait for the device to be looked for again.
        thread::scope(|scope| {
            for (kind, moment) in KINDS.into_iter().flat_map(|kind| MOMENTS.map(|it| (kind, it))) {
                let name = format!("{moment:?} {kind:?}");
                let run = move || session(moment, failure, kind);
                thread::Builder::new().name(name).spawn_scoped(scope, run).expect("a thread");
            }
        });
    }
    // A search that was given up when its engine ended may take a moment to end.
    wait_until("threads and descriptors are as before", || {
        (thread_count(), descriptor_count()) == before
    });
}

#[test]
fn of_several_ways_that_do_not_open_the_first_says_why() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    let paths = ["card", "server"].map(String::from).to_vec();
    let run = engine.run_with(paths, |path, _| {
        let kind = match path {
            "card" => DeviceErrorKind::Busy,
            _ => DeviceErrorKind::NotAvailable,
        };
        Err(DeviceError::new(kind, path.to_owned()))
    });
    let refused = DeviceError::new(DeviceErrorKind::Busy, "card");
    assert!(matches!(run, Err(EngineError::Device(found)) if found == refused));
}

#[test]
fn a_device_that_does_not_open_or_start_leaves_nothing_running() {
    for kind in KINDS {
        let error = DeviceError::new(kind, "injected");
        let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
        let refused = error.clone();
        let run = engine.run_with(vec!["card".into()], move |_, _| Err(refused.clone()));
        assert!(matches!(run, Err(EngineError::Device(found)) if found == error));
        assert!(!engine.is_running());
        let device = mock_at("card", 48_000, 2);
        device.refuse(error.clone());
        let opened = device.clone();
        let run = engine.run_with(vec!["card".into()], move |_, _| Ok(opened.prepare()));
        assert!(matches!(run, Err(EngineError::Device(found)) if found == error));
        assert!(!engine.is_running() && !device.is_running());
        engine.run_on(device.prepare()).expect("now it starts");
        assert!(device.pull(8).is_some());
    }
}
