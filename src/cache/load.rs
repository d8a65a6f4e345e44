//! A load that looks into the cache first, and leaves there what it has decoded.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::card::{Key, Name, is_settled};
use super::entry::{EntryReader, EntryWriter, is_worth_it};
use super::store::{Cache, Unfinished};
use crate::buffer::SampleBuffer;
use crate::decode::{CountingReader, OpenedSource, ReadState};
use crate::error::{LoadError, LoadErrorKind, Stage};
use crate::job::{LoadJob, LoadOptions, LoadedSample, SharedLoad, Step};
use crate::resample::Workbench;
use crate::source::{self, Pulse, Source, SourceIdentity, identify};

/// Bytes of a file that a step hashes: some tenths of a millisecond.
const HASHED_BYTES: usize = 1 << 19;
/// What is shown until the sample is handed out.
const ALMOST_DONE_PERCENT: f32 = 99.9;

/// A [`LoadJob`] of a file that is read from a [`Cache`] where that has it, and else decoded and put
/// into it: stepped in the same way, with the same values, but for files that change meanwhile.
///
/// What the cache has not is decoded first, and shown as it arrives; the last steps write it.
pub struct CachedLoad {
    cache: Arc<Cache>,
    source: Source,
    options: LoadOptions,
    pulse: Arc<Pulse>,
    state: State,
    stage: Stage,
    percent: f32,
    /// The file as it was when the load began.
    opened: Option<SourceIdentity>,
    /// Whether any change since then shows.
    is_settled: bool,
    /// What is known of the file's content.
    content: Option<Key>,
    /// Bytes of the file that were read before it was decoded.
    compared: u64,
    /// Time spent in steps that are over.
    busy: Duration,
}

enum State {
    New,
    /// A file of this length is known: its content may be.
    Comparing(Box<Hashing>),
    Reading(Box<EntryReader<File>>, Name),
    Decoding(Box<LoadJob>),
    /// It is decoded; which content that was is still to be found out.
    Hashing(Box<Hashing>, LoadedSample),
    Writing(Box<EntryWriter<Unfinished>>, Name),
    Done(LoadedSample),
    Failed(LoadError),
}

