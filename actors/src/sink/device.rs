//! The output: which one plays, what drives the callback while it is gone, how it comes back.

mod finder;
mod target;
#[cfg(test)]
mod tests;
mod view;
mod watch;

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::output::{
    self, DeviceError, DeviceErrorKind, Output, OutputRequest, OutputStatus, PreparedOutput,
};
use hotcue::playback::Renderer;

use crate::bus::Publisher;
use crate::events::DeviceState;
use finder::{Finder, LONGEST_WAIT};
pub(crate) use target::Target;
pub(crate) use view::DeviceView;
use watch::{Fault, Watch};

/// How long after a loss the device is looked for.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// A device that is lost again sooner than this is waited for twice as long.
const SETTLED: Duration = Duration::from_secs(10);

/// Makes the output that drives the callback while there is no other.
pub(crate) type Spare = Box<dyn Fn(&OutputRequest) -> Box<dyn PreparedOutput> + Send>;

/// The output of a running engine.
pub(crate) struct Device {
    output: Option<Box<dyn Output>>,
    /// Of the engine: its rate.
    request: OutputRequest,
    /// What to look for when the output is lost; None where losing it is final.
    target: Option<Target>,
    finder: Option<Finder>,
    watch: Watch,
    /// How long the next search waits before it begins.
    wait: Duration,
    /// Paths that did not start, stalled, ran away or spun: they are tried last.
    shunned: Vec<String>,
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
    /// gone from the start. `request` has the engine's rate.
    pub(crate) fn new(
        output: Box<dyn Output>,
        request: OutputRequest,
        target: Option<Target>,
        fallback: bool,
    ) -> (Self, Arc<DeviceView>) {
        let view = Arc::new(DeviceView::default());
        view.show(&*output);
        let mut device = Self {
            output: Some(output),
            request,
            target,
            finder: None,
            watch: Watch::new(Instant::now()),
            wait: FIRST_WAIT,
            shunned: Vec::new(),
            spare: Box::new(output::prepare_null),
            view: Arc::clone(&view),
        };
        if fallback {
            device.search();
        }
        (device, view)
    }

    /// Whether another output is looked for.
    pub(super) fn is_looking(&self) -> bool {
        self.finder.is_some()
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

    /// Notices an output that is lost, has stopped or spins, and one that was found; called every
    /// tick.
    pub(super) fn look(&mut self, publisher: &Publisher) {
        match self.fault() {
            None => {}
            Some(Fault::Lost) => self.lose(publisher),
            Some(Fault::Stalled | Fault::RunsAway) => {
                self.shun(self.path());
                self.lose(publisher);
            }
            Some(Fault::Spinning) => {
                self.shun(self.path());
                self.search_for_better();
            }
        }
        let found = match self.finder.as_ref().map(Finder::found) {
            None | Some(Err(TryRecvError::Empty)) => return,
            Some(found) => found,
        };
        self.finder = None;
        // It was to look once where nothing is found.
        if let Ok(found) = found {
            let (played, before) = (self.plays_on_target(), self.name());
            // On failure `switch_to` looks on, as long as there is a callback to place.
            match self.switch_to(found) {
                // It has only been better than what spins.
                Ok(()) if played => publisher.device(DeviceState::Started, self.name()),
                Ok(()) => publisher.device(DeviceState::Recovered, self.name()),
                Err(_) if played => publisher.device(DeviceState::Lost, before),
                Err(_) => {}
            }
        }
    }

    /// Moves the callback to another output; voices keep their place. On failure the null clock
    /// drives it, and the target is looked for.
    pub(super) fn switch_to(&mut self, next: Box<dyn PreparedOutput>) -> Result<(), DeviceError> {
        let Some(renderer) = self.output.take().and_then(Output::stop) else {
            return Err(DeviceError::new(
                DeviceErrorKind::Invalidated,
                "the device never gave the callback back",
            ));
        };
        let path = next.info().id.clone();
        match next.start(renderer) {
            Ok(output) => {
                self.adopt(output);
                Ok(())
            }
            Err(failed) => {
                let error = failed.error.clone();
                if let Some(renderer) = failed.into_renderer() {
                    self.shun(path);
                    self.wait_longer();
                    self.start_null(renderer);
                    self.search();
                }
                Err(error)
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
        self.wait = FIRST_WAIT;
        self.shunned.clear();
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

    /// As [`name`](Self::name), without asking the output.
    pub(super) fn shown_name(&self) -> String {
        self.view.info().map_or_else(String::new, |info| info.name)
    }

    fn fault(&mut self) -> Option<Fault> {
        let output = self.output.as_ref()?;
        self.view.update(&**output);
        match output.status() {
            OutputStatus::Running => {
                let idle_cpu = || output.idle_cpu();
                self.watch.look(output.pulled_frames(), idle_cpu, Instant::now())
            }
            OutputStatus::Lost(error) if error.kind() == DeviceErrorKind::Unsteady => {
                Some(Fault::RunsAway)
            }
            OutputStatus::Lost(_) => Some(Fault::Lost),
        }
    }

    /// Leaves an output that is lost to the null clock, and looks for it.
    fn lose(&mut self, publisher: &Publisher) {
        let name = self.name();
        if self.watch.began().elapsed() < SETTLED {
            self.wait_longer();
        } else {
            self.wait = FIRST_WAIT;
        }
        if let Some(renderer) = self.output.take().and_then(Output::stop) {
            self.start_null(renderer);
        }
        publisher.device(DeviceState::Lost, name);
        // Without the callback there is nothing that another output could play.
        if self.output.is_some() {
            self.search();
        }
    }

    fn wait_longer(&mut self) {
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    fn shun(&mut self, path: String) {
        if !self.shunned.contains(&path) {
            self.shunned.push(path);
        }
    }

    fn start_null(&mut self, renderer: Renderer) {
        // Fails only when no thread can be made; then `ring_buffer_full` tells of it.
        if let Ok(output) = (self.spare)(&self.request).start(renderer) {
            self.adopt(output);
        }
    }

    fn adopt(&mut self, output: Box<dyn Output>) {
        self.view.show(&*output);
        self.watch = Watch::new(Instant::now());
        self.output = Some(output);
    }

    fn path(&self) -> String {
        self.output.as_ref().map_or_else(String::new, |output| output.info().id.clone())
    }

    fn plays_on_target(&self) -> bool {
        self.pulled_frames().is_some()
    }

    /// What the device has asked for, if it is one and counts that.
    pub(super) fn pulled_frames(&self) -> Option<u64> {
        self.output.as_ref().and_then(|output| output.pulled_frames())
    }

    /// Looks for the target until it opens.
    fn search(&mut self) {
        let Some(target) = self.target.clone() else { return };
        let (request, shunned) = (self.request, self.shunned.clone());
        let prepare = move || {
            let mut paths = target.paths();
            // Stable: the others keep their order.
            paths.sort_by_key(|path| shunned.contains(path));
            target.prepare_by(&paths, &request)
        };
        self.finder = Finder::start(self.wait, prepare).ok();
    }

    /// Looks once whether another path leads to the target; this one plays on meanwhile, and if
    /// there is none, for good.
    fn search_for_better(&mut self) {
        let Some(target) = self.target.clone() else { return };
        let (request, shunned) = (self.request, self.shunned.clone());
        let prepare = move || {
            let mut paths = target.paths();
            paths.retain(|path| !shunned.contains(path));
            target.prepare_by(&paths, &request)
        };
        self.finder = Finder::try_once(prepare).ok();
    }
}
