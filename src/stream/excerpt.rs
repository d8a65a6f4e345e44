//! A stretch of a file, decoded into memory.

use std::fmt;
use std::sync::Arc;

use super::cursor::Cursor;
use super::index::SeekIndex;
use super::planes::Planes;
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::error::LoadError;
use crate::metadata::{Collector, Pictures};
use crate::resample::Workbench;
use crate::source::{Pulse, Source};
use crate::spec::AudioSpec;

/// What one step of an excerpt came to.
#[derive(Clone, Debug)]
pub enum ExcerptStep {
    /// There is more to do.
    Working,
    /// The stretch is in memory.
    Done(Arc<SampleBuffer>),
}

/// Decodes a stretch of a file, as a value that is stepped, like [`LoadJob`](crate::LoadJob). What
/// lies before it is jumped over where the format allows, and what lies behind it is not read.
///
/// It has, bit by bit, the values that the whole file decoded has there, with the exceptions that a
/// streamed sample has.
///
/// ```
/// use hotcue::{Excerpt, ExcerptStep, Source, Workbench};
///
/// # let source = Source::Path("tests/fixtures/flac_16.flac".into());
/// let mut excerpt = Excerpt::new(source, Some(48_000), 0.1, Some(0.05));
/// let mut bench = Workbench::default();
/// let sample = loop {
///     if let ExcerptStep::Done(sample) = excerpt.step(&mut bench)? {
///         break sample;
///     }
/// };
/// assert_eq!(sample.ready_frames(), 2_400);
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub struct Excerpt {
    source: Source,
    rate: Option<u32>,
    start_sec: f64,
    duration_sec: Option<f64>,
    state: State,
}

enum State {
    New,
    Reading(Box<Reading>),
    Done(Arc<SampleBuffer>),
    Failed(LoadError),
}

struct Reading {
    cursor: Cursor,
    /// Of no marks: only one pass is made.
    index: SeekIndex,
    planes: Planes,
    writer: SampleWriter,
    /// Frames that are still wanted; None for all that there are.
    wanted: Option<usize>,
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Excerpt")
            .field("source", &self.source)
            .field("rate", &self.rate)
            .field("start_sec", &self.start_sec)
            .field("duration_sec", &self.duration_sec)
            .finish_non_exhaustive()
    }
}

impl Excerpt {
    /// Makes one of what begins at `start_sec` and lasts `duration_sec`, None being to the end, at
    /// `rate` Hz, None being the file's own. Both times are rounded to frames at that rate; where
    /// there is nothing, it is shorter, or empty. Touches nothing: the first step opens the source.
    pub fn new(
        source: Source,
        rate: Option<u32>,
        start_sec: f64,
        duration_sec: Option<f64>,
    ) -> Self {
        Self { source, rate, start_sec, duration_sec, state: State::New }
    }

    /// Does about 1 ms of the work; what a format needs before its first frame, and the way to a
    /// place that cannot be jumped to, may take longer. After the last step, further ones say the
    /// same again.
    ///
    /// # Errors
    /// Those of [`LoadJob::step`](crate::LoadJob::step).
    pub fn step(&mut self, bench: &mut Workbench) -> Result<ExcerptStep, LoadError> {
        let state = std::mem::replace(&mut self.state, State::Failed(LoadError::interrupted()));
        self.state = match self.advance(state, bench) {
            Ok(state) => state,
            Err(error) => State::Failed(self.source.named(error)),
        };
        match &self.state {
            State::New | State::Reading(_) => Ok(ExcerptStep::Working),
            State::Done(sample) => Ok(ExcerptStep::Done(Arc::clone(sample))),
            State::Failed(error) => Err(error.clone()),
        }
    }

    fn advance(&self, state: State, bench: &mut Workbench) -> Result<State, LoadError> {
        Ok(match state {
            State::New => State::Reading(Box::new(self.open(bench)?)),
            State::Reading(mut reading) => match reading.step()? {
                true => State::Reading(reading),
                false => State::Done(reading.writer.finish()),
            },
            State::Done(sample) => State::Done(sample),
            State::Failed(error) => return Err(error),
        })
    }

    fn open(&self, bench: &mut Workbench) -> Result<Reading, LoadError> {
        let mut found = Collector::new(Pictures::Note);
        let pulse = Arc::<Pulse>::default();
        let mut cursor = Cursor::open(&self.source, pulse, self.rate, &mut found, bench)?;
        let AudioSpec { sample_rate: source_rate, channels } = cursor.decoder().info().spec;
        let spec = AudioSpec { sample_rate: self.rate.unwrap_or(source_rate), channels };
        let index = SeekIndex::new(source_rate);
        let mut planes = Planes::new(channels);
        let start = frames_of(self.start_sec, spec.sample_rate);
        if start > 0 {
            cursor.seek(start, &index, &mut planes)?;
        }
        let frames = |sec| usize::try_from(frames_of(sec, spec.sample_rate)).unwrap_or(usize::MAX);
        let mut writer = SampleWriter::growing(spec)?;
        writer.set_speakers(cursor.decoder().info().speakers);
        Ok(Reading { cursor, index, planes, writer, wanted: self.duration_sec.map(frames) })
    }
}

impl Reading {
    /// Reads on; whether there is more to read.
    fn step(&mut self) -> Result<bool, LoadError> {
        let more = self.cursor.step(&self.index, &mut self.planes)?;
        let wanted = self.wanted.unwrap_or(usize::MAX);
        let frames = self.planes.frames().min(wanted);
        let channels = self.writer.spec().channels;
        self.writer.append(&self.planes.first(frames)[..channels])?;
        self.planes.truncate(0);
        self.wanted = self.wanted.map(|wanted| wanted - frames);
        if !more && self.cursor.length() == Some(0) {
            return Err(LoadError::no_frame());
        }
        Ok(more && wanted > frames)
    }
}

/// Whole frames; below 0 and of what is no number none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates; NaN becomes 0"
)]
fn frames_of(sec: f64, rate: u32) -> u64 {
    (sec * f64::from(rate)).round() as u64
}
