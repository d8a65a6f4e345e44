//! A workshop whose analyses do as they are told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};
use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{LoadJob, LoadOptions, SampleBuffer, Source, SourceIdentity};
use hotcue_actors::testing::{Study, Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::wait_until;

/// What an analysis does at its next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Manner {
    /// It is never done.
    Endless,
    /// What the core's does.
    Truly,
    /// It panics.
    Panics,
    /// It panics while it is made.
    PanicsAtOnce,
}

/// Clones are the same.
#[derive(Clone)]
pub(super) struct Listening(Arc<Inner>);

struct Inner {
    manner: Mutex<Manner>,
    passes: Mutex<Vec<Vec<AnalysisKind>>>,
    steps: AtomicUsize,
    studies: AtomicUsize,
    /// Threads in which analyses were let go of.
    dropped_in: Mutex<Vec<ThreadId>>,
}

impl Listening {
    /// Its analyses are endless at first.
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            manner: Mutex::new(Manner::Endless),
            passes: Mutex::default(),
            steps: AtomicUsize::new(0),
            studies: AtomicUsize::new(0),
            dropped_in: Mutex::default(),
        }))
    }

    /// A running engine whose analyses these are.
    pub(super) fn engine(&self, workers: usize) -> AudioEngine {
        self.engine_with(workers, None)
    }

    pub(super) fn engine_with(&self, workers: usize, memory_budget: Option<u64>) -> AudioEngine {
        let config =
            EngineConfig { workers: Some(workers), memory_budget, ..EngineConfig::default() };
        let engine = AudioEngine::new(config).expect("a valid configuration");
        let output = prepare_offline(&OutputRequest::default());
        engine.run_in(output, Arc::new(self.clone())).expect("it starts");
        engine
    }

    /// From now on they do so.
    pub(super) fn behave(&self, manner: Manner) {
        *self.0.manner.lock().expect("no panic") = manner;
    }

    /// Waits until some analysis is under way.
    pub(super) fn wait(&self) {
        wait_until("an analysis is under way", || self.steps() > 0);
    }

    pub(super) fn steps(&self) -> usize {
        self.0.steps.load(Ordering::Relaxed)
    }

    /// How many there are.
    pub(super) fn studies(&self) -> usize {
        self.0.studies.load(Ordering::Relaxed)
    }

    /// The threads in which analyses were let go of.
    pub(super) fn dropped_in(&self) -> Vec<ThreadId> {
        self.0.dropped_in.lock().expect("no panic").clone()
    }

    fn manner(&self) -> Manner {
        *self.0.manner.lock().expect("no panic")
    }

    /// What was begun, in order.
    pub(super) fn passes(&self) -> Vec<Vec<AnalysisKind>> {
        self.0.passes.lock().expect("no panic").clone()
    }
}

impl Workshop for Listening {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        Box::new(LoadJob::new(source.clone(), options))
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        source.path().and_then(|path| hotcue::identify(path).ok())
    }

    fn study(&self, sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Box<dyn Study> {
        if self.manner() == Manner::PanicsAtOnce {
            std::panic::resume_unwind(Box::new("planted panic"));
        }
        self.0.passes.lock().expect("no panic").push(kinds.to_vec());
        self.0.studies.fetch_add(1, Ordering::Relaxed);
        let job = AnalysisJob::new(Arc::clone(sample), kinds);
        Box::new(Told { job, listening: self.clone() })
    }
}

struct Told {
    job: AnalysisJob,
    listening: Listening,
}

impl Study for Told {
    fn step(&mut self) -> AnalysisStep {
        self.listening.0.steps.fetch_add(1, Ordering::Relaxed);
        match self.listening.manner() {
            Manner::Endless => {
                // As a step of an analysis takes.
                thread::sleep(Duration::from_micros(200));
                AnalysisStep::More
            }
            Manner::Truly => self.job.step(),
            Manner::Panics | Manner::PanicsAtOnce => {
                std::panic::resume_unwind(Box::new("planted panic"))
            }
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.listening.0.dropped_in.lock().expect("no panic").push(thread::current().id());
        self.listening.0.studies.fetch_sub(1, Ordering::Relaxed);
    }
}
