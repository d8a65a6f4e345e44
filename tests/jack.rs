//! The real device path, end to end: what the cpal callback plays on a JACK server is what the
//! renderer makes, bit for bit.
//!
//! Starts its own `jackd` with a dummy driver, which keeps true time without a sound card, and
//! ends it. A second client of the same server listens to the first one's ports.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::SampleBuffer;
use hotcue::output::{
    DeviceErrorKind, Output, OutputRequest, OutputStatus, devices, prepare_default, prepare_device,
};
use hotcue::playback::{ControlMessage, Controller, PlaybackConfig, Renderer, VoiceParams, split};

const RATE: u32 = 48_000;
const PERIOD: usize = 256;
/// Ends with a message instead of hanging.
const DEADLINE: Duration = Duration::from_secs(20);

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "{what} did not happen within {DEADLINE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A JACK server of this test's own; killed by its process id when dropped.
struct Server {
    child: Child,
    name: String,
}

impl Server {
    /// `None` if jackd is not installed.
    fn start(name: &str) -> Option<Self> {
        // -S: the server waits for its clients instead of going on without a late one, so that a
        // busy machine makes no gap that is not ours.
        let period = PERIOD.to_string();
        let rate = RATE.to_string();
        let started = Command::new("jackd")
            .args(["-n", name, "-r", "-S", "-d", "dummy", "-r", &rate, "-p", &period])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Some(Self { child, name: name.to_owned() }),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("jackd does not start: {error}"),
        }
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Sends a signal and waits for the end.
    fn end(&mut self, signal: &str) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args([signal, &id]).status().is_ok();
        let start = Instant::now();
        while asked && self.is_running() && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(5));
        }
        self.child.kill().ok();
        self.child.wait().ok();
        // A client that outlives its server leaves its semaphore behind.
        for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains(&self.name) {
                std::fs::remove_file(entry.path()).ok();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Terminated rather than killed: then it removes its shared memory.
        if self.is_running() {
            self.end("-TERM");
        }
    }
}

/// Records what reaches its ports. A real-time client: it only copies into a channel, which has
/// room for more than the test listens to.
struct Recorder {
    ports: [jack::Port<jack::AudioIn>; 2],
    periods_tx: std::sync::mpsc::SyncSender<[[f32; PERIOD]; 2]>,
}

impl jack::ProcessHandler for Recorder {
    fn process(&mut self, _: &jack::Client, scope: &jack::ProcessScope) -> jack::Control {
        let mut period = [[0.0; PERIOD]; 2];
        for (copy, port) in period.iter_mut().zip(&self.ports) {
            copy.copy_from_slice(port.as_slice(scope));
        }
        match self.periods_tx.try_send(period) {
            Err(TrySendError::Disconnected(_)) => jack::Control::Quit,
            Ok(()) | Err(TrySendError::Full(_)) => jack::Control::Continue,
        }
    }
}

fn client() -> Option<jack::Client> {
    jack::Client::new("hotcue-test", jack::ClientOptions::NO_START_SERVER).ok().map(|(it, _)| it)
}

type Listening = (jack::AsyncClient<(), Recorder>, Receiver<[[f32; PERIOD]; 2]>);

/// Connects a recorder to the ports of the only other client.
fn listen(client: jack::Client) -> Listening {
    let (periods_tx, periods_rx) = sync_channel(20_000);
    let register = |name| client.register_port(name, jack::AudioIn::default());
    let ports = [register("left").expect("a port"), register("right").expect("a port")];
    let mine = ports.each_ref().map(|port| port.name().expect("a name"));
    let theirs = client.ports(Some("cpal_client_.*:out_.*"), None, jack::PortFlags::IS_OUTPUT);
    assert_eq!(theirs.len(), 2, "the output's ports: {theirs:?}");
    let active = client.activate_async((), Recorder { ports, periods_tx }).expect("activates");
    for (from, to) in theirs.iter().zip(&mine) {
        active.as_client().connect_ports_by_name(from, to).expect("connects");
    }
    (active, periods_rx)
}

