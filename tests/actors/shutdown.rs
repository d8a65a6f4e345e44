//! How an engine ends.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::{
    Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput, StartError, prepare_offline,
};
use hotcue::playback::Renderer;
use hotcue::{ByteSource, ReadSeek, Source};
use hotcue_actors::{
    AudioEngine, DropReason, EngineConfig, EngineError, LoaderEvent, PlaybackNotice,
};
use hotcue_tests::{
    BlockingSource, Contract, Gate, collect_until_ended, sine, wait_until, wav_bytes,
};

use crate::{offline, patient, running};

/// How long an engine with 500 loads in flight takes to shut down; all of them have ended then.
fn shut_down_of_500() -> Duration {
    let engine = offline(2);
    let minute: Arc<[u8]> = Arc::from(wav_bytes(44_100, 2, 44_100 * 60, sine(440.0, 44_100)));
    for id in 0..500 {
        let source = Source::Memory(Arc::clone(&minute));
        engine.load_sample_async(Some(id), source, 0).expect("accepted");
    }
    let before = Instant::now();
    engine.shut_down();
    let took = before.elapsed();
    let mut contract = Contract::default();
    for event in engine.drain_loader_events(None) {
        contract.see(event);
    }
    assert_eq!(contract.ended(), 500);
    assert!(matches!(engine.state(0), Err(EngineError::NotInitialized)));
    took
}

#[test]
fn promise_9_shutting_down_with_loads_in_flight_is_quick_and_complete() {
    // 200 ms are promised, twice is noise, and a machine may stand still for longer now and then.
    wait_until("it is quick", || shut_down_of_500() < Duration::from_millis(400));
}

#[test]
fn promise_9_a_read_that_never_returns_is_left_behind() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 10, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    wait_until("the decoder is inside the read", || {
        ticket.percent() >= 0.0
            && engine
                .loads()
                .expect("it runs")
                .first()
                .is_some_and(|l| l.stage > hotcue::Stage::Queued)
    });
    let before = Instant::now();
    engine.shut_down();
    assert!(before.elapsed() < Duration::from_secs(30), "{:?}", before.elapsed());
    let left = engine.drain_loader_events(None);
    assert_eq!(left.iter().filter(|event| event.is_terminal()).count(), 1, "{left:?}");
    gate.open();
}

/// A source whose reads are slow, and whose readers wait at a gate when they are dropped.
#[derive(Debug)]
struct HardToDrop {
    content: Arc<[u8]>,
    gate: Arc<Gate>,
}

struct HardToDropReader {
    content: Cursor<Arc<[u8]>>,
    gate: Arc<Gate>,
}

impl ByteSource for HardToDrop {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let content = Cursor::new(Arc::clone(&self.content));
        Ok(Box::new(HardToDropReader { content, gate: Arc::clone(&self.gate) }))
    }

    fn name(&self) -> &str {
        "hard to drop"
    }
}

impl Read for HardToDropReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(5));
        self.content.read(buffer)
    }
}

impl Seek for HardToDropReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

impl Drop for HardToDropReader {
    fn drop(&mut self) {
        self.gate.pass();
    }
}

#[test]
fn promise_9_what_was_begun_and_takes_long_to_drop_is_left_behind() {
    let engine = offline(1);
    let [reads, drops] = [(); 2].map(|()| Arc::new(Gate::default()));
    let content: Arc<[u8]> = Arc::from(wav_bytes(44_100, 2, 44_100 * 120, |_, _| 0.25));
    let source = Source::Custom(Arc::new(HardToDrop { content, gate: Arc::clone(&drops) }));
    let begun = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    wait_until("it is under way", || begun.percent() > 0.0);
    // It gives way to what never ends, and waits in the queue as far as it is.
    let content = wav_bytes(48_000, 1, 10, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&reads), content }));
    let urgent = engine.load_sample_async(Some(1), source, 1).expect("accepted");
    wait_until("the other one gives way", || urgent.stage() > hotcue::Stage::Queued);
    assert!(begun.percent() < 100.0);
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let engine = &engine;
        scope.spawn(move || {
            engine.shut_down();
            done.send(()).ok();
        });
        let ended = is_done.recv_timeout(Duration::from_secs(30));
        reads.open();
        drops.open();
        assert!(ended.is_ok(), "it waits for a reader that is dropped");
    });
    let left = engine.drain_loader_events(None);
    assert_eq!(left.iter().filter(|event| event.is_terminal()).count(), 2, "{left:?}");
}

#[test]
fn an_engine_starts_afresh_after_shutting_down() {
    let engine = offline(1);
    assert!(matches!(engine.run(), Err(EngineError::AlreadyRunning)));
    let source = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 10, sine(440.0, 48_000))));
    let first = engine.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(matches!(first.wait(None), Some(Ok(_))));
    engine.shut_down();
    engine.shut_down();
    engine.run().expect("it starts again");
    assert!(engine.sample(0).expect("it runs").is_none(), "slots are empty");
    let second = engine.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(second.request_id() > first.request_id());
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
}

