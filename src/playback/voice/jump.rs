//! Jumps: where a voice is put, and when.
//!
//! One at a frame of the clock is heard there: the voice has faded before, is put a little in front
//! of where it is to go, and comes back to its level on the way, so that an attack there is whole.

use super::super::material::Material;
use super::super::params::Looping;
use super::super::track::{Place, fixed};
use super::{Common, Voice};

/// The shortest opening, as a part of any other fade.
const SHORTEST_PART: u32 = 5;

/// So many times the length of any fade a voice may be told too late, and keeps its beat: 0.1 s.
const LATE_RAMPS: u64 = 20;

/// A jump that a voice was told to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Jump {
    /// Where to, a frame of the sample.
    pub(in super::super) frame: u64,
    /// When that is to be heard, on the render clock; `None`: as soon as the voice has faded.
    pub(in super::super) at_frame: Option<u64>,
    pub(in super::super) then: Then,
}

/// What else a voice is told up to the frame at which it is heard there: it lands with that.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Then {
    pub(in super::super) speed: Option<f64>,
    pub(in super::super) looping: Option<Looping>,
    /// Whether it is paused by then, or goes on.
    pub(in super::super) paused: Option<bool>,
}

impl Jump {
    /// One to `frame`, as soon as may be.
    pub(in super::super) fn at_once(frame: u64) -> Self {
        Self { frame, at_frame: None, then: Then::default() }
    }

    /// One to `frame` at a frame of the clock, unless that is long past.
    pub(in super::super) fn at(
        frame: u64,
        at_frame: Option<u64>,
        now: u64,
        ramp_frames: u32,
    ) -> Self {
        let late = LATE_RAMPS * u64::from(ramp_frames);
        let at_frame = at_frame.filter(|at_frame| at_frame.saturating_add(late) > now);
        Self { at_frame, ..Self::at_once(frame) }
    }
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
    /// The frame of the clock at which it is to be heard where it jumps to, until it is put there.
    pub(in super::super) fn lands_at(&self) -> Option<u64> {
        self.seek.and_then(|jump| jump.at_frame)
    }

    /// The speed and the loop that it was told up to that frame.
    pub(in super::super) fn land_with(&mut self, speed: Option<f64>, looping: Option<Looping>) {
        if let Some(jump) = &mut self.seek {
            jump.then = Then { speed, looping, ..jump.then };
        }
    }

    /// Takes back what else it was told up to that frame, and has not done yet.
    pub(in super::super) fn land_as_it_is(&mut self) {
        if let Some(jump) = &mut self.seek {
            jump.then = Then::default();
        }
    }

    /// How it lands, silent as it is, at `speed` in its sample.
    pub(super) fn landing(
        &self,
        jump: Jump,
        speed: f64,
        sample: Material<'_>,
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
        let lead = lead_frames(jump.frame, speed, self.end(sample), common);
        let wait = at_frame.saturating_sub(common.now + u64::from(lead));
        // One that was told too late is where it would be had it been told in time; one that has not
        // begun by then begins there.
        let least = if self.track.has_moved() { i64::MIN } else { 0 };
        let ahead = i64::try_from(at_frame).unwrap_or(i64::MAX).saturating_sub_unsigned(common.now)
            - i64::try_from(wait).unwrap_or(i64::MAX);
        let ahead = ahead.max(least);
        let opening_frames = u32::try_from(ahead).ok().filter(|frames| *frames > 0);
        let shortest = lead.min(common.ramp_frames / SHORTEST_PART);
        Landing {
            wait,
            place: place.back_by(i128::from(fixed(speed)) * i128::from(ahead)),
            opening_frames: opening_frames.map(|frames| frames.max(shortest)),
        }
    }

    /// Is silent before a jump: what it was told for that frame, it does now.
    pub(super) fn prepare(&mut self, sample: Material<'_>, common: Common) -> bool {
        let Some(jump) = &mut self.seek else { return false };
        let Then { speed, looping, paused } = std::mem::take(&mut jump.then);
        speed.into_iter().for_each(|speed| self.set_speed(speed));
        looping.into_iter().for_each(|looping| self.set_loop(looping, sample, common));
        self.paused = paused.unwrap_or(self.paused);
        speed.is_some() || looping.is_some() || paused.is_some()
    }

    /// Where it is put for a jump that it has time for.
    pub(super) fn place_before(
        &self,
        jump: Jump,
        speed: f64,
        sample: Material<'_>,
        common: Common,
    ) -> Place {
        let lead = match jump.at_frame {
            Some(_) => lead_frames(jump.frame, speed, self.end(sample), common),
            None => 0,
        };
        Place::of(jump.frame).back_by(i128::from(fixed(speed)) * i128::from(lead))
    }

    /// Where its sample ends. A stream whose end nobody has found yet goes on as far as it is
    /// played: should it end before that, the voice waits there until that is known.
    fn end(&self, sample: Material<'_>) -> Option<i64> {
        self.length(sample).or_else(|| match sample {
            Material::Stream(_) => Some(i64::try_from(self.end_frame).unwrap_or(i64::MAX)),
            Material::Memory(_) => None,
        })
    }
}

/// How long before `frame` it is put in front of that: as long as any fade, if its sample has begun by
/// then.
fn lead_frames(frame: u64, speed: f64, end: Option<i64>, common: Common) -> u32 {
    let room = if speed < 0.0 {
        end.and_then(|end| u64::try_from(end - 1).ok()).unwrap_or(0).saturating_sub(frame)
    } else {
        frame
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let frames = (room as f64 / speed.abs()) as u32;
    frames.min(common.ramp_frames)
}
