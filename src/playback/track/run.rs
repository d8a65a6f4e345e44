//! Stretches that are read in one go, and what lies round them.

use crate::buffer::Seam;

/// One frame.
pub(super) const ONE: i64 = 1 << 32;

/// The most frames of a loop that are read in runs of several rounds.
const SHORT: i64 = 16;

/// What a voice reads beyond an edge of its loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Edge {
    /// The sample, as if there were no loop.
    Open,
    /// The loop from its other end.
    Wrap,
    /// The loop in the other direction.
    Mirror,
    /// The sample from its other end, as its seam has it.
    Seam,
}

/// Which frame of the sample stands at each place near a playhead, so that what is read between
/// two frames is made of those that come next and came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Surroundings {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) below: Edge,
    pub(super) above: Edge,
    /// Frames within the loop at each end that its seam has others for.
    pub(super) near: i64,
}

impl Surroundings {
    pub(in super::super) const OPEN: Self =
        Self { start: 0, end: i64::MAX, below: Edge::Open, above: Edge::Open, near: 0 };

    /// The frame at a place; one outside the sample is silence.
    pub(in super::super) fn frame(&self, place: i64) -> i64 {
        let edge = if place < self.start {
            self.below
        } else if place >= self.end {
            self.above
        } else {
            return place;
        };
        let length = self.end - self.start;
        match edge {
            Edge::Open | Edge::Seam => place,
            Edge::Wrap => self.start + (place - self.start).rem_euclid(length),
            Edge::Mirror => {
                // Up to the end of what still grows: from the start it is mirrored all the same.
                let both = length.saturating_mul(2);
                let way = (place - self.start).rem_euclid(both);
                self.start + way.min(both - 1 - way)
            }
        }
    }

    /// The places from `first` on up to `last`, both included, are frames of their own.
    pub(in super::super) fn is_plain(&self, first: i64, last: i64) -> bool {
        let within = |edge| if edge == Edge::Seam { self.near } else { 0 };
        (self.below == Edge::Open || first >= self.start + within(self.below))
            && (self.above == Edge::Open || last < self.end - within(self.above))
    }

    /// Whether the seam is what is below the first frame, and above the last.
    pub(in super::super) fn seams(&self) -> [bool; 2] {
        [self.below, self.above].map(|edge| edge == Edge::Seam)
    }

    /// The one of the sample's seams that is heard.
    pub(in super::super) fn seam_of<'a>(&self, seams: &'a [Seam]) -> Option<&'a Seam> {
        Seam::of(seams, self.start, self.end).filter(|_| self.seams() != [false; 2])
    }
}

/// A stretch that is read in one go: `frames` places, `step` apart.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Run {
    /// The first place: a frame, and a fraction of the next in 2⁻³².
    pub(in super::super) index: i64,
    pub(in super::super) fraction: u32,
    /// From one place to the next, negative downwards.
    pub(in super::super) step: i64,
    pub(in super::super) frames: usize,
    pub(in super::super) surroundings: Surroundings,
    /// From the first place to the voice's end, in fixed point, if that is next.
    pub(in super::super) to_end: Option<i64>,
}

impl Run {
    /// The place `frame` frames on.
    pub(in super::super) fn place(&self, frame: usize) -> (i64, u32) {
        let way = i64::from(self.fraction) + frame as i64 * self.step;
        split(self.index, way)
    }

    /// At most `frames` frames of it, from `frame` on.
    pub(in super::super) fn part(&self, frame: usize, frames: usize) -> Self {
        let (index, fraction) = self.place(frame);
        Self { index, fraction, frames: frames.min(self.frames - frame), ..*self }
    }

    /// Whether a seam is heard along it.
    pub(in super::super) fn is_at_a_seam(&self) -> bool {
        let last = self.place(self.frames.saturating_sub(1)).0;
        let (low, high) = (self.index.min(last), self.index.max(last));
        self.surroundings.seams() != [false; 2] && !self.surroundings.is_plain(low, high)
    }

    /// Whether it is in a loop of a few frames that goes round on both sides, so that places beyond
    /// its end are those of further rounds. Read one by one, each would cost as much as a block.
    pub(in super::super) fn is_short_round(&self) -> bool {
        let Surroundings { start, end, below, above, .. } = self.surroundings;
        (below, above) == (Edge::Wrap, Edge::Wrap) && end - start <= SHORT
    }

    /// Whether `next` reads on where it ends, if both are rounds of a short loop.
    pub(in super::super) fn is_followed_by(&self, next: &Self) -> bool {
        let Surroundings { start, end, .. } = self.surroundings;
        let (index, fraction) = self.place(self.frames);
        next.surroundings == self.surroundings
            && (next.step, next.fraction) == (self.step, fraction)
            && (next.index - index) % (end - start) == 0
    }

    /// Whether it reads frame by frame, with nothing to interpolate.
    pub(in super::super) fn is_exact(&self) -> bool {
        self.fraction == 0 && self.step.abs() == ONE
    }

    /// How many frames of output are left at `frame` before the voice is over; `None` if that is
    /// not what comes next.
    pub(in super::super) fn frames_left(&self, frame: usize) -> Option<f64> {
        let left = self.to_end? - frame as i64 * self.step.abs();
        Some(left as f64 / self.step.abs() as f64)
    }
}

/// A place and a way from it, with the fraction apart.
fn split(index: i64, way: i64) -> (i64, u32) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the low 32 bits")]
    let fraction = way as u32;
    (index + (way >> 32), fraction)
}