/// Two seconds of noise per channel, never 0: a gap cannot hide in it.
fn noise() -> Vec<Vec<f32>> {
    let mut state = 1_u32;
    let mut step = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // 16 bits and a half: exact in f32, at most 0.5.
        ((state >> 16) as f32 - 32_767.5) / 65_536.0
    };
    let mut planes = vec![vec![0.0; 2 * RATE as usize]; 2];
    planes.iter_mut().flatten().for_each(|value| *value = step());
    planes
}

fn playing(sample: Vec<Vec<f32>>, sample_rate: u32) -> (Controller, Renderer) {
    let (mut controller, renderer) =
        split(PlaybackConfig { sample_rate, ..PlaybackConfig::default() });
    let sample = SampleBuffer::from_planes(sample_rate, sample).expect("valid");
    controller
        .try_send(ControlMessage::LoadSample { slot: 0, sample, own_loop: None })
        .expect("room");
    (controller, renderer)
}

/// Has the server go as fast as its clients do, as hosts do for an export, or keep time again.
fn freewheel(client: &jack::Client, on: bool) {
    // SAFETY: the client is open, and the server is asked from a thread of no callback.
    #[allow(unsafe_code, reason = "the binding leaves it to its -sys crate")]
    let refused = unsafe { jack::jack_sys::jack_set_freewheel(client.raw(), i32::from(on)) };
    assert_eq!(refused, 0, "the server freewheels, or no longer: {on}");
}

/// Waits until `renderer` runs on the output and the recorder hears it, then plays the sample
/// and returns what was heard, from the first frame that is not silent. The server `freewheels`
/// meanwhile, and has for half a minute of audio, or keeps time.
fn record(controller: &mut Controller, frames: usize, freewheels: bool) -> [Vec<f32>; 2] {
    let (active, periods_rx) = listen(client().expect("the server takes a second client"));
    let next = || periods_rx.recv_timeout(DEADLINE).expect("the server runs");
    // Connecting takes effect at some period; from then on both are on the same clock.
    for _ in 0..20 {
        next();
    }
    let start = Instant::now();
    if freewheels {
        freewheel(active.as_client(), true);
        let shared = controller.shared();
        let until = shared.clock_frames() + 30 * u64::from(RATE);
        while shared.clock_frames() < until {
            assert!(start.elapsed() < DEADLINE, "it does not freewheel");
            next();
        }
    }
    let params = VoiceParams::default();
    controller.try_send(ControlMessage::Play { voice: 1, slot: 0, params }).expect("room");
    let mut heard = [Vec::new(), Vec::new()];
    while heard[0].len() < frames {
        assert!(start.elapsed() < DEADLINE, "{} of {frames} frames heard", heard[0].len());
        for (heard, period) in heard.iter_mut().zip(next()) {
            // A constant delay: everything up to the first sound, in whole periods.
            if !heard.is_empty() || period.iter().any(|value| *value != 0.0) {
                heard.extend_from_slice(&period);
            }
        }
    }
    // Before anybody leaves: of that in a freewheel some servers hang.
    if freewheels {
        freewheel(active.as_client(), false);
    }
    drop(active.deactivate());
    heard
}

