//! What runs in the audio callback.
//!
//! Nothing here, nor in what it calls, allocates, frees, locks, logs, or asks the system for
//! anything. Work per frame is bounded: at most [`COMMANDS_PER_BLOCK`] commands for each 256, and
//! `max_voices` voices and as many that fade, 32 at least.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::denormals::without_denormals;
use super::mixer::Mixer;
use super::ring::CommandRx;
use super::scratch::BLOCK_FRAMES;
use super::shared::PlaybackShared;

/// Commands taken before a call renders, for each 256 frames of it; the rest wait for the next
/// call. One without frames has no deadline and takes all there are.
pub const COMMANDS_PER_BLOCK: usize = 256;

/// The audio side: turns commands into sound, block by block.
///
/// Made by [`split`](super::split), owned by whoever runs the callback. Dropping it frees what
/// it still holds, so drop it where that is allowed: never in a callback.
#[derive(Debug)]
pub struct Renderer {
    /// Boxed: a renderer travels between threads and through errors.
    mixer: Box<Mixer>,
    commands_rx: CommandRx,
    shared: Arc<PlaybackShared>,
    sample_rate: u32,
}

impl Renderer {
    pub(super) fn new(
        mixer: Mixer,
        commands_rx: CommandRx,
        shared: Arc<PlaybackShared>,
        sample_rate: u32,
    ) -> Self {
        Self { mixer: Box::new(mixer), commands_rx, shared, sample_rate }
    }

    /// Takes commands, then overwrites `out` with the next frames of the mix. Realtime-safe.
    ///
    /// `out` is interleaved, of [`output_channels`](Self::output_channels), of any length; an
    /// incomplete frame at its end is silence. Values are nominally −1..1 and not clipped: what
    /// turns them into a device's format does that. An empty `out` is the command phase alone.
    /// Numbers too small for a normal `f32` become 0.
    ///
    /// A panic, which would be a bug of this crate, does not leave: the block is silence, every
    /// voice ends, and [`PlaybackShared::callback_panics`] counts it.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn render(&mut self, out: &mut [f32]) {
        // No system call: Linux maps its clocks into every process, others do likewise.
        let began = Instant::now();
        self.render_piece(out);
        self.count_callback(began.elapsed(), out.len() / self.output_channels(), self.sample_rate);
    }

    /// As [`render`](Self::render), for a piece of what a callback asks for: it is not counted.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub(crate) fn render_piece(&mut self, out: &mut [f32]) {
        let channels = self.output_channels();
        let frames = out.len() / channels;
        let block_end = self.mixer.clock_frames() + frames as u64;
        let (block, incomplete) = out.split_at_mut(frames * channels);
        incomplete.fill(0.0);
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            without_denormals(|| self.render_block(block));
        }));
        if let Err(payload) = rendered {
            out.fill(0.0);
            let recovered = catch_unwind(AssertUnwindSafe(|| self.mixer.recover(block_end)));
            self.shared.count_panic();
            // Freeing a payload could panic again; the leak is one box per bug.
            std::mem::forget((payload, recovered));
        }
    }

    /// Counts a callback that asked for `frames` frames at `sample_rate`, if it asked for any.
    pub(crate) fn count_callback(&self, worked: Duration, frames: usize, sample_rate: u32) {
        if frames > 0 {
            self.shared.count_callback(worked, frames, sample_rate);
        }
    }

    fn render_block(&mut self, block: &mut [f32]) {
        let blocks = (block.len() / self.output_channels()).div_ceil(BLOCK_FRAMES);
        let limit = if blocks == 0 { usize::MAX } else { COMMANDS_PER_BLOCK * blocks };
        // What is there now: a caller that goes on sending cannot hold us here.
        for _ in 0..self.commands_rx.slots().min(limit) {
            if let Ok(message) = self.commands_rx.pop() {
                self.mixer.obey(message);
            }
        }
        if block.is_empty() {
            self.mixer.publish();
        } else {
            self.mixer.mix(block);
        }
    }

    /// Channels of the output. Realtime-safe.
    pub fn output_channels(&self) -> usize {
        self.mixer.outputs()
    }

    /// Frames per second of the mix, in Hz. Realtime-safe.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Renders for another number of channels from now on. Between outputs: it allocates, and
    /// voices that sound are mapped anew without a fade.
    ///
    /// # Panics
    /// When `channels` is 0.
    pub fn set_output_channels(&mut self, channels: usize) {
        assert!(channels > 0, "an output has at least one channel");
        self.mixer.set_outputs(channels);
    }

    /// Has the callback panic once, when its clock has come to `frame`.
    #[cfg(any(test, feature = "testing"))]
    pub fn panic_at(&mut self, frame: u64) {
        self.mixer.panic_at_frame = Some(frame);
    }

    #[cfg(test)]
    pub(super) fn mixer(&mut self) -> &mut Mixer {
        &mut self.mixer
    }
}
