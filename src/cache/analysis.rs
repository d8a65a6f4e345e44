//! An analysis that looks into the cache first, and leaves there what it has found.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::sync::Arc;

use twox_hash::XxHash3_128 as Xxh3;

use super::card::{Audio, Key};
use super::result::{ResultReader, ResultWriter, block_bytes};
use super::store::{Cache, Unfinished};
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
    /// Of the audio, once all of it was hashed.
    audio: Option<Audio>,
    /// Kinds that were not looked for yet.
    wanted: VecDeque<AnalysisKind>,
    /// Those that are not there.
    missing: Vec<AnalysisKind>,
    state: State,
}

enum State {
    Hashing(Box<Hashing>),
    Looking,
    Reading(Box<ResultReader<File>>, Key, AnalysisKind),
    Listening(AnalysisJob),
    /// It has found something, which is told once that is written.
    Writing(Box<ResultWriter<Unfinished>>, Key, AnalysisJob),
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
            .field("wanted", &self.wanted)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

impl CachedAnalysis {
    /// Makes a job for `kinds`, as [`AnalysisJob::new`] does. Computes nothing yet.
    pub fn new(cache: Arc<Cache>, sample: Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Self {
        let state = match sample.is_finished() {
            true => State::Hashing(Box::new(Hashing::new(&sample))),
            // Of what grows there is no result.
            false => State::Listening(AnalysisJob::new(Arc::clone(&sample), kinds)),
        };
        let wanted = AnalysisKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect();
        Self { cache, sample, audio: None, wanted, missing: Vec::new(), state }
    }

    /// Does a little of the work, as [`AnalysisJob::step`] does.
    pub fn step(&mut self) -> AnalysisStep {
        let (state, step) = match std::mem::replace(&mut self.state, State::Looking) {
            State::Hashing(mut hashing) => {
                self.audio = hashing.step(&self.sample);
                match self.audio {
                    None => (State::Hashing(hashing), AnalysisStep::More),
                    Some(_) => (State::Looking, AnalysisStep::More),
                }
            }
            State::Looking => (self.look_up(), AnalysisStep::More),
            State::Reading(reader, key, kind) => self.read(reader, key, kind),
            State::Listening(job) => self.listen(job),
            State::Writing(writer, key, job) => self.write(writer, key, job),
        };
        self.state = state;
        step
    }

    /// Looks for the next kind.
    fn look_up(&mut self) -> State {
        let (Some(audio), Some(kind)) = (self.audio, self.wanted.pop_front()) else {
            return State::Listening(AnalysisJob::new(Arc::clone(&self.sample), &self.missing));
        };
        let key = Key::result(audio, kind);
        match self.cache.result(key, kind) {
            Ok(reader) => State::Reading(Box::new(reader), key, kind),
            Err(_) => self.missed(kind),
        }
    }

    fn missed(&mut self, kind: AnalysisKind) -> State {
        self.cache.analysis_missed();
        self.missing.push(kind);
        State::Looking
    }

    fn read(
        &mut self,
        mut reader: Box<ResultReader<File>>,
        key: Key,
        kind: AnalysisKind,
    ) -> (State, AnalysisStep) {
        match reader.step() {
            Ok(true) => (State::Reading(reader, key, kind), AnalysisStep::More),
            Ok(false) => {
                self.cache.analysis_hit();
                (State::Looking, AnalysisStep::Done(kind, Ok(reader.finish())))
            }
            Err(error) => {
                self.cache.result_failed(key, &error);
                (self.missed(kind), AnalysisStep::More)
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
            Err(_) => {
                self.cache.failed();
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
            Err(_) => self.cache.failed(),
        }
        (State::Listening(job), AnalysisStep::Done(result.kind(), Ok(result)))
    }
}
