//! A device for cpal that a test plays the part of: what is under test is all that lies between it
//! and the renderer.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::resume_unwind;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    Data, DeviceDescription, DeviceDescriptionBuilder, DeviceId, Error, ErrorKind, FrameCount,
    InputCallbackInfo, OutputCallbackInfo, OutputStreamTimestamp, SampleFormat, StreamConfig,
    StreamInstant, SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};

/// Where a device can fail before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Config,
    Build,
    Play,
}

type DataCallback = Box<dyn FnMut(&mut Data, &OutputCallbackInfo) + Send>;
type ErrorCallback = Box<dyn FnMut(Error) + Send>;

#[derive(Default)]
struct State {
    failure: Option<(Opening, ErrorKind)>,
    panics: Option<Opening>,
    closing: Option<Receiver<()>>,
    callbacks: Option<(DataCallback, ErrorCallback)>,
}

/// A stereo device at 48 kHz with `f32` samples. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn device(&self) -> cpal::Device {
        cpal::Device::from(cpal::platform::CustomDevice::from_device(self.clone()))
    }

    /// Makes it fail so, until told otherwise.
    pub(super) fn fail(&self, failure: Option<(Opening, ErrorKind)>) {
        self.lock().failure = failure;
    }

    /// Makes it panic there, until told otherwise.
    pub(super) fn panic_at(&self, opening: Option<Opening>) {
        self.lock().panics = opening;
    }

    /// Has its stream hang as it closes, until the other end of the channel is dropped.
    pub(super) fn hang_at_close(&self, until: Receiver<()>) {
        self.lock().closing = Some(until);
    }

    fn check(&self, opening: Opening) -> Result<(), Error> {
        let panics = self.lock().panics == Some(opening);
        if panics {
            resume_unwind(Box::new("planted panic"));
        }
        match self.lock().failure {
            Some((at, kind)) if at == opening => Err(kind.into()),
            _ => Ok(()),
        }
    }

    /// Runs one callback; gives what the device plays, interleaved.
    pub(super) fn callback(&self, frames: usize) -> Vec<f32> {
        let mut buffer = vec![0.0_f32; 2 * frames];
        // SAFETY: the pointer, length and format are those of `buffer`, which outlives `data` and
        // is not touched meanwhile.
        #[allow(unsafe_code, reason = "cpal makes its buffers in no other way")]
        let mut data = unsafe {
            Data::from_parts(buffer.as_mut_ptr().cast(), buffer.len(), SampleFormat::F32)
        };
        let now = StreamInstant::new(1, 0);
        let timestamp = OutputStreamTimestamp { callback: now, playback: now };
        if let Some((callback, _)) = &mut self.lock().callbacks {
            callback(&mut data, &OutputCallbackInfo::new(timestamp));
        }
        buffer
    }

    /// Reports an error to the stream.
    pub(super) fn report(&self, kind: ErrorKind) {
        if let Some((_, report)) = &mut self.lock().callbacks {
            report(kind.into());
        }
    }
}

// cpal wants to tell devices apart, and to name them.
impl PartialEq for Fake {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Fake {}

impl Hash for Fake {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

fn config_range() -> SupportedStreamConfigRange {
    let size = SupportedBufferSize::Range { min: 1, max: 65_536 };
    SupportedStreamConfigRange::new(2, 48_000, 48_000, size, SampleFormat::F32)
}

impl DeviceTrait for Fake {
    type SupportedInputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::iter::Once<SupportedStreamConfigRange>;
    type Stream = FakeStream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        Ok(DeviceDescriptionBuilder::new("Fake").build())
    }

    fn id(&self) -> Result<DeviceId, Error> {
        Err(ErrorKind::UnsupportedOperation.into())
    }

    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        Ok(std::iter::empty())
    }

    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        self.check(Opening::Config).map(|()| std::iter::once(config_range()))
    }

    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        Err(ErrorKind::UnsupportedConfig.into())
    }

    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        self.check(Opening::Config).map(|()| config_range().with_max_sample_rate())
    }

    fn build_input_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        _: D,
        _: E,
        _: Option<Duration>,
    ) -> Result<Self::Stream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        Err(ErrorKind::UnsupportedConfig.into())
    }

    fn build_output_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        data: D,
        error: E,
        _: Option<Duration>,
    ) -> Result<Self::Stream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        self.check(Opening::Build)?;
        self.lock().callbacks = Some((Box::new(data), Box::new(error)));
        Ok(FakeStream(self.clone()))
    }
}

/// The stream of a [`Fake`]; dropped, it lets go of the callbacks.
pub(super) struct FakeStream(Fake);

impl StreamTrait for FakeStream {
    fn play(&self) -> Result<(), Error> {
        self.0.check(Opening::Play)
    }

    fn pause(&self) -> Result<(), Error> {
        Ok(())
    }

    fn buffer_size(&self) -> Result<FrameCount, Error> {
        Ok(512)
    }

    fn now(&self) -> StreamInstant {
        StreamInstant::new(1, 0)
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        let closing = self.0.lock().closing.take();
        if let Some(until) = closing {
            until.recv().ok();
        }
        let callbacks = self.0.lock().callbacks.take();
        // Without the lock, as a device does.
        drop(callbacks);
    }
}
