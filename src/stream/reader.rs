//! What a voice reads of a streamed sample.

use std::ops::Range;
use std::sync::Arc;

use super::REACH_FRAMES;
use super::sample::StreamedSample;
use super::window::{WindowReader, Wish};

/// One voice's view of a streamed sample: what stays in memory, a window that a
/// [`StreamFeed`](super::StreamFeed) moves along with it, and the beginning of where it jumps to
/// next.
///
/// Every method is realtime-safe. Dropping it is not: that may free the sample.
#[derive(Debug)]
pub struct StreamReader(Box<Parts>);

/// What a reader reads of; it travels in commands, which are to be small.
#[derive(Debug)]
struct Parts {
    sample: Arc<StreamedSample>,
    window: WindowReader,
    jump: WindowReader,
    /// What lies round the frame that it jumps from.
    edge: WindowReader,
}

impl StreamReader {
    /// Of a sample, by the windows that its feed fills: where the voice is, where it jumps to, and
    /// from where.
    pub(super) fn new(
        sample: Arc<StreamedSample>,
        [window, jump, edge]: [WindowReader; 3],
    ) -> Self {
        Self(Box::new(Parts { sample, window, jump, edge }))
    }

    fn held(&self) -> [Range<u64>; 3] {
        [self.0.window.range(), self.0.jump.range(), self.0.edge.range()]
    }

    /// The sample that it reads.
    pub fn sample(&self) -> &Arc<StreamedSample> {
        &self.0.sample
    }

    /// Says where it is: to be called at every block, and at once when it jumps.
    pub fn set_wish(&self, wish: Wish) {
        self.0.window.set_wish(wish);
    }

    /// Says whether it waits for frames instead of going on, as it does before it says anything.
    pub fn set_waits(&self, waits: bool) {
        self.0.window.set_waits(waits);
    }

    /// Says where it will jump to, the other end of its loop, and the frame before or behind which it
    /// does: round that one, frames are looked at for a moment longer. Frame 0 forwards is no jump.
    pub fn set_jump(&self, jump: Wish, from: Option<u64>) {
        self.0.jump.set_wish(jump);
        let around = from.unwrap_or(0).saturating_sub(REACH_FRAMES);
        self.0.edge.set_wish(Wish { frame: around, backwards: false });
    }

    /// Whether nothing more comes: the file can no longer be read, or is another one.
    pub fn has_failed(&self) -> bool {
        self.0.window.has_failed()
    }

    /// How many frames from `frame` on can be read now.
    pub fn frames_from(&self, frame: u64) -> u64 {
        held_end(&self.0.sample, &self.held(), frame) - frame
    }

    /// Whether all of these frames are held in memory or for a jump, wherever the voice is meanwhile.
    pub fn holds_beside(&self, frames: Range<u64>) -> bool {
        held_end(&self.0.sample, &[self.0.jump.range()], frames.start) >= frames.end
    }

    /// How many frames before `frame` can be read now.
    pub fn frames_before(&self, frame: u64) -> u64 {
        frame - held_start(&self.0.sample, &self.held(), frame)
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
        let anchored = self.0.sample.anchored(from);
        if anchored.contains(&from) {
            let place = room(anchored.end);
            let frames = place.len();
            return if self.0.sample.read_anchored(from, planes, place) { frames } else { 0 };
        }
        for window in [&self.0.window, &self.0.jump, &self.0.edge] {
            let range = window.range();
            let place = if range.contains(&from) { room(range.end) } else { continue };
            if window.read(from, planes, place.clone()) {
                return place.len();
            }
        }
        if self.0.sample.frames().is_none_or(|frames| from < frames) {
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
        // What is not held has no place in it: an empty range.
        let anchored = sample.anchored(before);
        start = if anchored.contains(&before) { anchored.start } else { start };
        let before = start.saturating_sub(1);
        let holds = |range: &&Range<u64>| range.contains(&before);
        start = windows.iter().find(holds).map_or(start, |range| range.start);
    }
    start
}
