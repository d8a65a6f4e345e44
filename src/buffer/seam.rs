//! Where a sample follows on itself, as it is heard when it is repeated.
//!
//! A sample that was converted from another rate has silence on both sides, and ends on a whole
//! frame. Repeated, it is to sound as its file does: with its beginning behind its end, and after as
//! long as the file lasts, which is seldom a whole number of frames.

/// Frames beyond each end that are known of the round before and the round after.
pub(crate) const BEYOND: usize = 40;

/// What a sample is round its ends while it is repeated as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seam {
    /// The length of the sample that it belongs to.
    pub(crate) frames: u64,
    /// How much sooner than the sample a round of it is over, in 2⁻³² of a frame.
    pub(crate) shortage: u32,
    /// Frames of the sample at each end that are others in a round.
    pub(crate) near: u32,
    /// What stands there, channel after channel: from [`BEYOND`] frames before the sample up to
    /// `near` frames of it, and from `near` frames before its last one's end to [`BEYOND`] behind
    /// that. Nothing, where all of it is silence.
    pub(crate) values: Vec<f32>,
}

impl Seam {
    /// Values of one end of one channel.
    pub(crate) fn side_len(near: u32) -> usize {
        near as usize + BEYOND
    }

    /// Whether it can be that of a sample of so many channels and frames.
    pub(crate) fn fits(&self, channels: usize, frames: u64) -> bool {
        let most = frames.div_ceil(2);
        let values = channels * 2 * Self::side_len(self.near);
        self.frames == frames
            && u64::from(self.near) <= most
            && [0, values].contains(&self.values.len())
    }

    /// The values of `channel` from [`BEYOND`] frames before the sample on. Realtime-safe.
    pub(crate) fn start_side(&self, channel: usize) -> &[f32] {
        self.side(2 * channel)
    }

    /// The values of `channel` from `near` frames before the sample's end on. Realtime-safe.
    pub(crate) fn end_side(&self, channel: usize) -> &[f32] {
        self.side(2 * channel + 1)
    }

    fn side(&self, number: usize) -> &[f32] {
        let len = Self::side_len(self.near);
        self.values.get(number * len..(number + 1) * len).unwrap_or(&[])
    }
}
