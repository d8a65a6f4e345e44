//! What was found in one piece of audio, and who waits for more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use hotcue::SourceIdentity;
use hotcue::analysis::{AnalysisKind, AnalysisResult};

use super::pool::Place;
use super::{Ask, Kinds, lock};
use crate::sample::Sample;

/// Kept with the sample, whatever slots that is in; what it says holds for ever.
#[derive(Debug, Default)]
pub(crate) struct Findings(Mutex<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) results: BTreeMap<AnalysisKind, Arc<AnalysisResult>>,
    /// Those that wait for something, the most urgent first.
    pub(super) asks: BTreeMap<Place, Arc<Ask>>,
    /// Where the task stands among those that no decoder is at, or where it stood when one took it;
    /// while there is one.
    pub(super) task: Option<Place>,
}

impl Findings {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.0)
    }

    /// What was found, if it was.
    pub(crate) fn result(&self, kind: AnalysisKind) -> Option<Arc<AnalysisResult>> {
        self.lock().results.get(&kind).cloned()
    }

    /// All that was found so far.
    pub(crate) fn results(&self) -> Vec<Arc<AnalysisResult>> {
        self.lock().results.values().cloned().collect()
    }

    /// The same without waiting; None while somebody writes to it.
    pub(crate) fn try_results(&self) -> Option<Vec<Arc<AnalysisResult>>> {
        let inner = match self.0.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(inner.results.values().cloned().collect())
    }

    /// Adds what was found before.
    pub(crate) fn add(&self, results: Vec<Arc<AnalysisResult>>) {
        let mut inner = self.lock();
        for result in results {
            inner.results.entry(result.kind()).or_insert(result);
        }
    }

    /// What is kept of it when the sample leaves memory: all but the waveform, which is large.
    fn small(&self) -> BTreeMap<AnalysisKind, Arc<AnalysisResult>> {
        let mut results = self.lock().results.clone();
        results.remove(&AnalysisKind::Waveform);
        results
    }

    /// Whether anybody waits for one of `kinds`.
    pub(super) fn wants(&self, kinds: Kinds) -> bool {
        self.lock().asks.values().any(|ask| !ask.lock().and(kinds).is_empty())
    }

    /// The kinds that somebody waits for. If there are none, the task is over.
    pub(super) fn next_pass(&self) -> Option<Kinds> {
        let mut inner = self.lock();
        let wanted = inner.wanted();
        if wanted.is_empty() {
            inner.task = None;
            return None;
        }
        Some(wanted)
    }
}

/// What was heard in a sample that was evicted, for when the same file brings it back.
#[derive(Debug)]
pub(crate) struct Heard {
    file: SourceIdentity,
    results: BTreeMap<AnalysisKind, Arc<AnalysisResult>>,
}

impl Heard {
    /// None if that is nothing, or if nobody could tell that it is the same file.
    pub(crate) fn of(sample: &Sample) -> Option<Self> {
        let heard = Self { file: sample.file()?, results: sample.findings().small() };
        (!heard.results.is_empty()).then_some(heard)
    }

    /// Tells a sample what was heard, if it is of the same file.
    pub(crate) fn recall(&self, sample: &Sample) {
        if sample.file() == Some(self.file) {
            sample.findings().add(self.results.values().cloned().collect());
        }
    }
}

impl Inner {
    /// Where the most urgent of those who wait has the task.
    pub(super) fn most_urgent(&self) -> Option<Place> {
        self.asks.first_key_value().map(|(place, _)| *place)
    }

    fn wanted(&self) -> Kinds {
        self.asks.values().fold(Kinds::default(), |all, ask| all.or(*ask.lock()))
    }
}
