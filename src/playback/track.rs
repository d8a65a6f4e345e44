//! Where a voice is in its sample, and how it goes on from there: speeds, ends and loops.
//!
//! Places are fixed point with 32 bits of fraction. Adding a speed to one is exact, so it does not
//! matter into which blocks a voice is cut, nor how long it plays.
//!
//! A voice that goes up is over, or at the end of its loop, when it has reached the frame after
//! the last one; one that goes down, when it has reached the frame before the first one.

mod run;
mod seam;
mod streams;
#[cfg(test)]
mod tests;

pub(super) use run::{Run, Surroundings};
pub(super) use streams::Stretch;

use run::{Edge, ONE};
use seam::Glide;

use super::params::LoopSpan;
use crate::buffer::Seam;
use crate::metadata::LoopKind;

/// A speed, or a distance, in fixed point.
pub(super) fn fixed(frames: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "speeds are within ±16")]
    let fixed = (frames * ONE as f64) as i64;
    fixed
}

/// A loop within the bounds of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    start: i64,
    end: i64,
    /// Where it has a seam.
    seam: Option<Round>,
}

impl Bounds {
    /// The place at which a voice has come to its end in a direction, and how far in front of that
    /// it has, in fixed point.
    fn edge(self, down: bool) -> (i64, i64) {
        if down { (self.start - 1, self.ahead_by()) } else { (self.end, self.short_by()) }
    }

    /// How far a voice in it is from where it would be had it not glided, in fixed point.
    fn ahead_by(self) -> i64 {
        self.seam.map_or(0, |round| round.ahead_by)
    }

    /// How much sooner than at its end it is over, in fixed point.
    fn short_by(self) -> i64 {
        self.seam.map_or(0, |round| round.short_by)
    }
}

/// A round of a loop that follows on itself (see [`Seam`]).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Round {
    /// How much sooner than at its end it is over, in fixed point, for a voice that is where it is.
    short_by: i64,
    /// How far such a voice is ahead, in fixed point.
    ahead_by: i64,
    near: i64,
}

/// A place in a sample, in fixed point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(i128);

impl Place {
    pub(super) fn of(frame: u64) -> Self {
        Self(i128::from(frame) * i128::from(ONE))
    }

    /// The frame that it is in.
    pub(super) fn frame(self) -> u64 {
        u64::try_from((self.0 >> 32).max(0)).unwrap_or(u64::MAX)
    }

    /// The place that a way in fixed point leads here from.
    pub(super) fn back_by(self, way: i128) -> Self {
        Self(self.0 - way)
    }
}

/// The playhead of one voice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    index: i64,
    fraction: u32,
    span: Option<LoopSpan>,
    /// Edges that it still turns or jumps at; `u32::MAX` is for ever.
    edges_left: u32,
    /// Edges that it has come to.
    edges_passed: u64,
    /// Runs against the voice's direction: on the way back of a loop.
    turned: bool,
    /// What lies behind it at the edge of its loop that it came by.
    behind: Edge,
    /// Was put where it is, and has not moved: a place beyond its loop is folded into that.
    placed: bool,
    /// Its loop was taken away: it is there for the rest of the round alone.
    taken: bool,
    /// Of a sample that is not in memory: what lies at the other end is not read before it was
    /// there.
    is_streamed: bool,
    /// A round of its loop, if that has a seam.
    seam: Option<Round>,
    /// On its way to a whole frame.
    glide: Option<Glide>,
    /// How far such ways have led it from where it would be, in fixed point.
    ahead_by: i64,
}

impl Track {
    pub(super) fn new(span: Option<LoopSpan>) -> Self {
        let mut track = Self {
            index: 0,
            fraction: 0,
            span: None,
            edges_left: 0,
            edges_passed: 0,
            turned: false,
            behind: Edge::Open,
            placed: true,
            taken: false,
            is_streamed: false,
            seam: None,
            glide: None,
            ahead_by: 0,
        };
        track.begin_loop(span);
        track
    }

