//! What a voice reads of a streamed sample.

use std::ops::Range;
use std::sync::Arc;

use super::sample::StreamedSample;
use super::window::{WindowReader, Wish};

/// One voice's view of a streamed sample: what stays in memory, a window that a
/// [`StreamFeed`](super::StreamFeed) moves along with it, and the beginning of where it jumps to
/// next.
///
/// Every method is realtime-safe. Dropping it is not: that may free the sample.
#[derive(Debug)]
pub struct StreamReader {
    pub(super) sample: Arc<StreamedSample>,
    pub(super) window: WindowReader,
    pub(super) jump: WindowReader,
}

impl StreamReader {
    /// The sample that it reads.
    pub fn sample(&self) -> &Arc<StreamedSample> {
        &self.sample
    }

    /// Says where it is: to be called at every block, and at once when it jumps.
    pub fn set_wish(&self, wish: Wish) {
        self.window.set_wish(wish);
    }

    /// Says where it will jump to: the other end of its loop. Frame 0 forwards is no jump.
    pub fn set_jump(&self, jump: Wish) {
        self.jump.set_wish(jump);
    }

    /// Whether nothing more comes: the file can no longer be read, or is another one.
    pub fn has_failed(&self) -> bool {
        self.window.has_failed()
    }

    /// How many frames from `frame` on can be read now.
    pub fn frames_from(&self, frame: u64) -> u64 {
        let held = [self.window.range(), self.jump.range()];
        held_end(&self.sample, &held, frame) - frame
    }

    /// How many frames before `frame` can be read now.
    pub fn frames_before(&self, frame: u64) -> u64 {
        let held = [self.window.range(), self.jump.range()];
        frame - held_start(&self.sample, &held, frame)
    }

    /// Copies the frames from `from` on into `planes`, one per channel, all of one length. Behind
    /// the end there is silence, where the end is known. False if they are not all there; what is
    /// in `planes` then means nothing.
    pub fn read(&self, from: u64, planes: &mut [&mut [f32]]) -> bool {
        let frames = planes.first().map_or(0, |plane| plane.len());
        let mut at = 0;
        while at < frames {
            let part = self.read_part(from + at as u64, planes, at..frames);
            if part == 0 {
                return false;
            }
            at += part;
        }
        true
    }

    /// Copies as many of the frames from `from` on to `place` as lie together; how many.
    fn read_part(&self, from: u64, planes: &mut [&mut [f32]], place: Range<usize>) -> usize {
        let room = |end: u64| {
            let part = usize::try_from(end - from).unwrap_or(usize::MAX).min(place.len());
            place.start..place.start + part
        };
        let anchored = self.sample.anchored(from);
        if anchored.contains(&from) {
            let place = room(anchored.end);
            let frames = place.len();
            return if self.sample.read_anchored(from, planes, place) { frames } else { 0 };
        }
        for window in [&self.window, &self.jump] {
            let range = window.range();
            let place = if range.contains(&from) { room(range.end) } else { continue };
            if window.read(from, planes, place.clone()) {
                return place.len();
            }
        }
        if self.sample.frames().is_none_or(|frames| from < frames) {
            return 0;
        }
        planes.iter_mut().for_each(|plane| plane[place.clone()].fill(0.0));
        place.len()
    }
}

/// Up to where frames are held from `frame` on, in memory and in `windows`.
pub(super) fn held_end(sample: &StreamedSample, windows: &[Range<u64>], frame: u64) -> u64 {
    let mut end = frame;
    // From one to the next; there are no more than a few.
    for _ in 0..2 + windows.len() {
        end = sample.anchored(end).end;
        let holds = |range: &&Range<u64>| range.contains(&end);
        end = windows.iter().find(holds).map_or(end, |range| range.end);
    }
    end
}

/// From where on frames are held before `frame`.
pub(super) fn held_start(sample: &StreamedSample, windows: &[Range<u64>], frame: u64) -> u64 {
    let mut start = frame;
    for _ in 0..2 + windows.len() {
        let before = start.saturating_sub(1);
        start = sample.anchored(before).start.min(start);
        let before = start.saturating_sub(1);
        let holds = |range: &&Range<u64>| range.contains(&before);
        start = windows.iter().find(holds).map_or(start, |range| range.start);
    }
    start
}
