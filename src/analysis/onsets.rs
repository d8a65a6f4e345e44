//! Onsets, as they are told, and what is cut at them.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::ops::{Range, RangeInclusive};

use super::mono::{Mixture, Mono};
use crate::buffer::SampleBuffer;

/// Where sounds begin in a sample.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Onsets {
    /// Where the sample is best cut for each attack: in the 2 ms before it, the nearest frame beside
    /// which the mean of the channels crosses zero and no channel is above a hundredth of the peak,
    /// or else the quietest of those; where it does not cross zero there, in the 5 ms before it, and
    /// otherwise where it is quietest. Over a bass that sounds on, the attack may be heard up to
    /// 15 ms too early. Rising. Where the channels cancel each other out in their mean, as where one
    /// of two is inverted, the loudest one counts instead.
    pub frames: Vec<u64>,
    /// The same in seconds.
    pub onsets_sec: Vec<f64>,
    /// How strong each is, 0 to 1; the strongest of a sample is 1.
    pub strengths: Vec<f64>,
    /// How long the sample stays 60 dB below its peak at its start, counted from 0, or from what it
    /// begins with if that stays for 30 ms (an offset, up to 30 dB below the peak); all of it if it is
    /// silent.
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
/// Values of all channels around slices that are looked at in one step, about.
const STEP_VALUES: usize = 1 << 17;
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
    let mut slicing = GridSlicing::new(sample, beats_sec, per_beat);
    loop {
        if let Some(slices) = slicing.step() {
            return slices;
        }
    }
}

/// The work of [`grid_slices`] as a plain value that is stepped: of many channels at a high rate each
/// slice takes a while.
#[derive(Debug)]
pub struct GridSlicing<'a> {
    sample: &'a SampleBuffer,
    mixture: Mixture,
    peak: f32,
    beats_sec: &'a [f64],
    per_beat: u32,
    /// The next part, and the beat that it is one of.
    next: (usize, u32),
    /// Where the last one lies, before it is moved.
    last_frame: Option<usize>,
    slices: Vec<u64>,
}

impl<'a> GridSlicing<'a> {
    /// Looks at nothing but how loud the sample is yet.
    pub fn new(sample: &'a SampleBuffer, beats_sec: &'a [f64], per_beat: u32) -> Self {
        Self {
            sample,
            mixture: Mixture::of(sample),
            peak: sample.peak(0..sample.ready_frames()),
            beats_sec,
            per_beat,
            next: (0, 0),
            last_frame: None,
            slices: Vec::new(),
        }
    }

    /// Does a little of the work, about 1 ms of it at most; all slices once there are no more, and
    /// none after that.
    pub fn step(&mut self) -> Option<Vec<u64>> {
        let window = 2 * frames_within(self.sample, SNAP_SEC) + 1;
        for _ in 0..(STEP_VALUES / (window * self.sample.channels())).max(1) {
            let (beat, part) = self.next;
            let Some(start) = self.beats_sec.get(beat) else {
                return Some(std::mem::take(&mut self.slices));
            };
            if part == self.per_beat {
                self.next = (beat + 1, 0);
            } else {
                self.next.1 += 1;
                let length_sec = self.end_sec(beat) - start;
                self.add(start + length_sec * f64::from(part) / f64::from(self.per_beat));
            }
        }
        None
    }

    /// Where a beat ends: the last one is as long as the one before it, and all parts of a beat alone
    /// lie where it begins.
    fn end_sec(&self, beat: usize) -> f64 {
        let beats = self.beats_sec;
        let before = || beats[beat.saturating_sub(1)];
        beats.get(beat + 1).copied().unwrap_or_else(|| 2.0 * beats[beat] - before())
    }

