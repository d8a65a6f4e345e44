//! What a queue keeps of loads: bounded without ever losing a terminal event.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Weak};

use hotcue::analysis::{AnalysisKind, AnalysisResult};

use super::Unread;
use crate::error::AnalysisFailure;
use crate::events::LoaderEvent;

/// How many events besides progress of live requests, terminal events and analyses wait at most.
pub(super) const MAX_OTHERS: usize = 1_024;
/// Fewer holes than this are not worth closing.
const MIN_HOLES: usize = 256;

/// Events are numbered; `entries[0]` is number `first`. A taken-out event leaves a hole.
#[derive(Debug, Default)]
pub struct UnreadLoads {
    pub(super) entries: VecDeque<Option<Entry>>,
    first: u64,
    holes: usize,
    /// Number of the unread progress of each live request.
    progress: HashMap<u64, u64>,
    /// Numbers of the events that may be dropped, oldest first.
    others: BTreeSet<u64>,
    dropped: u64,
}

/// An event that nobody has read.
#[derive(Debug)]
pub(super) struct Entry {
    event: LoaderEvent,
    /// A waveform, which is large, stays with its audio, and goes with it: the result is put back
    /// into the event when that is read.
    waveform: Option<Weak<AnalysisResult>>,
}

impl Entry {
    fn new(mut event: LoaderEvent) -> Self {
        let mut waveform = None;
        if let LoaderEvent::Analysis { analysis: AnalysisKind::Waveform, result, .. } = &mut event
            && let Ok(heard) = result
        {
            waveform = Some(Arc::downgrade(heard));
            *result = Err(AnalysisFailure::Unread);
        }
        Self { event, waveform }
    }

    fn into_event(mut self) -> LoaderEvent {
        if let LoaderEvent::Analysis { result, .. } = &mut self.event
            && let Some(heard) = self.waveform.and_then(|waveform| waveform.upgrade())
        {
            *result = Ok(heard);
        }
        self.event
    }
}

impl Unread for UnreadLoads {
    type Event = LoaderEvent;

    fn push(&mut self, event: LoaderEvent) {
        if self.entries.is_empty() {
            // What a reader that came late has left behind does not stay for ever.
            self.entries.shrink_to(MAX_OTHERS);
            self.progress.shrink_to(MAX_OTHERS);
        }
        let number = self.first + self.entries.len() as u64;
        match event.request_id() {
            Some(request_id) if event.is_progress() => {
                if let Some(older) = self.progress.insert(request_id, number) {
                    self.punch(older);
                }
            }
            Some(request_id) if event.is_terminal() => {
                // The request is live no longer, so its progress may now be dropped.
                if let Some(last) = self.progress.remove(&request_id) {
                    self.keep_other(last);
                }
            }
            // As many as were asked for.
            Some(_) if matches!(event, LoaderEvent::Analysis { .. }) => {}
            _ => self.keep_other(number),
        }
        self.entries.push_back(Some(Entry::new(event)));
        if self.holes > MIN_HOLES && self.holes > self.entries.len() / 2 {
            self.close_holes();
        }
    }

    fn pop(&mut self) -> Option<LoaderEvent> {
        while let Some(entry) = self.entries.pop_front() {
            let number = self.first;
            self.first += 1;
            match entry {
                None => self.holes -= 1,
                Some(entry) => {
                    let event = entry.into_event();
                    self.others.remove(&number);
                    if let Some(request_id) = event.request_id()
                        && self.progress.get(&request_id) == Some(&number)
                    {
                        self.progress.remove(&request_id);
                    }
                    return Some(event);
                }
            }
        }
        None
    }

    fn count(&self) -> usize {
        self.entries.len() - self.holes
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl UnreadLoads {
    fn keep_other(&mut self, number: u64) {
        self.others.insert(number);
        if self.others.len() > MAX_OTHERS
            && let Some(oldest) = self.others.pop_first()
        {
            self.punch(oldest);
            self.dropped += 1;
        }
    }

    fn punch(&mut self, number: u64) {
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        if let Some(entry) = self.entries.get_mut(index)
            && entry.take().is_some()
        {
            self.holes += 1;
        }
    }

    /// Moves the events together and numbers them anew.
    fn close_holes(&mut self) {
        let mut moved = VecDeque::with_capacity(self.count());
        let mut progress = HashMap::with_capacity(self.progress.len());
        let mut others = BTreeSet::new();
        for (index, entry) in self.entries.drain(..).enumerate() {
            let Some(entry) = entry else { continue };
            let (old, new) = (self.first + index as u64, self.first + moved.len() as u64);
            if self.others.contains(&old) {
                others.insert(new);
            }
            if let Some(request_id) = entry.event.request_id()
                && self.progress.get(&request_id) == Some(&old)
            {
                progress.insert(request_id, new);
            }
            moved.push_back(Some(entry));
        }
        self.entries = moved;
        self.progress = progress;
        self.others = others;
        self.holes = 0;
    }
}
