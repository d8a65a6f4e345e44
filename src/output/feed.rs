//! The mix as an output pulls it: at its rate, for its channels.

use std::time::{Duration, Instant};

use super::rate::RateMatcher;
use super::{DeviceError, DeviceErrorKind, StartError};
use crate::playback::Renderer;

/// A renderer that runs on an output. Where their rates differ, the mix is resampled.
#[derive(Debug)]
pub(super) struct Feed {
    renderer: Renderer,
    matcher: Option<RateMatcher>,
    /// Of the output.
    sample_rate: u32,
}

impl Feed {
    /// Sets the renderer's channels. Not realtime-safe.
    ///
    /// # Errors
    /// `unsupported_config` for 0 Hz and for no channels, with the renderer.
    pub(super) fn new(
        mut renderer: Renderer,
        sample_rate: u32,
        channels: usize,
    ) -> Result<Self, StartError> {
        if sample_rate == 0 || channels == 0 {
            let message = format!("an output of {channels} channels at {sample_rate} Hz");
            let error = DeviceError::new(DeviceErrorKind::UnsupportedConfig, message);
            return Err(StartError::new(error, Some(renderer)));
        }
        renderer.set_output_channels(channels);
        let mix_rate = renderer.sample_rate();
        let matcher = (mix_rate != sample_rate)
            .then(|| RateMatcher::new(mix_rate, sample_rate, renderer.output_channels()));
        Ok(Self { renderer, matcher, sample_rate })
    }

    /// Overwrites `out`, interleaved, with the next frames at the output's rate. Empty, it is the
    /// renderer's command phase alone. Counted as one callback. Realtime-safe.
    pub(super) fn render(&mut self, out: &mut [f32]) {
        let began = Instant::now();
        self.render_piece(out);
        self.count_callback(began.elapsed(), out.len() / self.renderer.output_channels());
    }

    /// Counts a callback of `frames` frames, which took `worked`. Realtime-safe.
    pub(super) fn count_callback(&self, worked: Duration, frames: usize) {
        self.renderer.count_callback(worked, frames, self.sample_rate);
    }

    /// As [`render`](Self::render), for a piece of what a callback asks for: it is not counted.
    /// Realtime-safe.
    pub(super) fn render_piece(&mut self, out: &mut [f32]) {
        match &mut self.matcher {
            Some(matcher) if !out.is_empty() => matcher.render(&mut self.renderer, out),
            _ => self.renderer.render_piece(out),
        }
    }

    /// How much later a frame sounds for being resampled, in seconds.
    pub(super) fn delay_sec(&self) -> f64 {
        self.matcher.as_ref().map_or(0.0, RateMatcher::delay_sec)
    }

    pub(super) fn into_renderer(self) -> Renderer {
        self.renderer
    }
}
