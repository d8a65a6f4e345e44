//! One sounding sample.
//!
//! Three factors make a voice's level. The *gate* is open unless the voice is paused, stands
//! still, waits for frames that are not decoded yet, or is about to jump; while it is shut the
//! voice keeps its place. The *release* falls once, at the end. The *volume* is the caller's.

use super::buffers::BufferIndex;
use super::channels::pan_gains;
use super::interpolate::MAX_REACH;
use super::messages::{EndReason, Retrigger, VoiceParams};
use super::ramp::{Ramp, bend};
use crate::buffer::SampleBuffer;

/// The fastest that voice and master speed together may be.
const MAX_SPEED: f32 = 16.0;

/// Where a voice is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not a voice: the place may be taken.
    Free,
    /// Starts at a frame of the render clock.
    Waiting {
        /// That frame.
        at_frame: u64,
    },
    /// Sounds, or would if it were not paused.
    Started,
}

/// What a voice does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Segment {
    /// It sounds for this many frames, at this speed.
    Sound {
        /// At least one.
        frames: usize,
        /// Frames of the sample per frame.
        speed: f32,
    },
    /// It is silent for the rest of the block.
    Silence,
    /// It is over.
    End(EndReason),
}

/// One place to read a sample at: frame `index + fraction`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Playhead {
    pub(super) index: i64,
    /// 0..1.
    pub(super) fraction: f32,
}

/// A voice, or a free place for one.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) id: u64,
    pub(super) slot: u32,
    pub(super) buffer: BufferIndex,
    /// Rises from voice to voice: the age.
    pub(super) sequence: u64,
    pub(super) phase: Phase,
    pub(super) retrigger: Retrigger,
    position: f64,
    /// Has not sounded since it was started without a place to start at: the direction it has
    /// by then decides between the first frame and the last.
    at_origin: bool,
    speed: f32,
    looped: bool,
    paused: bool,
    starved: bool,
    /// Has not sounded since it was put to where its sample begins: then the attack is the
    /// sample's own, and no fade touches it.
    fresh: bool,
    seek: Option<u64>,
    gate: Ramp,
    release: Ramp,
    releasing: Option<EndReason>,
    volume: Ramp,
    pan: [Ramp; 2],
}

impl Voice {
    /// A free place.
    pub(super) fn free() -> Self {
        Self::new(0, 0, 0, 0, &VoiceParams::default(), Phase::Free)
    }

    /// A voice that has not sounded yet.
    pub(super) fn new(
        id: u64,
        slot: u32,
        buffer: BufferIndex,
        sequence: u64,
        params: &VoiceParams,
        phase: Phase,
    ) -> Self {
        let speed = sane(params.speed, -4.0, 4.0).unwrap_or(1.0);
        Self {
            id,
            slot,
            buffer,
            sequence,
            phase,
            retrigger: params.retrigger,
            position: params.start_frame as f64,
            at_origin: params.start_frame == 0,
            speed,
            looped: params.looped,
            paused: false,
            starved: false,
            fresh: params.start_frame == 0,
            seek: None,
            gate: Ramp::at(0.0),
            release: Ramp::at(1.0),
            releasing: None,
            volume: Ramp::at(sane(params.volume, 0.0, 4.0).unwrap_or(1.0)),
            pan: pan_gains(sane(params.pan, -1.0, 1.0).unwrap_or(0.0)).map(Ramp::at),
        }
    }

    /// Whether it sounds (or is paused) and is not on its way out.
    pub(super) fn is_active(&self) -> bool {
        self.phase == Phase::Started && self.releasing.is_none()
    }

    /// Whether it is a voice at all and not on its way out.
    pub(super) fn is_taken(&self) -> bool {
        self.phase != Phase::Free && self.releasing.is_none()
    }

    /// Whether its last frame was silent, so that it can go without a fade.
    pub(super) fn is_silent(&self) -> bool {
        self.phase != Phase::Started || self.gate.rests_at(0.0) || self.release.rests_at(0.0)
    }

    /// How loud the voice itself is, whatever its sample holds.
    pub(super) fn level(&self) -> f32 {
        self.volume.value() * self.release.value()
    }

    /// Why it is on its way out, if it is.
    pub(super) fn releasing(&self) -> Option<EndReason> {
        self.releasing
    }

    /// Whether it is on its way out and gone after `frames` frames.
    pub(super) fn ends_within(&self, frames: u32) -> bool {
        self.releasing.is_some() && self.release.frames_left() <= frames as usize
    }

