//! Keeps the mix within full scale.
//!
//! It looks a few frames ahead. For each frame it knows the gain that would keep that frame
//! within full scale; what it applies is the mean, over the frames that it looks ahead, of the
//! least gain that any of those calls for. So the gain is down in time, on a straight way, and
//! where nothing is too loud it is exactly 1: such frames leave as they came, to the bit, only
//! later. Gains are integers, since a mean of many must come out at exactly 1 again.
//!
//! # Sources
//! D. Giannoulis, M. Massberg, J. D. Reiss, *Digital Dynamic Range Compressor Design*, JAES 60(6),
//! 2012 (look-ahead). The minimum of a window in constant time per frame, amortised: R. Harter,
//! *The minimum on a sliding window algorithm* (2001).

#[cfg(test)]
mod tests;

use super::ramp::Ramp;
use super::scratch::Lane;

/// A gain of 1: 2²⁴, so that every gain below it is an `f32`.
const ONE: u32 = 1 << 24;
/// How far it looks ahead. Shorter distorts the bass, longer is late.
const LOOK_AHEAD_MS: u32 = 2;
/// How long it takes to give back a gain of 1.
const RELEASE_MS: u32 = 200;

/// The limiter of the master bus.
#[derive(Debug)]
pub(super) struct Limiter {
    on: bool,
    /// From the mix as it is (0) to what the limiter makes of it (1).
    wet: Ramp,
    /// Frames until the delay line holds the mix of now, and no older one.
    filling: usize,
    /// One ring per output channel, of `look_ahead` frames.
    delays: Box<[Box<[f32]>]>,
    look_ahead: usize,
    /// The next place in the rings.
    place: usize,
    minimum: SlidingMinimum,
    /// What the minimum has been for the last `look_ahead` frames, and the sum of that.
    gains: Box<[u32]>,
    sum: u64,
    /// The gain that is given back, step by step.
    released: u32,
    release_step: u32,
    /// The least gain applied since somebody asked.
    lowest: u32,
}

impl Limiter {
    pub(super) fn new(outputs: usize, sample_rate: u32) -> Self {
        let look_ahead = (sample_rate / (1000 / LOOK_AHEAD_MS)).max(1) as usize;
        let release_frames = (sample_rate / 1000 * RELEASE_MS).max(1);
        let mut limiter = Self {
            on: false,
            wet: Ramp::at(0.0),
            filling: 0,
            delays: Box::new([]),
            look_ahead,
            place: 0,
            minimum: SlidingMinimum::new(look_ahead + 1),
            gains: vec![ONE; look_ahead].into(),
            sum: 0,
            released: ONE,
            release_step: (ONE / release_frames).max(1),
            lowest: ONE,
        };
        limiter.set_outputs(outputs);
        limiter
    }

    /// Makes place for another number of output channels. Not realtime-safe.
    pub(super) fn set_outputs(&mut self, outputs: usize) {
        self.delays = vec![vec![0.0; self.look_ahead].into(); outputs].into();
        self.reset();
        self.filling = if self.on { 0 } else { self.filling };
    }

    /// Turns it on or off. `silent`: nothing sounds that a change of latency could tear.
    pub(super) fn set(&mut self, on: bool, silent: bool) {
        if on && !self.on && self.wet.rests_at(0.0) {
            self.reset();
            if silent {
                self.filling = 0;
                self.wet.jump(1.0);
            }
        }
        if !on && silent && self.holds_silence() {
            self.wet.jump(0.0);
        }
        self.on = on;
    }

    /// Frames by which what comes out is late.
    pub(super) fn latency_frames(&self) -> usize {
        if self.on { self.look_ahead } else { 0 }
    }

    /// The least gain since the last call.
    pub(super) fn take_lowest(&mut self) -> f32 {
        to_gain(std::mem::replace(&mut self.lowest, ONE))
    }

