//! One sounding sample.
//!
//! Five factors make a voice's level. The *attack* rises once, as it begins. The *gate* is open
//! unless the voice or its bus is paused, stands still, waits for frames that are not decoded yet,
//! or is about to jump; while it is shut the voice keeps its place. The *release* falls once, when
//! something ends the voice; the *tail* falls on the way to where it ends by itself. The *volume* is
//! the caller's, times the gain that the sample itself gets.

mod course;
mod gains;
mod jump;
mod streams;

pub(super) use jump::{Jump, Then};

use std::cmp::Ordering;

use super::buffers::BufferIndex;
use super::channels::pan_gains;
use super::events::EndReason;
use super::material::Material;
use super::params::{LoopSpan, Looping, Retrigger, VoiceParams};
use super::ramp::Ramp;
use super::track::{Track, fixed};

/// The most that a sample is amplified or attenuated by, beside its volume.
const MOST_GAIN: f32 = 10_000.0;
/// The fastest that voice and master speed together may be.
pub(crate) const FASTEST: u32 = 16;
const MAX_SPEED: f64 = FASTEST as f64;

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

/// An end that is to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// When it begins, on the render clock.
    pub(super) at_frame: u64,
    pub(super) fade_frames: u32,
}

/// What a voice does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Segment {
    /// It sounds for at most this many frames.
    Sound(usize),
    /// It is silent for so many frames.
    Silence(usize),
    /// It is over.
    End(EndReason),
}

/// What a voice shares with all others in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    /// The master speed.
    pub(super) speed: f64,
    /// Length of every fade that has no other.
    pub(super) ramp_frames: u32,
    /// The frame of the render clock that comes next.
    pub(super) now: u64,
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
    pub(super) stop: Option<Stop>,
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
    speed: f64,
    pace: Ramp<f64>,
    paused: bool,
    /// Its bus is paused.
    held: bool,
    starved: bool,
    /// Has just landed where it is to be heard at a frame: it waits for no more than it needs.
    punctual: bool,
    /// Is to be heard somewhere else by now, where frames are not decoded yet.
    late: bool,
    /// When the jump that it makes, or has made, is to be heard.
    heard_at: u64,
    /// Has not sounded since it was put to where its sample begins: then the attack is the
    /// sample's own, and no fade touches it.
    fresh: bool,
    seek: Option<Jump>,
    /// Nobody told it to jump: its loop moved.
    follows_loop: bool,
    gate: Ramp,
    /// How long the gate opens, if not as long as any fade.
    opening_frames: Option<u32>,
    /// The fade that it begins with.
    attack: Ramp,
    fade_out_frames: u32,
    /// The last factor of the fade towards where it ends by itself, before it is bent; `None` while
    /// it is not heard.
    tail: Option<f32>,
    release: Ramp,
    releasing: Option<EndReason>,
    /// What the sample is amplified by; above 0.
    gain: f32,
    /// The caller's volume times that.
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
        let gain = sane(params.gain, 1.0 / MOST_GAIN, MOST_GAIN).unwrap_or(1.0);
        Self {
            id,
            slot,
            buffer,
            sequence,
            phase,
            stop: None,
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
            held: false,
            starved: false,
            punctual: false,
            late: false,
            heard_at: 0,
            fresh: params.start_frame == 0,
            seek: None,
            follows_loop: false,
            gate: Ramp::at(0.0),
            opening_frames: None,
            attack: attack(params.fade_in_frames),
            fade_out_frames: params.fade_out_frames,
            tail: None,
            release: Ramp::at(1.0),
            releasing: None,
            gain,
            volume: Ramp::at(sane(params.volume, 0.0, 4.0).unwrap_or(1.0) * gain),
            pan: pan_gains(sane(params.pan, -1.0, 1.0).unwrap_or(0.0)).map(Ramp::at),
        }
    }

    /// Leaves its place.
    pub(super) fn leave(&mut self) {
        (self.phase, self.stop) = (Phase::Free, None);
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
        self.paused || self.held
    }

    /// Whether it waits for frames that are not decoded yet, having sounded before, and for nothing
    /// else: not while it is paused, and not for those of a place that it leaves.
    pub(super) fn is_starving(&self) -> bool {
        let waits = self.starved && self.track.has_moved() && !self.is_paused();
        self.late || (waits && self.seek.is_none())
    }

    /// How loud the voice itself is, whatever its sample holds.
    pub(super) fn level(&self) -> f32 {
        self.volume.value() / self.gain * self.release.value()
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

    /// Begins its end then, if not sooner.
    pub(super) fn stop_by(&mut self, stop: Stop) {
        let sooner = self.stop.filter(|sooner| sooner.at_frame <= stop.at_frame);
        self.stop = Some(sooner.unwrap_or(stop));
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    pub(super) fn resume(&mut self) {
        self.paused = false;
    }

    /// Its bus is paused, or goes on.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether it is on its way to what is to be heard at a frame to come, and not given up for
    /// another jump.
    pub(super) fn is_under_way(&self, now: u64) -> bool {
        self.heard_at > now
    }

    pub(super) fn seek(&mut self, jump: Jump) {
        (self.seek, self.follows_loop, self.late) = (Some(jump), false, false);
        self.heard_at = jump.at_frame.unwrap_or(0);
    }

    pub(super) fn set_volume(&mut self, volume: f32, ramp_frames: u32) {
        if let Some(volume) = sane(volume, 0.0, 4.0) {
            let silent = self.is_silent();
            self.volume.change(volume * self.gain, silent, ramp_frames);
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

    pub(super) fn set_speed(&mut self, speed: f64) {
        if let Some(speed) = sane(speed, -4.0, 4.0) {
            self.speed = speed;
        }
    }

    /// Changes what it repeats. Where it has run beyond its new loop, it jumps into that. One that
    /// has not begun, or was told to jump, comes into its loop from there.
    pub(super) fn set_loop(&mut self, looping: Looping, sample: Material<'_>, common: Common) {
        self.track.set_loop(span_of(looping, self.own_loop));
        if self.track.has_moved() && (self.seek.is_none() || self.follows_loop) {
            let speed = fixed(self.speed_with(common));
            let way = || self.way_till_shut(common);
            let place = self.track.folded(speed, way, self.length(sample));
            self.seek = place.map(|place| Jump::at_once(place.frame()));
            self.follows_loop = true;
        }
    }
}

/// The fade that a voice begins with.
fn attack(frames: u32) -> Ramp {
    let mut attack = Ramp::at(if frames == 0 { 1.0 } else { 0.0 });
    attack.go(1.0, frames);
    attack
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
pub(super) fn sane<T: PartialOrd>(value: T, low: T, high: T) -> Option<T> {
    match (value.partial_cmp(&low)?, value.partial_cmp(&high)?) {
        (Ordering::Less, _) => Some(low),
        (_, Ordering::Greater) => Some(high),
        _ => Some(value),
    }
}