    /// Begins its end. The first reason stays; a later call can only shorten the fade.
    pub(super) fn release(&mut self, reason: EndReason, fade_frames: u32) {
        self.releasing.get_or_insert(reason);
        self.release.go(0.0, fade_frames);
        self.release.hurry(fade_frames);
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    pub(super) fn resume(&mut self) {
        self.paused = false;
    }

    pub(super) fn seek(&mut self, frame: u64) {
        self.seek = Some(frame);
    }

    pub(super) fn set_volume(&mut self, volume: f32, ramp_frames: u32) {
        if let Some(volume) = sane(volume, 0.0, 4.0) {
            // What has not sounded yet starts as it is told, not on the way there.
            if self.is_silent() {
                self.volume.jump(volume);
            } else {
                self.volume.go(volume, ramp_frames);
            }
        }
    }

    pub(super) fn set_pan(&mut self, pan: f32, ramp_frames: u32) {
        if let Some(pan) = sane(pan, -1.0, 1.0) {
            let silent = self.is_silent();
            for (ramp, gain) in self.pan.iter_mut().zip(pan_gains(pan)) {
                if silent {
                    ramp.jump(gain);
                } else {
                    ramp.go(gain, ramp_frames);
                }
            }
        }
    }

    pub(super) fn set_speed(&mut self, speed: f32) {
        if let Some(speed) = sane(speed, -4.0, 4.0) {
            self.speed = speed;
        }
    }

    pub(super) fn set_looped(&mut self, looped: bool) {
        self.looped = looped;
    }

    /// Decides what comes next, for at most `frames` frames.
    pub(super) fn next_segment(
        &mut self,
        sample: &SampleBuffer,
        master_speed: f32,
        frames: usize,
        ramp_frames: u32,
    ) -> Segment {
        let length = sample.frames();
        let speed = (self.speed * master_speed).clamp(-MAX_SPEED, MAX_SPEED);
        loop {
            if let Some(reason) = self.releasing.filter(|_| self.is_silent()) {
                return Segment::End(reason);
            }
            if self.at_origin {
                let last = length.map_or(0.0, |length| length as f64 - 1.0);
                self.position = if speed < 0.0 { last } else { 0.0 };
            }
            self.starved = length.is_none()
                && self.is_starved(sample.ready_frames(), speed, frames, ramp_frames, sample);
            let shut = self.paused || self.starved || speed == 0.0 || self.seek.is_some();
            if shut {
                self.gate.go(0.0, self.gate_frames(ramp_frames));
            } else if self.fresh {
                self.gate = Ramp::at(1.0);
            } else {
                self.gate.go(1.0, self.gate_frames(ramp_frames));
            }
            if !self.gate.rests_at(0.0) {
                break;
            }
            // Silent: the moment to jump, if that is what the gate was shut for.
            let Some(frame) = self.seek.take() else { return Segment::Silence };
            self.position = frame as f64;
            self.at_origin = false;
            self.fresh = frame == 0 && speed > 0.0;
        }
        if length == Some(0) || (!self.looped && self.is_past(length)) {
            return Segment::End(self.releasing.unwrap_or(EndReason::Finished));
        }
        (self.fresh, self.at_origin) = (false, false);
        let mut frames = frames;
        if self.gate.target() == 0.0 {
            frames = frames.min(self.gate.frames_left());
        }
        if self.releasing.is_some() {
            frames = frames.min(self.release.frames_left());
        }
        Segment::Sound { frames, speed }
    }

    /// A gate that turns round half way takes half the time.
    fn gate_frames(&self, ramp_frames: u32) -> u32 {
        let distance = if self.gate.target() == 0.0 { 1.0 } else { 0.0 };
        let way = (distance - self.gate.value()).abs();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..ramp")]
        let frames = (way * ramp_frames as f32).round() as u32;
        frames
    }

    /// Whether a sample that is still growing has too little to play on: what a block and a
    /// fade after it need, and, once starved, a tenth of a second more. Backwards, what is not
    /// known is where the end is, to start from or to go round to.
    fn is_starved(
        &self,
        ready_frames: usize,
        speed: f32,
        frames: usize,
        ramp_frames: u32,
        sample: &SampleBuffer,
    ) -> bool {
        let reserve = if self.starved { sample.sample_rate() as usize / 10 } else { 0 };
        let way = f64::from(speed) * (frames + ramp_frames as usize + reserve) as f64;
        let needs_end =
            speed < 0.0 && (self.at_origin || (self.looped && self.position + way < 0.0));
        let reach = MAX_REACH as f64 + 1.0;
        needs_end || self.position + way.max(0.0) + reach > ready_frames as f64
    }

    fn is_past(&self, length: Option<usize>) -> bool {
        self.position <= -1.0 || length.is_some_and(|length| self.position >= length as f64)
    }

    /// Moves on, and says where each frame is read. Fewer than `playheads.len()` if a sample of
    /// `length` frames that is not looped ends before.
    pub(super) fn advance(
        &mut self,
        speed: f32,
        length: Option<usize>,
        playheads: &mut [Playhead],
    ) -> usize {
        let speed = f64::from(speed);
        for (done, playhead) in playheads.iter_mut().enumerate() {
            match length {
                Some(length) if self.looped && length > 0 => self.wrap(length as f64),
                _ if !self.looped && self.is_past(length) => return done,
                _ => {}
            }
            let floor = self.position.floor();
            #[allow(clippy::cast_possible_truncation, reason = "a frame number; a fraction")]
            {
                playhead.index = floor as i64;
                playhead.fraction = (self.position - floor) as f32;
            }
            self.position += speed;
        }
        playheads.len()
    }

    fn wrap(&mut self, length: f64) {
        if self.position >= length || self.position < 0.0 {
            self.position = self.position.rem_euclid(length);
            // Of a tiny negative number the remainder rounds to the divisor itself.
            if self.position >= length {
                self.position = 0.0;
            }
        }
    }

    /// Whether it starts over, as far as is known where.
    pub(super) fn wraps(&self, length: Option<usize>) -> bool {
        self.looped && length.is_some()
    }

    /// The next frame's factors: all channels, left, right.
    pub(super) fn next_gains(&mut self) -> [f32; 3] {
        let gain = bend(self.gate.next()) * bend(self.release.next()) * self.volume.next();
        let [left, right] = &mut self.pan;
        [gain, gain * left.next(), gain * right.next()]
    }
}

/// `value` within its range; `None` if it is not a number.
pub(super) fn sane(value: f32, low: f32, high: f32) -> Option<f32> {
    (!value.is_nan()).then(|| value.clamp(low, high))
}