/// A file whose content is being hashed.
struct Hashing {
    reader: CountingReader,
    read: Arc<ReadState>,
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl Hashing {
    fn new(source: OpenedSource) -> Self {
        let (reader, read) = source.into_reader();
        Self { reader, read, hasher: blake3::Hasher::new(), bytes: vec![0; HASHED_BYTES] }
    }

    /// Hashes some more; the content once all of it was read.
    fn step(&mut self) -> io::Result<Option<Key>> {
        self.read.begin_step(Instant::now());
        let read = self.reader.read(&mut self.bytes)?;
        if read == 0 {
            return Ok(Some(Key::content(&self.hasher)));
        }
        self.hasher.update(&self.bytes[..read]);
        Ok(None)
    }
}

impl CachedLoad {
    /// Makes a job. Touches nothing: the first step opens the source. What is no file is loaded
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
            busy: Duration::ZERO,
        }
    }

    /// Does a little of the work, as [`LoadJob::step`] does.
    ///
    /// # Errors
    /// As those of [`LoadJob::step`]: the cache has none.
    pub fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        // Should the step unwind, the job must not be taken for one that can go on.
        let interrupted = LoadError::new(LoadErrorKind::WorkerPanic, "the load was interrupted");
        let state = std::mem::replace(&mut self.state, State::Failed(interrupted));
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
                        self.content = Some(content);
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
            State::Hashing(mut hashing, sample) => match hashing.step() {
                Ok(None) => Ok(State::Hashing(hashing, sample)),
                Ok(Some(content)) if self.is_unchanged() => {
                    self.content = Some(content);
                    self.note();
                    Ok(self.begin_to_write(sample))
                }
                Ok(Some(_)) | Err(_) => Ok(State::Done(sample)),
            },
            State::Writing(mut writer, name) => match self.outside(|_| writer.step()) {
                Ok(true) if !self.pulse.is_stopped() => Ok(State::Writing(writer, name)),
                Ok(false) => {
                    let (file, sample) = writer.into_parts();
                    self.outside(|cache| cache.keep(file, name));
                    Ok(State::Done(sample))
                }
                Ok(true) => Ok(State::Done(writer.into_parts().1)),
                Err(_) => {
                    self.cache.failed();
                    Ok(State::Done(writer.into_parts().1))
                }
            },
            State::Done(sample) => Ok(State::Done(sample)),
            State::Failed(error) => Err(error),
        }
    }

    /// Finds out which file it is, and whether that is known.
    fn open(&mut self) -> State {
        self.stage = Stage::Reading;
        if self.source.path().is_none() {
            return self.decode();
        }
        // Whatever is wrong, the load finds out itself and says so.
        let Some((source, identity)) = self.opened_source() else { return self.decode() };
        self.opened = Some(identity);
        self.is_settled = is_settled(&identity, SystemTime::now());
        self.content = self.outside(|cache| cache.content_of(&identity));
        if self.content.is_none() && self.cache.may_know(identity.len) {
            return State::Comparing(Box::new(Hashing::new(source)));
        }
        self.look_up()
    }

    fn opened_source(&self) -> Option<(OpenedSource, SourceIdentity)> {
        let source = OpenedSource::open(&self.source, Arc::clone(&self.pulse)).ok()?;
        let identity = source.identity()?;
        Some((source, identity))
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
        let key = Key::sample(self.content?, self.options.sample_rate);
        Some(Name { len: self.opened?.len, key })
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
        let is_same = self.is_settled && job.identity() == self.opened;
        let bytes = sample.buffer.byte_len() as u64;
        if !is_same || !is_worth_it(&sample) || !self.cache.has_room_for(bytes) {
            return State::Done(sample);
        }
        // Of a file that was written to while it was decoded nobody knows what it held.
        if !self.is_unchanged() {
            return State::Done(sample);
        }
        if self.content.is_some() {
            return self.begin_to_write(sample);
        }
        match self.opened_source() {
            Some((source, _)) => State::Hashing(Box::new(Hashing::new(source)), sample),
            None => State::Done(sample),
        }
    }

    fn begin_to_write(&self, sample: LoadedSample) -> State {
        let Some(name) = self.name() else { return State::Done(sample) };
        // Another process may have been quicker.
        if self.outside(|cache| cache.has(name)) {
            return State::Done(sample);
        }
        let kept = sample.clone();
        let begun = self.outside(|cache| {
            cache.unfinished().and_then(|file| EntryWriter::new(file, name.key, sample))
        });
        match begun {
            Ok(writer) => State::Writing(Box::new(writer), name),
            Err(_) => {
                self.cache.failed();
                State::Done(kept)
            }
        }
    }

    /// Whether the path still leads to the file of the beginning, and nobody is seen to have written
    /// to it.
    fn is_unchanged(&self) -> bool {
        let now = self.source.path().and_then(|path| self.outside(|_| identify(path).ok()));
        self.opened.is_some() && now == self.opened
    }

    fn note(&self) {
        if let (true, Some(identity), Some(content)) = (self.is_settled, &self.opened, self.content)
        {
            self.outside(|cache| cache.note(identity, content));
        }
    }

    fn sample(&self) -> Option<&LoadedSample> {
        match &self.state {
            State::Done(sample) | State::Hashing(_, sample) => Some(sample),
            State::Writing(writer, _) => Some(writer.sample()),
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

    /// As [`LoadJob::identity`].
    pub fn identity(&self) -> Option<SourceIdentity> {
        match &self.state {
            // The values come of what is decoded, not of what there was before.
            State::Decoding(job) if job.identity().is_some() => job.identity(),
            _ => self.opened,
        }
    }

    /// As [`LoadJob::byte_len`], with what is read a second time or written: less what the
    /// [`pulse`](Self::pulse) has counted it is what is left.
    pub fn byte_len(&self) -> Option<u64> {
        match &self.state {
            State::Decoding(job) if self.opened.is_none() => job.byte_len(),
            // It is to be read once more.
            State::Comparing(_) => self.opened.map(|identity| identity.len.saturating_mul(2)),
            // As much as the sample holds, about.
            State::Hashing(_, sample) => Some(self.still_to_store(sample)),
            State::Writing(writer, _) => Some(self.still_to_store(writer.sample())),
            _ => self.opened.map(|identity| identity.len.saturating_add(self.compared)),
        }
    }

    fn still_to_store(&self, sample: &LoadedSample) -> u64 {
        self.pulse.bytes().saturating_add(sample.buffer.byte_len() as u64)
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
