//! From a sample's channels to the output's, and the pan law.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
use std::f64::consts::FRAC_PI_4;

/// How much of a sample's channel `input` an output's channel `output` gets.
///
/// | sample → output | rule |
/// |---|---|
/// | equal counts | one to one |
/// | mono → 2 and more | front left and right, unity each |
/// | 2 → mono | 0.5 × (left + right) |
/// | 3…8 → stereo | the table below |
/// | 3…8 → mono | 0.5 × the two sides of that |
/// | anything else | channel by channel; what the other side lacks is silent or not heard |
///
/// Multichannel samples are in WAVE order, the layout is the usual one of their count: 3 `L R C`,
/// 4 `L R Ls Rs`, 5 `L R C Ls Rs`, 6 `L R C LFE Ls Rs`, 7 `L R C LFE Cs Ls Rs`,
/// 8 `L R C LFE Lb Rb Ls Rs`. Down to stereo: left and right unity, centre, surround and back
/// channels −3 dB to their side, a back centre −6 dB to both, LFE left out. Nothing is scaled
/// down to make room: the mix is not clipped.
///
/// # Sources
/// Coefficients: ITU-R BS.775-3, downward mixing equations of 3/2 and 3/1 material to 2/0
/// (centre and surrounds 0.7071, a mono surround 0.5 to each side). Channel order: Microsoft,
/// *Multiple Channel Audio Data and WAVE Files* (2007).
pub(super) fn coefficient(inputs: usize, outputs: usize, input: usize, output: usize) -> f32 {
    match (inputs, outputs) {
        (1, 2..) => unity(output < 2),
        (2, 1) => 0.5,
        (3..=8, 2) => to_stereo(inputs, input)[output],
        (3..=8, 1) => {
            let [left, right] = to_stereo(inputs, input);
            0.5 * (left + right)
        }
        // More channels than any layout names: the first two stand for all.
        (9.., 1) => 0.5 * unity(input < 2),
        _ => unity(input == output),
    }
}

fn unity(audible: bool) -> f32 {
    if audible { 1.0 } else { 0.0 }
}

fn to_stereo(inputs: usize, input: usize) -> [f32; 2] {
    const CENTRE: [f32; 2] = [FRAC_1_SQRT_2, FRAC_1_SQRT_2];
    const BACK_CENTRE: [f32; 2] = [0.5, 0.5];
    const LFE: [f32; 2] = [0.0, 0.0];
    const SURROUND_LEFT: [f32; 2] = [FRAC_1_SQRT_2, 0.0];
    const SURROUND_RIGHT: [f32; 2] = [0.0, FRAC_1_SQRT_2];
    match (inputs, input) {
        (_, 0) => [1.0, 0.0],
        (_, 1) => [0.0, 1.0],
        (4, 2) | (5, 3) | (6 | 8, 4) | (7, 5) | (8, 6) => SURROUND_LEFT,
        (4, 3) | (5, 4) | (6 | 8, 5) | (7, 6) | (8, 7) => SURROUND_RIGHT,
        (3 | 5..=8, 2) => CENTRE,
        (7, 4) => BACK_CENTRE,
        (6..=8, 3) => LFE,
        _ => [0.0, 0.0],
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
