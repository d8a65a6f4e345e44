//! How a voice goes on: what it does next, and whether it waits.

use super::super::events::EndReason;
use super::super::interpolate::MAX_REACH;
use super::super::material::Material;
use super::super::ramp::Ramp;
use super::super::track::{Run, fixed};
use super::jump::Landing;
use super::{Common, MAX_SPEED, Segment, Voice};
use crate::buffer::SampleBuffer;

impl Voice {
    /// Where its sample ends, as far as that is known.
    pub(super) fn length(&self, sample: Material<'_>) -> Option<i64> {
        let end = usize::try_from(self.end_frame).unwrap_or(usize::MAX);
        let length = match sample.frames() {
            Some(frames) => frames.min(end),
            // With what is read beyond it, so that what is heard does not depend on when.
            None if sample.reaches(end.saturating_add(MAX_REACH)) => end,
            None => return None,
        };
        i64::try_from(length).ok()
    }

    /// Decides what comes next, for at most `frames` frames.
    pub(in super::super) fn next_segment(
        &mut self,
        sample: Material<'_>,
        common: Common,
        frames: usize,
    ) -> Segment {
        let ramp_frames = common.ramp_frames;
        let length = self.length(sample);
        // Has jumped where it was silent for that alone.
        let mut jumped = false;
        loop {
            let speed = self.speed_with(common);
            if let Some(reason) = self.releasing.filter(|_| self.is_silent()) {
                return Segment::End(reason);
            }
            // What was not heard yet, or is not now, starts at its speed; but not what only jumps,
            // which keeps step with all that does not.
            jumped |= self.jumps_on();
            // One that was told to turn round meanwhile has done so where it lands.
            let turned = self.pace.value() * speed < 0.0;
            let at_once = self.gate.rests_at(0.0) && (!jumped || turned);
            self.pace.change(speed, at_once, ramp_frames);
            if self.at_origin {
                self.place_at_origin(speed, length, sample);
            } else {
                // Put to an end of its sample, and turned round before it sounded: the attack is not
                // ahead.
                self.fresh &= self.is_at_origin(speed, length, sample);
            }
            self.starved = match sample {
                Material::Memory(sample) => {
                    length.is_none() && self.is_starved(sample, frames, ramp_frames)
                }
                Material::Stream(reader) => self.runs_dry(reader, length, frames, ramp_frames),
            };
            self.punctual &= !self.starved;
            let shut = self.is_paused() || self.starved || speed == 0.0 || self.seek.is_some();
            self.move_gate(shut, ramp_frames);
            if !self.gate.rests_at(0.0) {
                break;
            }
            self.tail = None;
            // Silent: the moment to jump, if that is what the gate was shut for.
            if self.prepare(sample, common) {
                continue;
            }
            let Some(jump) = self.seek else {
                // Held up by its speed alone, it is over where it would be at any other.
                let stands = !self.is_paused() && !self.starved;
                return match stands && self.has_nothing_left(speed, length) {
                    true => Segment::End(self.end_reason()),
                    false => Segment::Silence(frames),
                };
            };
            let Landing { wait, mut place, opening_frames } =
                self.landing(jump, speed, sample, common);
            if self.follows_loop {
                // By where it has come to meanwhile.
                place = self.track.folded(fixed(speed), || 0, length).unwrap_or(place);
            }
            if wait > 0 {
                return Segment::Silence(usize::try_from(wait).unwrap_or(frames).min(frames));
            }
            if let Material::Stream(reader) = sample
                && jump.at_frame.is_some()
                && !self.is_paused()
                && self.lands_dry(reader, place, frames, common)
            {
                // With each moment it lands further on: it keeps its beat.
                self.late = true;
                if self.releasing.is_none() {
                    return Segment::Silence(frames);
                }
                continue;
            }
            (self.seek, self.late) = (None, false);
            self.track.place_at(place);
            self.at_origin = false;
            self.fresh = speed != 0.0 && self.is_at_origin(speed, length, sample);
            self.opening_frames = opening_frames.or(self.opening_frames);
            if jump.at_frame.is_some() {
                // It is to be heard there as it is.
                self.attack.jump(1.0);
            }
            self.punctual = jump.at_frame.is_some();
        }
        (self.fresh, self.at_origin, self.punctual) = (false, false, false);
        let mut frames = frames;
        if self.gate.target() == 0.0 {
            frames = frames.min(self.gate.frames_left());
        }
        if self.releasing.is_some() {
            frames = frames.min(self.release.frames_left());
        }
        Segment::Sound(frames)
    }

