//! Where voices are added up: groups with a volume each, and the master that they make.

use super::meter::Meter;
use super::ramp::Ramp;
use super::scratch::{BLOCK_FRAMES, Lane};
use super::voice::sane;

/// Groups that a voice may be heard through, numbered from 0.
pub const BUSES: usize = 16;

/// One group: the sum of its voices in a block.
#[derive(Debug)]
pub(super) struct Bus {
    planes: Box<[Lane]>,
    volume: f32,
    muted: bool,
    pub(super) paused: bool,
    gain: Ramp,
    /// Something was added to it in this block.
    used: bool,
    pub(super) meter: Meter,
}

impl Bus {
    pub(super) fn new(outputs: usize, meter_frames: u32) -> Self {
        Self {
            planes: vec![[0.0; BLOCK_FRAMES]; outputs].into(),
            volume: 1.0,
            muted: false,
            paused: false,
            gain: Ramp::at(1.0),
            used: false,
            meter: Meter::new(meter_frames),
        }
    }

    /// Makes place for another number of output channels. Not realtime-safe.
    pub(super) fn set_outputs(&mut self, outputs: usize) {
        self.planes = vec![[0.0; BLOCK_FRAMES]; outputs].into();
    }

    /// Number of channels.
    pub(super) fn outputs(&self) -> usize {
        self.planes.len()
    }

    /// What is added up so far, to be added to.
    pub(super) fn planes(&mut self) -> &mut [Lane] {
        if !self.used {
            self.used = true;
            self.planes.iter_mut().for_each(|plane| plane.fill(0.0));
        }
        &mut self.planes
    }

    /// Changes volume and mute; `None` leaves a value as it is. At once where nobody hears it.
    pub(super) fn set(
        &mut self,
        volume: Option<f32>,
        muted: Option<bool>,
        silent: bool,
        ramp_frames: u32,
    ) {
        let was_muted = self.muted;
        self.volume = volume.and_then(|volume| sane(volume, 0.0, 4.0)).unwrap_or(self.volume);
        self.muted = muted.unwrap_or(self.muted);
        // A fade goes on where what is said has no part in it: the volume of a muted bus.
        if self.muted && muted.is_some() {
            self.gain.change(0.0, silent, ramp_frames);
        } else if !self.muted && (was_muted || volume.is_some()) {
            self.gain.change(self.volume, silent, ramp_frames);
        }
    }

    /// Forgets what was added up.
    pub(super) fn discard(&mut self) {
        self.used = false;
    }

    /// Adds the first `frames` frames to the master, meters them, and begins anew.
    pub(super) fn finish(&mut self, frames: usize, master: &mut [Lane]) {
        if !self.used {
            self.gain.skip(frames);
            self.meter.skip(frames);
            return;
        }
        self.used = false;
        scale(&mut self.gain, frames, &mut self.planes);
        self.meter.measure(frames, &self.planes);
        for (target, plane) in master.iter_mut().zip(&self.planes) {
            target[..frames].iter_mut().zip(plane).for_each(|(target, value)| *target += value);
        }
    }
}

/// Multiplies the first `frames` frames of all planes by a ramp, and moves that on.
pub(super) fn scale(gain: &mut Ramp, frames: usize, planes: &mut [Lane]) {
    if gain.rests_at(1.0) {
        return;
    }
    for plane in planes.iter_mut() {
        let mut gain = *gain;
        plane[..frames].iter_mut().for_each(|value| *value *= gain.next());
    }
    gain.skip(frames);
}
