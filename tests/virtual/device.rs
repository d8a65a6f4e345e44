//! A device whose callback runs when the schedule says so, or never.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hotcue::output::{
    DeviceError, DeviceErrorKind, Output, OutputInfo, OutputRequest, OutputStatus, PreparedOutput,
    StartError,
};
use hotcue::playback::Renderer;
use hotcue_actors::testing::{Jitter, Workshop, World};
use hotcue_actors::{AudioEngine, EngineConfig};

/// Plays the device's part. Clones are the same device.
#[derive(Clone, Default)]
pub(crate) struct Device(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    renderer: Option<Renderer>,
    /// It runs its callback itself; else the sink does that.
    clocked: bool,
    lost: bool,
}

/// An engine on such a device, whose loads are those of `workshop`.
pub(crate) fn engine(config: EngineConfig, workshop: impl Workshop + 'static) -> AudioEngine {
    let device = Device::default();
    let spare = device.clone();
    let world =
        World::new(1, Jitter::default(), Arc::new(workshop), move |request| spare.prepare(request));
    let engine = AudioEngine::new(config).expect("a valid configuration");
    engine.run_here(device.prepare(&OutputRequest::default()), &world).expect("it starts");
    engine
}

impl Device {
    /// A device that runs its callback itself, by [`pull`](Self::pull).
    pub(crate) fn clocked() -> Self {
        Self(Arc::new(Mutex::new(State { clocked: true, ..State::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn prepare(&self, request: &OutputRequest) -> Box<dyn PreparedOutput> {
        let info = OutputInfo {
            id: "virtual".into(),
            name: "Virtual".into(),
            sample_rate: request.sample_rate.unwrap_or(48_000),
            channels: 1,
            buffer_frames: None,
        };
        Box::new(Prepared { info, device: self.clone() })
    }

    /// Runs one callback, if there is one to run; what is heard.
    pub(crate) fn pull(&self, frames: usize) -> Vec<f32> {
        let mut heard = vec![0.0; frames];
        let mut state = self.lock();
        if !state.lost
            && let Some(renderer) = &mut state.renderer
        {
            renderer.render(&mut heard);
        }
        heard
    }

    pub(crate) fn lose(&self) {
        self.lock().lost = true;
    }
}

struct Prepared {
    info: OutputInfo,
    device: Device,
}

impl PreparedOutput for Prepared {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn start(self: Box<Self>, mut renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        renderer.set_output_channels(self.info.channels);
        self.device.lock().renderer = Some(renderer);
        Ok(self)
    }
}

impl Output for Prepared {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        if self.device.lock().lost {
            OutputStatus::Lost(DeviceError::new(DeviceErrorKind::Invalidated, "unplugged"))
        } else {
            OutputStatus::Running
        }
    }

    fn latency_sec(&self) -> f64 {
        0.0
    }

    fn xruns(&self) -> u64 {
        0
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        self.device.lock().renderer.take()
    }

    fn render(&mut self, out: &mut [f32]) -> bool {
        let mut state = self.device.lock();
        if state.lost || state.clocked {
            return false;
        }
        let Some(renderer) = &mut state.renderer else { return false };
        renderer.render(out);
        true
    }
}
