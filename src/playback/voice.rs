//! One sounding sample.
//!
//! Four factors make a voice's level. The *gate* is open unless the voice is paused, stands
//! still, waits for frames that are not decoded yet, or is about to jump; while it is shut the
//! voice keeps its place. The *release* falls once, when something ends the voice; the *tail*
//! falls on the way to where it ends by itself. The *volume* is the caller's.

use super::buffers::BufferIndex;
use super::channels::pan_gains;
use super::events::EndReason;
use super::interpolate::MAX_REACH;
use super::params::{LoopSpan, Looping, Retrigger, VoiceParams};
use super::ramp::{Ramp, bend};
use super::track::{Run, Track, fixed};
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
    /// It sounds for at most this many frames.
    Sound(usize),
    /// It is silent for the rest of the block.
    Silence,
    /// It is over.
    End(EndReason),
}

/// What a voice shares with all others in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    /// The master speed.
    pub(super) speed: f32,
    /// Length of every fade that has no other.
    pub(super) ramp_frames: u32,
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
    pub(super) choke: Option<u32>,
    pub(super) bus: usize,
    track: Track,
    own_loop: Option<LoopSpan>,
    end_frame: u64,
    /// Has not sounded since it was started without a place to start at: the direction it has
    /// by then decides between the first frame and the last.
    at_origin: bool,
    /// What the caller asked for; `pace` is on its way to that times the master speed.
    speed: f32,
    pace: Ramp,
    paused: bool,
    starved: bool,
    /// Has not sounded since it was put to where its sample begins: then the attack is the
    /// sample's own, and no fade touches it.
    fresh: bool,
    seek: Option<u64>,
    gate: Ramp,
    /// How long the gate opens: what was asked for the first time, then as long as any fade.
    opening_frames: Option<u32>,
    fade_out_frames: u32,
    release: Ramp,
    releasing: Option<EndReason>,
    volume: Ramp,
    pan: [Ramp; 2],
}

impl Voice {
    /// A free place.
    pub(super) fn free() -> Self {
        Self::new(0, 0, 0, 0, &VoiceParams::default(), None, Phase::Free)
    }

