//! What a run reads, copied out of its sample place by place: beyond the edge of a loop stands what
//! is to be read there. So are runs of a sample in memory near an edge of it or of its loop, and all
//! runs of a streamed one.

use super::super::interpolate::MAX_REACH;
use super::super::track::{Run, Surroundings};
use super::Plane;
use crate::buffer::{BEYOND, SampleBuffer, Seam};
use crate::spec::MAX_CHANNELS;
use crate::stream::StreamReader;

/// Of a seam as much is known as is read.
const _: () = assert!(BEYOND > MAX_REACH, "a seam that is read beyond its end");

/// Places that are copied at once.
const SPAN: usize = 1024;

/// Places from `first` on.
#[derive(Debug)]
pub(super) struct Unfolded {
    lanes: Box<[[f32; SPAN]; MAX_CHANNELS]>,
    first: i64,
    /// Which frame of a sample in memory stands at each place; none at `usize::MAX`.
    frames: Box<[usize; SPAN]>,
}

/// How many frames of a run with this step read no more places than there are.
pub(super) fn frames_at(step: i64) -> usize {
    let room = (SPAN - 2 * MAX_REACH - 2) as u64;
    let frames = (room << 32).checked_div(step.unsigned_abs()).unwrap_or(room);
    usize::try_from(frames).unwrap_or(SPAN).max(1)
}

/// The places that `run` reads: the first, and the one after the last.
fn places(run: &Run) -> (i64, i64) {
    let (last, reach) = (run.place(run.frames - 1).0, MAX_REACH as i64);
    let reach = if run.is_exact() { 0 } else { reach };
    (run.index.min(last) - reach, run.index.max(last) + reach + 1)
}

/// Whether what `run` reads lies side by side in the sample.
pub(super) fn lies_unfolded(sample: &SampleBuffer, run: &Run) -> bool {
    let (low, high) = places(run);
    let ready = i64::try_from(sample.ready_frames()).unwrap_or(i64::MAX);
    low >= 0 && high <= ready && run.surroundings.is_plain(low, high - 1)
}

impl Unfolded {
    pub(super) fn new() -> Self {
        Self { lanes: Box::new([[0.0; SPAN]; MAX_CHANNELS]), first: 0, frames: Box::new([0; SPAN]) }
    }

    /// Copies what `run` reads of a sample in memory; outside of that is silence. Realtime-safe.
    pub(super) fn gather(&mut self, sample: &SampleBuffer, run: &Run) {
        let (low, high) = places(run);
        self.first = low;
        let count = usize::try_from(high - low).map_or(SPAN, |count| count.min(SPAN));
        let frames = &mut self.frames[..count];
        for (place, frame) in (low..).zip(frames.iter_mut()) {
            *frame = usize::try_from(run.surroundings.frame(place)).unwrap_or(usize::MAX);
        }
        for (channel, lane) in self.lanes.iter_mut().take(sample.channels()).enumerate() {
            let plane = sample.plane(channel);
            for (value, frame) in lane.iter_mut().zip(&*frames) {
                *value = plane.get(*frame).copied().unwrap_or(0.0);
            }
        }
        self.lay_seam(sample.seams(), run, sample.channels());
    }

    /// Puts what a loop is round its seam in place of its frames, below its start or above its end.
    fn lay_seam(&mut self, seams: &[Seam], run: &Run, channels: usize) {
        let Some(seam) = run.surroundings.seam_of(seams) else { return };
        let (start, end) = (seam.start as i64, seam.end as i64);
        let [below, above] = run.surroundings.seams();
        let sides = [(below, start - BEYOND as i64), (above, end - i64::from(seam.near))];
        for (channel, lane) in self.lanes.iter_mut().take(channels).enumerate() {
            let values = [seam.start_side(channel), seam.end_side(channel)];
            for ((is_heard, first), values) in sides.into_iter().zip(values) {
                // Where both overlap they are the same. Places that are not read may be written, too.
                let at = first - self.first;
                let (skipped, at) = (usize::try_from(-at).unwrap_or(0), at.max(0));
                if is_heard {
                    let places = lane.iter_mut().skip(usize::try_from(at).unwrap_or(SPAN));
                    places.zip(values.iter().skip(skipped)).for_each(|(to, of)| *to = *of);
                }
            }
        }
    }

    /// Copies what `run` reads. What is not there, against all that was seen before, is silence.
    /// Realtime-safe.
    pub(super) fn fetch(&mut self, reader: &StreamReader, run: &Run) {
        let (low, high) = places(run);
        self.first = low;
        let mut place = low;
        while place < high {
            place += self.fetch_from(reader, run, place, high);
        }
        let sample = reader.sample();
        self.lay_seam(sample.seams(), run, sample.spec().channels);
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
        Places { values, first: self.first }
    }
}

/// One channel of it.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    values: &'a [f32],
    first: i64,
}

impl Plane for Places<'_> {
    fn stretch(&self, first: i64, places: usize) -> Option<&[f32]> {
        let start = usize::try_from(first - self.first).ok()?;
        self.values.get(start..start + places)
    }

    fn value(&self, place: i64, _: &Surroundings) -> f32 {
        let at = usize::try_from(place - self.first).ok();
        at.and_then(|at| self.values.get(at)).copied().unwrap_or(0.0)
    }
}
