//! Sound cards, through cpal; with its folder the only place that names cpal.
//!
//! On Linux several ways lead to the default device; [`default_paths`] has their order. Elsewhere
//! there is one, the system's.

mod convert;
mod governor;
mod health;
mod stream;
#[cfg(test)]
mod tests;
mod thread;

use std::str::FromStr;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfig};

use super::quiet::Quiet;
use super::{
    DeviceError, DeviceErrorKind, DeviceInfo, Output, OutputInfo, OutputRequest, PreparedOutput,
    StartError,
};
use crate::playback::Renderer;

/// Frames per callback unless the caller asks for another number: 10.7 ms at 48 kHz.
const DEFAULT_BUFFER_FRAMES: u32 = 512;
/// The same where a sound server is on the other side of ALSA: through its plugins, half as many
/// left gaps on PulseAudio 16.1 and on PipeWire 0.3.65 (docs/OUTPUTS.md).
const SERVER_BUFFER_FRAMES: u32 = 1024;
/// ALSA's names for sound servers; the first leads to a card where none is set up.
const SERVERS: [&str; 3] = ["alsa:default", "alsa:pulse", "alsa:pipewire"];

/// Prepares the default device, by the first of its [paths](default_paths) that opens.
///
/// A device that cannot do the requested rate is prepared at one of its own.
///
/// # Errors
/// What the first path reports, quietly and within a second: that a later one is not there says
/// nothing of a device that is. `not_available` where there is no path.
pub fn prepare_default(request: &OutputRequest) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    super::prepare_first(&default_paths(), |path| prepare_device(path, request))
}

/// Prepares the device that [`devices`] calls `id`, or any other that the system knows by it.
///
/// # Errors
/// `not_available` when there is none of that name, or no library that it takes; else as
/// [`prepare_default`].
pub fn prepare_device(
    id: &str,
    request: &OutputRequest,
) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    let _quiet = Quiet::new();
    prepare(find_device(id)?, request)
}

/// Lists the devices that could be played on, the default one first.
///
/// Of ALSA's many names for one thing it gives `default`, `pulse` and `pipewire` if they open,
/// and `plughw` once for each device of a card, also if something else holds that now. It may
/// take a while: every device is asked.
pub fn devices() -> Vec<DeviceInfo> {
    let _quiet = Quiet::new();
    let opens =
        |id: &String| find_device(id).is_ok_and(|device| device.default_output_config().is_ok());
    let default_id = default_paths().into_iter().find(opens);
    let mut found: Vec<_> = hosts()
        .filter_map(|host| host.output_devices().ok().map(Iterator::collect::<Vec<_>>))
        .flatten()
        .filter_map(|device| describe(&device, default_id.as_deref()))
        .collect();
    prefer_named_cards(&mut found);
    found.sort_by_key(|device| !device.is_default);
    found
}

fn hosts() -> impl Iterator<Item = cpal::Host> {
    cpal::available_hosts().into_iter().filter_map(|id| host(id).ok())
}

/// The only way to a host: ALSA's may be called where its library is.
fn host(id: cpal::HostId) -> Result<cpal::Host, DeviceError> {
    #[cfg(target_os = "linux")]
    if id == cpal::HostId::Alsa {
        super::alsa::load()?;
    }
    cpal::host_from_id(id).map_err(|error| health::device_error(&error))
}

/// The ways to the default device, in the order in which they are tried.
///
/// On Linux these are a JACK server if one runs and answers (asking takes a few milliseconds, and
/// none is ever started), ALSA's `default`, which is PipeWire or PulseAudio where these are set
/// up, and ALSA's `pulse`, which leads there as well: a second way where the first one turns out
/// not to work. That each is listed does not mean that it opens.
pub fn default_paths() -> Vec<String> {
    let _quiet = Quiet::new();
    #[cfg(target_os = "linux")]
    {
        // The JACK host has a device only if a server answers.
        let jack = host(cpal::HostId::Jack).ok();
        let jack = jack.and_then(|jack| jack.default_output_device()).and_then(|it| id_of(&it));
        let alsa = ["alsa:default", "alsa:pulse"].map(String::from);
        jack.into_iter().chain(alsa).collect()
    }
    #[cfg(not(target_os = "linux"))]
    cpal::default_host()
        .default_output_device()
        .and_then(|device| id_of(&device))
        .into_iter()
        .collect()
}

fn find_device(id: &str) -> Result<cpal::Device, DeviceError> {
    let unknown = || {
        let message = match id.strip_prefix("alsa:") {
            // Nobody needs to have asked for it by its name.
            Some(name) if SERVERS.contains(&id) => format!("ALSA has no device called {name}"),
            _ => format!(
                "no output device is called {id}: \"auto\", \"default\", \"null\", \"offline\", or \
                 one of devices()"
            ),
        };
        DeviceError::new(DeviceErrorKind::NotAvailable, message)
    };
    let known = cpal::DeviceId::from_str(id).map_err(|_| unknown())?;
    let host = host(known.host())?;
    if is_jack(id) && host.default_output_device().is_none() {
        return Err(no_jack_server());
    }
    host.device_by_id(&known).ok_or_else(unknown)
}

