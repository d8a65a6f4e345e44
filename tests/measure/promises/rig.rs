//! An engine, and who reads its events.

use std::time::Instant;

use hotcue_actors::{AudioEngine, EngineConfig, EngineError, LoaderEvent};
use hotcue_tests::{Contract, PATIENCE};

pub(super) const WORKERS: usize = 2;

/// An engine of two workers whose every event is held against the contract.
pub(super) struct Rig {
    pub(super) engine: AudioEngine,
    pub(super) contract: Contract,
}

impl Rig {
    pub(super) fn new() -> Result<Self, EngineError> {
        Self::with(EngineConfig::default())
    }

    /// As `config`, but offline and of two workers.
    pub(super) fn with(config: EngineConfig) -> Result<Self, EngineError> {
        let config =
            EngineConfig { output: "offline".to_owned(), workers: Some(WORKERS), ..config };
        let engine = AudioEngine::new(config).expect("a valid configuration");
        engine.run()?;
        Ok(Self { engine, contract: Contract::default() })
    }

    /// Reads until `wanted` has come; when that was.
    ///
    /// # Panics
    /// When it does not come.
    pub(super) fn until(&mut self, wanted: impl Fn(&LoaderEvent) -> bool) -> Instant {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = self.engine.events().wait(deadline).expect("the event comes");
            let at = Instant::now();
            let found = wanted(&event);
            self.contract.see(event);
            if found {
                return at;
            }
        }
    }

    pub(super) fn until_started(&mut self, request: u64) -> Instant {
        let started = |event: &LoaderEvent| matches!(event, LoaderEvent::Started { request_id, .. } if *request_id == request);
        if self.contract.events(request).is_empty() { self.until(started) } else { Instant::now() }
    }

    /// Reads what is there.
    pub(super) fn drain(&mut self) {
        for event in self.engine.drain_loader_events(None) {
            self.contract.see(event);
        }
    }
}

pub(super) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
