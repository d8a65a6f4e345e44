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
/// Commands take effect in the order sent, at the start of the block that takes them, or exactly at
/// their `at_frame`: behind the voices that stop and start at that frame, those of one frame in the
/// order sent. At most [`MAX_CHANGES_AHEAD`](super::MAX_CHANGES_AHEAD) of them may be to come,
/// beside plays and stops; further ones are dropped and counted. A slot or voice that does not exist
/// (any more) makes a command do nothing.
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
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Lets a paused voice go on.
    ResumeVoice {
        /// Which voice.
        voice: u64,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Moves a voice: it fades, jumps, and comes back.
    SeekVoice {
        /// Which voice.
        voice: u64,
        /// Where to, in frames of the sample.
        frame: u64,
        /// When that frame is to be heard, on the render clock: it fades and jumps before, and is back
        /// at its level then. Told too late, by 0.1 s at most, it is where it would be by then. What
        /// the voice is told for that frame holds where it lands. `None`, or a frame longer past: as
        /// soon as it has faded.
        at_frame: Option<u64>,
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
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Takes back what is still to come of what this voice was told with an `at_frame`, but for
    /// stops.
    CancelChanges {
        /// Which voice.
        voice: u64,
    },
    /// As `PauseVoice`, for all voices of a slot, at a frame those that there are then.
    PauseSample {
        /// Which slot.
        slot: u32,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// As `ResumeVoice`, for all voices of a slot.
    ResumeSample {
        /// Which slot.
        slot: u32,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// As `SeekVoice`, for all voices of a slot.
    SeekSample {
        /// Which slot.
        slot: u32,
        /// Where to, in frames of the sample.
        frame: u64,
        /// As of `SeekVoice`, for all voices that are there 10 ms before.
        at_frame: Option<u64>,
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
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Fades all voices of a bus to silence; they keep their places, and what is played on it
    /// waits at its start. One that is on its way out is over then.
    PauseBus {
        /// Which of the [`BUSES`](super::BUSES).
        bus: u32,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Lets the voices of a paused bus go on, but those that are paused themselves.
    ResumeBus {
        /// Which bus.
        bus: u32,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
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
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
    /// Sets the master speed −4…4.
    SetSpeed {
        /// Multiplies the speed of every voice.
        speed: f64,
        /// When, on the render clock; `None`, or a frame in the past: at once.
        at_frame: Option<u64>,
    },
}

impl<S, R> ControlMessage<S, R> {
    /// The frame that it says to take effect at, of those that the mixer keeps until then. Voices
    /// know by themselves when they start and stop.
    pub fn change_frame(&self) -> Option<u64> {
        use ControlMessage as M;
        match *self {
            M::PauseVoice { at_frame, .. }
            | M::ResumeVoice { at_frame, .. }
            | M::SeekVoice { at_frame, .. }
            | M::SetVoice { at_frame, .. }
            | M::PauseSample { at_frame, .. }
            | M::ResumeSample { at_frame, .. }
            | M::SeekSample { at_frame, .. }
            | M::SetBus { at_frame, .. }
            | M::PauseBus { at_frame, .. }
            | M::ResumeBus { at_frame, .. }
            | M::SetVolume { at_frame, .. }
            | M::SetSpeed { at_frame, .. } => at_frame,
            M::LoadSample { .. }
            | M::UnloadSample { .. }
            | M::Play { .. }
            | M::PlayStream { .. }
            | M::StopVoice { .. }
            | M::StopSample { .. }
            | M::StopAll { .. }
            | M::CancelChanges { .. }
            | M::SetLimiter { .. } => None,
        }
    }

    /// The voice that it is for, if it is for one alone.
    pub fn voice(&self) -> Option<u64> {
        use ControlMessage as M;
        match *self {
            M::Play { voice, .. }
            | M::PlayStream { voice, .. }
            | M::StopVoice { voice, .. }
            | M::PauseVoice { voice, .. }
            | M::ResumeVoice { voice, .. }
            | M::SeekVoice { voice, .. }
            | M::SetVoice { voice, .. }
            | M::CancelChanges { voice } => Some(voice),
            M::LoadSample { .. }
            | M::UnloadSample { .. }
            | M::StopSample { .. }
            | M::StopAll { .. }
            | M::PauseSample { .. }
            | M::ResumeSample { .. }
            | M::SeekSample { .. }
            | M::SetBus { .. }
            | M::PauseBus { .. }
            | M::ResumeBus { .. }
            | M::SetLimiter { .. }
            | M::SetVolume { .. }
            | M::SetSpeed { .. } => None,
        }
    }
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
            M::PauseVoice { voice, at_frame } => M::PauseVoice { voice, at_frame },
            M::ResumeVoice { voice, at_frame } => M::ResumeVoice { voice, at_frame },
            M::SeekVoice { voice, frame, at_frame } => M::SeekVoice { voice, frame, at_frame },
            M::SetVoice { voice, volume, pan, speed, looping, fade_frames, at_frame } => {
                M::SetVoice { voice, volume, pan, speed, looping, fade_frames, at_frame }
            }
            M::PauseSample { slot, at_frame } => M::PauseSample { slot, at_frame },
            M::ResumeSample { slot, at_frame } => M::ResumeSample { slot, at_frame },
            M::SeekSample { slot, frame, at_frame } => M::SeekSample { slot, frame, at_frame },
            M::SetBus { bus, volume, muted, fade_frames, at_frame } => {
                M::SetBus { bus, volume, muted, fade_frames, at_frame }
            }
            M::PauseBus { bus, at_frame } => M::PauseBus { bus, at_frame },
            M::ResumeBus { bus, at_frame } => M::ResumeBus { bus, at_frame },
            M::SetLimiter { on } => M::SetLimiter { on },
            M::SetVolume { volume, fade_frames, at_frame } => {
                M::SetVolume { volume, fade_frames, at_frame }
            }
            M::SetSpeed { speed, at_frame } => M::SetSpeed { speed, at_frame },
            M::CancelChanges { voice } => M::CancelChanges { voice },
        })
    }
}
