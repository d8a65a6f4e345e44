//! A voice on a streamed sample, any frame of which may be missing.

use super::super::events::EndReason;
use super::super::interpolate::MAX_REACH;
use super::super::material::{Material, holds};
use super::super::scratch::BLOCK_FRAMES;
use super::super::track::{Place, Track, fixed};
use super::course::origin;
use super::{Common, Jump, Then, Voice, span_of};
use crate::stream::StreamReader;

/// Frames that are waited for at most: no more than what is always kept of where a voice is, or goes.
const MAX_WAIT_FRAMES: f64 = 20_480.0;

/// The longest way ahead that is looked at, in frames of a sample.
const MAX_WAY: f64 = 1e12;

impl Voice {
    /// Whether the stream holds too little to play on: what a block and a fade after it need, and,
    /// before it begins or has waited, half a second more, so that it does not begin on its last
    /// frame. What goes on where it stood has that round it. Where nothing more comes, it is on its
    /// way out then.
    pub(super) fn runs_dry(
        &mut self,
        reader: &StreamReader,
        length: Option<i64>,
        frames: usize,
        ramp_frames: u32,
    ) -> bool {
        self.track.is_of_a_stream();
        let waits_for_end = self.at_origin && self.goes_down() && length.is_none();
        let reserve = if self.starved || !self.has_begun() { self.reserve(reader) } else { 0 };
        let way = frames + ramp_frames as usize + if self.punctual { 0 } else { reserve };
        let is_dry = waits_for_end || self.lacks_frames(self.track, reader, length, way);
        if is_dry && reader.has_failed() {
            self.release(EndReason::SourceLost, ramp_frames);
        }
        is_dry
    }

    /// Whether the stream holds too little to be heard at `place` at once. Where nothing more comes,
    /// it is on its way out then.
    pub(super) fn lands_dry(
        &mut self,
        reader: &StreamReader,
        place: Place,
        frames: usize,
        common: Common,
    ) -> bool {
        let mut track = self.track;
        track.is_of_a_stream();
        track.place_at(place);
        let length = self.length(Material::Stream(reader));
        let way = frames + common.ramp_frames as usize;
        let is_dry = self.lacks_frames(track, reader, length, way);
        if is_dry && reader.has_failed() {
            self.release(EndReason::SourceLost, common.ramp_frames);
        }
        is_dry
    }

    /// What a voice that does not sound waits for beside what it needs: half a second.
    fn reserve(&self, reader: &StreamReader) -> usize {
        reader.sample().spec().sample_rate as usize / 2
    }

    /// Whether it goes down, or soon will.
    fn goes_down(&self) -> bool {
        let (now, soon) = (self.pace.value(), self.pace.target());
        (if soon == 0.0 { now } else { soon }) < 0.0
    }

    /// Whether the stream lacks some of what a voice at `track` reads in so many frames.
    fn lacks_frames(
        &self,
        track: Track,
        reader: &StreamReader,
        length: Option<i64>,
        frames: usize,
    ) -> bool {
        // While the speed changes, the faster one counts, and where it turns round, either way.
        let (now, soon) = (self.pace.value(), self.pace.target());
        let down = self.goes_down();
        let pace = now.abs().max(soon.abs());
        let way = frames as f64 * pace;
        #[allow(clippy::cast_possible_truncation, reason = "small")]
        let way = way.min(MAX_WAIT_FRAMES).ceil() as i64;
        let track = track.settled(fixed(soon), length);
        let is_exact = pace == 1.0 && self.pace.frames_left() == 0 && track.is_at_a_frame();
        let reach = if is_exact { 0 } else { MAX_REACH as i64 };
        let directions = if now * soon < 0.0 { 2 } else { 1 };
        [down, !down]
            .into_iter()
            .take(directions)
            .flat_map(|down| track.stretches(down, way, reach, length))
            .any(|stretch| !holds(reader, stretch, length))
    }

