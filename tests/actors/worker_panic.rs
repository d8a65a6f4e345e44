//! A panic in a decoder is an event; the pool keeps its size.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{
    ByteSource, LoadError, LoadErrorKind, LoadJob, LoadOptions, Pulse, ReadSeek, Source,
    SourceIdentity, Stage, Step, Workbench,
};
use hotcue_actors::testing::{Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig, EngineError, LoadFailure, SubmitError};
use hotcue_tests::{
    BlockingSource, Contract, Gate, PATIENCE, PanickingSource, collect_until_ended, ogg_page, sine,
    wait_until, wav_bytes,
};

use crate::{alone, offline};

#[test]
fn promise_1_a_panic_in_a_decoder_ends_its_request_only() {
    alone("worker_panic::promise_1_a_panic_in_a_decoder_ends_its_request_only", fifty_panics);
}

fn fifty_panics() {
    let engine = offline(2);
    let good = || Source::Memory(Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000))));
    let tickets: Vec<_> = (0..100)
        .map(|id| {
            let source =
                if id % 2 == 0 { Source::Custom(Arc::new(PanickingSource)) } else { good() };
            engine.load_sample_async(Some(id), source, 0).expect("accepted")
        })
        .collect();
    for (number, ticket) in tickets.iter().enumerate() {
        match ticket.wait(None).expect("no timeout was given") {
            Ok(_) => assert_eq!(number % 2, 1),
            Err(LoadFailure::Failed { error, .. }) => {
                assert_eq!(number % 2, 0, "{error}");
                assert_eq!(error.kind(), LoadErrorKind::WorkerPanic);
                assert!(error.to_string().contains("planted panic"), "{error}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 100);
    // The pool keeps its size: both decoders take a job at the same time.
    let gate = Arc::new(Gate::default());
    let held = || {
        let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
        Source::Custom(Arc::new(BlockingSource { gate: Arc::clone(&gate), content }))
    };
    let both =
        [200, 201].map(|id| engine.load_sample_async(Some(id), held(), 0).expect("accepted"));
    wait_until("two loads run at once", || {
        both.iter().all(|ticket| ticket.stage() > Stage::Queued)
    });
    gate.open();
    for ticket in both {
        assert!(matches!(ticket.wait(None), Some(Ok(_))));
    }
}

/// The headers of a Vorbis stream, with a codebook of no dimensions: symphonia 0.6.1 asserts
/// that there are some, if it is let near them.
///
/// # Sources
/// Vorbis I specification: headers 4.2, codebooks 3.2.1.
fn codebook_without_dimensions() -> Vec<u8> {
    let rates = [48_000_u32, 0, 0, 0].map(u32::to_le_bytes).concat();
    let identification = [b"\x01vorbis\0\0\0\0\x01", &rates[..], b"\xb8\x01"].concat();
    let comment = b"\x03vorbis\0\0\0\0\0\0\0\0\x01".to_vec();
    // One codebook: its mark, 0 dimensions, 1 entry of length 1, a lookup table of type 1.
    let codebook = b"\0BCV\0\0\x01\0\0\x80";
    let setup = [b"\x05vorbis", &codebook[..], &[0; 16]].concat();
    [ogg_page(2, 0, &[identification]), ogg_page(4, 1, &[comment, setup])].concat()
}

#[test]
fn a_header_that_would_make_a_decoder_panic_is_refused_before() {
    let engine = offline(1);
    let source = Source::Memory(Arc::from(codebook_without_dimensions()));
    let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
    let Some(Err(LoadFailure::Failed { error, .. })) = ticket.wait(None) else {
        panic!("a file without audio loads");
    };
    assert_eq!(error.kind(), LoadErrorKind::Corrupt, "{}", error.full_message());
    let good = Source::Memory(Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000))));
    let ticket = engine.load_sample_async(Some(0), good, 0).expect("accepted");
    assert!(matches!(ticket.wait(None), Some(Ok(_))), "the worker goes on");
}

/// Content behind a gate, whose reader panics when it goes away.
struct PanicsAtLast {
    gate: Arc<Gate>,
    content: Arc<[u8]>,
}

struct PanickingAtLast {
    gate: Arc<Gate>,
    content: Cursor<Arc<[u8]>>,
}

impl ByteSource for PanicsAtLast {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let (gate, content) = (Arc::clone(&self.gate), Arc::clone(&self.content));
        Ok(Box::new(PanickingAtLast { gate, content: Cursor::new(content) }))
    }

    fn name(&self) -> &str {
        "panics at last"
    }
}

impl Read for PanickingAtLast {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.gate.pass();
        self.content.read(buffer)
    }
}