#[test]
fn calls_of_many_threads_race_with_shutting_down() {
    for _ in 0..20 {
        let engine = offline(2);
        let source = Source::Memory(Arc::from(wav_bytes(48_000, 1, 500, sine(440.0, 48_000))));
        let accepted: usize = thread::scope(|scope| {
            let callers: Vec<_> = (0..4)
                .map(|caller| {
                    let (engine, source) = (&engine, source.clone());
                    scope.spawn(move || {
                        let mut accepted = 0;
                        for round in 0..200 {
                            match engine.load_sample_async(Some(caller), source.clone(), 0) {
                                Ok(ticket) => {
                                    accepted += 1;
                                    if round % 5 == 0 {
                                        ticket.cancel();
                                    }
                                }
                                Err(EngineError::NotInitialized) => break,
                                Err(other) => panic!("{other}"),
                            }
                        }
                        accepted
                    })
                })
                .collect();
            thread::yield_now();
            engine.shut_down();
            callers.into_iter().map(|caller| caller.join().expect("no panic")).sum()
        });
        let ended =
            engine.drain_loader_events(None).iter().filter(|event| event.is_terminal()).count();
        assert_eq!(ended, accepted);
    }
}

#[test]
fn several_engines_share_nothing() {
    let (one, two) = (offline(1), offline(1));
    let source = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 10, sine(440.0, 48_000))));
    let ticket = one.load_sample_async(Some(0), source(), 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))));
    one.shut_down();
    assert!(two.sample(0).expect("it runs").is_none());
    assert!(!two.drain_loader_events(None).iter().any(LoaderEvent::is_terminal));
}

#[test]
fn a_play_that_waits_is_dropped_with_the_engine() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 10, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let voice = engine.play_sample(0, patient()).expect("it runs").expect("it waits");
    engine.shut_down();
    gate.open();
    let notices: Vec<_> = std::iter::from_fn(|| engine.poll_playback_events()).collect();
    let [PlaybackNotice::Dropped { voice: dropped, reason, .. }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!((*dropped, *reason), (voice, DropReason::LoadEnded));
}

/// An offline output that waits at a gate when it starts or when it stops.
struct SlowOutput {
    info: OutputInfo,
    starts: Option<Arc<Gate>>,
    stops: Option<Arc<Gate>>,
    waiting: Sender<()>,
    inner: Mutex<Option<Renderer>>,
}

impl SlowOutput {
    fn boxed(
        starts: Option<&Arc<Gate>>,
        stops: Option<&Arc<Gate>>,
        waiting: &Sender<()>,
    ) -> Box<Self> {
        Box::new(Self {
            info: prepare_offline(&OutputRequest::default()).info().clone(),
            starts: starts.cloned(),
            stops: stops.cloned(),
            waiting: waiting.clone(),
            inner: Mutex::new(None),
        })
    }

    fn wait_at(&self, gate: Option<&Arc<Gate>>) {
        if let Some(gate) = gate {
            self.waiting.send(()).expect("the test listens");
            gate.pass();
        }
    }
}

impl PreparedOutput for SlowOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        self.wait_at(self.starts.as_ref());
        *self.inner.lock().expect("no panic") = Some(renderer);
        Ok(self)
    }
}

impl Output for SlowOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        OutputStatus::Running
    }

    fn latency_sec(&self) -> f64 {
        0.0
    }

    fn xruns(&self) -> u64 {
        0
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        self.wait_at(self.stops.as_ref());
        self.inner.into_inner().expect("no panic")
    }
}

/// Whether the calls that promise to take no time come back while `gate` is shut.
fn answers_meanwhile(engine: &AudioEngine, gate: &Gate) -> bool {
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        scope.spawn(move || {
            assert!(matches!(engine.state(0), Err(EngineError::NotInitialized)));
            assert!(matches!(engine.cancel_load(1), Err(EngineError::NotInitialized)));
            assert!(!engine.is_running());
            engine.stats();
            done.send(()).ok();
        });
        let answered = is_done.recv_timeout(Duration::from_secs(30)).is_ok();
        gate.open();
        answered
    })
}

#[test]
fn promise_6_no_call_waits_for_an_output_that_opens_or_closes() {
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    let (waiting, is_waiting) = mpsc::channel();
    let (starts, stops) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let output = SlowOutput::boxed(Some(&starts), Some(&stops), &waiting);
    thread::scope(|scope| {
        scope.spawn(|| engine.run_on(output).expect("it starts"));
        is_waiting.recv().expect("it starts");
        assert!(answers_meanwhile(&engine, &starts), "a call waited for an output to open");
    });
    thread::scope(|scope| {
        scope.spawn(|| engine.shut_down());
        is_waiting.recv().expect("it stops");
        assert!(answers_meanwhile(&engine, &stops), "a call waited for an output to close");
    });
}

#[test]
fn starts_and_ends_of_many_threads_take_turns() {
    let engine = running(EngineConfig {
        output: "offline".to_owned(),
        workers: Some(1),
        ..EngineConfig::default()
    });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..20 {
                    match engine.run() {
                        Ok(_) | Err(EngineError::AlreadyRunning) => {}
                        Err(other) => panic!("{other}"),
                    }
                    if let Err(error) = engine.render(8) {
                        assert!(matches!(error, EngineError::NotInitialized), "{error}");
                    }
                    if round % 2 == 0 {
                        engine.shut_down();
                    }
                }
            });
        }
    });
    engine.shut_down();
    assert!(!engine.is_running());
}
