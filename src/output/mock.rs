//! An output for tests: pulled by hand, lost on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::feed::Feed;
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
    let handle = MockHandle::new(OutputInfo {
        id: "mock".into(),
        name: "Mock".into(),
        sample_rate: request.sample_rate.unwrap_or(super::DEFAULT_SAMPLE_RATE),
        channels: 2,
        buffer_frames: request.buffer_frames,
    });
    (handle.prepare(), handle)
}

/// What the device's part is played on. Its mutex stands for the callback's thread; a mock is
/// nothing for real time.
#[derive(Debug, Default)]
struct Device {
    feed: Option<Feed>,
    refusal: Option<DeviceError>,
    lost: Option<DeviceError>,
    pulled_frames: u64,
    /// Of a device that keeps time by itself.
    idle_cpu: Option<Duration>,
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
    info: OutputInfo,
}

impl MockHandle {
    /// A device of this rate and as many channels, whatever is asked of it.
    pub fn new(info: OutputInfo) -> Self {
        Self { device: Arc::default(), info }
    }

    /// Its name.
    pub fn id(&self) -> String {
        self.info.id.clone()
    }

    /// Prepares an output on the device, also after it was lost.
    pub fn prepare(&self) -> Box<dyn PreparedOutput> {
        Box::new(PreparedMock { info: self.info.clone(), device: Arc::clone(&self.device) })
    }

    /// Runs one callback of `frames` frames; returns what it rendered, interleaved. `None` if
    /// the output does not run.
    pub fn pull(&self, frames: usize) -> Option<Vec<f32>> {
        let mut device = lock(&self.device);
        if device.lost.is_some() {
            return None;
        }
        let mut out = vec![0.0; frames * self.info.channels];
        device.feed.as_mut()?.render(&mut out);
        device.captured.extend_from_slice(&out);
        device.pulled_frames += frames as u64;
        Some(out)
    }

    /// Everything pulled so far, interleaved.
    pub fn captured(&self) -> Vec<f32> {
        lock(&self.device).captured.clone()
    }

    /// Lets go of what was pulled, and keeps the room for more.
    pub fn forget_captured(&self) {
        lock(&self.device).captured.clear();
    }

    /// Makes the next start fail with `error`.
    pub fn refuse(&self, error: DeviceError) {
        lock(&self.device).refusal = Some(error);
    }

    /// Ends the callbacks, as a device does that is unplugged, until it is started again.
    pub fn lose(&self, error: DeviceError) {
        lock(&self.device).lost = Some(error);
    }

    /// From now on it is a device that keeps time by itself, with [`pull`](Self::pull) as its
    /// callback, and whose thread has taken so much of a processor beside rendering.
    pub fn keep_time(&self, idle_cpu: Duration) {
        lock(&self.device).idle_cpu = Some(idle_cpu);
    }

    /// Counts an underrun.
    pub fn report_xrun(&self) {
        lock(&self.device).xruns += 1;
    }

    /// Whether an output runs on this device.
    pub fn is_running(&self) -> bool {
        let device = lock(&self.device);
        device.feed.is_some() && device.lost.is_none()
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
        let mut device = lock(&self.device);
        if let Some(error) = device.refusal.take() {
            return Err(StartError::new(error, Some(renderer)));
        }
        device.lost = None;
        device.feed = Some(Feed::new(renderer, self.info.sample_rate, self.info.channels)?);
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
        lock(&self.device).feed.as_ref().map_or(0.0, Feed::delay_sec)
    }

    fn xruns(&self) -> u64 {
        lock(&self.device).xruns
    }

    fn pulled_frames(&self) -> Option<u64> {
        let device = lock(&self.device);
        device.idle_cpu.map(|_| device.pulled_frames)
    }

    fn idle_cpu(&self) -> Option<Duration> {
        lock(&self.device).idle_cpu
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        lock(&self.device).feed.take().map(Feed::into_renderer)
    }

    fn render(&mut self, out: &mut [f32]) -> bool {
        let mut device = lock(&self.device);
        if device.lost.is_some() || device.idle_cpu.is_some() {
            return false;
        }
        let Some(feed) = device.feed.as_mut() else { return false };
        feed.render(out);
        true
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        lock(&self.device).feed = None;
    }
}
