//! Arguments of the engine's calls.

use hotcue::analysis::{AnalysisKind, AnalysisResult, Loudness};
use hotcue::playback::{BUSES, LoopSpan, Looping, Retrigger, VoiceParams};
use hotcue::{LoopKind, Waveform};

use crate::error::EngineError;
use crate::request::Wishes;
use crate::sample::Sample;

/// How a sample is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmitOptions {
    /// Higher goes first, −100..=100; among analyses, too.
    pub priority: i32,
    /// Only the head comes into memory; see
    /// [`stream_sample_async`](crate::AudioEngine::stream_sample_async).
    pub stream: bool,
    /// What is to be heard in it once it is loaded: one `analysis` event for each, whatever
    /// happens. All loads go before that. A streamed sample is never in memory as a whole: of it,
    /// the events say so.
    pub analyze: Vec<AnalysisKind>,
    /// The caller learns by the ticket what becomes of it: the poll queue gets none of its events,
    /// so that it does not fill where nobody polls. Subscriptions get all of them.
    pub awaited: bool,
}

impl SubmitOptions {
    pub(super) fn wishes(&self) -> Result<Wishes, EngineError> {
        check_priority(self.priority)?;
        let kinds = self.analyze.iter().copied().collect();
        let Self { priority, stream, awaited, .. } = *self;
        Ok(Wishes { priority, streams: stream, kinds, awaited })
    }
}

/// What `play_sample` does for a slot that is empty while its load runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenLoading {
    /// Starts as soon as the sample is there. One play waits per slot, the latest.
    #[default]
    PlayWhenReady,
    /// Does nothing.
    Drop,
    /// Answers `EngineError::NotReady`.
    Raise,
}

/// How a sample is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayOptions {
    /// Linear gain, 0..=4.
    pub volume: f32,
    /// What the sample is brought to beside that.
    pub normalize: Normalize,
    /// −1 (left) ..= 1 (right), constant power.
    pub pan: f32,
    /// Playback rate, −4..=4; negative plays backwards.
    pub speed: f64,
    /// What it repeats.
    pub looping: PlayLoop,
    /// Where in the sample to start, in seconds.
    pub start_sec: f64,
    /// Where the sample is taken to end, in seconds, behind `start_sec`; None: where it does.
    pub end_sec: Option<f64>,
    /// Length of the fade it begins with, 0..=60. 0: none where the sample begins, else 5 ms. Its
    /// curve is that of [`VoiceParams::fade_in_frames`].
    pub fade_in_sec: f64,
    /// Length of the fade it ends with, 0..=60. 0: none where the sample ends, else 5 ms.
    pub fade_out_sec: f64,
    /// Frame of the engine's clock to start at; None or one in the past: at once.
    pub at_frame: Option<u64>,
    /// When it starts, voices of the same group fade, whatever their slot.
    pub choke: Option<u32>,
    /// Which of the [`BUSES`] it is heard through.
    pub bus: u32,
    /// What happens to voices of the slot that sound already.
    pub retrigger: Retrigger,
    /// What happens while the slot's first sample is still loading.
    pub when_loading: WhenLoading,
    /// How long a waiting play waits, in seconds; one with an `at_frame` until that at least.
    pub max_wait_sec: f64,
}

impl Default for PlayOptions {
    fn default() -> Self {
        Self {
            volume: 1.0,
            normalize: Normalize::Off,
            pan: 0.0,
            speed: 1.0,
            looping: PlayLoop::default(),
            start_sec: 0.0,
            end_sec: None,
            fade_in_sec: 0.0,
            fade_out_sec: 0.0,
            at_frame: None,
            choke: None,
            bus: 0,
            retrigger: Retrigger::default(),
            when_loading: WhenLoading::default(),
            max_wait_sec: 2.0,
        }
    }
}

/// What a play amplifies its sample by, so that all are alike. What is played before its sample is
/// complete plays as it is, unless that is one that was heard and had left memory; and so does a
/// stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Normalize {
    /// Nothing.
    #[default]
    Off,
    /// Its greatest value becomes full scale.
    Peak,
    /// It becomes so loud, or as loud as it can be with its true peak at −1 dBTP, the most that
    /// EBU R 128 allows. Its loudness has to be known (`AnalysisKind::Loudness`); one whose is not
    /// plays as it is.
    Loudness {
        /// −70..=0.
        target_lufs: f64,
    },
}