    /// Its speed and that of all voices together.
    pub(super) fn speed_with(&self, common: Common) -> f64 {
        Self::speed_of(self.speed, common)
    }

    /// The same, were `speed` its own.
    pub(super) fn speed_of(speed: f64, common: Common) -> f64 {
        (speed * common.speed).clamp(-MAX_SPEED, MAX_SPEED)
    }

    /// Why it is over when its sample is.
    pub(in super::super) fn end_reason(&self) -> EndReason {
        self.releasing.unwrap_or(EndReason::Finished)
    }

    /// Whether a voice that has just sounded has nothing left to sound.
    pub(in super::super) fn is_over(&self, sample: Material<'_>) -> bool {
        if self.releasing.is_some() && self.is_silent() {
            return true;
        }
        let (place, length) = (self.track.position(), self.length(sample));
        if place >= 0.0 && length.is_none_or(|length| place < length as f64) {
            return false;
        }
        // One that turns round, jumps or has just been paused there is not.
        let stays = self.pace.frames_left() > 0 || self.seek.is_some() || self.gate.rests_at(0.0);
        !stays && self.has_nothing_left(self.pace.value(), length)
    }

    /// Whether nothing is left of its sample where it is, in the direction of `speed`, and no loop.
    fn has_nothing_left(&self, speed: f64, length: Option<i64>) -> bool {
        let mut track = self.track;
        track.run(fixed(speed), length, 0).is_none()
    }

    /// Whether it goes on though its sample is over: told to jump while that was not, it does so now.
    pub(in super::super) fn jumps_at_its_end(&mut self) -> bool {
        let jumps = self.seek.is_some() && self.releasing.is_none();
        if jumps {
            self.gate.jump(0.0);
        }
        jumps
    }

    /// Whether it is where its sample begins in that direction, with the attack ahead.
    fn is_at_origin(&self, speed: f64, length: Option<i64>, sample: Material<'_>) -> bool {
        let begin = origin(speed, length) as f64;
        let is_whole = speed >= 0.0 || (length.is_some() && !self.is_cut(sample));
        is_whole && (begin..begin + 1.0).contains(&self.track.position())
    }

    /// The frame at which one that has not begun will, unless it was given that.
    pub(in super::super) fn origin(
        &self,
        sample: Option<Material<'_>>,
        common: Common,
    ) -> Option<u64> {
        let sample = sample.filter(|_| self.at_origin)?;
        Some(origin(self.speed_with(common), self.length(sample)))
    }

    /// Puts a voice that was given no place to where its direction begins.
    fn place_at_origin(&mut self, speed: f64, length: Option<i64>, sample: Material<'_>) {
        self.track.place(origin(speed, length));
        // A sample that is cut short has no attack at that end.
        self.fresh &= speed >= 0.0 || !self.is_cut(sample);
    }

    /// Whether it ends before its sample does.
    pub(super) fn is_cut(&self, sample: Material<'_>) -> bool {
        sample.frames().is_none_or(|frames| self.end_frame < frames as u64)
            && self.end_frame != u64::MAX
    }

    fn move_gate(&mut self, shut: bool, ramp_frames: u32) {
        if shut {
            if !self.gate.rests_at(0.0) {
                self.opening_frames = None;
            }
            self.gate.go(0.0, self.gate_frames(ramp_frames));
        } else if self.fresh || self.attack.value() == 0.0 {
            self.gate = Ramp::at(1.0);
        } else {
            self.gate.go(1.0, self.gate_frames(self.opening_frames.unwrap_or(ramp_frames)));
        }
    }