impl Seek for PanickingAtLast {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

impl Drop for PanickingAtLast {
    fn drop(&mut self) {
        panic!("planted panic");
    }
}

#[test]
fn a_reader_that_panics_when_it_is_dropped_costs_no_worker() {
    let engine = offline(1);
    let content: Arc<[u8]> = Arc::from(wav_bytes(48_000, 1, 1_000_000, sine(440.0, 48_000)));
    for round in 0..3 {
        let gate = Arc::new(Gate::default());
        let (content, behind) = (Arc::clone(&content), Arc::clone(&gate));
        let source = Source::Custom(Arc::new(PanicsAtLast { gate: behind, content }));
        let ticket = engine.load_sample_async(Some(0), source, 0).expect("accepted");
        wait_until("the decoder holds the reader", || Arc::strong_count(&gate) == 3);
        assert!(ticket.cancel());
        gate.open();
        let good = Source::Memory(Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000))));
        let next = engine.load_sample_async(Some(1), good, 0).expect("accepted");
        let ended = next.wait(Some(PATIENCE));
        assert!(matches!(ended, Some(Ok(_))), "round {round}: {ended:?}");
    }
}

/// What makes no load at first.
struct Broken {
    asked: AtomicUsize,
}

impl Broken {
    fn panic_at_first(&self) {
        assert!(self.asked.fetch_add(1, Ordering::Relaxed) > 0, "planted panic");
    }
}

impl Workshop for Broken {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        self.panic_at_first();
        Box::new(LoadJob::new(source.clone(), options))
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

#[test]
fn promise_1_a_panic_in_what_makes_a_load_ends_its_request_only() {
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let output = prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(Broken { asked: AtomicUsize::new(0) })).expect("it starts");
    let good = Source::Memory(Arc::from(wav_bytes(48_000, 1, 100, sine(440.0, 48_000))));
    let tickets =
        [0, 1].map(|id| engine.load_sample_async(Some(id), good.clone(), 0).expect("accepted"));
    let [first, second] = tickets.each_ref().map(|ticket| ticket.wait(Some(PATIENCE)));
    let Some(Err(LoadFailure::Failed { error, stage })) = first else {
        panic!("it never ends, or not so: {first:?}");
    };
    assert_eq!((error.kind(), stage), (LoadErrorKind::WorkerPanic, Stage::Reading));
    assert!(error.to_string().contains("planted panic"), "{error}");
    assert!(matches!(second, Some(Ok(_))), "the worker goes on: {second:?}");
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
}

/// Content from memory is a load without end, which panics where its file is asked for, once it is to.
#[derive(Clone, Default)]
struct Endless {
    panics: Arc<AtomicBool>,
}

impl Workshop for Endless {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        match source {
            Source::Memory(_) => Box::new(self.clone()),
            _ => Box::new(LoadJob::new(source.clone(), options)),
        }
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

impl Work for Endless {
    fn step(&mut self, _: &mut Workbench) -> Result<Step, LoadError> {
        Ok(Step::Working)
    }

    fn stage(&self) -> Stage {
        Stage::Decoding
    }

    fn percent(&self) -> f32 {
        0.0
    }

    fn identity(&self) -> Option<SourceIdentity> {
        if self.panics.load(Ordering::Relaxed) {
            resume_unwind(Box::new("planted panic"));
        }
        None
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }

    fn pulse(&self) -> Arc<Pulse> {
        Arc::default()
    }

    fn held_bytes(&self) -> usize {
        0
    }
}

#[test]
fn a_panic_of_the_supervisor_ends_its_loads_and_none_is_accepted_after_it() {
    let config = EngineConfig { workers: Some(1), ..EngineConfig::default() };
    let engine = AudioEngine::new(config).expect("a valid configuration");
    let endless = Endless::default();
    let output = prepare_offline(&OutputRequest::default());
    engine.run_in(output, Arc::new(endless.clone())).expect("it starts");
    let gate = Arc::new(Gate::default());
    let content = wav_bytes(48_000, 1, 100, sine(440.0, 48_000));
    let begun = engine.load_sample_async(Some(2), Source::Memory(Arc::from([0])), 0);
    let begun = begun.expect("accepted");
    wait_until("it is under way", || begun.stage() > Stage::Queued);
    let held = |id| {
        let (gate, content) = (Arc::clone(&gate), content.clone());
        let source = Source::Custom(Arc::new(BlockingSource { gate, content }));
        engine.load_sample_async(Some(id), source, 1).expect("accepted")
    };
    let tickets = [0, 1].map(held);
    wait_until("one runs, and the others wait", || tickets[0].stage() > Stage::Queued);
    // The supervisor has what was begun, and asks for its file once nobody wants it.
    endless.panics.store(true, Ordering::Relaxed);
    assert!(begun.cancel());
    for ticket in &tickets {
        let Some(Err(LoadFailure::Failed { error, .. })) = ticket.wait(Some(PATIENCE)) else {
            panic!("nobody would ever load it");
        };
        assert_eq!(error.kind(), LoadErrorKind::WorkerPanic);
    }
    let submitted = engine.load_sample_async(Some(0), Source::Memory(content.clone().into()), 0);
    let closed = EngineError::Submit(SubmitError::Closed);
    assert_eq!(submitted.map(drop).expect_err("nobody loads").to_string(), closed.to_string());
    gate.open();
    engine.shut_down();
    collect_until_ended(engine.events(), &mut Contract::default(), 3);
}