/// Whether the device of this id is a JACK server.
fn is_jack(id: &str) -> bool {
    id.starts_with("jack:")
}

/// JACK's host has a device only if a server answers.
fn no_jack_server() -> DeviceError {
    let name = std::env::var_os("JACK_DEFAULT_SERVER");
    let name = name.map_or_else(String::new, |name| {
        format!(": JACK_DEFAULT_SERVER is {}", name.to_string_lossy())
    });
    DeviceError::new(DeviceErrorKind::NotAvailable, format!("no JACK server answers{name}"))
}

fn id_of(device: &cpal::Device) -> Option<String> {
    device.id().ok().map(|id| id.to_string())
}

fn name_of(device: &cpal::Device) -> String {
    device.description().map_or_else(|_| "Unnamed".into(), |description| description.to_string())
}

/// JACK's input counts as an output for cpal, too.
fn is_input(device: &cpal::Device) -> bool {
    let direction = device.description().map(|description| description.direction());
    matches!(direction, Ok(cpal::DeviceDirection::Input))
}

fn describe(device: &cpal::Device, default_id: Option<&str>) -> Option<DeviceInfo> {
    let id = id_of(device)?;
    let config = device.default_output_config().ok();
    let is_card = id.starts_with("alsa:plughw:");
    let is_server = SERVERS.contains(&id.as_str());
    let wanted = match id.strip_prefix("alsa:") {
        Some(_) => (is_card && device.supports_output()) || (is_server && config.is_some()),
        None => device.supports_output() && !is_input(device),
    };
    wanted.then(|| DeviceInfo {
        name: name_of(device),
        is_default: default_id == Some(id.as_str()),
        channels: config.as_ref().map_or(0, |config| usize::from(config.channels())),
        default_sample_rate: config.as_ref().map(SupportedStreamConfig::sample_rate),
        id,
    })
}

/// ALSA knows cards by name and by number; names survive a restart.
fn prefer_named_cards(devices: &mut Vec<DeviceInfo>) {
    let number = |device: &DeviceInfo| {
        let card = device.id.strip_prefix("alsa:plughw:CARD=");
        card.map(|card| card.starts_with(|first: char| first.is_ascii_digit()))
    };
    if devices.iter().any(|device| number(device) == Some(false)) {
        devices.retain(|device| number(device) != Some(true));
    }
}

fn prepare(
    device: cpal::Device,
    request: &OutputRequest,
) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    // Asks the device itself: this is where one that is not there shows.
    let default = device.default_output_config().map_err(|error| health::device_error(&error))?;
    let supported = match request.sample_rate {
        Some(rate) if rate != default.sample_rate() => {
            // Without it the mix is resampled.
            at_rate(&device, &default, rate)?.unwrap_or(default)
        }
        _ => default,
    };
    if !convert::is_supported(supported.sample_format()) {
        let message = format!("{} samples are not supported", supported.sample_format());
        return Err(DeviceError::new(DeviceErrorKind::UnsupportedConfig, message));
    }
    let id = id_of(&device).unwrap_or_default();
    let wanted = request
        .buffer_frames
        .or_else(|| SERVERS.contains(&id.as_str()).then_some(SERVER_BUFFER_FRAMES));
    let buffer_frames = buffer_frames(*supported.buffer_size(), wanted);
    let info = OutputInfo {
        id,
        name: name_of(&device),
        sample_rate: supported.sample_rate(),
        channels: usize::from(supported.channels()),
        buffer_frames,
    };
    let config = StreamConfig {
        channels: supported.channels(),
        sample_rate: supported.sample_rate(),
        buffer_size: buffer_frames.map_or(BufferSize::Default, BufferSize::Fixed),
    };
    Ok(Box::new(PreparedCpal { device, config, format: supported.sample_format(), info }))
}

/// The configuration closest to the default one at another rate, if the device can do that.
fn at_rate(
    device: &cpal::Device,
    default: &SupportedStreamConfig,
    rate: u32,
) -> Result<Option<SupportedStreamConfig>, DeviceError> {
    let ranges = device.supported_output_configs().map_err(|error| health::device_error(&error))?;
    let fits = ranges.filter(|range| {
        range.channels() == default.channels() && convert::is_supported(range.sample_format())
    });
    Ok(fits
        .filter_map(|range| range.try_with_sample_rate(rate))
        .max_by_key(|config| config.sample_format() == default.sample_format()))
}

/// The callback size to ask for: what is wanted, as far as the device allows. `None` where it
/// does not say what it allows.
fn buffer_frames(supported: SupportedBufferSize, wanted: Option<u32>) -> Option<u32> {
    match supported {
        SupportedBufferSize::Range { min, max } => {
            Some(wanted.unwrap_or(DEFAULT_BUFFER_FRAMES).max(min).min(max).max(1))
        }
        SupportedBufferSize::Unknown => wanted,
    }
}

struct PreparedCpal {
    device: cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    info: OutputInfo,
}

impl PreparedOutput for PreparedCpal {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        let _quiet = Quiet::new();
        let output = stream::start(&self.device, self.config, self.format, self.info, renderer)?;
        Ok(Box::new(output))
    }
}
