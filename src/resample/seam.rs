//! What a stream is round its ends, or those of a loop in it, while it is repeated: converted as if
//! it had always been.

use std::ops::Range;

use super::converter::{Converter, greatest_common_divisor};
use super::{Resampler, nearest_frame, output_frames};
use crate::buffer::{BEYOND, Seam};

/// What is kept of a stream before it is converted: what it begins and ends with, and so of a loop
/// in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    /// Most frames of each of them.
    frames: usize,
    head: Window,
    tail: Vec<Vec<f32>>,
    /// The loop, with what it begins and ends with.
    inner: Option<(Range<u64>, [Window; 2])>,
}

/// Frames of a stream from one on; silence where they were not seen.
#[derive(Clone, Debug, Default)]
struct Window {
    start: u64,
    planes: Vec<Vec<f32>>,
}

impl Ends {
    pub(super) fn new(channels: usize, frames: usize) -> Self {
        // The tail has room for what is taken off it once more comes.
        let tail = (0..channels).map(|_| Vec::with_capacity(2 * frames)).collect();
        Self { frames, head: Window::new(0, channels, frames), tail, inner: None }
    }

    /// Begins a new stream, without a loop.
    pub(super) fn clear(&mut self) {
        self.head.planes.iter_mut().for_each(|plane| plane.fill(0.0));
        self.tail.iter_mut().for_each(Vec::clear);
        self.inner = None;
    }

    /// Keeps what a loop begins and ends with, too.
    pub(super) fn keep(&mut self, range: Range<u64>) {
        let window = |start| Window::new(start, self.tail.len(), self.frames);
        let before_end = range.end.saturating_sub(self.frames as u64);
        self.inner = (!range.is_empty()).then(|| {
            let windows = [window(range.start), window(before_end)];
            (range, windows)
        });
    }

    /// Notes what comes next, from frame `at` on. The first frames, up to `fresh_from`, another has
    /// noted, too.
    pub(super) fn note(&mut self, input: &[&[f32]], at: u64, fresh_from: u64) {
        for (tail, plane) in self.tail.iter_mut().zip(input) {
            let new = &plane[plane.len().saturating_sub(self.frames)..];
            make_room(tail, new.len(), self.frames);
            tail.extend(new);
        }
        for window in self.windows() {
            window.note(input, at, fresh_from);
        }
    }

    /// Notes that the stream ends with that many frames of silence.
    pub(super) fn note_silence(&mut self, frames: u64) {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.frames);
        for tail in &mut self.tail {
            make_room(tail, frames, self.frames);
            tail.resize(tail.len() + frames, 0.0);
        }
    }

    /// With what `later` has seen of the same stream.
    pub(crate) fn and(mut self, mut later: Self) -> Self {
        self.tail = std::mem::take(&mut later.tail);
        for (window, other) in self.windows().zip(later.windows()) {
            for (plane, other) in window.planes.iter_mut().zip(&other.planes) {
                // Each frame was seen by one of them, and is silence with the other.
                plane.iter_mut().zip(other).for_each(|(value, other)| *value += other);
            }
        }
        self
    }

    /// With what `later` has seen of the end of the same stream.
    pub(crate) fn with_tail_of(&self, later: &Self) -> Self {
        Self { tail: later.tail.clone(), ..self.clone() }
    }

    /// Whether all was seen that a stream of so many frames ends with.
    pub(crate) fn has_tail(&self, total: u64) -> bool {
        self.tail.iter().all(|plane| plane.len() as u64 >= total.min(self.frames as u64))
    }

    fn windows(&mut self) -> impl Iterator<Item = &mut Window> {
        let inner = self.inner.iter_mut().flat_map(|(_, windows)| windows);
        std::iter::once(&mut self.head).chain(inner)
    }

    /// Where all of a stream of so many frames follows on itself.
    fn whole(&self, total: u64) -> Junction<'_> {
        Junction { range: 0..total, after: &self.head.planes, before: &self.tail }
    }

    /// The loop, and where it does; it may be said to end behind the stream.
    fn inner(&self, total: u64) -> Option<(Range<u64>, Junction<'_>)> {
        let (stated, [start, end]) = self.inner.as_ref()?;
        let range = stated.start..stated.end.min(total);
        let before = if range.end == total { &self.tail } else { &end.planes };
        let junction = Junction { range: range.clone(), after: &start.planes, before };
        (!range.is_empty()).then(|| (stated.clone(), junction))
    }
}

/// Drops the first frames of a tail, so that with `new` more it has no more than `most`.
fn make_room(tail: &mut Vec<f32>, new: usize, most: usize) {
    tail.drain(..(tail.len() + new).saturating_sub(most));
}

impl Window {
    fn new(start: u64, channels: usize, frames: usize) -> Self {
        Self { start, planes: vec![vec![0.0; frames]; channels] }
    }

    fn note(&mut self, input: &[&[f32]], at: u64, fresh_from: u64) {
        for (plane, input) in self.planes.iter_mut().zip(input) {
            let from = self.start.max(fresh_from).max(at);
            let to = self.start.saturating_add(plane.len() as u64).min(at + input.len() as u64);
            if from < to {
                #[allow(clippy::cast_possible_truncation, reason = "within the planes")]
                let [from_here, from_there, len] =
                    [from - self.start, from - at, to - from].map(|frames| frames as usize);
                plane[from_here..][..len].copy_from_slice(&input[from_there..][..len]);
            }
        }
    }
}