    /// A gate that was to shut, and turns round half way, takes half the time to open again. One that
    /// is to shut takes all of it, so that voices that run in step come to rest in step.
    fn gate_frames(&self, ramp_frames: u32) -> u32 {
        if self.gate.target() != 0.0 {
            return ramp_frames;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..ramp")]
        let frames = ((1.0 - self.gate.value()) * ramp_frames as f32).round() as u32;
        frames
    }

    /// Whether it plays on elsewhere as soon as it is silent, and is not held up by anything else.
    fn jumps_on(&self) -> bool {
        let is_at_once = self.seek.is_some_and(|jump| jump.at_frame.is_none());
        is_at_once && self.track.has_moved() && !self.is_paused() && !self.starved
    }

    /// How far it gets, in fixed point, until a gate that is to be shut now is shut.
    pub(super) fn way_till_shut(&self, common: Common) -> i64 {
        let frames = if self.gate.target() == 0.0 {
            self.gate.frames_left()
        } else {
            self.gate_frames(common.ramp_frames).max(1) as usize
        };
        let mut pace = self.pace;
        pace.change(self.speed_with(common), self.gate.rests_at(0.0), common.ramp_frames);
        (0..frames).map(|_| fixed(pace.next())).sum()
    }

    /// Whether a sample that is still growing has too little to play on: what a block and a
    /// fade after it need, and, once starved, a tenth of a second more; of a loop no more than
    /// that. Backwards, what is not known is where the end is, to start from or to go round to.
    fn is_starved(&self, sample: &SampleBuffer, frames: usize, ramp_frames: u32) -> bool {
        let reserve = if self.starved { sample.sample_rate() as usize / 10 } else { 0 };
        let way = (frames + ramp_frames as usize + reserve) as f64;
        // While the speed changes, the faster one counts.
        let (now, soon) = (self.pace.value(), self.pace.target());
        let (up, down) = (way * now.max(soon).max(0.0), way * now.min(soon).min(0.0));
        let position = self.track.position();
        let ready = sample.ready_frames() as f64;
        let (loop_start, loop_end) = match self.track.loop_span() {
            Some(span) => (span.start_frame as f64, span.end_frame as f64),
            None => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let goes_round = loop_end > ready && position + down < loop_start;
        let needs_end = down < 0.0 && (self.at_origin || goes_round);
        let furthest = position + up + MAX_REACH as f64 + 1.0;
        // The last of a counted number of rounds may be over within this very block.
        let stays = position < loop_end && self.track.stays_for(up + MAX_REACH as f64 + 1.0);
        let needed = if stays { furthest.min(loop_end) } else { furthest.max(loop_end + up) };
        needs_end || needed > ready
    }

    /// The next stretch of at most `frames` frames that is read at one speed; `None` when the
    /// voice is over.
    pub(in super::super) fn next_run(
        &mut self,
        sample: Material<'_>,
        frames: usize,
    ) -> Option<Run> {
        let (speed, frames) = match self.pace.frames_left() {
            0 => (self.pace.value(), frames),
            _ => (self.pace.next(), 1),
        };
        let length = self.length(sample);
        self.track.learn(sample.seams(), length);
        let mut run = self.track.run(fixed(speed), length, frames)?;
        // As many rounds of a short loop as end within these frames.
        while run.frames < frames && run.is_short_round() {
            let mut track = self.track;
            let round = track.run(fixed(speed), length, frames - run.frames);
            let ends = track.edges_passed() > self.track.edges_passed();
            let Some(round) = round.filter(|round| ends && run.is_followed_by(round)) else {
                break;
            };
            run.frames += round.frames;
            self.track = track;
        }
        Some(run)
    }
}

/// Where the direction of `speed` begins, in a sample of `length` frames.
pub(super) fn origin(speed: f64, length: Option<i64>) -> u64 {
    let last = length.and_then(|length| u64::try_from(length - 1).ok()).unwrap_or(0);
    if speed < 0.0 { last } else { 0 }
}
