//! What analyses hear.

use super::mono::Mixture;

/// Frames of a sample, in the order of time.
pub(super) struct Block<'a> {
    /// As they are: one plane per channel.
    pub(super) planes: &'a [&'a [f32]],
    /// The mean of the channels that are heard. What is no number is silence here, and nothing is
    /// louder than [`LOUDEST`].
    pub(super) mono: &'a [f32],
    /// Which these are.
    pub(super) mixture: Mixture,
    /// How loud that gets in all of the sample, where somebody wants to know.
    pub(super) peak: f32,
}

/// What values are limited to: far beyond what any file means, and small enough for the square of
/// a spectrum to be a number.
pub(super) const LOUDEST: f32 = 1e6;

/// Puts the mean of `planes` into `mono`.
pub(super) fn mix_down(planes: &[&[f32]], mono: &mut Vec<f32>) {
    mono.clear();
    let Some((first, others)) = planes.split_first() else { return };
    mono.extend_from_slice(first);
    for plane in others {
        for (sum, value) in mono.iter_mut().zip(*plane) {
            *sum += value;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "64 channels at most")]
    let scale = 1.0 / planes.len() as f32;
    for value in mono {
        let mean = *value * scale;
        // The comparison is false for NaN.
        *value = if mean.abs() <= f32::MAX { mean.clamp(-LOUDEST, LOUDEST) } else { 0.0 };
    }
}
