//! Jumps: where a voice is put, and when.
//!
//! One at a frame of the clock is heard there: the voice has faded before, is put a little in front
//! of where it is to go, and comes back to its level on the way, so that an attack there is whole.

use super::super::track::{Place, fixed};
use super::{Common, Voice};

/// The shortest opening, as a part of any other fade.
const SHORTEST_PART: u32 = 5;

/// A jump that a voice was told to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Jump {
    /// Where to, a frame of the sample.
    pub(in super::super) frame: u64,
    /// When that is to be heard, on the render clock; `None`: as soon as the voice has faded.
    pub(in super::super) at_frame: Option<u64>,
}

/// How a voice that is silent comes to where it was told to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landing {
    /// Frames until it is put there.
    pub(super) wait: u64,
    pub(super) place: Place,
    /// How long it takes to come back, if not as long as any fade.
    pub(super) opening_frames: Option<u32>,
}

impl Voice {
    /// How it lands, silent as it is, at `speed` in a sample of `length` frames.
    pub(super) fn landing(
        &self,
        jump: Jump,
        speed: f64,
        length: Option<i64>,
        common: Common,
    ) -> Landing {
        let place = Place::of(jump.frame);
        let Some(at_frame) = jump.at_frame else {
            return Landing { wait: 0, place, opening_frames: None };
        };
        if self.is_paused() || speed == 0.0 {
            // It goes on exactly there.
            let wait = at_frame.saturating_sub(common.now);
            return Landing { wait, place, opening_frames: None };
        }
        let lead = lead_frames(jump.frame, speed, length, common);
        let wait = at_frame.saturating_sub(common.now + u64::from(lead));
        // One that was told too late is where it would be had it been told in time; one that has not
        // begun by then begins there.
        let least = if self.track.has_moved() { i64::MIN } else { 0 };
        let ahead = i64::try_from(at_frame).unwrap_or(i64::MAX).saturating_sub_unsigned(common.now)
            - i64::try_from(wait).unwrap_or(i64::MAX);
        let ahead = ahead.max(least);
        let opening_frames = u32::try_from(ahead).ok().filter(|frames| *frames > 0);
        Landing {
            wait,
            place: place.back_by(i128::from(fixed(speed)) * i128::from(ahead)),
            opening_frames: opening_frames
                .map(|frames| frames.max(common.ramp_frames / SHORTEST_PART)),
        }
    }

    /// Where it is put for a jump that it has time for.
    pub(super) fn place_before(
        &self,
        jump: Jump,
        speed: f64,
        length: Option<i64>,
        common: Common,
    ) -> Place {
        let lead = match jump.at_frame {
            Some(_) => lead_frames(jump.frame, speed, length, common),
            None => 0,
        };
        Place::of(jump.frame).back_by(i128::from(fixed(speed)) * i128::from(lead))
    }
}

/// How long before `frame` it is put in front of that: as long as any fade, if its sample has begun by
/// then.
fn lead_frames(frame: u64, speed: f64, length: Option<i64>, common: Common) -> u32 {
    let room = if speed < 0.0 {
        length.and_then(|length| u64::try_from(length - 1).ok()).unwrap_or(0).saturating_sub(frame)
    } else {
        frame
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let frames = (room as f64 / speed.abs()) as u32;
    frames.min(common.ramp_frames)
}
