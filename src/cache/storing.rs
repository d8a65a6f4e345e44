//! A sample on its way into the cache.

use std::fmt;
use std::sync::{Arc, Weak};

use super::card::{Content, Key, Name, Origin};
use super::entry::{EntryWriter, record_of};
use super::hashing::{Confirmed, Confirming};
use super::records::Record;
use super::store::{Cache, Unfinished, Unkept};
use crate::buffer::SampleBuffer;
use crate::job::LoadedSample;
use crate::source::{Pulse, Source};

/// What is still to be put into a [`Cache`] of a sample that was loaded: a plain value that is stepped
/// by whoever has the time, and may be dropped at any time; then nothing is left of it.
///
/// It keeps no memory: a sample that everybody has let go of before it was stored is not stored. Nor is
/// one whose file has changed since it was opened.
pub struct CacheStore {
    cache: Arc<Cache>,
    stored: Stored,
    /// What it was known to hold before it was decoded.
    content: Option<Content>,
    sample: Weak<SampleBuffer>,
    record: Record,
    pulse: Arc<Pulse>,
    state: State,
}

/// Where a sample came from.
pub(super) struct Stored {
    pub(super) source: Source,
    /// What that was when its load began: left alone for long enough that any later change shows.
    pub(super) origin: Origin,
    /// The rate that was asked for.
    pub(super) sample_rate: Option<u32>,
}

enum State {
    New,
    /// Which content that was is still to be found out.
    Confirming(Box<Confirming>),
    Writing(Box<EntryWriter<Unfinished>>, Name),
    Over,
}

impl fmt::Debug for CacheStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheStore").field("pulse", &self.pulse).finish_non_exhaustive()
    }
}

impl CacheStore {
    /// Touches nothing: the first step does. `pulse` is beaten by what is read of the file, and stops
    /// it.
    pub(super) fn new(
        cache: Arc<Cache>,
        stored: Stored,
        content: Option<Content>,
        sample: &LoadedSample,
        pulse: Arc<Pulse>,
    ) -> Self {
        let record = record_of(sample);
        let sample = Arc::downgrade(&sample.buffer);
        Self { cache, stored, content, sample, record, pulse, state: State::New }
    }

    /// Does a little of the work, some tenths of a millisecond; false once there is nothing left to do.
    /// May block on the disk.
    pub fn step(&mut self) -> bool {
        let state = std::mem::replace(&mut self.state, State::Over);
        if let Some(sample) = self.sample.upgrade().filter(|_| !self.pulse.is_stopped()) {
            // Whoever looks shall see that it is a disk that it waits for.
            self.pulse.set_waiting(true);
            self.state = self.advance(state, &sample);
            self.pulse.set_waiting(false);
        }
        !matches!(self.state, State::Over)
    }

    fn advance(&mut self, state: State, sample: &SampleBuffer) -> State {
        match state {
            State::New => match self.content {
                Some(Content { key, is_of_card: false }) => self.begin_to_write(key),
                before => {
                    let Stored { source, origin, .. } = &self.stored;
                    let pulse = Arc::clone(&self.pulse);
                    Confirming::new(source, *origin, before, pulse)
                        .map_or(State::Over, |confirming| State::Confirming(Box::new(confirming)))
                }
            },
            State::Confirming(mut confirming) => match confirming.step(&self.cache) {
                Confirmed::More => State::Confirming(confirming),
                Confirmed::Content(content) => self.begin_to_write(content),
                Confirmed::Not => State::Over,
            },
            State::Writing(mut writer, name) => match writer.step(sample) {
                Ok(true) => State::Writing(writer, name),
                Ok(false) => {
                    self.cache.keep(writer.into_inner(), name);
                    State::Over
                }
                Err(error) => {
                    let (written, wanted) =
                        (writer.into_inner().written(), sample.byte_len() as u64);
                    self.cache.failed(&error, Unkept { written, wanted });
                    State::Over
                }
            },
            State::Over => State::Over,
        }
    }

    fn begin_to_write(&self, content: Key) -> State {
        let key = Key::sample(content, self.stored.sample_rate);
        let name = Name { len: self.stored.origin.len(), key };
        // Another process may have been quicker.
        if self.cache.has(name) {
            return State::Over;
        }
        let begun =
            self.cache.unfinished().and_then(|file| EntryWriter::new(file, key, &self.record));
        match begun {
            Ok(writer) => State::Writing(Box::new(writer), name),
            Err(error) => {
                self.cache.failed(&error, Unkept::default());
                State::Over
            }
        }
    }
}
