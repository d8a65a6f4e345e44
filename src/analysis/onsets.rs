//! Onsets, as they are told, and what is cut at them.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use super::mono::{Mixture, Mono};
use crate::buffer::SampleBuffer;

/// Where sounds begin in a sample.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Onsets {
    /// Where the sample is best cut for each attack: in the 2 ms before it, the nearest frame beside
    /// which the mean of the channels crosses zero and no channel is above a hundredth of the peak,
    /// or else the quietest of those; where it does not cross zero there, in the 5 ms before it, and
    /// otherwise where it is quietest. Rising. Where the channels cancel each other out in their mean,
    /// as where one of two is inverted, the loudest one counts instead.
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

impl Onsets {
    /// Adds an attack behind those that there are; one that is too near to the last is the same.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn push(&mut self, frame: usize, sample: &SampleBuffer, strength: f32) {
        let rate = f64::from(sample.sample_rate());
        let strength = f64::from(strength);
        if let (Some(last), Some(of_last)) = (self.frames.last(), self.strengths.last_mut())
            && (frame as f64) < *last as f64 + APART_SEC * rate
        {
            *of_last = of_last.max(strength);
            return;
        }
        self.frames.push(frame as u64);
        self.onsets_sec.push(frame as f64 / rate);
        self.strengths.push(strength);
    }
}

/// Two onsets are as far apart at least.
pub(super) const APART_SEC: f64 = 0.03;
/// How far a slice may be moved to where the sample crosses zero.
const SNAP_SEC: f64 = 0.005;
/// Where a sample is cut at this part of its peak, −40 dB, the click is hardly heard.
const QUIET_PART: f32 = 0.01;

/// The places where `sample` is cut into `per_beat` equal parts of each beat, moved by up to 5 ms
/// to where it crosses zero and is quiet, as [`Onsets::frames`] are, or to the nearest to that there
/// is. Rising, each once; the last beat is as long as the one before it, and a beat alone is not
/// divided.
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
    let peak = sample.peak(0..sample.ready_frames());
    let within = frames_within(sample, SNAP_SEC);
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
            let frame =
                cut(mono, frame, &[frame.saturating_sub(within)..=frame + within], peak) as u64;
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

/// Whole frames within so many seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few milliseconds")]
pub(super) fn frames_within(sample: &SampleBuffer, seconds: f64) -> usize {
    (seconds * f64::from(sample.sample_rate())) as usize
}

/// The frames `near`, that nearest to `frame` first, of two the earlier.
fn nearest_first(frame: usize, near: RangeInclusive<usize>) -> impl Iterator<Item = usize> {
    let farthest = frame.abs_diff(*near.start()).max(frame.abs_diff(*near.end()));
    (0..=farthest)
        .flat_map(move |distance| [frame.checked_sub(distance), Some(frame + distance)])
        .flatten()
        .filter(move |at| near.contains(at))
}

fn changes_sign(one: f32, other: f32) -> bool {
    one < 0.0 && other > 0.0 || one > 0.0 && other < 0.0
}

/// Where a sample with this `peak` is best cut for what is at `frame`: among the frames of the first
/// of `stretches` beside one of which it crosses zero, or else of the first.
pub(super) fn cut(
    mono: Mono<'_>,
    frame: usize,
    stretches: &[RangeInclusive<usize>],
    peak: f32,
) -> usize {
    let sample = mono.sample;
    let end = sample.ready_frames();
    // What is no number is silence.
    let level = |at: usize| {
        let values = (0..sample.channels()).map(|channel| sample.plane(channel)[at].abs());
        values.fold(0.0, f32::max)
    };
    let crosses = |at: &usize| {
        let (now, after) = (mono.at(*at), at + 1);
        *at == 0
            || now == 0.0
            || changes_sign(mono.at(at - 1), now)
            || after < end && changes_sign(now, mono.at(after))
    };
    let quieter = |one: &usize, other: &usize| level(*one).total_cmp(&level(*other));
    let near = |stretch: &RangeInclusive<usize>| {
        nearest_first(frame, stretch.clone()).filter(move |at| *at < end)
    };
    stretches
        .iter()
        .find_map(|stretch| {
            near(stretch)
                .filter(crosses)
                .find(|at| level(*at) <= QUIET_PART * peak)
                .or_else(|| near(stretch).filter(crosses).min_by(quieter))
        })
        .or_else(|| stretches.first().and_then(|stretch| near(stretch).min_by(quieter)))
        .unwrap_or(frame)
}

/// The frame nearest to `frame`, within `within_sec`, at which the sample is 0 or has just changed
/// its sign; without one the frame at which it is nearest to 0.
pub(super) fn zero_crossing(mono: Mono<'_>, frame: usize, within_sec: f64) -> usize {
    let within = frames_within(mono.sample, within_sec);
    let crosses = |at: &usize| {
        let now = mono.at(*at);
        now == 0.0 || *at == 0 || changes_sign(mono.at(*at - 1), now)
    };
    let near = || {
        nearest_first(frame, frame.saturating_sub(within)..=frame + within)
            .filter(|at| *at < mono.sample.ready_frames())
    };
    let level = |at: &usize| mono.at(*at).abs();
    near()
        .find(crosses)
        .or_else(|| near().min_by(|one, other| level(one).total_cmp(&level(other))))
        .unwrap_or(frame)
}
