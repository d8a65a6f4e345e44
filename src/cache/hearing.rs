//! A source that is heard: loaded and analysed, or found in the cache without being decoded.
//!
//! What a load leaves in the cache is the audio, which is found by the content of the file. Whoever
//! wants to know what is heard, and not to play it, needs none of that: *facts* say which audio a
//! content is decoded to, and what is known of it besides, and results are found by the audio.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::analysis::CachedAnalysis;
use super::card::{Audio, Content, Key, Origin};
use super::field::Field;
use super::hashing::{Confirmed, Confirming, Hashing};
use super::parts::{Magic, PartsReader, PartsWriter};
use super::recall::{Recall, RecallStep};
use super::records::record;
use super::store::Cache;
use crate::analysis::{AnalysisError, AnalysisKind, AnalysisResult, AnalysisStep};
use crate::error::{LoadError, Stage};
use crate::job::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::metadata::Metadata;
use crate::resample::Workbench;
use crate::source::{Pulse, Source, SourceIdentity};
use crate::spec::AudioSpec;

pub(super) const MAGIC: Magic = *b"hotcuef\x01";

/// What is known of audio that was heard, beside what was heard in it.
#[derive(Clone, Debug)]
pub struct SourceFacts {
    /// Rate and channels of what was heard.
    pub spec: AudioSpec,
    /// Its length.
    pub frames: u64,
    /// The file's own rate in Hz.
    pub source_rate: u32,
    /// The container, e.g. `wav`; see [`StreamInfo`](crate::StreamInfo).
    pub container: String,
    /// The codec, e.g. `pcm_s16le`.
    pub codec: String,
    /// What the file says beside its audio; None if that is nothing.
    pub metadata: Option<Arc<Metadata>>,
}

impl SourceFacts {
    fn of(sample: &LoadedSample) -> Self {
        Self {
            spec: sample.buffer.spec(),
            frames: sample.buffer.ready_frames() as u64,
            source_rate: sample.source_rate,
            container: sample.container.clone(),
            codec: sample.codec.clone(),
            metadata: sample.metadata.clone(),
        }
    }
}

record!(SourceFacts { spec, frames, source_rate, container, codec, metadata });

/// Which audio a content is decoded to, and what is known of that.
pub(super) struct Facts {
    audio: Audio,
    facts: SourceFacts,
}

record!(Facts { audio, facts });

impl Facts {
    /// Writes a file of them.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn write<W: Write>(&self, target: W, key: Key) -> io::Result<W> {
        PartsWriter::new(target, MAGIC, key, self).map(PartsWriter::into_inner)
    }

    /// Reads a file of `byte_len` bytes.
    ///
    /// # Errors
    /// `InvalidData` for what are no sound facts of this key; those of the source.
    pub(super) fn read(source: impl Read, byte_len: u64, key: Key) -> io::Result<Self> {
        let (parts, facts) = PartsReader::new(source, byte_len, MAGIC, key)?;
        parts.expect(Some(0), 0)?;
        Ok(facts)
    }
}

/// What one step came to.
#[derive(Clone, Debug)]
pub enum HearingStep {
    /// There is more to do.
    Working,
    /// One of the kinds that were asked for has its result; each has exactly one.
    Done(AnalysisKind, Result<AnalysisResult, AnalysisError>),
    /// All of them have.
    Finished(SourceFacts),
}

/// A source that is loaded and analysed, step by step, or found in a [`Cache`] that has heard the
/// same content before: then nothing is decoded. Its audio is not kept.
///
/// A step may block on the disk of the cache. What cannot be read there is heard again, and what
/// cannot be written is told all the same.
///
/// ```
/// use hotcue::analysis::AnalysisKind;
/// use hotcue::{Cache, CachedHearing, HearingStep, LoadOptions, Source, Workbench};
///
/// # let mut wav = Vec::new();
/// # wav.extend(b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0");
/// # wav.extend([48_000_u32.to_le_bytes(), 96_000_u32.to_le_bytes()].concat());
/// # wav.extend(b"\x02\0\x10\0data\x04\0\0\0\0\x40\0\x80");
/// let folder = std::env::temp_dir().join("hotcue-doc-hearing");
/// let cache = std::sync::Arc::new(Cache::open(&folder, 1 << 30)?);
/// let (source, kinds) = (Source::Memory(wav.into()), [AnalysisKind::Loudness]);
/// let mut hearing = CachedHearing::new(cache, source, LoadOptions::default(), &kinds);
/// let mut bench = Workbench::default();
/// let facts = loop {
///     match hearing.step(&mut bench)? {
///         HearingStep::Working => {}
///         HearingStep::Done(kind, result) => assert!(kinds.contains(&kind) && result.is_ok()),
///         HearingStep::Finished(facts) => break facts,
///     }
/// };
/// assert_eq!(facts.frames, 2);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CachedHearing {
    cache: Arc<Cache>,
    source: Source,
    options: LoadOptions,
    kinds: Vec<AnalysisKind>,
    pulse: Arc<Pulse>,
    stage: Stage,
    /// What it reads, if that was left alone for long enough that any later change shows.
    origin: Option<Origin>,
    /// What is known of the content of that.
    content: Option<Content>,
    /// Which audio facts say that this is decoded to.
    audio: Option<Audio>,
    state: State,
}

