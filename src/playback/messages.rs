//! Everything that crosses the realtime boundary, on one screen.
//!
//! | ring | from → to | capacity | when full |
//! |---|---|---|---|
//! | commands | [`Controller`](super::Controller) → [`Renderer`](super::Renderer) | `command_capacity` | `try_send` gives the message back |
//! | retired samples | `Renderer` → `Controller::collect` | one place per sample lent | cannot be: the place is reserved before a sample goes in |
//! | playback events | `Renderer` → `Controller::poll_event` | `event_capacity` | the event is dropped and counted |

use std::sync::Arc;

use crate::buffer::SampleBuffer;

/// A command into the audio callback. `S` is how a sample travels; callers use the default.
///
/// Commands take effect in the order sent, at the start of the block that takes them. A slot or
/// voice that does not exist (any more) makes a command do nothing.
#[derive(Debug)]
pub enum ControlMessage<S = Arc<SampleBuffer>> {
    /// Puts a sample into a slot. Voices of the one it replaces play on to their own end.
    LoadSample {
        /// Which slot.
        slot: u32,
        /// What it plays from now on, at the engine's rate; it may still be growing.
        sample: S,
    },
    /// Empties a slot and fades its voices.
    UnloadSample {
        /// Which slot.
        slot: u32,
    },
    /// Starts a voice on what the slot holds now.
    Play {
        /// The caller's name for it, unique.
        voice: u64,
        /// Which slot.
        slot: u32,
        /// How it sounds.
        params: VoiceParams,
    },
    /// Fades a voice over `fade_frames` (1 ms at least) and ends it. Whatever else stops it
    /// meanwhile can only shorten the fade.
    StopVoice {
        /// Which voice.
        voice: u64,
        /// Length of the fade.
        fade_frames: u32,
    },
    /// Fades and ends all voices of a slot, waiting ones too.
    StopSample {
        /// Which slot.
        slot: u32,
    },
    /// Fades and ends all voices, waiting ones too.
    StopAll,
    /// Fades a voice to silence; it keeps its place.
    PauseVoice {
        /// Which voice.
        voice: u64,
    },
    /// Lets a paused voice go on.
    ResumeVoice {
        /// Which voice.
        voice: u64,
    },
    /// Moves a voice: it fades, jumps, and comes back.
    SeekVoice {
        /// Which voice.
        voice: u64,
        /// Where to, in frames of the sample.
        frame: u64,
    },
    /// Changes how a voice sounds; `None` leaves a value as it is.
    SetVoice {
        /// Which voice.
        voice: u64,
        /// Linear gain 0…4.
        volume: Option<f32>,
        /// Position −1…1.
        pan: Option<f32>,
        /// Speed −4…4.
        speed: Option<f32>,
        /// Whether it starts over at its end.
        looped: Option<bool>,
    },
    /// As `PauseVoice`, for all voices of a slot.
    PauseSample {
        /// Which slot.
        slot: u32,
    },
    /// As `ResumeVoice`, for all voices of a slot.
    ResumeSample {
        /// Which slot.
        slot: u32,
    },
    /// As `SeekVoice`, for all voices of a slot.
    SeekSample {
        /// Which slot.
        slot: u32,
        /// Where to, in frames of the sample.
        frame: u64,
    },
    /// Sets the master volume, linear gain 0…4.
    SetVolume {
        /// Multiplies the whole mix.
        volume: f32,
    },
    /// Sets the master speed −4…4.
    SetSpeed {
        /// Multiplies the speed of every voice.
        speed: f32,
    },
}

