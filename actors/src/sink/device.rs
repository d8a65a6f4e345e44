//! The output: which one plays, what drives the callback while it is gone, how it comes back.

mod finder;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hotcue::output::{
    self, DeviceError, DeviceErrorKind, Output, OutputInfo, OutputRequest, OutputStatus,
    PreparedOutput,
};
use hotcue::playback::Renderer;

use crate::bus::Publisher;
use crate::events::DeviceState;
pub(crate) use finder::{Finder, Target};

/// What any thread may know of the output.
#[derive(Debug, Default)]
pub(crate) struct DeviceView {
    latency_bits: AtomicU64,
    xruns: AtomicU64,
    info: Mutex<Option<OutputInfo>>,
}

impl DeviceView {
    pub(crate) fn latency_sec(&self) -> f64 {
        f64::from_bits(self.latency_bits.load(Ordering::Relaxed))
    }

    pub(crate) fn xruns(&self) -> u64 {
        self.xruns.load(Ordering::Relaxed)
    }

    pub(crate) fn info(&self) -> Option<OutputInfo> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, output: &dyn Output) {
        *self.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(output.info().clone());
        self.update(output);
    }

    fn update(&self, output: &dyn Output) {
        self.latency_bits.store(output.latency_sec().to_bits(), Ordering::Relaxed);
        self.xruns.store(output.xruns(), Ordering::Relaxed);
    }
}

/// Makes the output that drives the callback while there is no other.
pub(crate) type Spare = Box<dyn Fn(&OutputRequest) -> Box<dyn PreparedOutput> + Send>;

/// The output of a running engine.
pub(crate) struct Device {
    output: Option<Box<dyn Output>>,
    sample_rate: u32,
    buffer_frames: Option<u32>,
    /// What to look for when the output is lost; None where losing it is final.
    target: Option<Target>,
    finder: Option<Finder>,
    /// The null output, except under a virtual clock: that one has a clock of its own.
    spare: Spare,
    view: Arc<DeviceView>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("output", &self.output.as_ref().map(|output| output.info()))
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Device {
    /// Keeps `output`, and looks for `target` whenever that is gone; `fallback` says that it is
    /// gone from the start.
    pub(crate) fn new(
        output: Box<dyn Output>,
        buffer_frames: Option<u32>,
        target: Option<Target>,
        fallback: bool,
    ) -> (Self, Arc<DeviceView>) {
        let view = Arc::new(DeviceView::default());
        view.show(&*output);
        let sample_rate = output.info().sample_rate;
        let mut device = Self {
            output: Some(output),
            sample_rate,
            buffer_frames,
            target,
            finder: None,
            spare: Box::new(output::prepare_null),
            view: Arc::clone(&view),
        };
        if fallback {
            device.start_finder();
        }
        (device, view)
    }

    /// Lets the callback take commands where nobody else drives it; false where somebody does.
    pub(super) fn run_commands(&mut self) -> bool {
        self.output.as_mut().is_some_and(|output| output.render(&mut []))
    }

    /// Renders interleaved frames; None where the output has a clock of its own.
    pub(super) fn render(&mut self, frames: usize) -> Option<Vec<f32>> {
        let output = self.output.as_mut()?;
        let mut out = vec![0.0; frames * output.info().channels];
        output.render(&mut out).then_some(out)
    }

    /// Notices a lost output and one that was found; called every tick.
    pub(super) fn look(&mut self, publisher: &Publisher) {
        let lost = match &self.output {
            Some(output) => {
                self.view.update(&**output);
                matches!(output.status(), OutputStatus::Lost(_))
            }
            None => false,
        };
        if lost {
            let name = self.name();
            self.fall_back_to_null();
            publisher.device(DeviceState::Lost, name);
            // Without the callback there is nothing that another output could play.
            if self.output.is_some() {
                self.start_finder();
            }
        }
        if let Some(found) = self.finder.as_ref().and_then(Finder::found) {
            self.finder = None;
            // On failure `switch_to` looks on, as long as there is a callback to place.
            if self.switch_to(found).is_ok() {
                publisher.device(DeviceState::Recovered, self.name());
            }
        }
    }

    /// Moves the callback to another output; voices keep their place. On failure the null clock
    /// drives it, and the target is looked for.
    pub(super) fn switch_to(&mut self, next: Box<dyn PreparedOutput>) -> Result<(), DeviceError> {
        let Some(mut renderer) = self.output.take().and_then(Output::stop) else {
            return Err(DeviceError::new(
                DeviceErrorKind::Invalidated,
                "the device never gave the callback back",
            ));
        };
        renderer.set_output_channels(next.info().channels);
        match next.start(renderer) {
            Ok(output) => {
                self.adopt(output);
                Ok(())
            }
            Err(failed) => {
                if let Some(renderer) = failed.renderer {
                    self.start_null(renderer);
                    self.start_finder();
                }
                Err(failed.error)
            }
        }
    }

    /// Takes another output than the null one while there is no other.
    #[cfg(feature = "testing")]
    pub(crate) fn set_spare(&mut self, spare: Spare) {
        self.spare = spare;
    }

    /// Looks for `target` from now on when the output is lost.
    pub(super) fn set_target(&mut self, target: Option<Target>) {
        self.finder = None;
        self.target = target;
    }

    pub(super) fn stop(&mut self) {
        self.finder = None;
        if let Some(output) = self.output.take() {
            // The renderer and all that it holds end here, on this thread.
            drop(output.stop());
        }
    }

    pub(super) fn name(&self) -> String {
        self.output.as_ref().map_or_else(String::new, |output| output.info().name.clone())
    }

    fn fall_back_to_null(&mut self) {
        if let Some(renderer) = self.output.take().and_then(Output::stop) {
            self.start_null(renderer);
        }
    }

    fn start_null(&mut self, renderer: Renderer) {
        let request = OutputRequest {
            sample_rate: Some(self.sample_rate),
            buffer_frames: self.buffer_frames,
        };
        // Fails only when no thread can be made; then `ring_buffer_full` tells of it.
        if let Ok(output) = (self.spare)(&request).start(renderer) {
            self.adopt(output);
        }
    }

    fn adopt(&mut self, output: Box<dyn Output>) {
        self.view.show(&*output);
        self.output = Some(output);
    }

    fn start_finder(&mut self) {
        if let Some(target) = &self.target {
            let request = OutputRequest {
                sample_rate: Some(self.sample_rate),
                buffer_frames: self.buffer_frames,
            };
            let target = target.clone();
            self.finder = Finder::start(move || target.prepare(&request)).ok();
        }
    }
}
