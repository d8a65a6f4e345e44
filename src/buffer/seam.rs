//! Where a sample, or a loop in it, follows on itself, as it is heard when it is repeated.
//!
//! A sample that was converted from another rate has silence on both sides, and ends on a whole
//! frame. Repeated, it is to sound as its file does: with its beginning behind its end, and after as
//! long as that lasts, which is seldom a whole number of frames. So is the loop that the file says
//! that it has.

/// Frames beyond each end that are known of the round before and the round after.
pub(crate) const BEYOND: usize = 40;
/// A frame, in fixed point.
const ONE: i64 = 1 << 32;

/// What a stretch of a sample is round its ends while it is repeated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seam {
    /// Its first frame, and the frame after its last one.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// How much sooner than its frames a round of it is over, in 2⁻³² of a frame; later, below 0.
    pub(crate) short_by: i64,
    /// Frames within it at each end that are others in a round.
    pub(crate) near: u32,
    /// What stands there, channel after channel: from [`BEYOND`] frames before the stretch up to
    /// `near` frames of it, and from `near` frames before its end to [`BEYOND`] behind that. Nothing,
    /// where all of it is silence.
    pub(crate) values: Vec<f32>,
}

impl Seam {
    /// The one of `seams` that is of the frames from `start` up to the one before `end`.
    /// Realtime-safe.
    pub(crate) fn of(seams: &[Self], start: i64, end: i64) -> Option<&Self> {
        seams.iter().find(|seam| (seam.start as i64, seam.end as i64) == (start, end))
    }

    /// How much sooner than its frames a round of it is over, in frames.
    pub(crate) fn short_by_frames(&self) -> f64 {
        self.short_by as f64 / ONE as f64
    }

    /// Values of one end of one channel.
    pub(crate) fn side_len(near: u32) -> usize {
        near as usize + BEYOND
    }

    /// Whether it can be one of a sample of so many channels and frames.
    pub(crate) fn fits(&self, channels: usize, frames: u64) -> bool {
        let Self { start, end, short_by, near, values } = self;
        let most = end.saturating_sub(*start).div_ceil(2);
        let all = Self::side_len(*near).saturating_mul(2 * channels);
        start < end
            && *end <= frames
            // Its start and its end are the nearest frames, or the last one.
            && (-2 * ONE..2 * ONE).contains(short_by)
            && u64::from(*near) <= most
            && [0, all].contains(&values.len())
    }

    /// The values of `channel` from [`BEYOND`] frames before the stretch on. Realtime-safe.
    pub(crate) fn start_side(&self, channel: usize) -> &[f32] {
        self.side(2 * channel)
    }

    /// The values of `channel` from `near` frames before its end on. Realtime-safe.
    pub(crate) fn end_side(&self, channel: usize) -> &[f32] {
        self.side(2 * channel + 1)
    }

    fn side(&self, number: usize) -> &[f32] {
        let len = Self::side_len(self.near);
        self.values.get(number * len..(number + 1) * len).unwrap_or(&[])
    }
}
