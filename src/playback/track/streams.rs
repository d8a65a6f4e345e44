//! What a voice is going to read, for samples that are not in memory as a whole.

use super::{Bounds, Edge, Track};
use crate::metadata::LoopKind;
use crate::stream::{JUMP_LOOP_FRAMES, StreamReader, Wish};

/// Frames from `start` up to the one before `end`; none where that is not behind `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Stretch {
    pub(in super::super) start: i64,
    pub(in super::super) end: i64,
}

impl Stretch {
    const NONE: Self = Self { start: 0, end: 0 };
}

impl Track {
    /// Takes its sample for a streamed one.
    pub(in super::super) fn is_of_a_stream(&mut self) {
        self.is_streamed = true;
    }

    /// Where it is at its next run: one that was put beyond its loop is brought into that then.
    pub(in super::super) fn settled(mut self, speed: i64, length: Option<i64>) -> Self {
        if self.placed {
            self.fold(speed, self.bounds(length), length);
            self.placed = true;
        }
        self
    }

    /// Whether it is at a frame, not between two.
    pub(in super::super) fn is_at_a_frame(&self) -> bool {
        self.fraction == 0
    }

    /// The loop that it goes round, and the direction, if it is in it.
    fn round(&self, down: bool, length: Option<i64>) -> Option<(Bounds, LoopKind)> {
        let bounds = self.bounds(length).filter(|bounds| self.is_inside(down, *bounds))?;
        self.span.filter(|_| self.is_looped()).map(|span| (bounds, span.kind))
    }

    /// The frames that it reads on a way of `way` frames in a direction, and `reach` frames beside
    /// it: along its loop, at most once round.
    pub(in super::super) fn stretches(
        &self,
        down: bool,
        way: i64,
        reach: i64,
        length: Option<i64>,
    ) -> [Stretch; 3] {
        let down = down != self.turned;
        let (before, behind) = if down { (way, 0) } else { (0, way) };
        let start = self.index - before - reach;
        let end = self.index + behind + reach + 1 + i64::from(self.fraction > 0);
        let Some((bounds, kind)) = self.round(down, length) else {
            return [Stretch { start, end }, Stretch::NONE, Stretch::NONE];
        };
        let most = bounds.end - bounds.start;
        let (below, above) = (bounds.start - start, end - bounds.end);
        let ahead = match kind {
            LoopKind::PingPong => Edge::Mirror,
            LoopKind::Backward if self.is_first_edge() => Edge::Mirror,
            LoopKind::Forward | LoopKind::Backward => Edge::Wrap,
        };
        let (low, high) = if down { (ahead, self.behind) } else { (self.behind, ahead) };
        let beyond = |edge: Edge, frames: i64, is_low: bool| {
            let frames = frames.clamp(0, most);
            let at_start = Stretch { start: bounds.start, end: bounds.start + frames };
            let at_end = Stretch { start: bounds.end - frames, end: bounds.end };
            match edge {
                Edge::Wrap if is_low => at_end,
                Edge::Mirror if is_low => at_start,
                Edge::Wrap => at_start,
                Edge::Mirror => at_end,
                // What lies beyond a seam, that has.
                Edge::Open | Edge::Seam => Stretch::NONE,
            }
        };
        // Where it came by no edge yet, it may be on its way to the loop.
        let inside = Stretch {
            start: if low == Edge::Open { start } else { start.max(bounds.start) },
            end: if high == Edge::Open { end } else { end.min(bounds.end) },
        };
        [inside, beyond(low, below, true), beyond(high, above, false)]
    }

    /// What it reads next.
    pub(in super::super) fn wish(&self, down: bool) -> Wish {
        self.wish_towards(down != self.turned)
    }

    fn wish_towards(&self, backwards: bool) -> Wish {
        let place = if backwards { self.index + 1 } else { self.index };
        Wish { frame: u64::try_from(place).unwrap_or(0), backwards }
    }

    /// What is to be there when it is put where it is: of a loop that it then goes round, all, if
    /// that is no more than is kept of a jump.
    pub(in super::super) fn entry(&self, down: bool, length: Option<i64>) -> Wish {
        let Some((Bounds { start, end, .. }, _)) = self.round(down != self.turned, length) else {
            return self.wish(down);
        };
        let is_there = (start..end).contains(&self.index);
        match (u64::try_from(start), u64::try_from(end)) {
            (Ok(frame), Ok(end)) if is_there && fits_beside(frame, end) => {
                Wish { frame, backwards: false }
            }
            _ => self.wish(down),
        }
    }

    /// Says to the feed of its sample where it is, and where its loop leads next.
    pub(in super::super) fn tell(&self, down: bool, length: Option<i64>, reader: &StreamReader) {
        let own_down = down;
        let down = down != self.turned;
        let frame = |place: i64| u64::try_from(place).unwrap_or(0);
        let Some((Bounds { start, end, .. }, kind)) = self.round(down, length) else {
            reader.set_wish(self.wish_towards(down));
            return reader.set_jump(Wish::default(), None);
        };
        let wraps = match kind {
            LoopKind::Forward => true,
            LoopKind::PingPong => false,
            LoopKind::Backward => !self.is_first_edge(),
        };
        let (start, end) = (frame(start), frame(end));
        if kind == LoopKind::PingPong && fits_beside(start, end) {
            // Is kept as a whole, however often it turns there. What is read on is what it leaves
            // it for, once all of it is there.
            let is_held = reader.holds_beside(start..end);
            reader.set_wish(self.wish_towards(if is_held { own_down } else { down }));
            return reader.set_jump(Wish { frame: start, backwards: false }, None);
        }
        reader.set_wish(self.wish_towards(down));
        let backwards = down == wraps;
        let jump = Wish { frame: if backwards { end } else { start }, backwards };
        // Round the place that it leaves from things are read between frames for a moment yet.
        let left = if backwards { start } else { end };
        reader.set_jump(jump, Some(left).filter(|_| wraps));
    }
}

/// Whether a loop is no more than is kept of a jump.
fn fits_beside(start: u64, end: u64) -> bool {
    end.checked_sub(start).is_some_and(|frames| frames <= JUMP_LOOP_FRAMES as u64)
}
