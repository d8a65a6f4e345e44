//! A loop that is no whole number of frames long: each round begins at another fraction of a frame.
//!
//! Read between frames all along, it would cost several times as much as one that is read frame by
//! frame. So a voice at the sample's own pace glides to the nearest frame at the start of a round,
//! by at most one frame, and remembers how far that is off: what it is late or early by never adds
//! up.

use super::run::{Edge, ONE};
use super::{Bounds, Track};

/// Frames that a glide takes: it changes the pitch by at most 0.85 cents.
const GLIDE_FRAMES: u32 = 2_048;
/// Shorter rounds are read between frames.
const MIN_ROUND_FRAMES: i64 = 8 * GLIDE_FRAMES as i64;

/// A way to the nearest frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glide {
    /// By how much each of its steps is longer, in fixed point.
    longer_by: i64,
    frames_left: u32,
}

impl Track {
    /// How a voice gets on that has `left` frames to the end of its loop, if it goes round one: by
    /// which steps, and how many of them at most.
    pub(super) fn glide(
        &mut self,
        step: i64,
        goes_round: Option<Bounds>,
        left: usize,
    ) -> (i64, usize) {
        let is_long = |it: Bounds| it.seam.is_some() && it.end - it.start >= MIN_ROUND_FRAMES;
        if !goes_round.is_some_and(is_long) || step != ONE || self.fraction == 0 {
            self.glide = None;
            return (step, usize::MAX);
        }
        if self.glide.is_none() && left > 2 * GLIDE_FRAMES as usize {
            // To where it is off by half a frame at most.
            let exact = i64::from(self.fraction) - self.ahead_by;
            let way = (exact + ONE / 2).div_euclid(ONE) * ONE - i64::from(self.fraction);
            let longer_by = way / i64::from(GLIDE_FRAMES);
            self.glide = Some(Glide { longer_by, frames_left: GLIDE_FRAMES });
        }
        self.glide.map_or((step, usize::MAX), |Glide { longer_by, frames_left }| {
            (step + longer_by, frames_left as usize)
        })
    }

    /// Has glided for so many frames.
    pub(super) fn glided(&mut self, frames: usize) {
        let Some(glide) = &mut self.glide else { return };
        self.ahead_by += glide.longer_by * frames as i64;
        glide.frames_left =
            glide.frames_left.saturating_sub(u32::try_from(frames).unwrap_or(u32::MAX));
        if glide.frames_left == 0 {
            self.glide = None;
            // What the division left over.
            let fraction = i64::from(self.fraction);
            let next = i64::from(fraction > ONE / 2);
            self.ahead_by += next * ONE - fraction;
            (self.index, self.fraction) = (self.index + next, 0);
        }
    }

    /// Goes round as often as it has come past an end but at most `most` times; says how often.
    pub(super) fn pass_seam(&mut self, down: bool, bounds: Bounds, most: i64) -> i64 {
        let short_by = i128::from(bounds.short_by() + bounds.ahead_by());
        let round = i128::from(bounds.end - bounds.start) * i128::from(ONE) - short_by;
        let place = i128::from(self.index) * i128::from(ONE) + i128::from(self.fraction);
        let way = place - i128::from(self.ahead_by) - i128::from(bounds.start) * i128::from(ONE);
        // Downwards it goes from a frame before the end of the round to a frame before its start.
        let passes = if down {
            (round - i128::from(ONE) - way).div_euclid(round)
        } else {
            way.div_euclid(round)
        };
        let passes = passes.min(most.into());
        let place = if down { place + passes * round } else { place - passes * round };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its halves")]
        {
            (self.index, self.fraction) = ((place >> 32) as i64, place as u32);
        }
        self.behind = Edge::Seam;
        i64::try_from(passes).unwrap_or(i64::MAX)
    }
}
