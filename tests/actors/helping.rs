//! Decoders without a job help with that of another, and leave it for one of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{
    LoadError, LoadJob, LoadOptions, SampleBuffer, Source, SourceIdentity, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::loading::{interleaved, load};
use hotcue_tests::{BlockingSource, Gate, PATIENCE, fixtures, sine, wait_until, wav_bytes};

/// Loads as ever, and tells how many have helped at most, and how many steps were made.
#[derive(Default)]
struct Seen {
    helpers: Arc<AtomicUsize>,
    steps: Arc<AtomicUsize>,
}

impl Workshop for Seen {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let (helpers, steps) = (Arc::clone(&self.helpers), Arc::clone(&self.steps));
        Box::new(SeenWork { job: LoadJob::new(source.clone(), options), helpers, steps })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

struct SeenWork {
    job: LoadJob,
    helpers: Arc<AtomicUsize>,
    steps: Arc<AtomicUsize>,
}

impl Work for SeenWork {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        let step = self.job.step(bench);
        self.steps.fetch_add(1, Ordering::Relaxed);
        let helpers = self.job.shared().map_or(0, |shared| shared.helpers());
        self.helpers.fetch_max(helpers, Ordering::Relaxed);
        step
    }

    as_its_job!();
}

/// An engine of `workers` decoders, and what is seen of their work.
fn engine(workers: usize) -> (AudioEngine, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let config = EngineConfig { workers: Some(workers), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let seen = Seen::default();
    let (helpers, steps) = (Arc::clone(&seen.helpers), Arc::clone(&seen.steps));
    let output = prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(seen)).expect("the engine starts");
    (engine, helpers, steps)
}

fn minutes(count: u32) -> Source {
    let wav = wav_bytes(44_100, 2, count * 60 * 44_100, sine(441.0, 44_100));
    Source::Memory(Arc::from(wav))
}

/// The same loaded in one thread.
fn alone(source: Source) -> Arc<SampleBuffer> {
    let options = LoadOptions { sample_rate: Some(48_000), ..LoadOptions::default() };
    load(source, options, PATIENCE).expect("good file").buffer
}

#[test]
fn what_several_decoders_load_is_what_one_loads() {
    let source = minutes(2);
    let expected = alone(source.clone());
    for workers in [2, 4] {
        let (engine, helpers, _) = engine(workers);
        let ticket = engine.load_sample_async(Some(0), source.clone(), 0).expect("accepted");
        let sample = ticket.wait(Some(PATIENCE)).expect("it ends").expect("good file");
        assert!(interleaved(sample.buffer()) == interleaved(&expected), "{workers} workers");
        let helpers = helpers.load(Ordering::Relaxed);
        assert!((1..workers).contains(&helpers), "{workers} workers: {helpers} helped");
    }
}

#[test]
fn a_damaged_file_is_loaded_as_by_one() {
    let packets = std::fs::read(fixtures().join("long/mp3_no_tag.mp3")).expect("a fixture");
    let mut file = packets.repeat(40);
    let (at, len) = (file.len() * 2 / 3, packets.len() / 50);
    file[at..at + len].fill(0x55);
    let source = Source::Memory(Arc::from(file));
    let expected = alone(source.clone());
    let (engine, helpers, _) = engine(3);
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let sample = ticket.wait(Some(PATIENCE)).expect("it ends").expect("good file");
    assert!(helpers.load(Ordering::Relaxed) > 0);
    assert!(interleaved(sample.buffer()) == interleaved(&expected));
}

#[test]
fn a_decoder_alone_has_no_help() {
    let (engine, helpers, _) = engine(1);
    let ticket = engine.load_sample_async(Some(0), minutes(1), 0).expect("accepted");
    assert!(matches!(ticket.wait(Some(PATIENCE)), Some(Ok(_))));
    assert_eq!(helpers.load(Ordering::Relaxed), 0);
}

#[test]
fn who_helps_takes_a_load_of_its_own_at_once() {
    let (engine, helpers, _) = engine(2);
    let long = engine.load_sample_async(Some(0), minutes(4), 0).expect("accepted");
    wait_until("it is helped", || helpers.load(Ordering::Relaxed) > 0);
    let tiny = Source::Memory(Arc::from(wav_bytes(48_000, 1, 480, sine(1_000.0, 48_000))));
    let short = engine.load_sample_async(Some(1), tiny, 0).expect("accepted");
    assert!(matches!(short.wait(Some(PATIENCE)), Some(Ok(_))));
    assert!(long.wait(Some(Duration::ZERO)).is_none(), "the short one goes first");
    assert!(matches!(long.wait(Some(PATIENCE)), Some(Ok(_))));
}

#[test]
fn who_is_called_away_leaves_its_part_to_others() {
    for _ in 0..3 {
        let (engine, helpers, _) = engine(2);
        let long = engine.load_sample_async(Some(0), minutes(4), 0).expect("accepted");
        wait_until("it is helped", || helpers.load(Ordering::Relaxed) > 0);
        let gate = Arc::new(Gate::default());
        let content = wav_bytes(48_000, 1, 480, sine(1_000.0, 48_000));
        let source = BlockingSource { gate: Arc::clone(&gate), content };
        let stuck = engine.load_sample_async(Some(1), Source::Custom(Arc::new(source)), 0);
        assert!(matches!(long.wait(Some(PATIENCE)), Some(Ok(_))), "it waits for no helper");
        assert!(gate.waiting() > 0);
        gate.open();
        assert!(matches!(stuck.expect("accepted").wait(Some(PATIENCE)), Some(Ok(_))));
    }
}

#[test]
fn a_cancelled_load_lets_its_helpers_go() {
    let (engine, helpers, steps) = engine(3);
    let long = engine.load_sample_async(Some(0), minutes(4), 0).expect("accepted");
    wait_until("it is helped", || helpers.load(Ordering::Relaxed) > 0);
    assert!(long.cancel());
    wait_until("its memory is free", || engine.stats().reserved_bytes == 0);
    let before = steps.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(50));
    assert!(steps.load(Ordering::Relaxed) <= before + 1, "it goes on");
    // They are there for others.
    let next = engine.load_sample_async(Some(0), minutes(1), 0).expect("accepted");
    assert!(matches!(next.wait(Some(PATIENCE)), Some(Ok(_))));
}

#[test]
fn an_engine_ends_while_a_load_is_helped() {
    let (engine, helpers, _) = engine(3);
    let long = engine.load_sample_async(Some(0), minutes(4), 0).expect("accepted");
    wait_until("it is helped", || helpers.load(Ordering::Relaxed) > 0);
    engine.shut_down();
    assert!(matches!(long.wait(Some(Duration::ZERO)), Some(Err(_))));
}
