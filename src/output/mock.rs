//! An output for tests: pulled by hand, lost on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::check_rate;
use super::{
    DeviceError, Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput, StartError,
};
use crate::playback::Renderer;

/// Makes a mock output and the handle by which a test plays the device's part.
///
/// ```
/// use hotcue::output::{OutputRequest, mock::mock};
/// use hotcue::playback::{PlaybackConfig, split};
///
/// let (prepared, device) = mock(&OutputRequest::default());
/// let (_controller, renderer) = split(PlaybackConfig::default());
/// let output = prepared.start(renderer)?;
/// assert_eq!(device.pull(64), Some(vec![0.0; 128]));
/// assert!(output.stop().is_some());
/// assert_eq!(device.pull(64), None);
/// # Ok::<(), hotcue::output::StartError>(())
/// ```
pub fn mock(request: &OutputRequest) -> (Box<dyn PreparedOutput>, MockHandle) {
    let info = OutputInfo {
        id: "mock".into(),
        name: "Mock".into(),
        sample_rate: request.sample_rate.unwrap_or(super::DEFAULT_SAMPLE_RATE),
        channels: 2,
        buffer_frames: request.buffer_frames,
    };
    let handle = MockHandle { device: Arc::default(), channels: info.channels };
    (Box::new(PreparedMock { info, device: Arc::clone(&handle.device) }), handle)
}

/// The device behind a mock output. Its mutex stands for the callback's thread; a mock is
/// nothing for real time.
#[derive(Debug, Default)]
struct Device {
    renderer: Option<Renderer>,
    refusal: Option<DeviceError>,
    lost: Option<DeviceError>,
    xruns: u64,
    captured: Vec<f32>,
}

fn lock(device: &Mutex<Device>) -> MutexGuard<'_, Device> {
    device.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays the device's part in a test. Clones are the same device.
#[derive(Clone, Debug)]
pub struct MockHandle {
    device: Arc<Mutex<Device>>,
    channels: usize,
}

impl MockHandle {
    /// Runs one callback of `frames` frames; returns what it rendered, interleaved. `None` if
    /// the output does not run.
    pub fn pull(&self, frames: usize) -> Option<Vec<f32>> {
        let mut device = lock(&self.device);
        if device.lost.is_some() {
            return None;
        }
        let mut out = vec![0.0; frames * self.channels];
        device.renderer.as_mut()?.render(&mut out);
        device.captured.extend_from_slice(&out);
        Some(out)
    }

    /// Everything pulled so far, interleaved.
    pub fn captured(&self) -> Vec<f32> {
        lock(&self.device).captured.clone()
    }

    /// Makes the next start fail with `error`.
    pub fn refuse(&self, error: DeviceError) {
        lock(&self.device).refusal = Some(error);
    }

    /// Ends the callbacks, as a device does that is unplugged.
    pub fn lose(&self, error: DeviceError) {
        lock(&self.device).lost = Some(error);
    }

    /// Counts an underrun.
    pub fn report_xrun(&self) {
        lock(&self.device).xruns += 1;
    }

    /// Whether an output runs on this device.
    pub fn is_running(&self) -> bool {
        let device = lock(&self.device);
        device.renderer.is_some() && device.lost.is_none()
    }
}

struct PreparedMock {
    info: OutputInfo,
    device: Arc<Mutex<Device>>,
}

impl PreparedOutput for PreparedMock {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        let mut renderer = check_rate(renderer, self.info.sample_rate)?;
        renderer.set_output_channels(self.info.channels);
        let mut device = lock(&self.device);
        if let Some(error) = device.refusal.take() {
            return Err(StartError::returning(error, renderer));
        }
        device.renderer = Some(renderer);
        drop(device);
        Ok(Box::new(Mock { info: self.info, device: self.device }))
    }
}

struct Mock {
    info: OutputInfo,
    device: Arc<Mutex<Device>>,
}

impl Output for Mock {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        lock(&self.device).lost.clone().map_or(OutputStatus::Running, OutputStatus::Lost)
    }

    fn latency_sec(&self) -> f64 {
        0.0
    }

    fn xruns(&self) -> u64 {
        lock(&self.device).xruns
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        lock(&self.device).renderer.take()
    }

    fn render(&mut self, out: &mut [f32]) -> bool {
        let mut device = lock(&self.device);
        if device.lost.is_some() {
            return false;
        }
        let Some(renderer) = device.renderer.as_mut() else { return false };
        renderer.render(out);
        true
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        lock(&self.device).renderer = None;
    }
}