    /// Limits the first `frames` frames of all planes.
    pub(super) fn apply(&mut self, frames: usize, planes: &mut [Lane], ramp_frames: u32) {
        for frame in 0..frames {
            if !self.on && self.wet.rests_at(0.0) {
                return;
            }
            self.apply_frame(frame, planes, ramp_frames);
        }
    }

    fn apply_frame(&mut self, frame: usize, planes: &mut [Lane], ramp_frames: u32) {
        let gain = self.next_gain(planes.iter().map(|plane| plane[frame]));
        // Turned on, it is heard once it has something to say; either way without a click.
        let target = if self.on && self.filling == 0 { 1.0 } else { 0.0 };
        self.filling = self.filling.saturating_sub(1);
        self.wet.go(target, ramp_frames);
        let wet = self.wet.next();
        if wet > 0.0 {
            self.lowest = self.lowest.min(gain);
        }
        for (plane, delay) in planes.iter_mut().zip(&mut self.delays) {
            let dry = plane[frame];
            let late = std::mem::replace(&mut delay[self.place], dry);
            let limited = if gain == ONE { late } else { late * to_gain(gain) };
            plane[frame] = match wet {
                0.0 => dry,
                1.0 => limited,
                wet => dry + wet * (limited - dry),
            };
        }
        self.place = (self.place + 1) % self.look_ahead;
    }

    /// The gain of the frame that leaves the delay line when one with these values enters it.
    fn next_gain(&mut self, values: impl Iterator<Item = f32>) -> u32 {
        let peak = values.fold(0.0_f32, |peak, value| peak.max(value.abs()));
        let least = self.minimum.push(gain_for(peak));
        self.released = least.min(self.released + self.release_step);
        let oldest = std::mem::replace(&mut self.gains[self.place], self.released);
        self.sum = self.sum - u64::from(oldest) + u64::from(self.released);
        #[allow(clippy::cast_possible_truncation, reason = "a mean of `u32`s")]
        let mean = (self.sum / self.look_ahead as u64) as u32;
        mean
    }

    fn holds_silence(&self) -> bool {
        self.delays.iter().flatten().all(|value| *value == 0.0)
    }

    fn reset(&mut self) {
        self.delays.iter_mut().for_each(|delay| delay.fill(0.0));
        self.filling = self.look_ahead;
        self.place = 0;
        self.minimum.reset();
        self.gains.fill(ONE);
        self.sum = u64::from(ONE) * self.look_ahead as u64;
        self.released = ONE;
    }
}

/// The greatest gain that keeps a frame within full scale.
fn gain_for(peak: f32) -> u32 {
    if peak <= 1.0 {
        return ONE;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..ONE; downwards")]
    let gain = (f64::from(ONE) / f64::from(peak)) as u32;
    gain
}

fn to_gain(gain: u32) -> f32 {
    gain as f32 / ONE as f32
}

/// The least of the last so many gains.
#[derive(Debug)]
struct SlidingMinimum {
    window: u64,
    /// A ring of gains that rise, each with the time at which it leaves: of equal or greater ones
    /// in front of a new one none can be the least any more.
    rising: Box<[(u32, u64)]>,
    first: usize,
    len: usize,
    now: u64,
}

impl SlidingMinimum {
    fn new(window: usize) -> Self {
        Self {
            window: window as u64,
            rising: vec![(ONE, 0); window].into(),
            first: 0,
            len: 0,
            now: 0,
        }
    }

    fn reset(&mut self) {
        (self.first, self.len, self.now) = (0, 0, 0);
    }

    /// Takes one in; the least of the window that it ends.
    fn push(&mut self, gain: u32) -> u32 {
        let size = self.rising.len();
        if self.len > 0 && self.rising[self.first].1 <= self.now {
            self.first = (self.first + 1) % size;
            self.len -= 1;
        }
        while self.len > 0 && self.rising[(self.first + self.len - 1) % size].0 >= gain {
            self.len -= 1;
        }
        self.rising[(self.first + self.len) % size] = (gain, self.now + self.window);
        self.len += 1;
        self.now += 1;
        self.rising[self.first].0
    }
}
