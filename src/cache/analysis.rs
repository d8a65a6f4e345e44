//! An analysis that looks into the cache first, and leaves there what it has found.

use std::fmt;
use std::sync::Arc;

use twox_hash::XxHash3_128 as Xxh3;

use super::card::{Audio, Key};
use super::recall::{Recall, RecallStep};
use super::result::{ResultWriter, block_bytes};
use super::store::{Cache, Unfinished, Unkept};
use crate::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};
use crate::buffer::SampleBuffer;

/// Values that a step hashes: about a tenth of a millisecond.
const HASHED_VALUES: usize = 1 << 18;

/// An [`AnalysisJob`] whose results are read from a [`Cache`] where that has them, and else found and
/// put into it: stepped in the same way, with the same results. Those that the cache has come first.
///
/// A step may block on the disk of the cache. What cannot be read there is found again, and what
/// cannot be written is told all the same.
pub struct CachedAnalysis {
    cache: Arc<Cache>,
    sample: Arc<SampleBuffer>,
    kinds: Vec<AnalysisKind>,
    /// What may have been found of it before.
    recalled: Option<Recall>,
    /// Of the audio, once all of it was hashed.
    audio: Option<Audio>,
    /// Whether what the cache has not is found.
    listens: bool,
    state: State,
}

enum State {
    Hashing(Box<Hashing>),
    Recalling(Recall),
    Listening(AnalysisJob),
    /// It has found something, which is told once that is written.
    Writing(Box<ResultWriter<Unfinished>>, Key, AnalysisJob),
    Over,
}

/// A sample whose values are being hashed.
struct Hashing {
    hasher: Xxh3,
    channel: usize,
    next_frame: usize,
}

impl Hashing {
    fn new(sample: &SampleBuffer) -> Self {
        let mut hasher = Xxh3::new();
        hasher.write(&sample.sample_rate().to_le_bytes());
        hasher.write(&(sample.channels() as u64).to_le_bytes());
        hasher.write(&(sample.ready_frames() as u64).to_le_bytes());
        // That of the file, which a tempo may be told by, and an array of the same values lacks.
        hasher.write(&sample.exact_frames().to_bits().to_le_bytes());
        if let Some(mask) = sample.speakers().mask() {
            hasher.write(&mask.to_le_bytes());
        }
        Self { hasher, channel: 0, next_frame: 0 }
    }

    /// Hashes some more; the audio once all of it was heard.
    fn step(&mut self, sample: &SampleBuffer) -> Option<Audio> {
        if self.channel == sample.channels() {
            return Some(Audio(self.hasher.finish_128()));
        }
        let plane = sample.plane(self.channel);
        let end = plane.len().min(self.next_frame + HASHED_VALUES);
        self.hasher.write(bytemuck::cast_slice(&plane[self.next_frame..end]));
        self.next_frame = end;
        if end == plane.len() {
            (self.channel, self.next_frame) = (self.channel + 1, 0);
        }
        None
    }
}

impl fmt::Debug for CachedAnalysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAnalysis")
            .field("sample", &self.sample)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

impl CachedAnalysis {
    /// Makes a job for `kinds`, as [`AnalysisJob::new`] does. Computes nothing yet.
    pub fn new(cache: Arc<Cache>, sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Self {
        Self::beside(cache, sample, kinds, None)
    }

    /// The same of a job that is over once it has told what the cache has.
    pub fn recalling(cache: Arc<Cache>, sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Self {
        Self { listens: false, ..Self::beside(cache, sample, kinds, None) }
    }

    /// The same beside what was recalled, which is told if it is of this audio.
    pub(super) fn beside(
        cache: Arc<Cache>,
        sample: Arc<SampleBuffer>,
        kinds: &[AnalysisKind],
        recalled: Option<Recall>,
    ) -> Self {
        let state = match sample.is_finished() {
            true => State::Hashing(Box::new(Hashing::new(&sample))),
            // Of what grows there is no result.
            false => State::Listening(AnalysisJob::new(Arc::clone(&sample), kinds)),
        };
        Self { cache, sample, kinds: kinds.to_vec(), recalled, audio: None, listens: true, state }
    }

    /// The audio, once all of it was hashed.
    pub(super) fn audio(&self) -> Option<Audio> {
        self.audio
    }

    /// Does a little of the work, as [`AnalysisJob::step`] does.
    pub fn step(&mut self) -> AnalysisStep {
        // Should the step unwind, there is nothing more to come.
        let (state, step) = match std::mem::replace(&mut self.state, State::Over) {
            State::Hashing(hashing) => (self.hash(hashing), AnalysisStep::More),
            State::Recalling(recall) => self.recall(recall),
            State::Listening(job) => self.listen(job),
            State::Writing(writer, key, job) => self.write(writer, key, job),
            State::Over => (State::Over, AnalysisStep::Finished),
        };
        self.state = state;
        step
    }

    fn hash(&mut self, mut hashing: Box<Hashing>) -> State {
        self.audio = hashing.step(&self.sample);
        match self.audio {
            None => State::Hashing(hashing),
            Some(audio) => {
                let recalled = self.recalled.take().filter(|recalled| recalled.audio() == audio);
                let anew = || Recall::new(Arc::clone(&self.cache), audio, &self.kinds);
                State::Recalling(recalled.unwrap_or_else(anew))
            }
        }
    }

    fn recall(&self, mut recall: Recall) -> (State, AnalysisStep) {
        match recall.step() {
            RecallStep::More => (State::Recalling(recall), AnalysisStep::More),
            RecallStep::Found(result) => {
                (State::Recalling(recall), AnalysisStep::Done(result.kind(), Ok(result)))
            }
            RecallStep::Over if !self.listens => (State::Over, AnalysisStep::Finished),
            RecallStep::Over => {
                recall.missing().iter().for_each(|_| self.cache.analysis_missed());
                let job = AnalysisJob::new(Arc::clone(&self.sample), recall.missing());
                (State::Listening(job), AnalysisStep::More)
            }
        }
    }

    fn listen(&self, mut job: AnalysisJob) -> (State, AnalysisStep) {
        let step = job.step();
        let (AnalysisStep::Done(kind, Ok(result)), Some(audio)) = (&step, self.audio) else {
            return (State::Listening(job), step);
        };
        if !self.cache.has_room_for(block_bytes(result)) {
            return (State::Listening(job), step);
        }
        let key = Key::result(audio, *kind);
        let file = self.cache.unfinished();
        match file.and_then(|file| ResultWriter::new(file, key, result.clone())) {
            Ok(writer) => (State::Writing(Box::new(writer), key, job), AnalysisStep::More),
            Err(error) => {
                self.cache.failed(&error, Unkept::default());
                (State::Listening(job), step)
            }
        }
    }

    fn write(
        &self,
        mut writer: Box<ResultWriter<Unfinished>>,
        key: Key,
        job: AnalysisJob,
    ) -> (State, AnalysisStep) {
        let written = writer.step();
        if let Ok(true) = written {
            return (State::Writing(writer, key, job), AnalysisStep::More);
        }
        let (file, result) = writer.into_parts();
        match written {
            Ok(_) => self.cache.keep_result(file, key),
            Err(error) => {
                let unkept = Unkept { written: file.written(), wanted: block_bytes(&result) };
                self.cache.failed(&error, unkept);
            }
        }
        (State::Listening(job), AnalysisStep::Done(result.kind(), Ok(result)))
    }
}