impl Normalize {
    /// To the level of ReplayGain 2, −18 LUFS.
    pub const LOUDNESS: Self = Self::Loudness { target_lufs: -18.0 };
    /// EBU R 128, recommendation i.
    const CEILING_DBTP: f64 = -1.0;

    fn check(self) -> Result<(), EngineError> {
        match self {
            Self::Off | Self::Peak => Ok(()),
            Self::Loudness { target_lufs } => {
                check((-70.0..=0.0).contains(&target_lufs), "normalize")
            }
        }
    }

    /// The gain for a sample.
    pub(crate) fn gain(self, sample: &Sample) -> f32 {
        match self {
            Self::Peak => peak_of(sample).filter(|peak| peak.is_normal()).map_or(1.0, f32::recip),
            Self::Loudness { target_lufs } => loudness_of(sample)
                .map_or(1.0, |loudness| loudness.gain(target_lufs, Self::CEILING_DBTP)),
            Self::Off => 1.0,
        }
    }
}

/// How loud a sample is, if that is known.
fn loudness_of(sample: &Sample) -> Option<Loudness> {
    match &*sample.result_of(AnalysisKind::Loudness)? {
        AnalysisResult::Loudness(loudness) => Some(*loudness),
        _ => None,
    }
}

/// The greatest value of a sample, if that is known.
fn peak_of(sample: &Sample) -> Option<f32> {
    if sample.stream().is_some() {
        return None;
    }
    if !sample.buffer().is_finished() {
        // It was heard before it had left memory, to where it is on its way back.
        return loudness_of(sample).map(|loudness| loudness.sample_peak);
    }
    let Waveform { min, max, .. } = sample.buffer().waveform(1, 0.0, f64::INFINITY);
    Some(min.iter().chain(&max).fold(0.0, |peak, it| peak.max(it.abs())))
}

/// What a play repeats. It plays up to the loop, round it, and, once the loop is taken from it,
/// on to the end of its sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlayLoop {
    /// How.
    pub mode: LoopMode,
    /// Where the loop begins, in seconds; of no meaning for `Off` and `File`.
    pub start_sec: f64,
    /// Where it ends, behind `start_sec`; None: with the sample.
    pub end_sec: Option<f64>,
}

/// How a loop is run through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LoopMode {
    /// There is none.
    #[default]
    Off,
    /// From its start to its end.
    Forward,
    /// There and back.
    PingPong,
    /// Once there, then from its end to its start.
    Backward,
    /// The sample's first loop that is none for the release: the stretch, kind and count are the
    /// file's. No loop if it has none.
    File,
}

impl From<bool> for PlayLoop {
    /// True repeats all of the sample.
    fn from(looped: bool) -> Self {
        let mode = if looped { LoopMode::Forward } else { LoopMode::Off };
        Self { mode, ..Self::default() }
    }
}

impl PlayLoop {
    fn check(&self) -> Result<(), EngineError> {
        check_position("loop_start_sec", self.start_sec)?;
        check_end("loop_end_sec", self.start_sec, self.end_sec)
    }

    /// The loop in frames.
    pub(super) fn looping(&self, sample_rate: u32) -> Looping {
        let kind = match self.mode {
            LoopMode::Off => return Looping::Off,
            LoopMode::File => return Looping::Sample,
            LoopMode::Forward => LoopKind::Forward,
            LoopMode::PingPong => LoopKind::PingPong,
            LoopMode::Backward => LoopKind::Backward,
        };
        Looping::Span(LoopSpan {
            start_frame: frames_of(self.start_sec, sample_rate),
            end_frame: end_frame(self.end_sec, sample_rate),
            kind,
            rounds: 0,
        })
    }
}

/// Longest wait that is told from "for ever", in seconds.
const LONGEST_WAIT_SEC: f64 = 86_400.0;

impl PlayOptions {
    pub(super) fn check(&self) -> Result<(), EngineError> {
        check_volume(self.volume)?;
        self.normalize.check()?;
        check_pan(self.pan)?;
        check_speed(self.speed)?;
        self.looping.check()?;
        check_position("start_sec", self.start_sec)?;
        check_end("end_sec", self.start_sec, self.end_sec)?;
        check_fade_as("fade_in_sec", self.fade_in_sec)?;
        check_fade_as("fade_out_sec", self.fade_out_sec)?;
        check_bus(self.bus)?;
        check((0.0..=LONGEST_WAIT_SEC).contains(&self.max_wait_sec), "max_wait_sec")
    }

