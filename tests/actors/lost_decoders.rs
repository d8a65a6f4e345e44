//! Decoders that lose their way in a file: what they read ends, and where they do not even read,
//! they are given up.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{
    ByteSource, LoadError, LoadErrorKind, LoadOptions, Pulse, ReadSeek, Source, SourceIdentity,
    Stage, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::{PATIENCE, sine, wait_until, wav_bytes};

use crate::offline;

/// A workshop whose loads spin on the processor until they are released, and read nothing.
#[derive(Default)]
struct Spinning {
    released: Arc<AtomicBool>,
    /// How many loads have begun to spin.
    begun: Arc<AtomicUsize>,
}

impl Workshop for Spinning {
    fn work(&self, _: &Source, _: LoadOptions) -> Box<dyn Work> {
        let (released, begun) = (Arc::clone(&self.released), Arc::clone(&self.begun));
        Box::new(Spins { released, begun, pulse: Arc::default() })
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

struct Spins {
    released: Arc<AtomicBool>,
    begun: Arc<AtomicUsize>,
    pulse: Arc<Pulse>,
}

impl Work for Spins {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        while !self.released.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        Err(LoadError::new(LoadErrorKind::Empty, "released"))
    }

    fn stage(&self) -> Stage {
        Stage::Reading
    }

    fn percent(&self) -> f32 {
        0.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        None
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    fn held_bytes(&self) -> usize {
        0
    }
}

#[test]
fn a_decoder_that_spins_without_reading_is_given_up_and_replaced() {
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let spinning = Spinning::default();
    let (released, begun) = (Arc::clone(&spinning.released), Arc::clone(&spinning.begun));
    let output = prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(spinning)).expect("the engine starts");
    let load = |slot| {
        let source = Source::Memory(Arc::from([0; 10]));
        engine.load_sample_async(Some(slot), source, 0).expect("accepted")
    };
    for round in 1..=2 {
        let ticket = load(0);
        wait_until("the decoder spins", || begun.load(Ordering::SeqCst) == round);
        assert!(ticket.cancel());
        wait_until("it is given up", || engine.stats().abandoned_workers == round);
    }
    released.store(true, Ordering::Relaxed);
    // Another one is in its place.
    assert!(matches!(load(1).wait(Some(PATIENCE)), Some(Err(_))));
}

/// A good file whose reads are slow, so that opening it takes for ever.
struct Slow {
    content: Arc<[u8]>,
    reads: Arc<AtomicBool>,
}

struct SlowReader {
    content: Cursor<Arc<[u8]>>,
    reads: Arc<AtomicBool>,
}

impl ByteSource for Slow {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let content = Cursor::new(Arc::clone(&self.content));
        Ok(Box::new(SlowReader { content, reads: Arc::clone(&self.reads) }))
    }

    fn name(&self) -> &str {
        "slow"
    }
}

impl Read for SlowReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.reads.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        let few = target.len().min(16);
        self.content.read(&mut target[..few])
    }
}

impl Seek for SlowReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

#[test]
fn a_long_opening_ends_at_its_next_read_once_nobody_wants_it() {
    let engine = offline(1);
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 480_000, sine(440.0, 48_000)));
    let reads = Arc::<AtomicBool>::default();
    let slow = Slow { content: Arc::clone(&content), reads: Arc::clone(&reads) };
    let ticket =
        engine.load_sample_async(Some(0), Source::Custom(Arc::new(slow)), 0).expect("accepted");
    wait_until("it reads", || reads.load(Ordering::SeqCst));
    let before = Instant::now();
    assert!(ticket.cancel());
    let good = engine.load_sample_async(Some(1), Source::Memory(content), 0).expect("accepted");
    assert!(matches!(good.wait(Some(PATIENCE)), Some(Ok(_))));
    // Its first block alone would have taken a minute; and no decoder was lost.
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    assert_eq!(engine.stats().abandoned_workers, 0);
}