    /// Learns which of `seams` its loop has, in a sample of `length` frames.
    pub(super) fn learn(&mut self, seams: &[Seam], length: Option<i64>) {
        self.seam = None;
        if seams.is_empty() {
            return;
        }
        let Some(Bounds { start, end, .. }) = self.bounds(length) else { return };
        let is_forward = self.span.is_some_and(|span| span.kind == LoopKind::Forward);
        self.seam = Seam::of(seams, start, end).filter(|_| is_forward).map(|seam| Round {
            short_by: seam.short_by,
            ahead_by: 0,
            near: seam.near.into(),
        });
    }

    /// Puts it at a frame. Its loop begins anew, unless that was taken away.
    pub(super) fn place(&mut self, frame: u64) {
        self.place_at(Place::of(frame));
    }

    /// Puts it at a place, as [`place`](Self::place) does.
    pub(super) fn place_at(&mut self, Place(place): Place) {
        self.index = i64::try_from(place >> 32).unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its fraction")]
        let fraction = place as u32;
        self.fraction = fraction;
        (self.glide, self.ahead_by) = (None, 0);
        self.placed = true;
        self.begin_loop(self.span.filter(|_| !self.taken));
    }

    /// The frame that it is at, and the fraction of the next one.
    pub(super) fn position(&self) -> f64 {
        self.index as f64 + f64::from(self.fraction) / ONE as f64
    }

    /// Whether something was read from where it was put.
    pub(super) fn has_moved(&self) -> bool {
        !self.placed
    }

    /// How often it has come to an edge of its loop, since the beginning.
    pub(super) fn edges_passed(&self) -> u64 {
        self.edges_passed
    }

    /// Whether it goes round a loop, or is on its way into one.
    pub(super) fn is_looped(&self) -> bool {
        self.edges_left > 0
    }

    /// Whether a way of so many frames, from where it is, does not lead out of its loop.
    pub(super) fn stays_for(&self, way: f64) -> bool {
        let Some(span) = self.loop_span() else { return true };
        let length = span.end_frame.saturating_sub(span.start_frame) as f64;
        let left = span.end_frame as f64 - self.position();
        self.edges_left == u32::MAX || way < left + length * f64::from(self.edges_left)
    }

    /// The loop that it goes round.
    pub(super) fn loop_span(&self) -> Option<LoopSpan> {
        self.span.filter(|_| self.is_looped())
    }

    /// Gives it another loop, or none; it plays on from where it is. A round that is under way
    /// without a loop to follow is played to its end.
    pub(super) fn set_loop(&mut self, span: Option<LoopSpan>) {
        if span.is_none() && self.placed {
            self.begin_loop(None);
        } else if span.is_none() {
            self.taken = true;
            // On the way back it still has to turn round.
            self.edges_left = u32::from(self.turned);
            if let Some(span) = self.span.as_mut().filter(|_| self.turned) {
                span.kind = LoopKind::PingPong;
            }
        } else if span != self.span || self.edges_left == 0 || self.taken {
            self.begin_loop(span);
        }
    }

    /// Where in its loop it belongs after a way in fixed point, or at its end if that comes first, if
    /// it has run beyond the loop in its direction.
    pub(super) fn folded(
        &self,
        speed: i64,
        way: impl FnOnce() -> i64,
        length: Option<i64>,
    ) -> Option<Place> {
        let Bounds { start, end, .. } = self.bounds(length).filter(|_| self.is_looped())?;
        let down = (speed < 0) != self.turned;
        let is_beyond = if down { self.index < start } else { self.index >= end };
        if !is_beyond {
            return None;
        }
        let way = if self.turned { -way() } else { way() };
        let way = way.saturating_add(self.fraction.into());
        let ahead = self.index + way.div_euclid(ONE);
        let index = ahead.clamp(-1, length.unwrap_or(i64::MAX).max(0));
        let fraction = if index == ahead { way.rem_euclid(ONE) } else { 0 };
        let index = start + (index - start).rem_euclid(end - start);
        Some(Place(i128::from(index) * i128::from(ONE) + i128::from(fraction)))
    }

