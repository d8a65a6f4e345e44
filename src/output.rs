//! Where the mix goes: sound cards, a clock without sound, or whoever pulls it.
//!
//! Opening an output has two phases, because the engine's rate may be the device's: *prepare*
//! finds out the rate and channel count, and [`PreparedOutput::start`] takes a
//! [`Renderer`] made for them. The renderer comes home when the output stops.

#[cfg(all(feature = "device", target_os = "linux"))]
mod alsa;
#[cfg(feature = "device")]
mod cpal;
mod error;
mod feed;
pub mod mock;
#[cfg(not(feature = "device"))]
mod no_device;
mod null;
mod offline;
#[cfg(feature = "device")]
mod quiet;
mod rate;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::playback::Renderer;

pub use error::{DeviceError, DeviceErrorKind, StartError};
pub use null::prepare_null;
pub use offline::prepare_offline;

#[cfg(feature = "device")]
pub use self::cpal::{default_paths, devices, prepare_default, prepare_device};
#[cfg(all(feature = "device", target_os = "linux"))]
pub use alsa::{AlsaLoader, load_alsa_with};
#[cfg(not(feature = "device"))]
pub use no_device::{default_paths, devices, prepare_default, prepare_device};

/// The rate of outputs that have none of their own, in Hz.
pub const DEFAULT_SAMPLE_RATE: u32 = 48_000;

/// What is wanted of an output; `None` leaves the choice to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputRequest {
    /// Frames per second, in Hz.
    pub sample_rate: Option<u32>,
    /// Frames per callback.
    pub buffer_frames: Option<u32>,
}

/// What an output is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputInfo {
    /// Stable name: `null`, `offline`, `mock`, or a device's id such as `alsa:default`.
    pub id: String,
    /// For people.
    pub name: String,
    /// Frames per second, in Hz.
    pub sample_rate: u32,
    /// Values per frame.
    pub channels: usize,
    /// Frames per callback, where that is known; callbacks may have other sizes all the same.
    pub buffer_frames: Option<u32>,
}

/// Prepares an output by the first of `paths` that `open` opens.
///
/// # Errors
/// What `open` reports of the first: that a later one is not there says nothing of a device that is.
/// `not_available` where there is no path.
pub fn prepare_first(
    paths: &[String],
    open: impl Fn(&str) -> Result<Box<dyn PreparedOutput>, DeviceError>,
) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    let mut first = None;
    for path in paths {
        match open(path) {
            Ok(prepared) => return Ok(prepared),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        DeviceError::new(DeviceErrorKind::NotAvailable, "there is no output device")
    }))
}

/// A device that could be played on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Stable name, for [`prepare_device`].
    pub id: String,
    /// For people.
    pub name: String,
    /// Whether [`prepare_default`] would take it.
    pub is_default: bool,
    /// Values per frame in its default configuration, 0 if it would not say.
    pub channels: usize,
    /// Frames per second in its default configuration, in Hz, if it would say.
    pub default_sample_rate: Option<u32>,
}

/// An output that is known to be there but does not run yet.
///
/// A program may have one of its own:
///
/// ```
/// use hotcue::output::{Output, OutputInfo, OutputStatus, PreparedOutput, StartError};
/// use hotcue::playback::{PlaybackConfig, Renderer, split};
///
/// struct Pulled {
///     info: OutputInfo,
///     renderer: Option<Renderer>,
/// }
///
/// impl PreparedOutput for Pulled {
///     fn info(&self) -> &OutputInfo {
///         &self.info
///     }
///     fn start(mut self: Box<Self>, mut renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
///         renderer.set_output_channels(self.info.channels);
///         self.renderer = Some(renderer);
///         Ok(self)
///     }
/// }
///
/// impl Output for Pulled {
///     fn info(&self) -> &OutputInfo {
///         &self.info
///     }
///     fn status(&self) -> OutputStatus {
///         OutputStatus::Running
///     }
///     fn latency_sec(&self) -> f64 {
///         0.0
///     }
///     fn xruns(&self) -> u64 {
///         0
///     }
///     fn render(&mut self, out: &mut [f32]) -> bool {
///         self.renderer.as_mut().map(|renderer| renderer.render(out)).is_some()
///     }
///     fn stop(self: Box<Self>) -> Option<Renderer> {
///         self.renderer
///     }
/// }
///
/// let info = OutputInfo {
///     id: "own".to_owned(),
///     name: "My own".to_owned(),
///     sample_rate: 48_000,
///     channels: 1,
///     buffer_frames: None,
/// };
/// let (_controller, renderer) = split(PlaybackConfig::default());
/// let mut output = Box::new(Pulled { info, renderer: None }).start(renderer)?;
/// assert!(output.render(&mut [0.0; 64]));
/// assert_eq!(output.stop().map(|renderer| renderer.output_channels()), Some(1));
/// # Ok::<(), StartError>(())
/// ```
pub trait PreparedOutput: Send {
    /// What it is.
    fn info(&self) -> &OutputInfo;

    /// Starts it on `renderer`, whose channels it sets. The outputs of this crate resample a mix of
    /// another rate than theirs, which [`Output::latency_sec`] includes; one of a program's own sees
    /// by [`Renderer::sample_rate`] whether it has to.
    ///
    /// # Errors
    /// A device that went away or refuses, or has no rate or no channels; the renderer comes back
    /// in the error unless the device still holds it.
    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError>;
}

/// Whether an output still runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputStatus {
    /// It pulls, or can be pulled.
    Running,
    /// It will not pull again; stop it to get the renderer back.
    Lost(DeviceError),
}

/// An output that runs. Dropped, it stops and drops its renderer.
///
/// No method may panic: an engine that it plays for loses its audio side by that, and can only be
/// shut down.
pub trait Output: Send {
    /// What it is.
    fn info(&self) -> &OutputInfo;

    /// Whether it still runs.
    fn status(&self) -> OutputStatus;

    /// Time from a frame's rendering to its sounding, in seconds, as far as is known.
    fn latency_sec(&self) -> f64;

    /// Times that the device ran out of audio.
    fn xruns(&self) -> u64;

    /// Frames that it has asked for, at its own rate. `None` for outputs that another clock than
    /// a device's drives: there is nothing to watch. Some paths to a device stop without a word.
    fn pulled_frames(&self) -> Option<u64> {
        None
    }

    /// Processor time that the thread of its callbacks has taken beside rendering, where the
    /// system tells. Some paths to a device spin while they wait.
    fn idle_cpu(&self) -> Option<Duration> {
        None
    }

    /// Ends it and gives the renderer back: after this no callback runs. May wait for the
    /// device. `None` if the device never let go of it.
    fn stop(self: Box<Self>) -> Option<Renderer>;

    /// Renders the next frames into `out`, interleaved. True if it did: only the outputs that
    /// their owner pulls, `offline` and mock, can.
    fn render(&mut self, out: &mut [f32]) -> bool {
        let _ = out;
        false
    }
}
