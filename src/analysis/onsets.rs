//! Onsets, as they are told, and what is cut at them.

#[cfg(test)]
mod tests;

use super::mono::{Mixture, Mono};
use crate::buffer::SampleBuffer;

/// Where sounds begin in a sample.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Onsets {
    /// The frame before each attack where the mean of the channels crosses zero, or the nearest
    /// to that there is; rising. Cut there, a sample does not click. Where the channels cancel each
    /// other out in their mean, as where one of two is inverted, the loudest one counts instead.
    pub frames: Vec<u64>,
    /// The same in seconds.
    pub onsets_sec: Vec<f64>,
    /// How strong each is, 0 to 1; the strongest of a sample is 1.
    pub strengths: Vec<f64>,
    /// How long the sample stays 60 dB below its peak at its start; all of it if it is silent.
    pub leading_silence_sec: f64,
    /// The same at its end; 0 if it is silent.
    pub trailing_silence_sec: f64,
}

/// How far a slice may be moved to where the sample crosses zero.
const SNAP_SEC: f64 = 0.005;

/// The places where `sample` is cut into `per_beat` equal parts of each beat, moved by up to 5 ms
/// to where it crosses zero, as [`Onsets::frames`] are, or to the nearest to that there is. Rising,
/// each once; the last beat is as long as the one before it, and a beat alone is not divided.
///
/// ```
/// use hotcue::SampleBuffer;
/// use hotcue::analysis::grid_slices;
///
/// let sample = SampleBuffer::from_planes(1_000, vec![vec![0.0; 1_000]])?;
/// assert_eq!(grid_slices(&sample, &[0.0, 0.5], 2), [0, 250, 500, 750]);
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub fn grid_slices(sample: &SampleBuffer, beats_sec: &[f64], per_beat: u32) -> Vec<u64> {
    let rate = f64::from(sample.sample_rate());
    let mono = Mono::new(sample, Mixture::of(sample));
    let ends = beats_sec.iter().skip(1).copied();
    let last = match beats_sec {
        [.., before, last] => Some(2.0 * last - before),
        // All of its parts lie where it begins.
        [only] => Some(*only),
        [] => None,
    };
    let mut slices: Vec<u64> = Vec::new();
    for (start, end) in beats_sec.iter().zip(ends.chain(last)) {
        for part in 0..per_beat {
            let at_sec = start + (end - start) * f64::from(part) / f64::from(per_beat);
            let Some(frame) = frame_at(at_sec * rate, sample.ready_frames()) else { continue };
            let frame = zero_crossing(mono, frame, SNAP_SEC) as u64;
            if slices.last().is_none_or(|last| *last < frame) {
                slices.push(frame);
            }
        }
    }
    slices
}

/// The frame at a place, if it is one of the first `frames`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked, and far below 2^53"
)]
fn frame_at(place: f64, frames: usize) -> Option<usize> {
    let place = place.round();
    (0.0..frames as f64).contains(&place).then_some(place as usize)
}

/// The frame nearest to `frame`, within `within_sec`, at which the sample is 0 or has just changed
/// its sign; without one the frame at which it is nearest to 0.
pub(super) fn zero_crossing(mono: Mono<'_>, frame: usize, within_sec: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few milliseconds"
    )]
    let within = (within_sec * f64::from(mono.sample.sample_rate())) as usize;
    let crosses = |at: &usize| {
        let now = mono.at(*at);
        let changes = |before: f32| before < 0.0 && now > 0.0 || before > 0.0 && now < 0.0;
        now == 0.0 || *at == 0 || changes(mono.at(*at - 1))
    };
    // The nearest first, of two the earlier.
    let near = || {
        (0..=within)
            .flat_map(|distance| [frame.checked_sub(distance), Some(frame + distance)])
            .flatten()
            .filter(|at| *at < mono.sample.ready_frames())
    };
    let level = |at: &usize| mono.at(*at).abs();
    near()
        .find(crosses)
        .or_else(|| near().min_by(|one, other| level(one).total_cmp(&level(other))))
        .unwrap_or(frame)
}
