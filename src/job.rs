//! One load as a value that is stepped: read, decode, resample, into one [`SampleBuffer`].

mod capacity;
mod decoding;
mod idle;
mod pace;
mod parts;
mod splitting;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use decoding::{Decoding, More};
use idle::Idle;
pub use parts::{Help, Helper, SharedLoad};

use crate::buffer::SampleBuffer;
use crate::decode::{self, Decoder, OpenedSource, ReadState};
use crate::error::{LoadError, LoadErrorKind, LoadWarning, Stage};
use crate::metadata::{Collector, MAX_KEPT_COVER_BYTES, Metadata, Pictures};
use crate::resample::Workbench;
use crate::source::{self, Pulse, Source, SourceIdentity, is_another};

/// What is shown until the sample is handed out.
pub(crate) const ALMOST_DONE_PERCENT: f32 = 99.9;

/// What a load is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The rate that the sample is converted to, in Hz; None keeps the file's.
    pub sample_rate: Option<u32>,
    /// Most bytes that the sample may take as `f32` at its final rate; None, and what is more, is
    /// three quarters of the memory.
    pub max_sample_bytes: Option<u64>,
}

/// What a finished load brings.
#[derive(Clone, Debug)]
pub struct LoadedSample {
    /// The audio, finished, with the file's channels in WAVE order.
    pub buffer: Arc<SampleBuffer>,
    /// The file's own rate in Hz.
    pub source_rate: u32,
    /// The container, e.g. `wav`; see [`StreamInfo`](crate::StreamInfo).
    pub container: String,
    /// The codec, e.g. `pcm_s16le`.
    pub codec: String,
    /// Bits of one stored value, where the codec has such a thing.
    pub bits_per_sample: Option<u32>,
    /// What was odd about the file.
    pub warnings: Vec<LoadWarning>,
    /// What the file says beside its audio; None if that is nothing.
    pub metadata: Option<Arc<Metadata>>,
    /// Where the time went.
    pub timings: StageTimings,
}

/// The time that a load was worked on, by what was done. What it waited between its steps is in
/// none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimings {
    /// In the source: opening it, reading and seeking, from the first byte to the last.
    pub reading: Duration,
    /// Finding out the format, decoding, and putting the sample together.
    pub decoding: Duration,
    /// Changing the sample rate.
    pub resampling: Duration,
}

/// What one step of a load came to.
#[derive(Clone, Debug)]
pub enum Step {
    /// There is more to do.
    Working,
    /// The sample is there.
    Done(LoadedSample),
}

/// One load: a plain value that owns no thread and that whoever holds it may step, move to
/// another thread, or drop at any time.
///
/// ```
/// # use std::sync::Arc;
/// use hotcue::{LoadJob, LoadOptions, Source, Step, Workbench};
///
/// let mut wav = Vec::new();
/// wav.extend(b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0");
/// wav.extend([48_000_u32.to_le_bytes(), 96_000_u32.to_le_bytes()].concat());
/// wav.extend(b"\x02\0\x10\0data\x04\0\0\0\0\x40\0\x80");
/// let mut job = LoadJob::new(Source::Memory(wav.into()), LoadOptions::default());
/// let mut bench = Workbench::default();
/// let sample = loop {
///     if let Step::Done(sample) = job.step(&mut bench)? {
///         break sample;
///     }
/// };
/// assert_eq!(sample.buffer.plane(0), [0.5, -1.0]);
/// assert_eq!(sample.codec, "pcm_s16le");
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub struct LoadJob {
    source: Source,
    options: LoadOptions,
    state: State,
    stage: Stage,
    percent: f32,
    idle: Idle,
    pulse: Arc<Pulse>,
    /// Bytes that the pulse had counted before this job.
    earlier_bytes: u64,
    /// Time spent in steps that are over.
    busy: Duration,
    /// What is known of the source since it was opened.
    opened: Option<Opened>,
}

/// What a load has spent so far.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    bytes_read: u64,
    /// Time in reads of these bytes.
    reading: Duration,
    /// Time in all else but the opening.
    working: Duration,
}

struct Opened {
    identity: Option<SourceIdentity>,
    byte_len: u64,
    read: Arc<ReadState>,
    /// Time that the opening took.
    opening: Duration,
    /// Time in a reader that was there before this one.
    earlier: Duration,
}

impl Opened {
    /// Time that was spent in the source.
    fn reading(&self) -> Duration {
        self.earlier + self.read.time_spent()
    }
}

enum State {
    New,
    Opened(OpenedSource),
    Decoding(Box<Decoding>),
    /// What was decoded in parts is not sound: the source is to be opened once more.
    Reopening(Box<Decoding>),
    Flushing(Box<Decoding>),
    Done(LoadedSample),
    Failed(LoadError),
}

