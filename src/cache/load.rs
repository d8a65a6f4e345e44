//! A load that looks into the cache first, and leaves there what it has decoded.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::card::{Content, Key, Name, Origin};
use super::entry::{EntryReader, is_worth_it};
use super::hashing::Hashing;
use super::store::Cache;
use super::storing::{CacheStore, Stored};
use crate::buffer::SampleBuffer;
use crate::error::{LoadError, LoadErrorKind, Stage};
use crate::job::{ALMOST_DONE_PERCENT, LoadJob, LoadOptions, LoadedSample, SharedLoad, Step};
use crate::metadata::Metadata;
use crate::resample::Workbench;
use crate::source::{self, Pulse, Source, SourceIdentity};

/// Samples of up to so many bytes, 44 seconds in stereo at 48 kHz, are stored before they are handed
/// out: a program that ends right after its pads are loaded finds them all the next time.
const STORED_AT_ONCE: u64 = 16 << 20;

/// A [`LoadJob`] of a file, or of bytes, that is read from a [`Cache`] where that has it, and else
/// decoded and put into it: stepped in the same way, with the same values, but for files that change
/// meanwhile.
///
/// What the cache has not is decoded first, and shown as it arrives. A short sample is stored by the
/// last steps; what is to be stored of a longer one, whoever has the time
/// [takes](Self::take_store) then.
pub struct CachedLoad {
    cache: Arc<Cache>,
    source: Source,
    options: LoadOptions,
    pulse: Arc<Pulse>,
    state: State,
    stage: Stage,
    percent: f32,
    /// What it reads as it was when the load began; once it is decoded, as it was then.
    opened: Option<Origin>,
    /// Whether any change since then shows.
    is_settled: bool,
    /// What is known of the file's content.
    content: Option<Content>,
    /// Bytes of the file that were read before it was decoded.
    compared: u64,
    to_store: Option<Box<CacheStore>>,
    /// Time spent in steps that are over.
    busy: Duration,
}

enum State {
    New,
    /// A file of this length is known: its content may be.
    Comparing(Box<Hashing>),
    Reading(Box<EntryReader<File>>, Name),
    Decoding(Box<LoadJob>),
    /// It is decoded.
    Storing(Box<CacheStore>, LoadedSample),
    Done(LoadedSample),
    Failed(LoadError),
}

impl fmt::Debug for CachedLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedLoad")
            .field("source", &self.source)
            .field("stage", &self.stage)
            .field("percent", &self.percent)
            .finish_non_exhaustive()
    }
}

impl CachedLoad {
    /// Makes a job. Touches nothing: the first step opens the source. A [`Source::Custom`] is loaded
    /// without the cache.
    pub fn new(cache: Arc<Cache>, source: Source, options: LoadOptions) -> Self {
        Self {
            cache,
            source,
            options,
            pulse: Arc::default(),
            state: State::New,
            stage: Stage::Queued,
            percent: 0.0,
            opened: None,
            is_settled: false,
            content: None,
            compared: 0,
            to_store: None,
            busy: Duration::ZERO,
        }
    }