/// Where a stretch of a stream follows on itself.
struct Junction<'a> {
    range: Range<u64>,
    /// What the stretch begins with, and what it ends with.
    after: &'a [Vec<f32>],
    before: &'a [Vec<f32>],
}

impl Junction<'_> {
    /// The value `way` frames behind it; silence further away than was kept.
    fn at(&self, channel: usize, way: i64) -> f32 {
        let (after, before) = (&self.after[channel], &self.before[channel]);
        // All of a short one was kept, and it comes round more than once.
        let length = i64::try_from(self.range.end - self.range.start).unwrap_or(i64::MAX);
        let (values, place) = if length <= after.len() as i64 {
            (after, way.rem_euclid(length))
        } else if way >= 0 {
            (after, way)
        } else {
            (before, before.len() as i64 + way)
        };
        let value = usize::try_from(place).ok().and_then(|place| values.get(place));
        value.copied().unwrap_or(0.0)
    }

    /// Whether one side is silent: then the other begins, or ends, as it does by itself.
    fn is_silent(&self) -> bool {
        [self.after, self.before]
            .iter()
            .any(|side| side.iter().flatten().all(|value| *value == 0.0))
    }
}

/// Output wanted round one end.
struct Side {
    /// The frame of the output that it begins with.
    first: i64,
    /// The input frame of the junction.
    at: i64,
}

impl Resampler {
    /// Has a seam made of a loop in the stream that begins, too: of these frames of the input.
    pub(crate) fn keep_loop(&mut self, range: Range<u64>) {
        self.ends.keep(range);
    }

    /// The ends of the stream so far.
    pub(crate) fn ends(&self) -> &Ends {
        &self.ends
    }

    /// What a stream of `total_in_frames` frames with these `ends` is where it follows on itself, and
    /// where its loop does. Nothing where it is copied, and for the pairs of rates that blocks are too
    /// long for. The stream of this resampler is over after that.
    pub(crate) fn seams(&mut self, ends: &Ends, total_in_frames: u64) -> Vec<Seam> {
        let Some(Converter::Blocks(_)) = self.converter else { return Vec::new() };
        let end = output_frames(total_in_frames, self.in_rate, self.out_rate);
        let whole = self.seam(&ends.whole(total_in_frames), 0..end);
        let inner = ends.inner(total_in_frames).and_then(|(stated, junction)| {
            // As its place is told.
            let place = |frame| nearest_frame(frame, self.in_rate, self.out_rate);
            let range = place(stated.start)..place(stated.end).min(end);
            let is_another = !range.is_empty() && range != (0..end);
            is_another.then(|| self.seam(&junction, range))?
        });
        whole.into_iter().chain(inner).collect()
    }

    /// What the frames `range` of the output are round their ends, which lie at a junction.
    fn seam(&mut self, junction: &Junction<'_>, range: Range<u64>) -> Option<Seam> {
        let Range { start, end } = range;
        let (from, to) = (junction.range.start, junction.range.end);
        let scaled = u128::from(to - from) * u128::from(self.out_rate);
        let round = i128::try_from((scaled << 32) / u128::from(self.in_rate)).ok()?;
        let short_by = i64::try_from((i128::from(end - start) << 32) - round).ok()?;
        // A quarter of a block: further away, what follows on is 80 dB down.
        let near = (self.part_output().0 as u64 / 16).min((end - start).div_ceil(2));
        let near = u32::try_from(near).ok()?;
        if junction.is_silent() {
            return Some(Seam { start, end, short_by, near: 0, values: Vec::new() });
        }
        let first = i64::try_from(start).ok()? - BEYOND as i64;
        let sides = [
            Side { first, at: i64::try_from(from).ok()? },
            Side { first: i64::try_from(end).ok()? - i64::from(near), at: i64::try_from(to).ok()? },
        ];
        let values = self.convert_sides(junction, &sides, Seam::side_len(near));
        Some(Seam { start, end, short_by, near, values })
    }

    /// Both sides in one chunk: each takes half of it.
    fn convert_sides(
        &mut self,
        junction: &Junction<'_>,
        sides: &[Side; 2],
        len: usize,
    ) -> Vec<f32> {
        let (chunk_out, delay) = self.part_output();
        let divisor = greatest_common_divisor(self.in_rate as usize, self.out_rate as usize) as i64;
        let (in_unit, out_unit) =
            (i64::from(self.in_rate) / divisor, i64::from(self.out_rate) / divisor);
        // As far in front of what is wanted as the filter reaches, at a frame of both rates.
        let begins = sides.each_ref().map(|side| (side.first - delay as i64).div_euclid(out_unit));
        for (channel, plane) in self.carry.iter_mut().enumerate() {
            let half = plane.len() / 2;
            for ((half, begin), side) in plane.chunks_exact_mut(half).zip(begins).zip(sides) {
                for (way, value) in (begin * in_unit - side.at..).zip(half) {
                    *value = junction.at(channel, way);
                }
            }
        }
        let Some(converter) = &mut self.converter else { return Vec::new() };
        converter.reset();
        converter.convert_planes(&self.carry);
        let mut values = vec![0.0; self.channels * sides.len() * len];
        for (number, target) in values.chunks_exact_mut(len).enumerate() {
            let (channel, side) = (number / sides.len(), number % sides.len());
            let skipped = sides[side].first - begins[side] * out_unit;
            let from = side * chunk_out / 2 + delay + usize::try_from(skipped).unwrap_or(0);
            converter.copy_converted(channel, from, target);
        }
        values
    }
}
