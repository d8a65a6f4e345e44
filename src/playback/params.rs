//! How a voice is to sound.

use crate::metadata::{Loop, LoopKind};

/// How a voice sounds. Values out of range are clamped, what is not a number is the default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceParams {
    /// Linear gain 0…4.
    pub volume: f32,
    /// What the sample itself is amplified by, 0.0001 … 10,000, beside the volume: it stays when
    /// that is changed.
    pub gain: f32,
    /// Position −1 (left) … 1 (right): constant power, 0 is unity on both sides.
    pub pan: f32,
    /// Frames of the sample per frame of output, −4…4. Negative plays backwards, 0 is silent.
    pub speed: f64,
    /// What it repeats.
    pub looping: Looping,
    /// Where in the sample it starts. Backwards, 0 means the end.
    pub start_frame: u64,
    /// Where the sample is taken to end, if it does not before: forwards the voice is over there,
    /// backwards it begins in front of it.
    pub end_frame: u64,
    /// Length of the fade with which it begins. 0: where the sample begins there is none, its
    /// attack stays its own; anywhere else it is 5 ms. Frame `n` of a fade over `length` frames is
    /// multiplied by 3x² − 2x³ with x = (n + 1) / `length`.
    pub fade_in_frames: u32,
    /// Length of the fade with which it reaches its end, of the same curve the other way round: beside
    /// a fade in of that length both add up to 1. 0: where the sample ends there is none; before that
    /// it is 5 ms. Backwards there is none unless it is asked for.
    pub fade_out_frames: u32,
    /// The frame of the render clock that it starts at; `None`, or one in the past, is at once.
    pub at_frame: Option<u64>,
    /// What happens when the slot already sounds at that moment.
    pub retrigger: Retrigger,
    /// When it starts, voices of the same group that sound fade, whatever their slot: a closed
    /// hi-hat ends the open one. Those that fade to their end already do so as they did.
    pub choke: Option<u32>,
    /// Which of the [`BUSES`](super::BUSES) it is heard through.
    pub bus: u32,
}

impl Default for VoiceParams {
    fn default() -> Self {
        Self {
            volume: 1.0,
            gain: 1.0,
            pan: 0.0,
            speed: 1.0,
            looping: Looping::Off,
            start_frame: 0,
            end_frame: u64::MAX,
            fade_in_frames: 0,
            fade_out_frames: 0,
            at_frame: None,
            retrigger: Retrigger::Overlap,
            choke: None,
            bus: 0,
        }
    }
}

/// What a voice repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Looping {
    /// Nothing: it plays to the end of its sample.
    #[default]
    Off,
    /// A stretch of its sample.
    Span(LoopSpan),
    /// What the sample itself says (see [`ControlMessage::LoadSample`]); nothing if it says
    /// nothing.
    ///
    /// [`ControlMessage::LoadSample`]: super::ControlMessage::LoadSample
    Sample,
}

impl Looping {
    /// All of the sample, for ever.
    pub const WHOLE: Self = Self::Span(LoopSpan::WHOLE);
}

impl From<bool> for Looping {
    /// True is all of the sample, for ever.
    fn from(looped: bool) -> Self {
        if looped { Self::WHOLE } else { Self::Off }
    }
}

/// A stretch of a sample that is repeated.
///
/// Of a sample that was converted from another rate, all of it, and the loop that its file says, go
/// round forwards as they would at the file's rate: the end is converted with the start behind it,
/// and a round lasts as long as in the file, not a whole number of frames.
///
/// The voice plays up to the stretch, round it as long as the loop holds, and then on to the end
/// of the sample. One that starts beyond it, in its direction, starts within it: where it would be,
/// had it come so far by going round. What it plays after the loop is the release of an instrument; a stop does not
/// wait for that, it fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopSpan {
    /// Its first frame. One beyond the end of the sample makes no loop.
    pub start_frame: u64,
    /// The frame after its last one; beyond the sample's end, that is meant.
    pub end_frame: u64,
    /// How it is run through. `PingPong` plays its first and last frame twice at each turn, so
    /// that there and back takes twice as long as there.
    pub kind: LoopKind,
    /// How often it is run through, there and back being one time, of which the last is only there;
    /// 0 and whatever is [`Backward`](LoopKind::Backward): for ever.
    pub rounds: u32,
}

impl LoopSpan {
    /// All of the sample, for ever.
    pub const WHOLE: Self =
        Self { start_frame: 0, end_frame: u64::MAX, kind: LoopKind::Forward, rounds: 0 };
}

impl From<&Loop> for LoopSpan {
    fn from(file: &Loop) -> Self {
        let Loop { start_frame, end_frame, kind, count, .. } = *file;
        Self { start_frame, end_frame, kind, rounds: count }
    }
}

/// What a new voice does to those that its slot already has. Paused ones count; those that fade to
/// their end already do not.
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
