//! From a sample's channels to the output's, and the pan law.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
use std::f64::consts::FRAC_PI_4;

use super::material::Material;
use crate::speakers::Speaker::{
    self, BackCentre, BackLeft, BackRight, Centre, Left, Lfe, Right, SideLeft, SideRight, Top,
};
use crate::speakers::{Speakers, usual};

/// How much of a sample's channels each of an output's channels gets.
///
/// A channel goes to the speaker of its name. Where the output has none, it goes to:
///
/// | channel | instead |
/// |---|---|
/// | centre | left and right, −3 dB each |
/// | side | the back of its side, unity; else the front of its side, −3 dB |
/// | back | the side of its side, unity; else the front of its side, −3 dB |
/// | top | left and right, −6 dB each |
/// | back centre | both backs or both sides, −3 dB each; else left and right, −6 dB each |
/// | LFE | nowhere |
/// | the one of a mono sample | left and right, unity each |
///
/// A mono output gets half of what a stereo output's two sides would: what is the same on both
/// keeps its level. A sample's channels are for the speakers that its file names, or else for the
/// [usual](Speakers::USUAL) ones of their number, as are those of an output. Where none are known,
/// they go one to one, and to a mono output the first two. Nothing is scaled down to make room: the
/// mix is not clipped.
///
/// # Sources
/// Coefficients: ITU-R BS.775-3, downward mixing equations of 3/2 and 3/1 material (centre and
/// surrounds 0.7071, a mono surround 0.5 to each side), but for mono, where it has 0.7071 for a
/// half. Channel order: Microsoft, *Multiple Channel Audio Data and WAVE Files* (2007).
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix {
    pub(super) inputs: usize,
    pub(super) speakers: Speakers,
    pub(super) outputs: usize,
}

impl Matrix {
    /// From the channels of a sample to as many of an output.
    pub(super) fn new(sample: Material<'_>, outputs: usize) -> Self {
        Self { inputs: sample.channels(), speakers: sample.speakers(), outputs }
    }

    /// How much of channel `input` an output's channel `output` gets.
    pub(super) fn share(self, input: usize, output: usize) -> f32 {
        let Self { inputs, speakers, outputs } = self;
        if inputs == outputs && speakers == Speakers::USUAL {
            return unity(input == output);
        }
        match (speakers.of(inputs, input), usual(outputs)) {
            (_, Some([_])) => {
                let stereo = Self { outputs: 2, ..self };
                0.5 * (stereo.share(input, 0) + stereo.share(input, 1))
            }
            (Some(_), Some(_)) if inputs == 1 => unity(output < 2),
            (Some(from), Some(to)) => share(from, to[output], to),
            (_, _) => unity(input == output),
        }
    }
}

fn unity(audible: bool) -> f32 {
    if audible { 1.0 } else { 0.0 }
}

/// How much of a channel a speaker gets in a room of two or more.
fn share(channel: Speaker, speaker: Speaker, room: &[Speaker]) -> f32 {
    let has = |speaker| room.contains(&speaker);
    if has(channel) {
        return unity(channel == speaker);
    }
    let side = |near, far| match (has(near), speaker == near, speaker == far) {
        (true, true, _) => 1.0,
        (false, _, true) => FRAC_1_SQRT_2,
        _ => 0.0,
    };
    let both = |left, right, gain| if [left, right].contains(&speaker) { gain } else { 0.0 };
    match channel {
        Left | Right | Lfe => 0.0,
        Top => both(Left, Right, 0.5),
        Centre => both(Left, Right, FRAC_1_SQRT_2),
        SideLeft => side(BackLeft, Left),
        SideRight => side(BackRight, Right),
        BackLeft => side(SideLeft, Left),
        BackRight => side(SideRight, Right),
        BackCentre if has(BackLeft) => both(BackLeft, BackRight, FRAC_1_SQRT_2),
        BackCentre if has(SideLeft) => both(SideLeft, SideRight, FRAC_1_SQRT_2),
        BackCentre => both(Left, Right, 0.5),
    }
}

/// Gains of the left and right output for a pan position −1…1.
///
/// Constant power (the squares add up to 2) with unity at the centre, exactly: a sample that is
/// not panned passes untouched, one panned hard is +3 dB on its side and 0 on the other.
pub(super) fn pan_gains(pan: f32) -> [f32; 2] {
    if pan == 0.0 {
        return [1.0, 1.0];
    }
    if pan >= 1.0 {
        return [0.0, SQRT_2];
    }
    if pan <= -1.0 {
        return [SQRT_2, 0.0];
    }
    let (sin, cos) = ((f64::from(pan) + 1.0) * FRAC_PI_4).sin_cos();
    #[allow(clippy::cast_possible_truncation, reason = "a gain in f32 is what is wanted")]
    [(cos * std::f64::consts::SQRT_2) as f32, (sin * std::f64::consts::SQRT_2) as f32]
}
