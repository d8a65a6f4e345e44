//! What a stream is round its ends while it is repeated: converted as if it had always been.

use super::Resampler;
use super::converter::{Converter, greatest_common_divisor};
use crate::buffer::{BEYOND, Seam};

/// The first and the last frames of a stream, before it is converted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    head: Vec<Vec<f32>>,
    tail: Vec<Vec<f32>>,
    /// Most frames of each.
    frames: usize,
    /// Whether the stream began with what was noted first.
    has_start: bool,
}

impl Ends {
    pub(super) fn new(channels: usize, frames: usize) -> Self {
        // The tail has room for what is taken off it once more comes.
        let planes = |frames| (0..channels).map(|_| Vec::with_capacity(frames)).collect();
        Self { head: planes(frames), tail: planes(2 * frames), frames, has_start: true }
    }

    /// Begins anew, at the start of a stream or in the middle of one.
    pub(super) fn begin(&mut self, has_start: bool) {
        self.head.iter_mut().chain(&mut self.tail).for_each(Vec::clear);
        self.has_start = has_start;
    }

    /// Notes the next frames.
    pub(super) fn note(&mut self, input: &[&[f32]]) {
        let Self { head, tail, frames: most, has_start } = self;
        for ((head, tail), plane) in head.iter_mut().zip(tail).zip(input) {
            if *has_start {
                head.extend(plane.iter().take(*most - head.len()));
            }
            let new = &plane[plane.len().saturating_sub(*most)..];
            tail.drain(..(tail.len() + new.len()).saturating_sub(*most));
            tail.extend(new);
        }
    }

    /// Notes that many frames of silence.
    pub(super) fn note_silence(&mut self, frames: u64) {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.frames);
        if frames > 0 {
            let silence = vec![0.0; frames];
            self.note(&vec![&silence[..]; self.head.len()]);
        }
    }

    /// Those of a stream, the last frames of which others have noted.
    pub(crate) fn up_to(self, last: Self) -> Self {
        Self { tail: last.tail, ..self }
    }

    /// Whether there is anything to hear at either end.
    fn is_silent(&self) -> bool {
        self.head.iter().chain(&self.tail).flatten().all(|value| *value == 0.0)
    }

    /// The value `way` frames behind the place where a stream of `frames` frames follows on itself;
    /// silence further away than was noted.
    fn at(&self, channel: usize, way: i64, frames: u64) -> f32 {
        let (head, tail) = (&self.head[channel], &self.tail[channel]);
        // All of a short one is noted, and it comes round more than once.
        let is_whole = head.len() as u64 == frames && frames > 0;
        let place = match way {
            _ if is_whole => usize::try_from(way.rem_euclid(head.len() as i64)).ok(),
            0.. => usize::try_from(way).ok(),
            _ => return from_end(tail, way),
        };
        place.and_then(|place| head.get(place)).copied().unwrap_or(0.0)
    }
}

/// The value `way` frames, below 0, from the end.
fn from_end(tail: &[f32], way: i64) -> f32 {
    let place = usize::try_from(tail.len() as i64 + way).ok();
    place.and_then(|place| tail.get(place)).copied().unwrap_or(0.0)
}

/// Output wanted round one end.
struct Side {
    /// The frame of the output that it begins with.
    first: i64,
    /// The input frame at which the stream follows on itself.
    at: i64,
}

impl Resampler {
    /// The ends of the stream so far.
    pub(crate) fn ends(&self) -> &Ends {
        &self.ends
    }

    /// What a stream of `total_in_frames` frames with these `ends` is where it follows on itself;
    /// None where it is copied, and for the pairs of rates that blocks are too long for. The stream
    /// of this resampler is over after that.
    pub(crate) fn seam(&mut self, ends: &Ends, total_in_frames: u64) -> Option<Seam> {
        let Some(Converter::Blocks(_)) = self.converter else { return None };
        let (frames, shortage) = self.round_of(total_in_frames)?;
        let chunk_out = self.part_output().0;
        // A quarter of a block: further away, what follows on is 80 dB down.
        let near = u32::try_from((chunk_out as u64 / 16).min(frames.div_ceil(2))).ok()?;
        if ends.is_silent() {
            return Some(Seam { frames, shortage, near: 0, values: Vec::new() });
        }
        let end = i64::try_from(frames).ok()?;
        let sides = [
            Side { first: -(BEYOND as i64), at: 0 },
            Side { first: end - i64::from(near), at: i64::try_from(total_in_frames).ok()? },
        ];
        let values = self.convert_sides(ends, total_in_frames, &sides, Seam::side_len(near));
        Some(Seam { frames, shortage, near, values })
    }

    /// The length of a sample, and by how much it is longer than a round of it, in 2⁻³² of a frame.
    fn round_of(&self, total_in_frames: u64) -> Option<(u64, u32)> {
        let frames = super::output_frames(total_in_frames, self.in_rate, self.out_rate);
        let scaled = u128::from(total_in_frames) * u128::from(self.out_rate);
        let round = (scaled << 32) / u128::from(self.in_rate);
        let shortage = (u128::from(frames) << 32).checked_sub(round)?;
        Some((frames, u32::try_from(shortage).ok()?))
    }

    /// Both sides in one chunk: each takes half of it.
    fn convert_sides(
        &mut self,
        ends: &Ends,
        total: u64,
        sides: &[Side; 2],
        len: usize,
    ) -> Vec<f32> {
        let (half_out, delay) = (self.part_output().0 / 2, self.part_output().1);
        let divisor = greatest_common_divisor(self.in_rate as usize, self.out_rate as usize) as i64;
        let (in_unit, out_unit) =
            (i64::from(self.in_rate) / divisor, i64::from(self.out_rate) / divisor);
        // As far in front of what is wanted as the filter reaches, at a frame of both rates.
        let begins = sides.each_ref().map(|side| (side.first - delay as i64).div_euclid(out_unit));
        for (channel, plane) in self.carry.iter_mut().enumerate() {
            let half = plane.len() / 2;
            for ((half, begin), side) in plane.chunks_exact_mut(half).zip(begins).zip(sides) {
                for (way, value) in (begin * in_unit - side.at..).zip(half) {
                    *value = ends.at(channel, way, total);
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
            let from = side * half_out + delay + usize::try_from(skipped).unwrap_or(0);
            converter.copy_converted(channel, from, target);
        }
        values
    }
}
