//! Everything that crosses the realtime boundary, on one screen.
//!
//! | ring | from → to | capacity | when full |
//! |---|---|---|---|
//! | commands | [`Controller`](super::Controller) → [`Renderer`](super::Renderer) | `command_capacity` | `try_send` gives the message back |
//! | retired samples | `Renderer` → `Controller::collect` | one place per sample lent | cannot be: the place is reserved before a sample goes in |
//! | playback events | `Renderer` → `Controller::poll_event` | `event_capacity` | the event is dropped and counted |

use std::sync::Arc;

use super::params::{LoopSpan, Looping, VoiceParams};
use crate::buffer::SampleBuffer;
use crate::stream::StreamReader;

/// A command into the audio callback. `S` and `R` are how samples and readers of streams travel;
/// callers use the defaults.
///
/// Commands take effect in the order sent, at the start of the block that takes them. A slot or
/// voice that does not exist (any more) makes a command do nothing.
#[derive(Debug)]
pub enum ControlMessage<S = Arc<SampleBuffer>, R = StreamReader> {
    /// Puts a sample into a slot. Voices of the one it replaces play on to their own end.
    LoadSample {
        /// Which slot.
        slot: u32,
        /// What it plays from now on, at the engine's rate; it may still be growing.
        sample: S,
        /// What [`Looping::Sample`] means for it.
        own_loop: Option<LoopSpan>,
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
    /// Starts a voice that reads a stream, by a reader of its own. The slot is to hold the head of
    /// that, or something else that says what [`Looping::Sample`] means; it is not heard.
    PlayStream {
        /// The caller's name for it, unique.
        voice: u64,
        /// Which slot.
        slot: u32,
        /// What it plays, at the engine's rate. Its feed is to be stepped elsewhere.
        stream: R,
        /// How it sounds.
        params: VoiceParams,
    },
    /// Fades a voice over `fade_frames` (1 ms at least) and ends it, by the curve of
    /// [`VoiceParams::fade_out_frames`]. Whatever else stops it meanwhile can only shorten the fade;
    /// it heeds nothing else any more.
    StopVoice {
        /// Which voice.
        voice: u64,
        /// Length of the fade.
        fade_frames: u32,
        /// When the fade begins, on the render clock; `None`, or a frame in the past: at once. A
        /// voice has one such frame, also while it fades: a later one replaces it, and one at once
        /// leaves it.
        at_frame: Option<u64>,
    },
    /// As `StopVoice`, for all voices of a slot that there are by now, waiting ones too; those that
    /// are to stop sooner do.
    StopSample {
        /// Which slot.
        slot: u32,
        /// Length of the fade.
        fade_frames: u32,
        /// When it begins.
        at_frame: Option<u64>,
    },
    /// As `StopVoice`, for all voices that there are by now, waiting ones too; those that are to stop
    /// sooner do.
    StopAll {
        /// Length of the fade.
        fade_frames: u32,
        /// When it begins.
        at_frame: Option<u64>,
    },
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
    /// Changes how a voice sounds; `None` leaves a value as it is. Where the voice is not heard,
    /// volume and pan are what they are to be at once.
    SetVoice {
        /// Which voice.
        voice: u64,
        /// Linear gain 0…4.
        volume: Option<f32>,
        /// Position −1…1.
        pan: Option<f32>,
        /// Speed −4…4.
        speed: Option<f64>,
        /// What it repeats. A voice that has run beyond its new loop jumps into that; one that
        /// no longer has one plays its round to the end, and on to the end of its sample.
        looping: Option<Looping>,
        /// How long volume and pan take, 1 ms at least; `None`: 5 ms.
        fade_frames: Option<u32>,
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
    /// Changes a bus; `None` leaves a value as it is. What is muted plays on in silence.
    SetBus {
        /// Which of the [`BUSES`](super::BUSES).
        bus: u32,
        /// Linear gain 0…4.
        volume: Option<f32>,
        /// Silent, whatever its volume.
        muted: Option<bool>,
        /// How long it takes where something is heard, 1 ms at least; `None`: 5 ms.
        fade_frames: Option<u32>,
    },
    /// Fades all voices of a bus to silence; they keep their places, and what is played on it
    /// waits at its start. One that is on its way out is over then.
    PauseBus {
        /// Which of the [`BUSES`](super::BUSES).
        bus: u32,
    },
    /// Lets the voices of a paused bus go on, but those that are paused themselves.
    ResumeBus {
        /// Which bus.
        bus: u32,
    },
    /// Turns the limiter of the master on or off: on, nothing leaves that is beyond full scale,
    /// and everything leaves 2 ms later.
    SetLimiter {
        /// On.
        on: bool,
    },
    /// Sets the master volume, linear gain 0…4.
    SetVolume {
        /// Multiplies the whole mix.
        volume: f32,
        /// How long it takes where something is heard, 1 ms at least; `None`: 5 ms.
        fade_frames: Option<u32>,
    },
    /// Sets the master speed −4…4.
    SetSpeed {
        /// Multiplies the speed of every voice.
        speed: f64,
    },
}

/// Exchanges what commands carry.
pub(super) trait Exchange<S, R, T> {
    /// A sample for something else; it comes back if that fails.
    fn sample(&mut self, sample: S) -> Result<T, S>;
    /// A reader of a stream, likewise.
    fn stream(&mut self, stream: R) -> Result<T, R>;
}

impl<S, R> ControlMessage<S, R> {
    /// The same command with what it carries exchanged; as it was if that fails.
    pub(super) fn try_exchange<T>(
        self,
        exchange: &mut impl Exchange<S, R, T>,
    ) -> Result<ControlMessage<T, T>, Self> {
        use ControlMessage as M;
        Ok(match self {
            M::LoadSample { slot, sample, own_loop } => match exchange.sample(sample) {
                Ok(sample) => M::LoadSample { slot, sample, own_loop },
                Err(sample) => return Err(M::LoadSample { slot, sample, own_loop }),
            },
            M::UnloadSample { slot } => M::UnloadSample { slot },
            M::Play { voice, slot, params } => M::Play { voice, slot, params },
            M::PlayStream { voice, slot, stream, params } => match exchange.stream(stream) {
                Ok(stream) => M::PlayStream { voice, slot, stream, params },
                Err(stream) => {
                    return Err(M::PlayStream { voice, slot, stream, params });
                }
            },
            M::StopVoice { voice, fade_frames, at_frame } => {
                M::StopVoice { voice, fade_frames, at_frame }
            }
            M::StopSample { slot, fade_frames, at_frame } => {
                M::StopSample { slot, fade_frames, at_frame }
            }
            M::StopAll { fade_frames, at_frame } => M::StopAll { fade_frames, at_frame },
            M::PauseVoice { voice } => M::PauseVoice { voice },
            M::ResumeVoice { voice } => M::ResumeVoice { voice },
            M::SeekVoice { voice, frame } => M::SeekVoice { voice, frame },
            M::SetVoice { voice, volume, pan, speed, looping, fade_frames } => {
                M::SetVoice { voice, volume, pan, speed, looping, fade_frames }
            }
            M::PauseSample { slot } => M::PauseSample { slot },
            M::ResumeSample { slot } => M::ResumeSample { slot },
            M::SeekSample { slot, frame } => M::SeekSample { slot, frame },
            M::SetBus { bus, volume, muted, fade_frames } => {
                M::SetBus { bus, volume, muted, fade_frames }
            }
            M::PauseBus { bus } => M::PauseBus { bus },
            M::ResumeBus { bus } => M::ResumeBus { bus },
            M::SetLimiter { on } => M::SetLimiter { on },
            M::SetVolume { volume, fade_frames } => M::SetVolume { volume, fade_frames },
            M::SetSpeed { speed } => M::SetSpeed { speed },
        })
    }
}