    fn begin_loop(&mut self, span: Option<LoopSpan>) {
        self.span = span;
        self.taken = false;
        self.turned = false;
        self.behind = Edge::Open;
        self.edges_left = span.map_or(0, |span| match span.kind {
            _ if span.rounds == 0 => u32::MAX,
            LoopKind::Forward => span.rounds - 1,
            LoopKind::PingPong => 2 * (span.rounds - 1).min(u32::MAX / 4),
            LoopKind::Backward => u32::MAX,
        });
    }

    /// The loop in a sample of `length` frames, `None` while that is not known.
    fn bounds(&self, length: Option<i64>) -> Option<Bounds> {
        let span = self.span?;
        let end = i64::try_from(span.end_frame).unwrap_or(i64::MAX);
        let end = end.min(length.unwrap_or(i64::MAX));
        let start = i64::try_from(span.start_frame).unwrap_or(i64::MAX);
        let ahead_by = self.ahead_by;
        let seam = self.seam.map(|it| match self.is_looped() {
            true => Round { short_by: it.short_by - ahead_by, ahead_by, ..it },
            // It is only passed once more.
            false => Round { short_by: 0, ahead_by: 0, ..it },
        });
        (start < end).then_some(Bounds { start, end, seam })
    }

    /// The next stretch at `speed` (fixed point), of at most `frames` frames, at least 1, in a
    /// sample of `length` frames; `None` when it is over. It moves to what comes after the
    /// stretch.
    pub(super) fn run(&mut self, speed: i64, length: Option<i64>, frames: usize) -> Option<Run> {
        let bounds = self.bounds(length);
        if self.placed {
            self.fold(speed, bounds, length);
        }
        let step = if self.turned { -speed } else { speed };
        let down = step < 0;
        // A run ends with the loop, also where it plays on: what is to be read round it changes.
        let inside = bounds.filter(|bounds| self.is_inside(down, *bounds));
        let goes_round = inside.filter(|_| self.is_looped());
        let last = if down { -1 } else { length.unwrap_or(i64::MAX) };
        let edge = inside.map_or((last, 0), |bounds| bounds.edge(down));
        let left = self.frames_until(edge, step);
        // In front of a seam it may be a little beyond its sample.
        let is_beyond = goes_round.is_none() && length.is_some_and(|length| self.index >= length);
        if left == 0 || is_beyond {
            return None;
        }
        let (step, most) = self.glide(step, goes_round, left);
        let to_end = self.distance(last, step).filter(|_| goes_round.is_none() && step != 0);
        let surroundings = match (inside, self.span) {
            (Some(bounds), Some(span)) => self.surroundings(down, bounds, span, length),
            _ => Surroundings::OPEN,
        };
        let Self { index, fraction, .. } = *self;
        let run =
            Run { index, fraction, step, frames: left.min(frames).min(most), surroundings, to_end };
        (self.index, self.fraction) = run.place(run.frames);
        self.glided(run.frames);
        if let Some(bounds) = goes_round.filter(|_| left <= run.frames) {
            let for_ever = self.edges_left == u32::MAX;
            let most = if for_ever { i64::MAX } else { self.edges_left.into() };
            let passes = self.pass_edge(down, bounds, most).unsigned_abs();
            self.edges_passed += passes;
            if !for_ever {
                self.edges_left -= u32::try_from(passes).unwrap_or(self.edges_left);
            }
        }
        let down = (speed < 0) != self.turned;
        if bounds.is_some_and(|bounds| !self.is_inside(down, bounds)) {
            // Out of its loop: one that turns round there comes from no edge.
            self.behind = Edge::Open;
        }
        Some(run)
    }

    /// Brings a voice that was put beyond its loop, or its sample, into the loop.
    fn fold(&mut self, speed: i64, bounds: Option<Bounds>, length: Option<i64>) {
        self.placed = false;
        let down = speed < 0;
        if let Some(bounds) = bounds.filter(|_| self.is_looped())
            && (!self.is_inside(down, bounds) || length.is_some_and(|length| self.index >= length))
        {
            self.pass_edge(down, bounds, i64::MAX);
        }
    }

    /// Whether it is in the loop, or on its way there.
    fn is_inside(&self, down: bool, bounds: Bounds) -> bool {
        let (edge, short_by) = bounds.edge(down);
        // Within some frames of it the fraction counts.
        let behind = self.index.saturating_sub(edge);
        match behind {
            -4..=4 if down => behind * ONE + i64::from(self.fraction) > short_by,
            -4..=4 => behind * ONE + i64::from(self.fraction) < -short_by,
            _ => (behind > 0) == down,
        }
    }

