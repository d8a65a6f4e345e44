//! Where in the sample an attack begins, to the frame.

use super::super::mono::Mono;
use super::super::onsets::zero_crossing;
use crate::buffer::SampleBuffer;

/// Where the attack is looked for, around where the flux has it.
const BEFORE_SEC: f64 = 0.035;
const AFTER_SEC: f64 = 0.02;
/// Parts of this length are as loud as their loudest value.
const PART_SEC: f64 = 0.001;
/// An attack begins where it first exceeds this part of the way from the quietest to the loudest.
const BEGINS_PART: f32 = 0.1;
/// What begins at the end of a sample is louder than this part of its peak, −26 dB.
const LAST_PART: f32 = 0.05;
/// How far back from there a zero crossing is looked for.
const SNAP_SEC: f64 = 0.002;

/// Values of all channels that the look at one attack takes.
pub(super) fn values_per_attack(sample: &SampleBuffer) -> usize {
    let window = frames_in(sample, BEFORE_SEC + AFTER_SEC);
    window * sample.channels()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds")]
fn frames_in(sample: &SampleBuffer, seconds: f64) -> usize {
    (seconds * f64::from(sample.sample_rate())).ceil().max(1.0) as usize
}

/// The zero crossing at which the first sound begins, after so much silence.
pub(super) fn beginning(mono: Mono<'_>, silent_sec: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the sample"
    )]
    let first = (silent_sec * f64::from(mono.sample.sample_rate())).round() as usize;
    zero_crossing(mono, first.min(mono.sample.ready_frames().saturating_sub(1)), SNAP_SEC)
}

/// The attack in the last `within_sec` of the sample, if there is one: the zero crossing at which it
/// begins, and how loud the mean of the channels gets, 0 to 1, with a `gain` that makes the peak 1.
pub(super) fn last(mono: Mono<'_>, within_sec: f64, gain: f32) -> Option<(usize, f32)> {
    let end = mono.sample.ready_frames();
    let from = end.saturating_sub(frames_in(mono.sample, within_sec));
    let loudest = mono.loudest(from..end);
    let level = (gain * loudest / mono.channels()).min(1.0);
    let begin = (from..end).find(|frame| mono.at(*frame).abs() > BEGINS_PART * loudest)?;
    let before = begin.saturating_sub(frames_in(mono.sample, BEFORE_SEC))..begin;
    let begins = level > LAST_PART && mono.loudest(before) <= BEGINS_PART * loudest;
    begins.then(|| (zero_crossing(mono, begin, SNAP_SEC), level))
}

/// The zero crossing at which the attack near `at_sec` begins.
pub(super) fn start(mono: Mono<'_>, at_sec: f64) -> usize {
    let sample = mono.sample;
    let about = frames_in(sample, at_sec.max(0.0));
    let from = about.saturating_sub(frames_in(sample, BEFORE_SEC));
    let to = (about + frames_in(sample, AFTER_SEC)).min(sample.ready_frames());
    let part = frames_in(sample, PART_SEC);
    let parts: Vec<f32> = (from..to)
        .step_by(part)
        .map(|start| {
            let values = start..(start + part).min(to);
            values.fold(0.0, |most: f32, frame| most.max(mono.at(frame).abs()))
        })
        .collect();
    let peak = (0..parts.len()).max_by(|one, other| parts[*one].total_cmp(&parts[*other]));
    let Some(peak) = peak else { return from.min(sample.ready_frames().saturating_sub(1)) };
    // The last quiet part before the peak: what sounds on from before does not count.
    let quietest = parts[..=peak].iter().copied().fold(f32::INFINITY, f32::min);
    let threshold = quietest + BEGINS_PART * (parts[peak] - quietest);
    let first = (0..=peak).rev().take_while(|at| parts[*at] > threshold).last().unwrap_or(peak);
    let begin = from + first * part;
    // Within the part, where it gets that loud.
    let begin = (begin..(begin + part).min(to))
        .find(|frame| mono.at(*frame).abs() > threshold)
        .unwrap_or(begin);
    zero_crossing(mono, begin, SNAP_SEC)
}
