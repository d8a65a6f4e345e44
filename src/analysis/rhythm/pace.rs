//! How fast music of such a sound usually is.

use super::flux::BANDS;
use super::novelty::Moments;

/// What an octave faster has ahead for each band that is always in motion, from the kick to the
/// cymbals: fitted with the weights of `evidence`.
const ALWAYS: [f64; BANDS] = [0.36, 0.90, 0.83, 0.56, 0.01, 0.26, 0.02];

/// What an octave faster has ahead, as the logarithm of its odds.
pub(super) fn pace(moments: &Moments) -> f64 {
    moments.steadiness().iter().zip(ALWAYS).map(|(steadiness, weight)| steadiness * weight).sum()
}
