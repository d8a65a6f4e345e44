//! Results that are read from the cache, one kind after the other.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use super::card::{Audio, Key};
use super::result::ResultReader;
use super::store::Cache;
use crate::analysis::{AnalysisKind, AnalysisResult};

/// Reads what was heard in audio: a plain value that is stepped.
pub(super) struct Recall {
    cache: Arc<Cache>,
    audio: Audio,
    /// What was found before and is still to be told.
    held: VecDeque<AnalysisResult>,
    /// Kinds that were not looked for yet.
    wanted: VecDeque<AnalysisKind>,
    reading: Option<Reading>,
    /// Those that are not there.
    missing: Vec<AnalysisKind>,
}

struct Reading {
    reader: Box<ResultReader<File>>,
    key: Key,
    kind: AnalysisKind,
}

/// What one step came to.
pub(super) enum RecallStep {
    More,
    Found(AnalysisResult),
    /// There is nothing left to look for.
    Over,
}

impl Recall {
    /// Touches nothing: the first step does.
    pub(super) fn new(cache: Arc<Cache>, audio: Audio, kinds: &[AnalysisKind]) -> Self {
        let wanted = AnalysisKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        Self { cache, audio, held: VecDeque::new(), wanted, reading: None, missing: Vec::new() }
    }

    /// The audio that this is of.
    pub(super) fn audio(&self) -> Audio {
        self.audio
    }

    /// What turned out not to be there.
    pub(super) fn missing(&self) -> &[AnalysisKind] {
        &self.missing
    }

    /// Takes back what it has found, to tell it again.
    pub(super) fn hold(&mut self, found: Vec<AnalysisResult>) {
        self.held.extend(found);
    }

    /// Opens a result, or reads some more of it.
    pub(super) fn step(&mut self) -> RecallStep {
        if let Some(result) = self.held.pop_front() {
            return RecallStep::Found(result);
        }
        let Some(mut reading) = self.reading.take() else { return self.look_up() };
        match reading.reader.step() {
            Ok(true) => self.reading = Some(reading),
            Ok(false) => {
                self.cache.analysis_hit();
                return RecallStep::Found(reading.reader.finish());
            }
            Err(error) => {
                self.cache.result_failed(reading.key, &error);
                self.missing.push(reading.kind);
            }
        }
        RecallStep::More
    }

    fn look_up(&mut self) -> RecallStep {
        let Some(kind) = self.wanted.pop_front() else { return RecallStep::Over };
        let key = Key::result(self.audio, kind);
        match self.cache.result(key, kind) {
            Ok(reader) => self.reading = Some(Reading { reader: Box::new(reader), key, kind }),
            Err(_) => self.missing.push(kind),
        }
        RecallStep::More
    }
}
