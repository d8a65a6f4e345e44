//! A workshop whose loads leave stores that do as they are told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hotcue::output::{OutputRequest, prepare_offline};
use hotcue::{LoadError, LoadJob, LoadOptions, Source, SourceIdentity, Step, Workbench};
use hotcue_actors::testing::{Store, Work, Workshop};
use hotcue_actors::{AudioEngine, EngineConfig};

/// What a store does at its next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Manner {
    /// It is never over.
    Endless,
    /// Its step does not return until it is told otherwise.
    Hangs,
    /// It is over.
    Ends,
    /// It panics.
    Panics,
}

/// Clones are the same.
#[derive(Clone)]
pub(super) struct Keeping(Arc<Inner>);

struct Inner {
    manner: Mutex<Manner>,
    steps: AtomicUsize,
    /// Stores that there are.
    there: AtomicUsize,
    /// Those that came to their end.
    over: AtomicUsize,
}

impl Keeping {
    /// Its stores are endless at first.
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            manner: Mutex::new(Manner::Endless),
            steps: AtomicUsize::new(0),
            there: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
        }))
    }

    /// A running engine whose stores these are.
    pub(super) fn engine(&self, workers: usize) -> AudioEngine {
        let config = EngineConfig { workers: Some(workers), ..EngineConfig::default() };
        let engine = AudioEngine::new(config).expect("a valid configuration");
        let output = prepare_offline(&OutputRequest::default());
        engine.run_in(output, Arc::new(self.clone())).expect("it starts");
        engine
    }

    /// From now on they do so.
    pub(super) fn behave(&self, manner: Manner) {
        *self.0.manner.lock().expect("no panic") = manner;
    }

    pub(super) fn steps(&self) -> usize {
        self.0.steps.load(Ordering::Relaxed)
    }

    /// How many there are.
    pub(super) fn there(&self) -> usize {
        self.0.there.load(Ordering::Relaxed)
    }

    /// How many came to their end.
    pub(super) fn over(&self) -> usize {
        self.0.over.load(Ordering::Relaxed)
    }
}

impl Workshop for Keeping {
    fn work(&self, source: &Source, options: LoadOptions) -> Box<dyn Work> {
        let job = LoadJob::new(source.clone(), options);
        Box::new(Load { job, keeping: self.clone() })
    }

    fn identify(&self, source: &Source) -> Option<SourceIdentity> {
        source.path().and_then(|path| hotcue::identify(path).ok())
    }
}

struct Load {
    job: LoadJob,
    keeping: Keeping,
}

impl Work for Load {
    fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        self.job.step(bench)
    }

    as_its_job!();

    fn store(&mut self) -> Option<Box<dyn Store>> {
        self.keeping.0.there.fetch_add(1, Ordering::Relaxed);
        Some(Box::new(Told(self.keeping.clone())))
    }
}

struct Told(Keeping);

impl Store for Told {
    fn step(&mut self) -> bool {
        self.0.0.steps.fetch_add(1, Ordering::Relaxed);
        let manner = || *self.0.0.manner.lock().expect("no panic");
        while manner() == Manner::Hangs {
            thread::sleep(Duration::from_millis(1));
        }
        match manner() {
            Manner::Hangs => true,
            Manner::Endless => {
                // As a step of a store takes.
                thread::sleep(Duration::from_micros(200));
                true
            }
            Manner::Ends => {
                self.0.0.over.fetch_add(1, Ordering::Relaxed);
                false
            }
            Manner::Panics => std::panic::resume_unwind(Box::new("planted panic")),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.0.there.fetch_sub(1, Ordering::Relaxed);
    }
}