enum State {
    New,
    /// Which content it has is found out.
    Hashing(Box<Hashing>),
    /// It was heard before. Nothing is told while there may be a kind that is missing: by the time
    /// that it is decoded for that, it may be something else.
    Recalling(SourceFacts, Recall, Vec<AnalysisResult>),
    /// All is there.
    Telling(SourceFacts, VecDeque<AnalysisResult>),
    /// It is decoded, beside what was recalled.
    Loading(Box<LoadJob>, Option<Recall>),
    Listening(Box<CachedAnalysis>, SourceFacts),
    /// It is found out which content that was.
    Confirming(Box<Confirming>, Audio, SourceFacts),
    Finished(SourceFacts),
    Failed(LoadError),
}

impl fmt::Debug for CachedHearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedHearing")
            .field("source", &self.source)
            .field("kinds", &self.kinds)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl CachedHearing {
    /// Makes a job. Touches nothing: the first step opens the source. Of a [`Source::Custom`] the
    /// cache knows results, but not before it is decoded.
    pub fn new(
        cache: Arc<Cache>,
        source: Source,
        options: LoadOptions,
        kinds: &[AnalysisKind],
    ) -> Self {
        Self {
            cache,
            source,
            options,
            kinds: kinds.to_vec(),
            pulse: Arc::default(),
            stage: Stage::Queued,
            origin: None,
            content: None,
            audio: None,
            state: State::New,
        }
    }

    /// Does a little of the work, as [`LoadJob::step`] and
    /// [`AnalysisJob::step`](crate::analysis::AnalysisJob::step) do. Results that the cache has come
    /// first.
    ///
    /// # Errors
    /// As those of [`LoadJob::step`]: the cache has none.
    pub fn step(&mut self, bench: &mut Workbench) -> Result<HearingStep, LoadError> {
        let state = std::mem::replace(&mut self.state, State::Failed(LoadError::interrupted()));
        let mut found = None;
        self.state = self.advance(state, bench, &mut found).unwrap_or_else(State::Failed);
        match (&self.state, found) {
            (_, Some((kind, result))) => Ok(HearingStep::Done(kind, result)),
            (State::Finished(facts), None) => Ok(HearingStep::Finished(facts.clone())),
            (State::Failed(error), None) => Err(error.clone()),
            _ => Ok(HearingStep::Working),
        }
    }

    /// How far it is: what is found in the cache stays in stage `reading`.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    fn advance(
        &mut self,
        state: State,
        bench: &mut Workbench,
        found: &mut Option<(AnalysisKind, Result<AnalysisResult, AnalysisError>)>,
    ) -> Result<State, LoadError> {
        match state {
            State::New => Ok(self.open()),
            State::Hashing(mut hashing) => match hashing.step() {
                Ok(None) => Ok(State::Hashing(hashing)),
                Ok(Some(content)) => {
                    // Of a file that is being written nobody knows what it holds.
                    if self.is_unchanged() {
                        self.content = Some(Content::hashed(content));
                        if let Some(file) = self.origin.and_then(Origin::file) {
                            self.cache.note(&file, content);
                        }
                    }
                    Ok(self.look_up())
                }
                // What cannot be read, the load says.
                Err(_) => Ok(self.load(None)),
            },
            State::Recalling(facts, mut recall, mut results) => match recall.step() {
                RecallStep::More => Ok(State::Recalling(facts, recall, results)),
                RecallStep::Found(result) => {
                    results.push(result);
                    Ok(State::Recalling(facts, recall, results))
                }
                RecallStep::Over if recall.missing().is_empty() => {
                    Ok(State::Telling(facts, results.into()))
                }
                RecallStep::Over => {
                    recall.hold(results);
                    Ok(self.load(Some(recall)))
                }
            },
            State::Telling(facts, mut results) => match results.pop_front() {
                Some(result) => {
                    *found = Some((result.kind(), Ok(result)));
                    Ok(State::Telling(facts, results))
                }
                None => Ok(State::Finished(facts)),
            },
            State::Loading(mut job, recalled) => {
                let step = job.step(bench);
                self.stage = self.stage.max(job.stage());
                match step? {
                    Step::Working => Ok(State::Loading(job, recalled)),
                    Step::Done(sample) => Ok(self.listen(&sample, recalled, job.identity())),
                }
            }
            State::Listening(mut analysis, facts) => match analysis.step() {
                AnalysisStep::More => Ok(State::Listening(analysis, facts)),
                AnalysisStep::Done(kind, result) => {
                    *found = Some((kind, result));
                    Ok(State::Listening(analysis, facts))
                }
                AnalysisStep::Finished => Ok(self.confirm(analysis.audio(), facts)),
            },
            State::Confirming(mut confirming, audio, facts) => match confirming.step(&self.cache) {
                Confirmed::More => Ok(State::Confirming(confirming, audio, facts)),
                Confirmed::Content(content) => {
                    self.keep(content, audio, &facts);
                    Ok(State::Finished(facts))
                }
                Confirmed::Not => Ok(State::Finished(facts)),
            },
            State::Finished(facts) => Ok(State::Finished(facts)),
            State::Failed(error) => Err(error),
        }
    }

    /// Finds out which content it is.
    fn open(&mut self) -> State {
        self.stage = Stage::Reading;
        // Whatever is wrong, the load finds out itself and says so.
        let opened = Origin::open(&self.source, Arc::clone(&self.pulse));
        let settled = opened.filter(|(_, origin)| origin.is_settled());
        let Some((source, origin)) = settled else { return self.load(None) };
        self.origin = Some(origin);
        let card = origin.file().and_then(|file| self.cache.content_of(&file));
        self.content = card.map(Content::of_card);
        // What is no audio is not to be read to its end. Bytes in memory have nothing by which the
        // folder is asked whether it may know them.
        let may_be_known = || origin.file().is_none_or(|file| self.cache.may_know(file.len));
        match self.content {
            Some(_) => self.look_up(),
            None if may_be_known() => State::Hashing(Box::new(Hashing::new(source))),
            None => self.load(None),
        }
    }

    /// Looks for what is known of the content, or else begins to decode.
    fn look_up(&mut self) -> State {
        let key = self.content.map(|content| self.key(content.key));
        match key.and_then(|key| self.cache.facts(key).ok()) {
            Some(Facts { audio, facts }) => {
                self.audio = Some(audio);
                let recall = Recall::new(Arc::clone(&self.cache), audio, &self.kinds);
                State::Recalling(facts, recall, Vec::new())
            }
            None => self.load(None),
        }
    }

    fn load(&self, recalled: Option<Recall>) -> State {
        let (source, pulse) = (self.source.clone(), Arc::clone(&self.pulse));
        State::Loading(Box::new(LoadJob::with_pulse(source, self.options, pulse)), recalled)
    }

    fn listen(
        &mut self,
        sample: &LoadedSample,
        recalled: Option<Recall>,
        decoded: Option<SourceIdentity>,
    ) -> State {
        // The path may lead to another file by now.
        self.origin = self.origin.filter(|origin| origin.file() == decoded);
        let (cache, buffer) = (Arc::clone(&self.cache), Arc::clone(&sample.buffer));
        let analysis = CachedAnalysis::beside(cache, buffer, &self.kinds, recalled);
        State::Listening(Box::new(analysis), SourceFacts::of(sample))
    }

    /// Keeps what is known of the content, or finds out first which that was.
    fn confirm(&self, audio: Option<Audio>, facts: SourceFacts) -> State {
        let (Some(audio), Some(origin)) = (audio, self.origin) else {
            return State::Finished(facts);
        };
        // It is known already.
        if self.audio == Some(audio) {
            return State::Finished(facts);
        }
        match self.content {
            // Facts that say otherwise are a reason to look again.
            Some(Content { key, is_of_card: false }) if self.audio.is_none() => {
                // Of a file that was written to while it was decoded nobody knows what it held.
                if self.is_unchanged() {
                    self.keep(key, audio, &facts);
                }
                State::Finished(facts)
            }
            before => {
                match Confirming::new(&self.source, origin, before, Arc::clone(&self.pulse)) {
                    Some(confirming) => State::Confirming(Box::new(confirming), audio, facts),
                    None => State::Finished(facts),
                }
            }
        }
    }

    fn keep(&self, content: Key, audio: Audio, facts: &SourceFacts) {
        // Bytes in memory are no file that has a card. This one says that there is something of their
        // length, and no more: what has such times is not believed.
        if let Some(Origin::Memory(len)) = self.origin {
            let length = SourceIdentity { device: 0, inode: 0, len, modified_ns: 0, changed_ns: 0 };
            self.cache.note(&length, content);
        }
        self.cache.keep_facts(self.key(content), &Facts { audio, facts: facts.clone() });
    }

    fn key(&self, content: Key) -> Key {
        Key::facts(content, self.options.sample_rate)
    }

    /// Whether it is still the source of the beginning.
    fn is_unchanged(&self) -> bool {
        self.origin.is_some_and(|origin| origin.is_unchanged(&self.source))
    }
}
