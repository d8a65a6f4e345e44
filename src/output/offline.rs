//! An output without a clock: its owner pulls.

use super::error::check_rate;
use super::{
    DEFAULT_SAMPLE_RATE, Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput,
    StartError,
};
use crate::playback::Renderer;

/// Prepares an output that renders when [`Output::render`] is called, in the caller's thread.
///
/// Stereo, at the requested rate or 48,000 Hz.
pub fn prepare_offline(request: &OutputRequest) -> Box<dyn PreparedOutput> {
    Box::new(PreparedOffline(OutputInfo {
        id: "offline".into(),
        name: "Offline".into(),
        sample_rate: request.sample_rate.unwrap_or(DEFAULT_SAMPLE_RATE),
        channels: 2,
        buffer_frames: None,
    }))
}

struct PreparedOffline(OutputInfo);

impl PreparedOutput for PreparedOffline {
    fn info(&self) -> &OutputInfo {
        &self.0
    }

    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        let mut renderer = check_rate(renderer, self.0.sample_rate)?;
        renderer.set_output_channels(self.0.channels);
        Ok(Box::new(Offline { info: self.0, renderer }))
    }
}

struct Offline {
    info: OutputInfo,
    renderer: Renderer,
}

impl Output for Offline {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        OutputStatus::Running
    }

    fn latency_sec(&self) -> f64 {
        0.0
    }

    fn xruns(&self) -> u64 {
        0
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        Some(self.renderer)
    }

    fn render(&mut self, out: &mut [f32]) -> bool {
        self.renderer.render(out);
        true
    }
}
