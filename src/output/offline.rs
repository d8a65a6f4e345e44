//! An output without a clock: its owner pulls.

use super::feed::Feed;
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
        let feed = Feed::new(renderer, self.0.sample_rate, self.0.channels)?;
        Ok(Box::new(Offline { info: self.0, feed }))
    }
}

struct Offline {
    info: OutputInfo,
    feed: Feed,
}

impl Output for Offline {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        OutputStatus::Running
    }

    fn latency_sec(&self) -> f64 {
        self.feed.delay_sec()
    }

    fn xruns(&self) -> u64 {
        0
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        Some(self.feed.into_renderer())
    }

    fn render(&mut self, out: &mut [f32]) -> bool {
        self.feed.render(out);
        true
    }
}