    /// The same in frames.
    pub(super) fn params(&self, sample_rate: u32) -> VoiceParams {
        VoiceParams {
            volume: self.volume,
            gain: 1.0,
            pan: self.pan,
            speed: self.speed,
            looping: self.looping.looping(sample_rate),
            start_frame: frames_of(self.start_sec, sample_rate),
            end_frame: end_frame(self.end_sec, sample_rate),
            fade_in_frames: fade_frames(self.fade_in_sec, sample_rate),
            fade_out_frames: fade_frames(self.fade_out_sec, sample_rate),
            at_frame: self.at_frame,
            retrigger: self.retrigger,
            choke: self.choke,
            bus: self.bus,
        }
    }
}

/// Changes of a sounding voice; None leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VoiceChange {
    /// Linear gain, 0..=4.
    pub volume: Option<f32>,
    /// −1..=1.
    pub pan: Option<f32>,
    /// −4..=4.
    pub speed: Option<f64>,
    /// What it repeats. A voice that has run beyond its new loop jumps into that; one that loses
    /// its loop plays its round to the end, and on.
    pub looping: Option<PlayLoop>,
    /// How long volume and pan take, in seconds, 0..=60, where the voice is heard; None: 5 ms.
    pub fade_sec: Option<f64>,
}

impl VoiceChange {
    pub(super) fn check(&self) -> Result<(), EngineError> {
        self.fade_sec.map_or(Ok(()), check_fade)?;
        self.volume.map_or(Ok(()), check_volume)?;
        self.pan.map_or(Ok(()), check_pan)?;
        self.speed.map_or(Ok(()), check_speed)?;
        self.looping.map_or(Ok(()), |looping| looping.check())
    }
}

/// Frames at a place or of a time that was checked to be finite and not negative.
pub(super) fn frames_of(sec: f64, sample_rate: u32) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be finite and not negative; `as` saturates"
    )]
    let frames = (sec * f64::from(sample_rate)).round() as u64;
    frames
}

pub(super) fn fade_frames(sec: f64, sample_rate: u32) -> u32 {
    u32::try_from(frames_of(sec, sample_rate)).unwrap_or(u32::MAX)
}

fn end_frame(end_sec: Option<f64>, sample_rate: u32) -> u64 {
    end_sec.map_or(u64::MAX, |sec| frames_of(sec, sample_rate))
}

// A NaN is in no range, so these refuse it too.
fn check(holds: bool, name: &'static str) -> Result<(), EngineError> {
    if holds { Ok(()) } else { Err(EngineError::OutOfRange(name)) }
}

pub(super) fn check_volume(volume: f32) -> Result<(), EngineError> {
    check((0.0..=4.0).contains(&volume), "volume")
}

fn check_pan(pan: f32) -> Result<(), EngineError> {
    check((-1.0..=1.0).contains(&pan), "pan")
}

pub(super) fn check_speed(speed: f64) -> Result<(), EngineError> {
    check((-4.0..=4.0).contains(&speed), "speed")
}

pub(super) fn check_position(name: &'static str, sec: f64) -> Result<(), EngineError> {
    check(sec >= 0.0 && sec.is_finite(), name)
}

fn check_end(name: &'static str, start_sec: f64, end_sec: Option<f64>) -> Result<(), EngineError> {
    check(end_sec.is_none_or(|sec| sec > start_sec && sec.is_finite()), name)
}

pub(super) fn check_fade(sec: f64) -> Result<(), EngineError> {
    check_fade_as("fade_sec", sec)
}

fn check_fade_as(name: &'static str, sec: f64) -> Result<(), EngineError> {
    check((0.0..=60.0).contains(&sec), name)
}

pub(super) fn check_bus(bus: u32) -> Result<(), EngineError> {
    check((bus as usize) < BUSES, "bus")
}

/// What is wanted at once.
pub(super) const HIGHEST_PRIORITY: i32 = 100;

pub(super) fn check_priority(priority: i32) -> Result<(), EngineError> {
    check((-100..=HIGHEST_PRIORITY).contains(&priority), "priority")
}
