//! A value that moves in a straight line instead of jumping.

use std::ops::{Div, Mul, Sub};

/// Moves linearly to its target, one step per frame, and then is the target exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp<T = f32> {
    value: T,
    target: T,
    step: T,
    frames_left: u32,
}

impl<T> Ramp<T>
where
    T: Copy + PartialEq + From<f32> + Sub<Output = T> + Mul<Output = T> + Div<Output = T>,
{
    /// A ramp that rests at `value`.
    pub(super) fn at(value: T) -> Self {
        Self { value, target: value, step: T::from(0.0), frames_left: 0 }
    }

    /// Sets out for `target`, there after `frames` frames from now. Nothing changes if it is on
    /// its way there already.
    pub(super) fn go(&mut self, target: T, frames: u32) {
        if target != self.target {
            self.target = target;
            self.frames_left = frames.max(1);
            self.step = (target - self.value) / T::from(self.frames_left as f32);
        }
    }

    /// Is at `target` from the next frame on: for what nobody hears.
    pub(super) fn jump(&mut self, target: T) {
        *self = Self::at(target);
    }

    /// Goes to `target`, at once where nobody hears it. On the way there already, it is there no
    /// later.
    pub(super) fn change(&mut self, target: T, silent: bool, frames: u32) {
        if silent {
            self.jump(target);
        } else {
            self.go(target, frames);
            self.hurry(frames);
        }
    }

    /// Arrives after `frames` frames at the latest.
    pub(super) fn hurry(&mut self, frames: u32) {
        if self.frames_left > frames.max(1) {
            self.frames_left = frames.max(1);
            self.step = (self.target - self.value) / T::from(self.frames_left as f32);
        }
    }

    /// The value of the next frame.
    pub(super) fn next(&mut self) -> T {
        match self.frames_left {
            0 => {}
            1 => {
                self.frames_left = 0;
                self.value = self.target;
            }
            _ => {
                self.frames_left -= 1;
                // From the target: a sum of steps would drift, in a fade of minutes past its end.
                self.value = self.target - self.step * T::from(self.frames_left as f32);
            }
        }
        self.value
    }

    /// Moves on by so many frames.
    pub(super) fn skip(&mut self, frames: usize) {
        match u32::try_from(frames).ok().filter(|frames| *frames < self.frames_left) {
            Some(0) => {}
            Some(frames) => {
                self.frames_left -= frames - 1;
                self.next();
            }
            None => self.jump(self.target),
        }
    }

    /// The value of the last frame.
    pub(super) fn value(&self) -> T {
        self.value
    }

    /// Where it goes or rests.
    pub(super) fn target(&self) -> T {
        self.target
    }

    /// Frames until it rests.
    pub(super) fn frames_left(&self) -> usize {
        self.frames_left as usize
    }

    /// Whether it rests at exactly `value`.
    pub(super) fn rests_at(&self, value: T) -> bool {
        self.frames_left == 0 && self.value == value
    }
}

/// Bends a fade of 0..1 so that it begins and ends without a corner: 3x² − 2x³. The curves of a
/// fade in and a fade out add up to 1; 0 and 1 are met exactly.
pub(super) fn bend(fade: f32) -> f32 {
    fade * fade * (3.0 - 2.0 * fade)
}
