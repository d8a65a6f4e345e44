//! Sources that fall silent: said, survived, cancelled.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{
    ByteSource, LoadError, LoadJob, LoadOptions, Pulse, ReadSeek, Source, SourceIdentity, Stage,
    Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, LoaderEvent};
use hotcue_tests::{
    BlockingSource, Contract, Gate, PATIENCE, sine, thread_count, wait_until, wav_bytes,
};

use crate::{alone, offline};

fn content() -> Vec<u8> {
    wav_bytes(48_000, 1, 1_000, sine(440.0, 48_000))
}

fn blocked(gate: &Arc<Gate>) -> Source {
    Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(gate), content: content() }))
}

/// What the first two events say of a source that is silent: for how long, and when.
fn stalls_of_a_silent_source() -> [(f64, f64); 2] {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let mut contract = Contract::default();
    let mut stalls = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while stalls.len() < 2 {
        let event = engine.events().wait(deadline).expect("an event");
        if let LoaderEvent::Stalled { stalled_sec, time_sec, .. } = event {
            stalls.push((stalled_sec, time_sec));
            // The pool is whole meanwhile, with its one worker inside the read.
            let memory = Source::Memory(Arc::from(content()));
            let other = engine.load_sample_async(Some(1), memory, 0).expect("accepted");
            assert!(matches!(other.wait(Some(PATIENCE)), Some(Ok(_))), "another decoder serves");
        }
        // It would say that the source has answered.
        let is_over = matches!(event, LoaderEvent::Progress { id: 0, .. }) && !stalls.is_empty();
        assert!(!is_over, "{event:?}");
        contract.see(event);
    }
    gate.open();
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))), "what comes late still counts");
    assert_eq!(engine.stats().abandoned_workers, 0);
    engine.shut_down();
    engine.drain_loader_events(None).into_iter().for_each(|event| contract.see(event));
    assert_eq!((contract.ended(), contract.requests()), (3, 3));
    [stalls[0], stalls[1]]
}

#[test]
fn a_silent_source_is_said_to_have_stalled_every_two_seconds() {
    // Never sooner; later, where the machine stands still for a while.
    wait_until("it is said in time", || {
        let [first, second] = stalls_of_a_silent_source();
        assert!(first.0 >= 2.0 && second.0 >= 4.0, "{first:?}, {second:?}");
        first.0 < 2.5 && second.0 < 4.5 && (1.5..2.5).contains(&(second.1 - first.1))
    });
}

#[test]
fn a_stalled_load_can_be_cancelled() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let ticket = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
    let deadline = Instant::now() + PATIENCE;
    while !matches!(engine.events().wait(deadline), Some(LoaderEvent::Stalled { .. })) {}
    let before = Instant::now();
    assert!(ticket.cancel());
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Err(_))));
    assert!(before.elapsed() < Duration::from_secs(30), "{:?}", before.elapsed());
    wait_until("its decoder is given up", || engine.stats().abandoned_workers == 1);
    gate.open();
}

#[test]
fn a_decoder_that_comes_back_after_all_ends_as_there_is_another_in_its_place() {
    alone(
        "stalls::a_decoder_that_comes_back_after_all_ends_as_there_is_another_in_its_place",
        || {
            let engine = offline(1);
            let gate = Arc::new(Gate::default());
            let before = thread_count();
            let ticket = engine.load_sample_async(Some(0), blocked(&gate), 0).expect("accepted");
            let deadline = Instant::now() + PATIENCE;
            while !matches!(engine.events().wait(deadline), Some(LoaderEvent::Stalled { .. })) {}
            gate.open();
            assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
            wait_until("there are as many threads as before", || thread_count() == before);
            assert_eq!(engine.stats().abandoned_workers, 0);
        },
    );
}

/// Says which threads have opened it.
#[derive(Debug)]
struct Opened {
    by: Arc<Mutex<Vec<ThreadId>>>,
    source: BlockingSource,
}

impl ByteSource for Opened {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        self.by.lock().expect("no panic").push(thread::current().id());
        self.source.open()
    }

    fn name(&self) -> &str {
        self.source.name()
    }
}

