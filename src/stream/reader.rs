//! What a voice reads of a streamed sample.

use std::sync::Arc;

use super::sample::StreamedSample;
use super::window::{WindowReader, Wish};

/// One voice's view of a streamed sample: what stays in memory, and a window that a
/// [`StreamFeed`](super::StreamFeed) moves along with it.
///
/// Every method is realtime-safe. Dropping it is not: that may free the sample.
#[derive(Debug)]
pub struct StreamReader {
    pub(super) sample: Arc<StreamedSample>,
    pub(super) window: WindowReader,
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

    /// How many frames from `frame` on can be read now.
    pub fn frames_from(&self, frame: u64) -> u64 {
        let mut end = frame;
        let window = self.window.range();
        // From memory to the window, and into memory again.
        for _ in 0..3 {
            end = self.sample.anchored(end).end;
            end = if window.contains(&end) { window.end } else { end };
        }
        end - frame
    }

    /// How many frames before `frame` can be read now.
    pub fn frames_before(&self, frame: u64) -> u64 {
        let mut start = frame;
        let window = self.window.range();
        for _ in 0..3 {
            let before = start.saturating_sub(1);
            start = self.sample.anchored(before).start.min(start);
            if window.contains(&start.saturating_sub(1)) {
                start = window.start;
            }
        }
        frame - start
    }

    /// Copies the frames from `from` on into `planes`, one per channel, all of one length. Behind
    /// the end there is silence, where the end is known. False if they are not all there; what is
    /// in `planes` then means nothing.
    pub fn read(&self, from: u64, planes: &mut [&mut [f32]]) -> bool {
        let frames = planes.first().map_or(0, |plane| plane.len());
        let mut at = 0;
        let window = self.window.range();
        while at < frames {
            let next = from + at as u64;
            let left = (frames - at) as u64;
            let anchored = self.sample.anchored(next);
            let length = self.sample.frames().unwrap_or(u64::MAX);
            let part = if anchored.contains(&next) {
                left.min(anchored.end - next)
            } else if window.contains(&next) {
                left.min(window.end - next)
            } else if next >= length {
                left
            } else {
                return false;
            };
            let part = usize::try_from(part).unwrap_or(0);
            let place = at..at + part;
            let is_there = if anchored.contains(&next) {
                self.sample.read_anchored(next, planes, place)
            } else if window.contains(&next) {
                self.window.read(next, planes, place)
            } else {
                planes.iter_mut().for_each(|plane| plane[place.clone()].fill(0.0));
                true
            };
            if !is_there || part == 0 {
                return false;
            }
            at += part;
        }
        true
    }
}
