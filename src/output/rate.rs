//! From the engine's rate to the device's, in the callback.
//!
//! A polyphase filter: between the frames of the mix it computes those of the device, by a
//! windowed sinc that is tabulated for each place between two frames. Places are counted in
//! integers, so that nothing drifts, however long the device plays.
//!
//! Samples are resampled when they are loaded, by longer filters (`resample`): this one is for
//! a device that cannot do the engine's rate.

mod kernel;
#[cfg(test)]
mod tests;

use kernel::Kernel;

use crate::playback::{Renderer, without_denormals};

/// Frames of the mix that are rendered at a time, at most.
const PULL_FRAMES: usize = 256;
/// Frames that fit behind those under the filter, before what is left is moved to the front.
const ROOM_FRAMES: usize = 1024;

/// Resamples what a renderer mixes. Allocates when it is made and never again.
#[derive(Debug)]
pub(super) struct RateMatcher {
    kernel: Kernel,
    mix_rate: u32,
    channels: usize,
    /// Of each channel the last frames of the mix, one plane after the other.
    planes: Box<[f32]>,
    plane_frames: usize,
    /// The frames in each plane: the filter lies on the first ones.
    start: usize,
    end: usize,
    /// Where between two frames the next one falls: this many `kernel.phases`.
    phase: u32,
    /// What was rendered last, interleaved.
    mix: Box<[f32]>,
}

impl RateMatcher {
    /// Resamples from `mix_rate` to `device_rate`, both above 0.
    pub(super) fn new(mix_rate: u32, device_rate: u32, channels: usize) -> Self {
        let kernel = Kernel::new(mix_rate, device_rate);
        let plane_frames = kernel.taps() + ROOM_FRAMES;
        Self {
            mix_rate,
            channels,
            planes: vec![0.0; plane_frames * channels].into(),
            plane_frames,
            start: 0,
            // Silence before the first frame, so that the filter's middle lies on that.
            end: kernel.taps() / 2 - 1,
            phase: 0,
            mix: vec![0.0; PULL_FRAMES * channels].into(),
            kernel,
        }
    }

    /// Time from the newest frame of the mix to the one that is computed, in seconds: half the
    /// filter.
    pub(super) fn delay_sec(&self) -> f64 {
        (self.kernel.taps() / 2) as f64 / f64::from(self.mix_rate)
    }

    /// Overwrites `out`, interleaved, with the next frames at the device's rate; an incomplete
    /// frame at its end is silence. It renders no more of the mix than it needs for them.
    /// Realtime-safe.
    pub(super) fn render(&mut self, renderer: &mut Renderer, out: &mut [f32]) {
        let mut left = out.len() / self.channels;
        let mut frames = out.chunks_exact_mut(self.channels);
        for frame in &mut frames {
            while self.end - self.start < self.kernel.taps() {
                self.pull(renderer, left);
            }
            without_denormals(|| self.compute(frame));
            left -= 1;
        }
        frames.into_remainder().fill(0.0);
    }

    /// Renders what is missing for the next `left` frames of the device, or the first part of it.
    fn pull(&mut self, renderer: &mut Renderer, left: usize) {
        let steps = (left - 1) as u64 * u64::from(self.kernel.step());
        let ahead = (u64::from(self.phase) + steps) / u64::from(self.kernel.phases());
        let missing = ahead + (self.start + self.kernel.taps() - self.end) as u64;
        let frames = usize::try_from(missing).map_or(PULL_FRAMES, |frames| frames.min(PULL_FRAMES));
        let mix = &mut self.mix[..frames * self.channels];
        renderer.render_piece(mix);
        let moved = (self.end + frames > self.plane_frames).then_some(self.start..self.end);
        for (channel, plane) in self.planes.chunks_exact_mut(self.plane_frames).enumerate() {
            if let Some(moved) = moved.clone() {
                plane.copy_within(moved, 0);
            }
            let end = moved.as_ref().map_or(self.end, ExactSizeIterator::len);
            let values = mix.iter().skip(channel).step_by(self.channels);
            plane[end..].iter_mut().zip(values).for_each(|(place, value)| *place = *value);
        }
        if let Some(moved) = moved {
            (self.start, self.end) = (0, moved.len());
        }
        self.end += frames;
    }

    /// Computes one frame and goes on to the next.
    fn compute(&mut self, frame: &mut [f32]) {
        let under = self.start..self.start + self.kernel.taps();
        for (value, plane) in frame.iter_mut().zip(self.planes.chunks_exact(self.plane_frames)) {
            *value = self.kernel.apply(self.phase, &plane[under.clone()]);
        }
        let phase = self.phase + self.kernel.step();
        self.start += (phase / self.kernel.phases()) as usize;
        self.phase = phase % self.kernel.phases();
    }
}