    /// A voice that has not sounded yet; `own_loop` is what its sample says that it repeats.
    pub(super) fn new(
        id: u64,
        slot: u32,
        buffer: BufferIndex,
        sequence: u64,
        params: &VoiceParams,
        own_loop: Option<LoopSpan>,
        phase: Phase,
    ) -> Self {
        let mut track = Track::new(span_of(params.looping, own_loop));
        track.place(params.start_frame);
        Self {
            id,
            slot,
            buffer,
            sequence,
            phase,
            retrigger: params.retrigger,
            choke: params.choke,
            bus: (params.bus as usize).min(super::BUSES - 1),
            track,
            own_loop,
            end_frame: params.end_frame,
            at_origin: params.start_frame == 0,
            speed: sane(params.speed, -4.0, 4.0).unwrap_or(1.0),
            pace: Ramp::at(0.0),
            paused: false,
            starved: false,
            fresh: params.start_frame == 0 && params.fade_in_frames == 0,
            seek: None,
            gate: Ramp::at(0.0),
            opening_frames: Some(params.fade_in_frames).filter(|frames| *frames > 0),
            fade_out_frames: params.fade_out_frames,
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

    /// Whether it keeps its place until it is told to go on.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether it waits for frames that are not decoded yet, having sounded before.
    pub(super) fn is_starving(&self) -> bool {
        self.starved && self.track.has_moved()
    }

    /// How loud the voice itself is, whatever its sample holds.
    pub(super) fn level(&self) -> f32 {
        self.volume.value() * self.release.value()
    }

    /// The frame of its sample that it plays next.
    pub(super) fn position(&self) -> f64 {
        self.track.position()
    }

    /// How often it has come to the end of its loop.
    pub(super) fn rounds(&self) -> u64 {
        self.track.edges_passed()
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
            let silent = self.is_silent();
            self.volume.change(volume, silent, ramp_frames);
        }
    }

    pub(super) fn set_pan(&mut self, pan: f32, ramp_frames: u32) {
        if let Some(pan) = sane(pan, -1.0, 1.0) {
            let silent = self.is_silent();
            for (ramp, gain) in self.pan.iter_mut().zip(pan_gains(pan)) {
                ramp.change(gain, silent, ramp_frames);
            }
        }
    }

    pub(super) fn set_speed(&mut self, speed: f32) {
        if let Some(speed) = sane(speed, -4.0, 4.0) {
            self.speed = speed;
        }
    }

    /// Changes what it repeats. Where it has run beyond its new loop, it jumps into that.
    pub(super) fn set_loop(&mut self, looping: Looping, sample: &SampleBuffer) {
        self.track.set_loop(span_of(looping, self.own_loop));
        if !self.is_silent()
            && let Some(frame) = self.track.folded(fixed(self.pace.target()), self.length(sample))
        {
            self.seek = Some(frame);
        }
    }

    /// Where its sample ends, as far as that is known.
    fn length(&self, sample: &SampleBuffer) -> Option<i64> {
        let end = usize::try_from(self.end_frame).unwrap_or(usize::MAX);
        let length = match sample.frames() {
            Some(frames) => frames.min(end),
            // With what is read beyond it, so that what is heard does not depend on when.
            None if sample.ready_frames() >= end.saturating_add(MAX_REACH) => end,
            None => return None,
        };
        i64::try_from(length).ok()
    }

    /// Decides what comes next, for at most `frames` frames.
    pub(super) fn next_segment(
        &mut self,
        sample: &SampleBuffer,
        common: Common,
        frames: usize,
    ) -> Segment {
        let Common { speed, ramp_frames } = common;
        let speed = (self.speed * speed).clamp(-MAX_SPEED, MAX_SPEED);
        let length = self.length(sample);
        loop {
            if let Some(reason) = self.releasing.filter(|_| self.is_silent()) {
                return Segment::End(reason);
            }
            // What was not heard yet, or is not now, starts at its speed.
            self.pace.change(speed, self.gate.rests_at(0.0), ramp_frames);
            if self.at_origin {
                self.place_at_origin(speed, length, sample);
            }
            self.starved = length.is_none() && self.is_starved(sample, frames, ramp_frames);
            let shut = self.paused || self.starved || speed == 0.0 || self.seek.is_some();
            self.move_gate(shut, ramp_frames);
            if !self.gate.rests_at(0.0) {
                break;
            }
            // Silent: the moment to jump, if that is what the gate was shut for.
            let Some(frame) = self.seek.take() else { return Segment::Silence };
            self.track.place(frame);
            self.at_origin = false;
            self.fresh = frame == 0 && speed > 0.0;
        }
        if length == Some(0) {
            return Segment::End(self.end_reason());
        }
        (self.fresh, self.at_origin) = (false, false);
        let mut frames = frames;
        if self.gate.target() == 0.0 {
            frames = frames.min(self.gate.frames_left());
        }
        if self.releasing.is_some() {
            frames = frames.min(self.release.frames_left());
        }
        Segment::Sound(frames)
    }

    /// Why it is over when its sample is.
    pub(super) fn end_reason(&self) -> EndReason {
        self.releasing.unwrap_or(EndReason::Finished)
    }

    /// Puts a voice that was given no place to where its direction begins.
    fn place_at_origin(&mut self, speed: f32, length: Option<i64>, sample: &SampleBuffer) {
        let last = length.and_then(|length| u64::try_from(length - 1).ok()).unwrap_or(0);
        self.track.place(if speed < 0.0 { last } else { 0 });
        // A sample that is cut short has no attack at that end.
        self.fresh &= speed >= 0.0 || !self.is_cut(sample);
    }

    /// Whether it ends before its sample does.
    fn is_cut(&self, sample: &SampleBuffer) -> bool {
        sample.frames().is_none_or(|frames| self.end_frame < frames as u64)
            && self.end_frame != u64::MAX
    }

    fn move_gate(&mut self, shut: bool, ramp_frames: u32) {
        if shut {
            if !self.gate.rests_at(0.0) {
                self.opening_frames = None;
            }
            self.gate.go(0.0, self.gate_frames(ramp_frames));
        } else if self.fresh {
            self.gate = Ramp::at(1.0);
        } else {
            self.gate.go(1.0, self.gate_frames(self.opening_frames.unwrap_or(ramp_frames)));
        }
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
    /// fade after it need, and, once starved, a tenth of a second more; of a loop no more than
    /// that. Backwards, what is not known is where the end is, to start from or to go round to.
    fn is_starved(&self, sample: &SampleBuffer, frames: usize, ramp_frames: u32) -> bool {
        let reserve = if self.starved { sample.sample_rate() as usize / 10 } else { 0 };
        let way = (frames + ramp_frames as usize + reserve) as f64;
        // While the speed changes, the faster one counts.
        let (now, soon) = (f64::from(self.pace.value()), f64::from(self.pace.target()));
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
        let needed = if position < loop_end { furthest.min(loop_end) } else { furthest };
        needs_end || needed > ready
    }

    /// The next stretch of at most `frames` frames that is read at one speed; `None` when the
    /// voice is over.
    pub(super) fn next_run(&mut self, sample: &SampleBuffer, frames: usize) -> Option<Run> {
        let (speed, frames) = match self.pace.frames_left() {
            0 => (self.pace.value(), frames),
            _ => (self.pace.next(), 1),
        };
        self.track.run(fixed(speed), self.length(sample), frames)
    }

    /// The factor of the fade towards the voice's own end, `frame` frames into a run; `None`
    /// where there is no such fade.
    pub(super) fn tail(&self, run: &Run, sample: &SampleBuffer, ramp_frames: u32) -> Option<Tail> {
        let least = if run.step > 0 && self.is_cut(sample) { ramp_frames } else { 0 };
        let frames = self.fade_out_frames.max(least);
        let left = run.frames_left(0)?;
        (frames > 0 && left - run.frames as f64 <= f64::from(frames)).then_some(Tail { frames })
    }

    /// The factors that hold for as long as nothing moves: all channels, left, right.
    pub(super) fn steady_gains(&self) -> Option<[f32; 3]> {
        let [left, right] = &self.pan;
        let ramps = [&self.gate, &self.release, &self.volume, left, right];
        ramps.iter().all(|ramp| ramp.frames_left() == 0).then(|| {
            let gain = bend(self.gate.value()) * bend(self.release.value()) * self.volume.value();
            [gain, gain * left.value(), gain * right.value()]
        })
    }

    /// The next frame's factors: all channels, left, right.
    pub(super) fn next_gains(&mut self) -> [f32; 3] {
        let gain = bend(self.gate.next()) * bend(self.release.next()) * self.volume.next();
        let [left, right] = &mut self.pan;
        [gain, gain * left.next(), gain * right.next()]
    }
}

/// The fade towards a voice's own end. It goes by the place in the sample, so that it is over
/// exactly there whatever becomes of the speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    frames: u32,
}

impl Tail {
    /// The factor `frame` frames into a run.
    pub(super) fn gain(self, run: &Run, frame: usize) -> f32 {
        let left = run.frames_left(frame).unwrap_or(f64::INFINITY) - 1.0;
        #[allow(clippy::cast_possible_truncation, reason = "0..1")]
        let fade = (left / f64::from(self.frames)).clamp(0.0, 1.0) as f32;
        bend(fade)
    }
}

/// What a voice repeats that is asked to, of a sample that says `own_loop`.
fn span_of(looping: Looping, own_loop: Option<LoopSpan>) -> Option<LoopSpan> {
    match looping {
        Looping::Off => None,
        Looping::Span(span) => Some(span),
        Looping::Sample => own_loop,
    }
}

/// `value` within its range; `None` if it is not a number.
pub(super) fn sane(value: f32, low: f32, high: f32) -> Option<f32> {
    (!value.is_nan()).then(|| value.clamp(low, high))
}