#[test]
fn a_decoder_that_comes_back_among_many_loads_begins_none_of_them() {
    let engine = offline(1);
    let by = Arc::<Mutex<Vec<ThreadId>>>::default();
    let gate = Arc::new(Gate::default());
    let open = Arc::new(Gate::default());
    open.open();
    let load = |gate: &Arc<Gate>| {
        let source = BlockingSource { gate: Arc::clone(gate), content: content() };
        let source = Source::Custom(Arc::new(Opened { by: Arc::clone(&by), source }));
        engine.load_sample_async(None, source, 0).expect("accepted")
    };
    let mut loads = vec![load(&gate)];
    let deadline = Instant::now() + PATIENCE;
    while !matches!(engine.events().wait(deadline), Some(LoaderEvent::Stalled { .. })) {}
    loads.extend((0..400).map(|number| {
        if number == 200 {
            gate.open();
        }
        load(&open)
    }));
    for load in loads {
        assert!(matches!(load.wait(Some(PATIENCE)), Some(Ok(_))));
    }
    let by = by.lock().expect("no panic");
    let by_the_first = by.iter().filter(|thread| **thread == by[0]).count();
    assert_eq!((by.len(), by_the_first), (401, 1), "nobody would look after it there");
}

/// Files that do not answer whoever asks for them first.
struct DeadAtFirst {
    gate: Arc<Gate>,
    asked: AtomicUsize,
    /// Which file it is, once that is open.
    file: Option<SourceIdentity>,
}

/// A load of such a file: its first step opens it.
struct Opening {
    load: LoadJob,
    file: Option<SourceIdentity>,
    is_open: bool,
}

impl Work for Opening {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        if std::mem::replace(&mut self.is_open, true) {
            self.load.step(bench)
        } else {
            Ok(Step::Working)
        }
    }

    fn stage(&self) -> Stage {
        self.load.stage()
    }

    fn percent(&self) -> f32 {
        self.load.percent()
    }

    fn identity(&self) -> Option<SourceIdentity> {
        self.file.filter(|_| self.is_open)
    }

    fn byte_len(&self) -> Option<u64> {
        self.load.byte_len()
    }

    fn pulse(&self) -> Arc<Pulse> {
        self.load.pulse()
    }

    fn held_bytes(&self) -> usize {
        self.load.held_bytes()
    }
}

impl Workshop for DeadAtFirst {
    fn work(&self, _: &Source, options: LoadOptions) -> Box<dyn Work> {
        let source = match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => blocked(&self.gate),
            _ => Source::Memory(Arc::from(content())),
        };
        Box::new(Opening { load: LoadJob::new(source, options), file: self.file, is_open: false })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        self.file
    }
}

#[test]
fn a_newer_load_of_a_path_does_not_wait_with_one_that_has_stalled() {
    let known = SourceIdentity { device: 1, inode: 1, len: 2_044, modified_ns: 1, changed_ns: 1 };
    for file in [None, Some(known)] {
        newer_load_beside_a_stalled_one(file);
    }
}

fn newer_load_beside_a_stalled_one(file: Option<SourceIdentity>) {
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let gate = Arc::new(Gate::default());
    let files = DeadAtFirst { gate: Arc::clone(&gate), asked: AtomicUsize::new(0), file };
    let output = prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(files)).expect("it starts");
    let source = || Source::Path("file.wav".into());
    let load = |id| engine.load_sample_async(Some(id), source(), 0).expect("accepted");
    let (first, other) = (load(0), load(1));
    let deadline = Instant::now() + PATIENCE;
    while !matches!(engine.events().wait(deadline), Some(LoaderEvent::Stalled { .. })) {}
    let newer = load(0);
    assert!(matches!(newer.wait(Some(PATIENCE)), Some(Ok(_))));
    assert!(matches!(first.wait(Some(PATIENCE)), Some(Err(_))), "the newer one is in its place");
    gate.open();
    assert!(matches!(other.wait(Some(PATIENCE)), Some(Ok(_))), "whatever hung, it has its sample");
}
