//! What a run reads of a streamed sample, copied out of its window place by place: beyond the edge
//! of a loop stands what is to be read there.

use std::ops::Range;

use super::super::interpolate::MAX_REACH;
use super::super::track::{Run, Surroundings};
use super::Plane;
use crate::spec::MAX_CHANNELS;
use crate::stream::StreamReader;

/// Places that are copied at once.
const SPAN: usize = 1024;

/// Places from `first` on.
#[derive(Debug)]
pub(super) struct Unfolded {
    lanes: Box<[[f32; SPAN]; MAX_CHANNELS]>,
    first: i64,
    /// The places that are frames of the sample.
    within: Range<i64>,
}

/// How many frames of a run with this step read no more places than there are.
pub(super) fn frames_at(step: i64) -> usize {
    let room = (SPAN - 2 * MAX_REACH - 2) as u64;
    let frames = (room << 32).checked_div(step.unsigned_abs()).unwrap_or(room);
    usize::try_from(frames).unwrap_or(SPAN).max(1)
}

impl Unfolded {
    pub(super) fn new() -> Self {
        Self { lanes: Box::new([[0.0; SPAN]; MAX_CHANNELS]), first: 0, within: 0..0 }
    }

    /// Copies what `run` reads. What is not there, against all that was seen before, is silence.
    /// Realtime-safe.
    pub(super) fn fetch(&mut self, reader: &StreamReader, run: &Run) {
        let (last, reach) = (run.place(run.frames - 1).0, MAX_REACH as i64);
        let reach = if run.is_exact() { 0 } else { reach };
        let (low, high) = (run.index.min(last) - reach, run.index.max(last) + reach + 1);
        let length = reader.sample().frames().and_then(|frames| i64::try_from(frames).ok());
        self.within = 0..length.unwrap_or(i64::MAX);
        self.first = low;
        let mut place = low;
        while place < high {
            place += self.fetch_from(reader, run, place, high);
        }
    }

    /// Copies the longest stretch of frames from `place` on that lie side by side, in one direction or
    /// the other; how many those are.
    fn fetch_from(&mut self, reader: &StreamReader, run: &Run, place: i64, high: i64) -> i64 {
        let frame = |place: i64| run.surroundings.frame(place);
        let step = if place + 1 < high { frame(place + 1) - frame(place) } else { 1 };
        let begin = frame(place);
        let mut count = 1;
        if step.abs() == 1 {
            while place + count < high && frame(place + count) == begin + count * step {
                count += 1;
            }
        }
        let lowest = if step == -1 { begin - count + 1 } else { begin };
        let at = usize::try_from(place - self.first).unwrap_or(0);
        let to = (at + usize::try_from(count).unwrap_or(0)).min(SPAN);
        let channels = reader.sample().spec().channels;
        // Before the first frame there is silence.
        let before = usize::try_from(-lowest).unwrap_or(0).min(to - at);
        let mut lanes = self.lanes.each_mut().map(|lane| &mut lane[at..to]);
        let lanes = &mut lanes[..channels];
        lanes.iter_mut().for_each(|lane| lane[..before].fill(0.0));
        let mut inside = lanes.iter_mut();
        let mut rest: [&mut [f32]; MAX_CHANNELS] =
            std::array::from_fn(|_| inside.next().map_or(&mut [][..], |lane| &mut lane[before..]));
        let from = u64::try_from(lowest.max(0)).unwrap_or(0);
        if before < to - at && !reader.read(from, &mut rest[..channels]) {
            rest.iter_mut().for_each(|lane| lane.fill(0.0));
        }
        if step == -1 {
            lanes.iter_mut().for_each(|lane| lane.reverse());
        }
        count
    }

    pub(super) fn plane(&self, channel: usize) -> Places<'_> {
        let values = self.lanes.get(channel).map_or(&[][..], |lane| &lane[..]);
        Places { values, first: self.first, within: (self.within.start, self.within.end) }
    }
}

/// One channel of it.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    values: &'a [f32],
    first: i64,
    within: (i64, i64),
}

impl Plane for Places<'_> {
    fn stretch(&self, first: i64, places: usize, surroundings: &Surroundings) -> Option<&[f32]> {
        let last = first + places as i64 - 1;
        // Outside the sample it is to be summed up as one in memory is.
        let is_plain =
            self.within.0 <= first && last < self.within.1 && surroundings.is_plain(first, last);
        let start = usize::try_from(first - self.first).ok().filter(|_| is_plain);
        self.values.get(start?..start? + places)
    }

    fn value(&self, place: i64, _: &Surroundings) -> f32 {
        let at = usize::try_from(place - self.first).ok();
        at.and_then(|at| self.values.get(at)).copied().unwrap_or(0.0)
    }
}