    /// Does a little of the work, as [`LoadJob::step`] does.
    ///
    /// # Errors
    /// As those of [`LoadJob::step`]: the cache has none.
    pub fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        let state = std::mem::replace(&mut self.state, State::Failed(LoadError::interrupted()));
        let begin = Instant::now();
        let next = self.advance(state, bench);
        self.busy += begin.elapsed();
        self.state = match next {
            Ok(State::Done(mut sample)) => {
                if self.stage != Stage::Publishing {
                    sample.timings.reading = self.busy;
                }
                (self.stage, self.percent) = (Stage::Publishing, 100.0);
                State::Done(sample)
            }
            Ok(state) => state,
            Err(error) => State::Failed(error),
        };
        match &self.state {
            State::Done(sample) => Ok(Step::Done(sample.clone())),
            State::Failed(error) => Err(error.clone()),
            _ => Ok(Step::Working),
        }
    }

    fn advance(&mut self, state: State, bench: &mut Workbench) -> Result<State, LoadError> {
        match state {
            State::New => Ok(self.open()),
            State::Comparing(mut hashing) => match hashing.step() {
                Ok(None) => Ok(State::Comparing(hashing)),
                Ok(Some(content)) => {
                    // Of a file that is being written nobody knows what it holds.
                    if self.is_unchanged() {
                        self.content = Some(Content::hashed(content));
                        self.note();
                    }
                    Ok(self.look_up())
                }
                // What cannot be read, the load says.
                Err(_) => Ok(self.decode()),
            },
            State::Reading(reader, name) => self.read(reader, name),
            State::Decoding(mut job) => {
                let step = job.step(bench);
                self.stage = self.stage.max(job.stage());
                self.percent = self.percent.max(job.percent().min(ALMOST_DONE_PERCENT));
                match step? {
                    Step::Working => Ok(State::Decoding(job)),
                    Step::Done(sample) => Ok(self.store(&job, sample)),
                }
            }
            State::Storing(mut store, sample) => match store.step() {
                true => Ok(State::Storing(store, sample)),
                false => Ok(State::Done(sample)),
            },
            State::Done(sample) => Ok(State::Done(sample)),
            State::Failed(error) => Err(error),
        }
    }

    /// Finds out which file it is, and whether that is known.
    fn open(&mut self) -> State {
        self.stage = Stage::Reading;
        // Whatever is wrong, the load finds out itself and says so.
        let opened = Origin::open(&self.source, Arc::clone(&self.pulse));
        let Some((source, origin)) = opened else { return self.decode() };
        self.opened = Some(origin);
        self.is_settled = origin.is_settled();
        let file = origin.file();
        let card = file.and_then(|file| self.outside(|cache| cache.content_of(&file)));
        self.content = card.map(Content::of_card);
        if self.content.is_none() && self.cache.may_know(origin.len()) {
            return State::Comparing(Box::new(Hashing::new(source)));
        }
        self.look_up()
    }

    /// Opens the entry, if there is one, or else begins to decode.
    fn look_up(&mut self) -> State {
        let Some(name) = self.name() else { return self.decode() };
        match self.waiting(|cache, options| cache.entry(name, options.max_sample_bytes)) {
            Ok(reader) => {
                self.stage = Stage::Decoding;
                State::Reading(Box::new(reader), name)
            }
            Err(_) => self.decode(),
        }
    }

    /// Of the entry, once the content is known.
    fn name(&self) -> Option<Name> {
        let key = Key::sample(self.content?.key, self.options.sample_rate);
        Some(Name { len: self.opened?.len(), key })
    }

    fn decode(&mut self) -> State {
        self.cache.missed();
        self.compared = self.pulse.bytes();
        let (source, pulse) = (self.source.clone(), Arc::clone(&self.pulse));
        State::Decoding(Box::new(LoadJob::with_pulse(source, self.options, pulse)))
    }

    fn read(&mut self, mut reader: Box<EntryReader<File>>, name: Name) -> Result<State, LoadError> {
        if self.pulse.is_stopped() {
            return Err(LoadError::new(LoadErrorKind::Io, "the load was stopped"));
        }
        match self.waiting(|_, _| reader.step()) {
            Ok(true) => {
                self.percent = self.percent.max(100.0 * reader.fraction()).min(ALMOST_DONE_PERCENT);
                Ok(State::Reading(reader, name))
            }
            Ok(false) => {
                let mut sample = reader.finish();
                let path = self.source.path();
                let mismatch = path.and_then(|path| source::mismatch(path, &sample.container));
                sample.warnings.extend(mismatch);
                if let Some(metadata) = &mut sample.metadata {
                    Metadata::keep_cover_of(metadata, &self.source);
                }
                self.cache.hit();
                Ok(State::Done(sample))
            }
            Err(error) => {
                self.cache.entry_failed(name, &error);
                Ok(self.decode())
            }
        }
    }

    /// Does what may block on the cache's disk, and lets others see that.
    fn waiting<T>(
        &self,
        work: impl FnOnce(&Cache, &LoadOptions) -> io::Result<T>,
    ) -> io::Result<T> {
        let result = self.outside(|cache| work(cache, &self.options));
        if result.is_ok() {
            self.pulse.beat(0);
        }
        result
    }

    /// The same for what brings nothing of the sample: a disk that is slow has not lost its way.
    fn outside<T>(&self, work: impl FnOnce(&Cache) -> T) -> T {
        self.pulse.set_waiting(true);
        let result = work(&self.cache);
        self.pulse.set_waiting(false);
        result
    }

    /// What is to be done with a sample that was decoded.
    fn store(&mut self, job: &LoadJob, sample: LoadedSample) -> State {
        let decoded = match self.opened {
            Some(Origin::Memory(_)) => self.opened,
            _ => job.identity().map(Origin::File),
        };
        let both = decoded.zip(self.opened);
        let is_same = self.is_settled && both.is_some_and(|(one, other)| one == other);
        self.opened = decoded;
        let bytes = sample.buffer.byte_len() as u64;
        if !is_same || !is_worth_it(&sample) || !self.cache.has_room_for(bytes) {
            return State::Done(sample);
        }
        // Of a file that was written to while it was decoded nobody knows what it held.
        if !self.is_unchanged() {
            return State::Done(sample);
        }
        let Some(origin) = self.opened else { return State::Done(sample) };
        let stored =
            Stored { source: self.source.clone(), origin, sample_rate: self.options.sample_rate };
        let store = |pulse| {
            let cache = Arc::clone(&self.cache);
            Box::new(CacheStore::new(cache, stored, self.content, &sample, pulse))
        };
        if bytes <= STORED_AT_ONCE {
            return State::Storing(store(Arc::clone(&self.pulse)), sample);
        }
        // Who ends the load does not end this.
        self.to_store = Some(store(Arc::default()));
        State::Done(sample)
    }

    /// Whether it is still the file of the beginning.
    fn is_unchanged(&self) -> bool {
        self.opened.is_some_and(|origin| self.outside(|_| origin.is_unchanged(&self.source)))
    }

    fn note(&self) {
        let file = self.opened.and_then(Origin::file).filter(|_| self.is_settled);
        if let Some((file, content)) = file.zip(self.content) {
            self.outside(|cache| cache.note(&file, content.key));
        }
    }

    /// What is still to be put into the cache of the sample that was handed out, once.
    pub fn take_store(&mut self) -> Option<CacheStore> {
        self.to_store.take().map(|store| *store)
    }

    fn sample(&self) -> Option<&LoadedSample> {
        match &self.state {
            State::Done(sample) | State::Storing(_, sample) => Some(sample),
            _ => None,
        }
    }

    /// As [`LoadJob::stage`]. What is read from the cache is in stage `decoding` meanwhile.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// As [`LoadJob::percent`].
    pub fn percent(&self) -> f32 {
        self.percent
    }

    /// As [`LoadJob::identity`]: of the file that its values come from. None while it compares: what
    /// is decoded after that is opened once more, and may be another one.
    pub fn identity(&self) -> Option<SourceIdentity> {
        match &self.state {
            State::Comparing(_) => None,
            State::Decoding(job) => job.identity(),
            _ => self.opened.and_then(Origin::file),
        }
    }

    /// As [`LoadJob::byte_len`], with what is read a second time or written: less what the
    /// [`pulse`](Self::pulse) has counted it is what is left.
    pub fn byte_len(&self) -> Option<u64> {
        match &self.state {
            State::Decoding(job) if self.opened.is_none() => job.byte_len(),
            // It is to be read once more.
            State::Comparing(_) => self.opened.map(|origin| origin.len().saturating_mul(2)),
            // As much as the sample holds, about.
            State::Storing(_, sample) => {
                let still = sample.buffer.byte_len() as u64;
                Some(self.pulse.bytes().saturating_add(still))
            }
            _ => self.opened.map(|origin| origin.len().saturating_add(self.compared)),
        }
    }

    /// As [`LoadJob::pulse`].
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// As [`LoadJob::shared`].
    pub fn shared(&self) -> Option<Arc<SharedLoad>> {
        match &self.state {
            State::Decoding(job) => job.shared(),
            _ => None,
        }
    }

    /// As [`LoadJob::held_bytes`].
    pub fn held_bytes(&self) -> usize {
        match &self.state {
            State::Decoding(job) => job.held_bytes(),
            State::Reading(reader, _) => reader.held_bytes(),
            _ => self.sample().map_or(0, |sample| sample.buffer.byte_len()),
        }
    }

    /// As [`LoadJob::buffer`]; of what is read from the cache, too. Should an entry turn out to be
    /// damaged further on, it is decoded from the start after all, into another sample.
    pub fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        match &self.state {
            State::Decoding(job) => job.buffer(),
            State::Reading(reader, _) => reader.buffer(),
            _ => self.sample().map(|sample| Arc::clone(&sample.buffer)),
        }
    }

    /// As [`LoadJob::arriving`].
    pub fn arriving(&self) -> Option<LoadedSample> {
        match &self.state {
            State::Decoding(job) => job.arriving(),
            State::Reading(reader, _) => reader.arriving(),
            _ => self.sample().cloned(),
        }
    }
}