impl<S> ControlMessage<S> {
    /// The same command with its sample, if it has one, exchanged; as it was if that fails.
    pub(super) fn try_map_sample<T>(
        self,
        exchange: impl FnOnce(S) -> Result<T, S>,
    ) -> Result<ControlMessage<T>, Self> {
        use ControlMessage as M;
        Ok(match self {
            M::LoadSample { slot, sample } => match exchange(sample) {
                Ok(sample) => M::LoadSample { slot, sample },
                Err(sample) => return Err(M::LoadSample { slot, sample }),
            },
            M::UnloadSample { slot } => M::UnloadSample { slot },
            M::Play { voice, slot, params } => M::Play { voice, slot, params },
            M::StopVoice { voice, fade_frames } => M::StopVoice { voice, fade_frames },
            M::StopSample { slot } => M::StopSample { slot },
            M::StopAll => M::StopAll,
            M::PauseVoice { voice } => M::PauseVoice { voice },
            M::ResumeVoice { voice } => M::ResumeVoice { voice },
            M::SeekVoice { voice, frame } => M::SeekVoice { voice, frame },
            M::SetVoice { voice, volume, pan, speed, looped } => {
                M::SetVoice { voice, volume, pan, speed, looped }
            }
            M::PauseSample { slot } => M::PauseSample { slot },
            M::ResumeSample { slot } => M::ResumeSample { slot },
            M::SeekSample { slot, frame } => M::SeekSample { slot, frame },
            M::SetVolume { volume } => M::SetVolume { volume },
            M::SetSpeed { speed } => M::SetSpeed { speed },
        })
    }
}

/// How a voice sounds. Values out of range are clamped, what is not a number is the default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceParams {
    /// Linear gain 0…4.
    pub volume: f32,
    /// Position −1 (left) … 1 (right): constant power, 0 is unity on both sides.
    pub pan: f32,
    /// Frames of the sample per frame of output, −4…4. Negative plays backwards, 0 is silent.
    pub speed: f32,
    /// Whether it starts over at its end.
    pub looped: bool,
    /// Where in the sample it starts. Backwards, 0 means the end.
    pub start_frame: u64,
    /// The frame of the render clock that it starts at; `None`, or one in the past, is at once.
    pub at_frame: Option<u64>,
    /// What happens when the slot already sounds at that moment.
    pub retrigger: Retrigger,
}

impl Default for VoiceParams {
    fn default() -> Self {
        Self {
            volume: 1.0,
            pan: 0.0,
            speed: 1.0,
            looped: false,
            start_frame: 0,
            at_frame: None,
            retrigger: Retrigger::Overlap,
        }
    }
}

/// What a new voice does to those that its slot already has (paused ones count).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Retrigger {
    /// Sounds beside them.
    #[default]
    Overlap,
    /// Fades them and sounds.
    Restart,
    /// Does not sound.
    Ignore,
    /// Fades them and does not sound.
    Toggle,
}

/// What the audio callback reports.
///
/// Every `Play` gets exactly one `Ended`, after its `Started` if it sounded; a full ring drops
/// events, which [`PlaybackShared::dropped_events`](super::PlaybackShared::dropped_events) counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackEvent {
    /// A voice sounds.
    Started {
        /// Which voice.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Render clock of its first frame.
        frame: u64,
    },
    /// A voice is over.
    Ended {
        /// Which voice.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Render clock of the first frame without it.
        frame: u64,
        /// Why.
        reason: EndReason,
    },
}

/// Why a voice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// It reached the end of its sample.
    Finished,
    /// A stop command, or [`Retrigger::Restart`] or [`Retrigger::Toggle`] of a newer voice.
    Stopped,
    /// More than `max_voices` wanted to sound.
    Stolen,
    /// Its slot was unloaded.
    Unloaded,
    /// It never sounded, because the slot did: [`Retrigger::Ignore`] or [`Retrigger::Toggle`].
    Ignored,
    /// It never sounded: the slot was empty.
    NoSample,
    /// The callback panicked, a bug; all voices end then.
    Failed,
}

impl EndReason {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Stolen => "stolen",
            Self::Unloaded => "unloaded",
            Self::Ignored => "ignored",
            Self::NoSample => "no_sample",
            Self::Failed => "failed",
        }
    }
}