    /// Adds the slice at a place, if it is within the sample and behind those that there are.
    fn add(&mut self, at_sec: f64) {
        let rate = f64::from(self.sample.sample_rate());
        let Some(frame) = frame_at(at_sec * rate, self.sample.ready_frames()) else { return };
        if self.last_frame.replace(frame) == Some(frame) {
            return;
        }
        let within = frames_within(self.sample, SNAP_SEC);
        let near = frame.saturating_sub(within)..=frame + within;
        let mono = Mono::new(self.sample, self.mixture);
        let frame = cut(mono, frame, &[near], self.peak) as u64;
        if self.slices.last().is_none_or(|last| *last < frame) {
            self.slices.push(frame);
        }
    }
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
fn nearest_first(frame: usize, near: Range<usize>) -> impl Iterator<Item = usize> {
    let farthest = frame.abs_diff(near.start).max(frame.abs_diff(near.end));
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
    let mut quietest = None;
    for stretch in stretches {
        let window = Window::new(mono, stretch);
        if let Some(found) = window.crossing(frame, peak) {
            return found;
        }
        quietest = quietest.or_else(|| window.quietest(frame));
    }
    quietest.unwrap_or(frame)
}

/// A stretch of a sample, looked at channel by channel, as they lie in memory.
struct Window {
    frames: Range<usize>,
    /// The mean, from the frame before the first to the one behind the last, if these are there.
    mono: Vec<f32>,
    /// How loud the loudest channel is.
    levels: Vec<f32>,
}

impl Window {
    fn new(mono: Mono<'_>, stretch: &RangeInclusive<usize>) -> Self {
        let (sample, end) = (mono.sample, mono.sample.ready_frames());
        let to = end.min(stretch.end() + 1);
        let frames = to.min(*stretch.start())..to;
        let mut levels = vec![0.0_f32; frames.len()];
        for channel in 0..sample.channels() {
            let plane = &sample.plane(channel)[frames.clone()];
            // What is no number is silence.
            levels.iter_mut().zip(plane).for_each(|(level, value)| *level = level.max(value.abs()));
        }
        let mono = mono.every(1, frames.start.saturating_sub(1)..end.min(to + 1));
        Self { frames, mono, levels }
    }

    /// The frame nearest to `frame` beside which the mean crosses zero and the sample is quiet, or
    /// else the quietest of those.
    fn crossing(&self, frame: usize, peak: f32) -> Option<usize> {
        let crossings = || self.nearest_first(frame).filter(|at| self.crosses(*at));
        crossings()
            .find(|at| self.level(*at) <= QUIET_PART * peak)
            .or_else(|| crossings().min_by(|one, other| self.quieter(*one, *other)))
    }

    fn quietest(&self, frame: usize) -> Option<usize> {
        self.nearest_first(frame).min_by(|one, other| self.quieter(*one, *other))
    }

    fn nearest_first(&self, frame: usize) -> impl Iterator<Item = usize> {
        nearest_first(frame, self.frames.clone())
    }

    fn crosses(&self, at: usize) -> bool {
        let nth = at - self.frames.start.saturating_sub(1);
        let beside = |nth: Option<usize>| nth.and_then(|nth| self.mono.get(nth));
        let now = self.mono[nth];
        let changes = |value: &f32| changes_sign(*value, now);
        at == 0
            || now == 0.0
            || beside(nth.checked_sub(1)).is_some_and(changes)
            || beside(Some(nth + 1)).is_some_and(changes)
    }

    fn level(&self, at: usize) -> f32 {
        self.levels[at - self.frames.start]
    }

    fn quieter(&self, one: usize, other: usize) -> Ordering {
        self.level(one).total_cmp(&self.level(other))
    }
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
        nearest_first(frame, frame.saturating_sub(within)..frame + within + 1)
            .filter(|at| *at < mono.sample.ready_frames())
    };
    let level = |at: &usize| mono.at(*at).abs();
    near()
        .find(crosses)
        .or_else(|| near().min_by(|one, other| level(one).total_cmp(&level(other))))
        .unwrap_or(frame)
}
