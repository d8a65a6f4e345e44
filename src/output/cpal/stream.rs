//! A running stream, and the way home for its renderer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{Data, OutputCallbackInfo, SampleFormat, StreamConfig};

use super::super::quiet::hush_this_thread;
use super::super::{Output, OutputInfo, OutputStatus, StartError};
use super::convert::Converter;
use super::health::{Health, device_error};
use crate::playback::Renderer;

/// How long a device may take to let go of the renderer.
const HOMECOMING: Duration = Duration::from_secs(1);

/// Opens a stream on `device` and starts it.
pub(super) fn start(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    info: OutputInfo,
    renderer: Renderer,
) -> Result<CpalOutput, StartError> {
    let health = Arc::new(Health::default());
    let (home_tx, home_rx) = sync_channel(1);
    let mut callback = Callback {
        converter: Converter::new(info.channels),
        traveller: Traveller { renderer: Some(renderer), home_tx },
        health: Arc::clone(&health),
        hushed: false,
    };
    let reports = Arc::clone(&health);
    let stream = device
        .build_output_stream_raw(
            config,
            format,
            move |data: &mut Data, info: &OutputCallbackInfo| callback.run(data, info),
            move |error: cpal::Error| reports.report(error.kind()),
            None,
        )
        .and_then(|stream| stream.play().map(|()| stream));
    match stream {
        Ok(stream) => {
            let buffer_frames = stream.buffer_size().ok().or(info.buffer_frames);
            let info = OutputInfo { buffer_frames, ..info };
            Ok(CpalOutput { info, stream, health, home_rx })
        }
        // The failed stream has dropped the callback, and with it sent the renderer home.
        Err(error) => Err(StartError {
            error: device_error(&error),
            renderer: home_rx.recv_timeout(HOMECOMING).ok(),
        }),
    }
}

/// Sends the renderer home when the device drops its callback.
struct Traveller {
    renderer: Option<Renderer>,
    home_tx: SyncSender<Renderer>,
}

impl Drop for Traveller {
    fn drop(&mut self) {
        if let Some(renderer) = self.renderer.take() {
            // The channel has room for the one renderer. If the output is gone, it ends here:
            // a device drops its callback where freeing is allowed.
            drop(self.home_tx.try_send(renderer));
        }
    }
}

/// What runs in the device's thread.
struct Callback {
    converter: Converter,
    traveller: Traveller,
    health: Arc<Health>,
    hushed: bool,
}

impl Callback {
    /// Fills the device's buffer, which is silent before. Realtime-safe.
    fn run(&mut self, data: &mut Data, info: &OutputCallbackInfo) {
        if !self.hushed {
            // alsa-lib reports in the thread it works in, and that is this one.
            hush_this_thread();
            self.hushed = true;
        }
        let Some(renderer) = &mut self.traveller.renderer else { return };
        let converter = &mut self.converter;
        // The renderer catches its own panics. This is for what is around it: a panic that
        // reached the device's thread would end it without a word.
        let rendered = catch_unwind(AssertUnwindSafe(|| converter.render(renderer, data)));
        match rendered {
            Ok(true) => {
                let timestamp = info.timestamp();
                self.health.rendered(timestamp.playback.duration_since(timestamp.callback));
            }
            Ok(false) => self.health.report(cpal::ErrorKind::UnsupportedConfig),
            Err(payload) => {
                std::mem::forget(payload);
                self.health.report(cpal::ErrorKind::StreamInvalidated);
            }
        }
    }
}

/// A device that plays.
pub(super) struct CpalOutput {
    info: OutputInfo,
    stream: cpal::Stream,
    health: Arc<Health>,
    home_rx: Receiver<Renderer>,
}

impl Output for CpalOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        self.health.status()
    }

    fn latency_sec(&self) -> f64 {
        self.health.latency().as_secs_f64()
    }

    fn xruns(&self) -> u64 {
        self.health.xruns()
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        let Self { stream, home_rx, .. } = *self;
        drop(stream);
        home_rx.recv_timeout(HOMECOMING).ok()
    }
}