    /// The way to a place ahead, in fixed point; `None` if it is far.
    fn distance(&self, edge: i64, step: i64) -> Option<i64> {
        let frames = if step < 0 {
            self.index.saturating_sub(edge)
        } else {
            edge.saturating_sub(self.index)
        };
        let fraction = i64::from(self.fraction);
        let fraction = if step < 0 { fraction } else { -fraction };
        frames.checked_mul(ONE)?.checked_add(fraction)
    }

    /// How many frames of output it takes to get to a place; 0 if it is there or beyond.
    fn frames_until(&self, (edge, short_by): (i64, i64), step: i64) -> usize {
        let Some(distance) = self.distance(edge, step) else { return usize::MAX };
        let distance = distance - short_by;
        if distance <= 0 {
            return 0;
        }
        match step.abs() {
            0 => usize::MAX,
            step => usize::try_from((distance - 1) / step + 1).unwrap_or(usize::MAX),
        }
    }

    /// Jumps or turns at the edge of its loop that it has come to, as often as it has come past
    /// one but at most `most` times; says how often.
    fn pass_edge(&mut self, down: bool, bounds: Bounds, most: i64) -> i64 {
        if bounds.seam.is_some() {
            return self.pass_seam(down, bounds, most);
        }
        let Bounds { start, end, .. } = bounds;
        let length = end - start;
        let first = self.is_first_edge();
        let kind = self.span.map_or(LoopKind::Forward, |span| span.kind);
        let from_end = |index: i64, fraction: u32| match fraction {
            0 => (end - 1 - index, 0),
            _ => (end - 2 - index, fraction.wrapping_neg()),
        };
        // The way since it came into the loop.
        let (way, fraction) = if down {
            from_end(self.index, self.fraction)
        } else {
            (self.index - start, self.fraction)
        };
        let passes = way.div_euclid(length).min(most);
        let way = way - passes * length;
        let turns = match kind {
            LoopKind::Forward => false,
            LoopKind::PingPong => passes.rem_euclid(2) == 1,
            LoopKind::Backward => first,
        };
        self.turned ^= turns;
        // What makes a place a way from the end makes a way from the end a place.
        (self.index, self.fraction) =
            if down == turns { (start + way, fraction) } else { from_end(way, fraction) };
        self.behind = match kind {
            LoopKind::PingPong => Edge::Mirror,
            LoopKind::Backward if first && passes <= 1 => Edge::Mirror,
            LoopKind::Forward | LoopKind::Backward => Edge::Wrap,
        };
        passes
    }

    /// Whether it has not come to an edge of this loop yet.
    fn is_first_edge(&self) -> bool {
        self.behind == Edge::Open
    }

    /// What is to be read round it.
    fn surroundings(
        &self,
        down: bool,
        Bounds { start, end, seam }: Bounds,
        span: LoopSpan,
        length: Option<i64>,
    ) -> Surroundings {
        let ahead = match span.kind {
            _ if !self.is_looped() => Edge::Open,
            LoopKind::Forward if seam.is_some() => Edge::Seam,
            LoopKind::Forward => Edge::Wrap,
            LoopKind::PingPong => Edge::Mirror,
            LoopKind::Backward if self.is_first_edge() => Edge::Mirror,
            LoopKind::Backward => Edge::Wrap,
        };
        // Where the sample begins with its loop nothing came before: what will, stands for it.
        let is_first = if down { length == Some(end) } else { start == 0 };
        let behind = match self.behind {
            Edge::Open
                if is_first
                    && span.kind != LoopKind::Backward
                    && !self.is_streamed
                    && seam.is_none() =>
            {
                ahead
            }
            // It became known since.
            Edge::Wrap if seam.is_some() => Edge::Seam,
            behind => behind,
        };
        let near = seam.map_or(0, |round| round.near);
        let (below, above) = if down { (ahead, behind) } else { (behind, ahead) };
        Surroundings { start, end, below, above, near }
    }
}
