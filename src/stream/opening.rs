//! From a source to what of it stays in memory.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock};

use super::cursor::Cursor;
use super::index::SeekIndex;
use super::overview::StreamOverview;
use super::planes::Planes;
use super::sample::{Anchor, StreamedSample};
use super::{HEAD_SEC, to_rate};
use crate::buffer::SampleBuffer;
use crate::error::LoadError;
use crate::metadata::{Audio, Collector, Metadata, Pictures};
use crate::resample::{Ends, Workbench};
use crate::source::{Pulse, Source, SourceIdentity};
use crate::spec::AudioSpec;

/// Most loops whose beginnings stay in memory; and frames of each, as a share of the head.
const MOST_LOOPS: usize = 4;
const LOOP_SHARE: usize = 2;
/// Frames before a loop that an interpolation at its first frame looks at.
const LOOP_LEAD: u64 = super::REACH_FRAMES;

/// What one step of an opening came to.
#[derive(Clone, Debug)]
pub enum StreamStep {
    /// There is more to do.
    Working,
    /// The head is in memory.
    Ready(Arc<StreamedSample>),
}

/// Opens a file to be streamed, as a value that is stepped, like [`LoadJob`](crate::LoadJob).
///
/// ```
/// use hotcue::{Source, StreamOpening, StreamStep, Workbench};
///
/// let source = Source::Path("tests/fixtures/long/flac.flac".into());
/// let mut opening = StreamOpening::new(source, Some(48_000));
/// let mut bench = Workbench::default();
/// let sample = loop {
///     if let StreamStep::Ready(sample) = opening.step(&mut bench)? {
///         break sample;
///     }
/// };
/// assert_eq!((sample.spec().sample_rate, sample.codec()), (48_000, "flac"));
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub struct StreamOpening {
    source: Source,
    rate: Option<u32>,
    pulse: Arc<Pulse>,
    state: State,
}

enum State {
    New,
    Reading(Box<Reading>),
    Done(Arc<StreamedSample>),
    Failed(LoadError),
}

/// The head and the loops while they come.
struct Reading {
    cursor: Cursor,
    index: SeekIndex,
    spec: AudioSpec,
    metadata: Option<Arc<Metadata>>,
    expected_frames: Option<u64>,
    /// Where further anchors begin, the next one last, and the frames of each.
    to_come: Vec<(u64, usize)>,
    /// The one that is read.
    start: u64,
    frames: usize,
    planes: Planes,
    anchors: Vec<Anchor>,
    /// The length, if the end was among them.
    length: Option<u64>,
    head_ends: Option<Ends>,
}

impl fmt::Debug for StreamOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamOpening")
            .field("source", &self.source)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl StreamOpening {
    /// Makes one for a sample at `rate` Hz, None being the file's own. Touches nothing: the first
    /// step opens the source.
    pub fn new(source: Source, rate: Option<u32>) -> Self {
        Self { source, rate, pulse: Arc::default(), state: State::New }
    }

    /// What has been had of the source.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Which file it is, once open; None for what is no file.
    pub fn identity(&self) -> Option<SourceIdentity> {
        match &self.state {
            State::Reading(reading) => reading.cursor.origin().identity(),
            State::Done(sample) => sample.identity(),
            State::New | State::Failed(_) => None,
        }
    }

    /// Length of the source in bytes, once open.
    pub fn byte_len(&self) -> Option<u64> {
        match &self.state {
            State::Reading(reading) => Some(reading.cursor.origin().byte_len()),
            State::Done(sample) => Some(sample.origin.byte_len()),
            State::New | State::Failed(_) => None,
        }
    }

    /// Whether the file is open and its head is being read.
    pub fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    /// Does about 1 ms of the work; what a format needs before its first frame may take longer.
    /// After the last step, further ones say the same again.
    ///
    /// # Errors
    /// Those of [`LoadJob::step`](crate::LoadJob::step).
    pub fn step(&mut self, bench: &mut Workbench) -> Result<StreamStep, LoadError> {
        let state = std::mem::replace(&mut self.state, State::Failed(LoadError::interrupted()));
        self.state = match self.advance(state, bench) {
            Ok(state) => state,
            Err(error) => State::Failed(self.source.named(error)),
        };
        match &self.state {
            State::Done(sample) => Ok(StreamStep::Ready(Arc::clone(sample))),
            State::Failed(error) => Err(error.clone()),
            State::New | State::Reading(_) => Ok(StreamStep::Working),
        }
    }

    fn advance(&self, state: State, bench: &mut Workbench) -> Result<State, LoadError> {
        Ok(match state {
            State::New => State::Reading(Box::new(self.open(bench)?)),
            State::Reading(mut reading) => match reading.step()? {
                true => State::Reading(reading),
                false => State::Done(Arc::new(reading.finish()?)),
            },
            done => done,
        })
    }

    fn open(&self, bench: &mut Workbench) -> Result<Reading, LoadError> {
        let mut found = Collector::new(Pictures::Note);
        let pulse = Arc::clone(&self.pulse);
        let mut cursor = Cursor::open(&self.source, pulse, self.rate, &mut found, bench)?;
        let info = cursor.decoder().info();
        let AudioSpec { sample_rate: source_rate, channels } = info.spec;
        let sample_rate = self.rate.unwrap_or(source_rate);
        let spec = AudioSpec { sample_rate, channels }.validate()?;
        let expected_frames = info.frames.map(|frames| to_rate(frames, source_rate, sample_rate));
        let source_frames = info.sure_frames();
        let frames = expected_frames.unwrap_or(u64::MAX);
        let is_guess = info.frames_estimated;
        let audio = Audio { source_rate, sample_rate, frames, source_frames, is_guess };
        let mut metadata = found.placed_in(audio);
        if let Some(metadata) = &mut metadata {
            Metadata::keep_cover_of(metadata, &self.source);
        }
        let head = HEAD_SEC * sample_rate as usize;
        let mut to_come: Vec<(u64, usize)> = Vec::new();
        let loops = metadata.iter().flat_map(|metadata| &metadata.loops).take(MOST_LOOPS);
        let mut starts: Vec<u64> =
            loops.map(|found| found.start_frame.saturating_sub(LOOP_LEAD)).collect();
        starts.sort_unstable();
        let mut behind = head as u64;
        for start in starts {
            let end = start + (head / LOOP_SHARE) as u64;
            if end > behind {
                let start = start.max(behind);
                to_come.push((start, usize::try_from(end - start).unwrap_or(0)));
                behind = end;
            }
        }
        to_come.reverse();
        Ok(Reading {
            index: SeekIndex::new(source_rate),
            cursor,
            spec,
            metadata,
            expected_frames,
            to_come,
            start: 0,
            frames: head,
            planes: Planes::new(channels),
            anchors: Vec::new(),
            length: None,
            head_ends: None,
        })
    }
}