    /// Says to the feed of its sample where it is, or will begin, whether it waits there, and where
    /// it goes next: to where it was told to go, or will be (`coming`), or from its loop's end. One
    /// that has not begun will be told `first` what it begins with.
    pub(in super::super) fn tell(
        &self,
        reader: &StreamReader,
        common: Common,
        coming: Option<Jump>,
        first: Then,
    ) {
        let sample = Material::Stream(reader);
        let length = self.length(sample);
        let jumps = self.is_silent() && self.seek.is_some();
        let begins = jumps || !self.has_begun();
        let Then { speed, looping, .. } = match self.seek {
            _ if !begins => Then::default(),
            Some(jump) => jump.then,
            None => first,
        };
        let speed = Self::speed_of(speed.unwrap_or(self.speed), common);
        let down = speed < 0.0;
        reader.set_waits(self.starved || begins);
        let mut track = self.track;
        if begins {
            // Where it would begin now: until it does, its loop and its speed may change.
            looping.into_iter().for_each(|it| track.set_loop(span_of(it, self.own_loop)));
            if let Some(jump) = self.seek {
                let landing = self.landing(jump, speed, sample, common);
                track.place_at(match landing.wait {
                    // It may be late.
                    0 => landing.place,
                    _ => self.place_before(jump, speed, sample, common),
                });
            } else if self.at_origin {
                track.place(origin(speed, length));
            }
            // From an end that is not known yet it is on its way to nowhere.
            let waits_for_end = self.at_origin && self.seek.is_none() && down && length.is_none();
            if !waits_for_end {
                track = track.settled(fixed(speed), length);
            }
        }
        track.tell(down, length, reader);
        // What its loop has to do with what is heard until then, or is waited for, comes first.
        let pace = self.pace.value().abs().max(self.pace.target().abs()).max(speed.abs());
        let waits = if self.starved || begins { MAX_WAIT_FRAMES } else { 0.0 };
        let (next, frames) = match self.seek.filter(|_| !jumps) {
            Some(jump) => (Some(jump), common.ramp_frames.into()),
            None => {
                let till = coming.and_then(|jump| jump.at_frame).unwrap_or(0);
                let margin = u64::from(common.ramp_frames) + BLOCK_FRAMES as u64;
                (coming, till.saturating_sub(common.now) + margin)
            }
        };
        let way = (frames as f64 * pace).max(waits).ceil().min(MAX_WAY);
        if let Some(jump) = next
            && !meets_its_loop(&track, down, way, length)
        {
            let own = jump.then.speed.unwrap_or(self.speed);
            let speed = Self::speed_of(own, common);
            let looping = jump.then.looping.map(|looping| span_of(looping, self.own_loop));
            looping.into_iter().for_each(|span| track.set_loop(span));
            track.place_at(self.place_before(jump, speed, sample, common));
            let wish = track.settled(fixed(speed), length).entry(speed < 0.0, length);
            reader.set_jump(wish, None);
        }
    }

    /// Whether it was heard since it was put where it is.
    pub(in super::super) fn has_begun(&self) -> bool {
        !self.is_silent() || self.track.has_moved()
    }

    /// Whether it would not go on, were it told this.
    pub(in super::super) fn is_at_rest(&self, common: Common, told: Then) -> bool {
        let speed = Self::speed_of(told.speed.unwrap_or(self.speed), common);
        self.held || told.paused.unwrap_or(self.paused) || speed == 0.0
    }

    /// Whether it is heard yet where it was, before it jumps.
    pub(in super::super) fn fades_before_it_jumps(&self) -> bool {
        self.seek.is_some() && !self.is_silent()
    }
}

/// Whether one that is there comes by an edge of its loop on a way of so many frames.
fn meets_its_loop(track: &Track, down: bool, way: f64, length: Option<i64>) -> bool {
    #[allow(clippy::cast_possible_truncation, reason = "no more than MAX_WAY")]
    let way = way as i64;
    let [_, beyond @ ..] = track.stretches(down, way, MAX_REACH as i64, length);
    beyond.iter().any(|stretch| stretch.end > stretch.start)
}
