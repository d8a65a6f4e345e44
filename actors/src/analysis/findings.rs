//! What was found in one piece of audio, and who waits for more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use hotcue::analysis::{AnalysisKind, AnalysisResult};

use super::pool::Place;
use super::{Ask, Kinds, lock};

/// Kept with the sample, whatever slots that is in; what it says holds for ever.
#[derive(Debug, Default)]
pub(crate) struct Findings(Mutex<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) results: BTreeMap<AnalysisKind, Arc<AnalysisResult>>,
    /// Those that wait for something.
    pub(super) asks: Vec<Arc<Ask>>,
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

    /// Whether anybody waits for one of `kinds`.
    pub(super) fn wants(&self, kinds: Kinds) -> bool {
        !self.lock().wanted().and(kinds).is_empty()
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

impl Inner {
    /// Where the most urgent of those who wait has the task.
    pub(super) fn most_urgent(&self) -> Option<Place> {
        self.asks.iter().map(|ask| Place::of(&ask.request)).min()
    }

    fn wanted(&self) -> Kinds {
        self.asks.iter().fold(Kinds::default(), |all, ask| all.or(*ask.lock()))
    }
}
