//! How loud a bus is.

use super::scratch::Lane;

/// Channels that are metered; an output's further ones are not.
pub const METERED_CHANNELS: usize = 8;

/// How loud one channel was for one turn of the meter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// The highest absolute value.
    pub peak: f32,
    /// The root of the mean square.
    pub rms: f32,
}

/// Peak and mean square of a bus, over one turn after the other.
#[derive(Debug)]
pub(super) struct Meter {
    /// Frames of a turn, at least.
    turn_frames: u32,
    frames: u32,
    peaks: [f32; METERED_CHANNELS],
    squares: [f64; METERED_CHANNELS],
}

impl Meter {
    pub(super) fn new(turn_frames: u32) -> Self {
        Self {
            turn_frames,
            frames: 0,
            peaks: [0.0; METERED_CHANNELS],
            squares: [0.0; METERED_CHANNELS],
        }
    }

    /// Takes `frames` (a block's) frames in.
    pub(super) fn measure(&mut self, frames: usize, planes: &[Lane]) {
        let sums = self.peaks.iter_mut().zip(&mut self.squares);
        for ((peak, squares), plane) in sums.zip(planes) {
            let mut sum = 0.0_f64;
            for value in &plane[..frames] {
                // `max` passes over what is not a number.
                *peak = peak.max(value.abs());
                sum += f64::from(*value).powi(2);
            }
            *squares += sum;
        }
        self.skip(frames);
    }

    /// Takes `frames` frames of silence in.
    pub(super) fn skip(&mut self, frames: usize) {
        self.frames = self.frames.saturating_add(u32::try_from(frames).unwrap_or(u32::MAX));
    }

    /// The levels of a turn that is over; begins the next one then.
    pub(super) fn finished(&mut self) -> Option<[Level; METERED_CHANNELS]> {
        if self.frames < self.turn_frames {
            return None;
        }
        let frames = f64::from(self.frames.max(1));
        let levels = std::array::from_fn(|channel| {
            #[allow(clippy::cast_possible_truncation, reason = "a level in f32 is enough")]
            let rms = (self.squares[channel] / frames).sqrt() as f32;
            Level { peak: self.peaks[channel], rms }
        });
        *self = Self::new(self.turn_frames);
        Some(levels)
    }
}