#[test]
fn what_the_device_plays_is_what_was_rendered() {
    let name = format!("hotcue-test-{}", std::process::id());
    // SAFETY: the only test of this binary; no other thread reads the environment yet.
    #[allow(unsafe_code, reason = "libjack is told its server by the environment alone")]
    unsafe {
        std::env::set_var("JACK_DEFAULT_SERVER", &name);
        std::env::set_var("JACK_NO_START_SERVER", "1");
    }
    let refused = prepare_device("jack:output", &OutputRequest::default());
    let refused = refused.err().expect("no server of this name runs yet");
    let expected = format!("no JACK server answers: JACK_DEFAULT_SERVER is {name}");
    assert_eq!((refused.kind(), refused.to_string()), (DeviceErrorKind::NotAvailable, expected));

    let Some(mut server) = Server::start(&name) else {
        let message = "NOT RUN HERE: jack: jackd is not installed";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // Past the test harness's capture, which hides what a passing test prints.
        writeln!(std::io::stderr(), "{message}").expect("stderr is open");
        return;
    };
    wait_until("the JACK server answers", || {
        assert!(server.is_running(), "jackd ended");
        client().is_some()
    });

    // It is found, first, and knows its rate.
    let found = devices();
    assert_eq!((found[0].id.as_str(), found[0].is_default), ("jack:output", true), "{found:?}");
    assert_eq!(found[0].default_sample_rate, Some(RATE));
    assert_eq!(found.iter().filter(|device| device.id.starts_with("jack:")).count(), 1);
    let other_rate = OutputRequest { sample_rate: Some(44_100), buffer_frames: None };
    let prepared = prepare_default(&other_rate).expect("what is played is resampled");
    assert_eq!(prepared.info().sample_rate, RATE, "a JACK server has one rate");
    assert!(prepare_device("jack:output", &OutputRequest::default()).is_ok());

    let sample = noise();
    let (mut controller, renderer) = playing(sample.clone(), RATE);
    let prepared = prepare_default(&OutputRequest::default()).expect("the server is there");
    assert_eq!((prepared.info().sample_rate, prepared.info().channels), (RATE, 2));
    let output: Box<dyn Output> = match prepared.start(renderer) {
        Ok(output) => output,
        Err(error) => panic!("the output does not start: {error}"),
    };
    let shared = controller.shared();
    wait_until("the callback runs", || shared.callbacks() > 4);

    for freewheels in [false, true, false] {
        let heard = record(&mut controller, sample[0].len() + PERIOD, freewheels);
        // Tolerance: none. The mix is f32, JACK is f32, the command starts a block, so the delay is
        // whole periods and the first period heard begins with the sample's first frame.
        for (heard, sent) in heard.iter().zip(&sample) {
            let differs = heard.iter().zip(sent).position(|(heard, sent)| heard != sent);
            assert_eq!(differs, None, "of {} frames, the first that differs", sent.len());
            let rest = &heard[sent.len()..];
            assert!(rest.iter().all(|value| *value == 0.0), "silence after its end");
        }
        assert_eq!(output.status(), OutputStatus::Running, "freewheels: {freewheels}");
        assert_eq!(output.idle_cpu(), None, "what freewheels is not taken for what spins");
    }
    // Xruns are not asserted: the server runs synchronously, a busy machine makes it late but
    // loses nothing.
    assert_eq!(output.info().buffer_frames, Some(256));
    let latency = output.latency_sec();
    assert!((0.0..0.5).contains(&latency) && latency > 0.0, "latency {latency} s");

    // The renderer comes home and plays on where it is put next.
    let mut renderer = output.stop().expect("the renderer comes home");
    let clock = shared.clock_frames();
    renderer.render(&mut [0.0; 64]);
    assert_eq!(shared.clock_frames(), clock + 32);

    // A server that goes away, in good order or not, is a lost device, and the renderer still
    // comes home, in time. The one in good order is the last: a server that was killed keeps its
    // place among the eight that JACK knows until another one of its name ends well.
    for signal in ["-KILL", "-TERM"] {
        if !server.is_running() {
            server = Server::start(&name).expect("jackd is installed");
            wait_until("the JACK server answers again", || client().is_some());
        }
        let prepared = prepare_default(&OutputRequest::default()).expect("the server is there");
        let output = match prepared.start(renderer) {
            Ok(output) => output,
            Err(error) => panic!("the output does not start again: {error}"),
        };
        let clock = shared.clock_frames();
        wait_until("the callback runs again", || shared.clock_frames() > clock + 1000);
        server.end(signal);
        wait_until("the loss is noticed", || output.status() != OutputStatus::Running);
        let began = Instant::now();
        renderer = output.stop().expect("the renderer comes home from a lost device");
        assert!(began.elapsed() < Duration::from_secs(30), "{signal}: {:?}", began.elapsed());
        let clock = shared.clock_frames();
        renderer.render(&mut [0.0; 64]);
        assert_eq!(shared.clock_frames(), clock + 32, "no callback runs any more");
    }
}
