//! A read that does not return costs a thread, not the pool.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::output::{self, OutputRequest};
use hotcue::{LoadJob, LoadOptions, Source, SourceIdentity, identify};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, SlotState};
use hotcue_tests::{BlockingSource, Gate, PATIENCE, TempDir, sine, wait_until, wav_bytes};

use crate::{alone, offline};

#[test]
fn promise_9_a_decoder_whose_read_does_not_return_is_replaced_and_counted() {
    let engine = offline(1);
    let content = || wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let good = || Source::Memory(Arc::from(content()));
    let gate = Arc::new(Gate::default());
    for round in 0..3 {
        let source = Source::Custom(Arc::new(BlockingSource {
            gate: Arc::clone(&gate),
            content: content(),
        }));
        let stuck = engine.load_sample_async(Some(0), source, 0).expect("accepted");
        wait_until("the decoder is inside the read", || gate.waiting() > round);
        assert!(stuck.cancel());
        let next = engine.load_sample_async(Some(1), good(), 0).expect("accepted");
        assert!(matches!(next.wait(Some(PATIENCE)), Some(Ok(_))), "another decoder takes over");
        assert_eq!(engine.stats().abandoned_workers, round + 1);
    }
    // The reads return after all: nothing comes of them.
    gate.open();
    let last = engine.load_sample_async(Some(2), good(), 0).expect("accepted");
    assert!(matches!(last.wait(Some(PATIENCE)), Some(Ok(_))));
    assert_eq!(engine.state(0).expect("it runs"), SlotState::Empty);
    let before = Instant::now();
    engine.shut_down();
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
    let terminal = engine.drain_loader_events(None).iter().filter(|e| e.is_terminal()).count();
    assert_eq!(terminal, 7, "each of the seven requests has ended once");
}

#[test]
fn a_slow_read_that_is_still_wanted_is_left_alone() {
    let engine = offline(1);
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let source = Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }));
    let slow = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    // Longer than a decoder gets that nobody wants an answer of.
    assert!(slow.wait(Some(Duration::from_millis(900))).is_none());
    gate.open();
    assert!(matches!(slow.wait(Some(PATIENCE)), Some(Ok(_))));
    assert_eq!(engine.stats().abandoned_workers, 0);
}

#[test]
fn a_decoder_that_was_given_up_leaves_nothing_once_its_read_returns() {
    alone("stuck_reads::a_decoder_that_was_given_up_leaves_nothing_once_its_read_returns", || {
        const STUCK: u32 = 12;
        let engine = offline(STUCK as usize);
        let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
        let load = |id| {
            let source = Source::Memory(Arc::from(content.clone()));
            let ticket = engine.load_sample_async(Some(id), source, 0).expect("accepted");
            assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
        };
        let mut after = Vec::new();
        for round in 1..=4 {
            let gate = Arc::new(Gate::default());
            let stuck = |id| {
                let (gate, content) = (Arc::clone(&gate), content.clone());
                let source = Source::Custom(Arc::new(BlockingSource { gate, content }));
                engine.load_sample_async(Some(id), source, 0).expect("accepted")
            };
            let tickets: Vec<_> = (0..STUCK).map(stuck).collect();
            wait_until("all are inside their reads", || gate.waiting() == STUCK as usize);
            tickets.iter().for_each(|ticket| assert!(ticket.cancel()));
            let given_up = (round * STUCK) as usize;
            wait_until("all are given up", || engine.stats().abandoned_workers == given_up);
            gate.open();
            for _ in 0..20 {
                load(0);
                std::thread::sleep(Duration::from_millis(10));
            }
            after.push(mappings());
        }
        // Each thread's stack is a mapping or two; those of ended threads are used again.
        assert!(after[3] < after[0] + STUCK as usize, "{after:?}");
    });
}

/// Stretches of memory that the system knows of this process; 0 where it does not say.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

/// The files of this computer, one of which nothing answers for.
struct DeadMount {
    gate: Arc<Gate>,
    dead: PathBuf,
}

impl Workshop for DeadMount {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        Box::new(LoadJob::new(source.clone(), options))
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        let path = source.path()?;
        if path == self.dead {
            self.gate.pass();
        }
        identify(path).ok()
    }
}

#[test]
fn a_waiting_file_that_does_not_answer_holds_up_no_load() {
    let folder = TempDir::new();
    let gate = Arc::new(Gate::default());
    let dead = folder.path().join("dead.wav");
    let config =
        EngineConfig { workers: Some(1), output: "offline".to_owned(), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let workshop = DeadMount { gate: Arc::clone(&gate), dead: dead.clone() };
    let output = output::prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(workshop)).expect("it starts");
    let long = Source::Path(folder.silent_wav("long.wav", 44_100, 9_000));
    let long = engine.load_sample_async(Some(0), long, 0).expect("accepted");
    engine.load_sample_async(Some(1), Source::Path(dead), 0).expect("accepted");
    // To see whether it is shorter, somebody looks how long it is.
    wait_until("somebody waits for the dead one", || gate.waiting() > 0);
    let reached = long.percent();
    wait_until("the long one goes on", || long.percent() > reached);
    engine.shut_down();
    gate.open();
}