impl Reading {
    /// Reads on; whether there is more to read.
    fn step(&mut self) -> Result<bool, LoadError> {
        let more = self.cursor.step(&self.index, &mut self.planes)?;
        if more && self.planes.frames() < self.frames {
            return Ok(true);
        }
        if !more {
            let length = self.cursor.length().unwrap_or(0);
            if length == 0 {
                return Err(LoadError::no_frame());
            }
            self.length = Some(length);
        }
        self.planes.truncate(self.frames);
        let planes = std::mem::replace(&mut self.planes, Planes::new(self.spec.channels));
        if planes.frames() > 0 {
            let buffer = SampleBuffer::from_planes(self.spec.sample_rate, planes.into_planes())?;
            self.anchors.push(Anchor { start: self.start, buffer });
        }
        if self.start == 0 {
            self.head_ends = self.cursor.ends().cloned();
        }
        let Some((start, frames)) = self.to_come.pop().filter(|_| self.length.is_none()) else {
            return Ok(false);
        };
        (self.start, self.frames) = (start, frames);
        self.cursor.seek(start, &self.index, &mut self.planes)?;
        Ok(true)
    }

    fn finish(mut self) -> Result<StreamedSample, LoadError> {
        let origin = Arc::clone(self.cursor.origin());
        let byte_len = origin.byte_len();
        // Where a file says so itself, voices need not wait for the end to be seen.
        let rates = (self.cursor.decoder().info().spec.sample_rate, self.spec.sample_rate);
        let sure = self.cursor.decoder().seeker().and_then(|seeker| seeker.length());
        let sure = sure.map(|frames| to_rate(frames, rates.0, rates.1));
        let bytes_read = self.cursor.byte_position();
        let info = self.cursor.decoder().info();
        let sample = StreamedSample {
            origin,
            spec: self.spec,
            speakers: info.speakers,
            source_rate: info.spec.sample_rate,
            container: info.container.clone(),
            codec: info.codec.clone(),
            bits_per_sample: info.bits_per_sample,
            metadata: self.metadata,
            expected_frames: self.expected_frames.or_else(|| {
                let decoded = to_rate(self.cursor.decoded(), rates.0, rates.1);
                guessed_frames(decoded, bytes_read, byte_len)
            }),
            anchors: self.anchors,
            index: self.index,
            overview: StreamOverview::new(self.spec.channels),
            warnings: OnceLock::new(),
            frames: StreamedSample::unknown_frames(),
            is_counted: AtomicBool::new(false),
            head_ends: self.head_ends,
            seams: OnceLock::new(),
            scans: AtomicUsize::new(0),
        };
        if self.length.is_some() {
            sample.learn_seams(&mut self.cursor);
        }
        if let Some(length) = self.length.or(sure) {
            sample.set_frames(length, self.length.is_some() && self.cursor.has_counted());
        }
        Ok(sample)
    }
}

/// How long a file may be of which so many frames came of the first `bytes_read` bytes.
fn guessed_frames(frames: u64, bytes_read: u64, byte_len: u64) -> Option<u64> {
    let guess = u128::from(frames) * u128::from(byte_len.max(bytes_read));
    u64::try_from(guess.checked_div(u128::from(bytes_read))?).ok()
}