impl fmt::Debug for LoadJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadJob")
            .field("source", &self.source)
            .field("stage", &self.stage)
            .field("percent", &self.percent)
            .finish_non_exhaustive()
    }
}

impl LoadJob {
    /// Makes a job. Touches nothing: the first step opens the source.
    pub fn new(source: Source, options: LoadOptions) -> Self {
        Self::with_pulse(source, options, Arc::default())
    }

    /// The same with a pulse that others hold already.
    pub(crate) fn with_pulse(source: Source, options: LoadOptions, pulse: Arc<Pulse>) -> Self {
        let earlier_bytes = pulse.bytes();
        Self {
            source,
            options,
            state: State::New,
            stage: Stage::Queued,
            percent: 0.0,
            idle: Idle::default(),
            pulse,
            earlier_bytes,
            busy: Duration::ZERO,
            opened: None,
        }
    }

    /// Does a little of the work: about 1 ms, decided by a budget of frames and packets. Longer
    /// may take only what a format needs before its first frame, and one packet that is huge.
    /// `bench` lends resamplers that jobs of one worker share.
    ///
    /// After the last step, further ones say the same again.
    ///
    /// # Errors
    /// `not_found`, `permission_denied` and `io` of the source; `unsupported_format`, `corrupt`
    /// and `empty` of its content; `too_large` beyond `max_sample_bytes` or without memory. What
    /// was decoded so far is dropped, except for readers that hold [`buffer`](Self::buffer).
    pub fn step(&mut self, bench: &mut Workbench) -> Result<Step, LoadError> {
        let state = std::mem::replace(&mut self.state, State::Failed(LoadError::interrupted()));
        let begin = Instant::now();
        if let Some(opened) = &self.opened {
            opened.read.begin_step(begin);
        }
        let result = self.advance(state, bench, begin);
        self.busy += begin.elapsed();
        match result {
            Ok(state) => {
                let step = match &state {
                    State::Done(sample) => Step::Done(sample.clone()),
                    _ => Step::Working,
                };
                self.state = state;
                Ok(step)
            }
            Err(error) => {
                let error = self.source.named(error);
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    fn advance(
        &mut self,
        state: State,
        bench: &mut Workbench,
        begin: Instant,
    ) -> Result<State, LoadError> {
        match state {
            State::New => {
                self.stage = Stage::Reading;
                let source = OpenedSource::open(&self.source, Arc::clone(&self.pulse))?;
                self.opened = Some(Opened {
                    identity: source.identity(),
                    byte_len: source.byte_len(),
                    read: source.state(),
                    opening: source.state().time_spent(),
                    earlier: Duration::ZERO,
                });
                Ok(State::Opened(source))
            }
            State::Opened(source) => {
                // What came from memory cannot be read again when somebody asks for the picture.
                let pictures = match self.source {
                    Source::Memory(_) => Pictures::Keep(MAX_KEPT_COVER_BYTES),
                    Source::Path(_) | Source::Custom(_) => Pictures::Note,
                };
                let mut found = Collector::new(pictures);
                let read = source.state();
                let decoder = decode::open(source, &mut found)?;
                if let Source::Memory(bytes) = &self.source {
                    found.keep_cover(bytes);
                }
                let before = self.spent(begin);
                let decoding = Decoding::start(decoder, read, found, self.options, bench, before)?;
                self.stage = Stage::Decoding;
                Ok(State::Decoding(Box::new(decoding)))
            }
            State::Decoding(mut decoding) => {
                let more = decoding.decode_some(bench)?;
                if more == More::StartOver {
                    return Ok(State::Reopening(decoding));
                }
                self.show_progress(&mut decoding, begin);
                if more == More::Yes {
                    // Steps that wait for others may be many.
                    if !decoding.is_split()
                        && self.idle.after_step(decoding.frames_decoded(), self.pulse.beats())
                    {
                        let message = "its packets hold nothing and do not end";
                        return Err(LoadError::new(LoadErrorKind::Corrupt, message));
                    }
                    return Ok(State::Decoding(decoding));
                }
                if decoding.frames_decoded() == 0 {
                    return Err(LoadError::no_frame());
                }
                if decoding.resamples() {
                    self.stage = Stage::Resampling;
                    return Ok(State::Flushing(decoding));
                }
                self.finish(*decoding, bench, begin)
            }
            State::Reopening(mut decoding) => {
                decoding.start_over(self.reopen()?, bench)?;
                Ok(State::Decoding(decoding))
            }
            State::Flushing(decoding) => self.finish(*decoding, bench, begin),
            State::Done(sample) => Ok(State::Done(sample)),
            State::Failed(error) => Err(error),
        }
    }

    /// Opens the source once more.
    ///
    /// # Errors
    /// Those of the first time; `io` when it is another file by now.
    fn reopen(&mut self) -> Result<(Box<dyn Decoder>, Arc<ReadState>), LoadError> {
        let source = OpenedSource::open(&self.source, Arc::clone(&self.pulse))?;
        let read = source.state();
        if let Some(opened) = &mut self.opened {
            let is_another = is_another(source.identity(), opened.identity);
            if is_another || opened.byte_len != source.byte_len() {
                let message = "the file changed while it was read";
                return Err(LoadError::new(LoadErrorKind::Io, message));
            }
            opened.earlier += opened.read.time_spent();
            opened.read = Arc::clone(&read);
        }
        Ok((decode::open(source, &mut Collector::new(Pictures::Note))?, read))
    }

    fn finish(
        &mut self,
        decoding: Decoding,
        bench: &mut Workbench,
        begin: Instant,
    ) -> Result<State, LoadError> {
        let mut sample = decoding.finish(bench, &self.spent(begin))?;
        let reading = self.opened.as_ref().map_or(Duration::ZERO, Opened::reading);
        let mismatch =
            self.source.path().and_then(|path| source::mismatch(path, &sample.container));
        sample.warnings.extend(mismatch);
        sample.timings.reading = reading;
        sample.timings.decoding = (self.busy + begin.elapsed())
            .saturating_sub(reading)
            .saturating_sub(sample.timings.resampling);
        self.stage = Stage::Publishing;
        self.percent = 100.0;
        Ok(State::Done(sample))
    }

    /// Percent are time: what was spent so far, of that and what is expected to be left.
    fn show_progress(&mut self, decoding: &mut Decoding, begin: Instant) {
        let remaining = decoding.remaining(&self.spent(begin));
        let busy = self.busy + begin.elapsed();
        let percent = pace::percent(busy, remaining).min(ALMOST_DONE_PERCENT);
        self.percent = self.percent.max(percent);
    }

    /// What was spent up to now, in a step that began at `begin`.
    fn spent(&self, begin: Instant) -> Spent {
        let busy = self.busy + begin.elapsed();
        let (all, opening) = self
            .opened
            .as_ref()
            .map_or_else(Default::default, |source| (source.reading(), source.opening));
        Spent {
            bytes_read: self.pulse.bytes().saturating_sub(self.earlier_bytes),
            reading: all.saturating_sub(opening),
            working: busy.saturating_sub(all),
        }
    }

    /// Where the job is. Never goes back; after a failure, where that happened.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// How much is done, 0..100. Never falls; 100 only when the sample is there.
    pub fn percent(&self) -> f32 {
        self.percent
    }

    /// Which file is being loaded, asked of the open handle; None before the first step, for what
    /// is no file, and where the system does not tell files apart.
    pub fn identity(&self) -> Option<SourceIdentity> {
        self.opened.as_ref().and_then(|source| source.identity)
    }

    /// Length of the source in bytes; None before the first step.
    pub fn byte_len(&self) -> Option<u64> {
        self.opened.as_ref().map(|source| source.byte_len)
    }

    /// What has been had of the source. The same one from [`new`](Self::new) on, and alive also
    /// while a step is stuck in a read.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// What other threads may help with; None where the load is too short for that, or is one that
    /// a single thread has to decode. With their help it yields the same values.
    pub fn shared(&self) -> Option<Arc<SharedLoad>> {
        match &self.state {
            State::Decoding(decoding) => decoding.shared().map(Arc::clone),
            _ => None,
        }
    }

    /// Bytes of memory that the sample takes: all that it will have where its length is known,
    /// what is written so far where it is not; 0 before the first frame.
    pub fn held_bytes(&self) -> usize {
        match &self.state {
            State::Decoding(decoding) | State::Reopening(decoding) | State::Flushing(decoding) => {
                decoding.held_bytes()
            }
            State::Done(sample) => sample.buffer.byte_len(),
            State::New | State::Opened(_) | State::Failed(_) => 0,
        }
    }

    /// The sample as far as it is there; None before the first frame, and while its memory may
    /// move, as that of a sample does whose length can only be guessed. Should a file hold more than
    /// it states, the sample moves after all: None from then until it is finished.
    pub fn buffer(&self) -> Option<Arc<SampleBuffer>> {
        match &self.state {
            State::Decoding(decoding) | State::Reopening(decoding) | State::Flushing(decoding) => {
                decoding.buffer()
            }
            State::Done(sample) => Some(Arc::clone(&sample.buffer)),
            _ => None,
        }
    }

    /// What is known by now of the sample that [`buffer`](Self::buffer) gives: no warnings, no
    /// timings, and loops and cues placed by the length that the file states.
    pub fn arriving(&self) -> Option<LoadedSample> {
        match &self.state {
            State::Decoding(decoding) | State::Reopening(decoding) | State::Flushing(decoding) => {
                decoding.arriving()
            }
            State::Done(sample) => Some(sample.clone()),
            _ => None,
        }
    }
}
