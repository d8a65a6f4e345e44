//! A running stream, and the way home for its renderer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{Data, OutputCallbackInfo, SampleFormat, StreamConfig};

use super::super::feed::Feed;
use super::super::quiet::hush_this_thread;
use super::super::{DeviceError, DeviceErrorKind, Output, OutputInfo, OutputStatus, StartError};
use super::convert::Converter;
use super::governor::Governor;
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
    let feed = Feed::new(renderer, info.sample_rate, info.channels);
    let feed_delay_sec = feed.delay_sec();
    let mut callback = Callback {
        converter: Converter::new(info.channels),
        governor: Governor::new(info.sample_rate),
        channels: info.channels,
        traveller: Traveller { feed: Some(feed), home_tx },
        health: Arc::clone(&health),
        is_first: true,
    };
    let reports = Arc::clone(&health);
    // cpal panics where a process may open no more files, or start no more threads. Unwind safety:
    // what it had is dropped.
    let stream = catch_unwind(AssertUnwindSafe(|| {
        let stream = device.build_output_stream_raw(
            config,
            format,
            move |data: &mut Data, info: &OutputCallbackInfo| callback.run(data, info),
            move |error: cpal::Error| reports.report(error.kind()),
            None,
        )?;
        stream.play()?;
        Ok::<_, cpal::Error>(stream)
    }));
    let error = match stream {
        Ok(Ok(stream)) => {
            let buffer_frames = stream.buffer_size().ok().or(info.buffer_frames);
            let info = OutputInfo { buffer_frames, ..info };
            return Ok(CpalOutput { info, stream, health, home_rx, feed_delay_sec });
        }
        Ok(Err(error)) => device_error(&error),
        Err(_) => DeviceError::new(DeviceErrorKind::Other, "the sound system's library panicked"),
    };
    // The failed stream has dropped the callback, and with it sent the renderer home.
    let renderer = home_rx.recv_timeout(HOMECOMING).ok().map(Feed::into_renderer);
    Err(StartError { error, renderer })
}

/// Sends the renderer home when the device drops its callback.
struct Traveller {
    feed: Option<Feed>,
    home_tx: SyncSender<Feed>,
}

impl Drop for Traveller {
    fn drop(&mut self) {
        if let Some(feed) = self.feed.take() {
            // The channel has room for the one renderer. If the output is gone, it ends here:
            // a device drops its callback where freeing is allowed.
            drop(self.home_tx.try_send(feed));
        }
    }
}

/// What runs in the device's thread.
struct Callback {
    converter: Converter,
    governor: Governor,
    channels: usize,
    traveller: Traveller,
    health: Arc<Health>,
    is_first: bool,
}

impl Callback {
    /// Fills the device's buffer, which is silent before. Realtime-safe, but for the first call.
    fn run(&mut self, data: &mut Data, info: &OutputCallbackInfo) {
        if self.is_first {
            // alsa-lib reports in the thread it works in, and that is this one.
            hush_this_thread();
            self.health.time.note_this_thread();
            self.is_first = false;
        }
        let began = Instant::now();
        let frames = data.len() / self.channels;
        if !self.governor.admits(frames, began) {
            return self.health.report_free_running();
        }
        let Some(feed) = &mut self.traveller.feed else { return };
        let converter = &mut self.converter;
        // The renderer catches its own panics. This is for what is around it: a panic that
        // reached the device's thread would end it without a word.
        let rendered = catch_unwind(AssertUnwindSafe(|| converter.render(feed, data)));
        match rendered {
            Ok(true) => {
                let timestamp = info.timestamp();
                let latency = timestamp.playback.duration_since(timestamp.callback);
                self.health.rendered(frames, latency);
                self.health.time.add_rendering(began.elapsed());
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
    home_rx: Receiver<Feed>,
    feed_delay_sec: f64,
}

impl Output for CpalOutput {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        self.health.status()
    }

    fn latency_sec(&self) -> f64 {
        self.health.latency().as_secs_f64() + self.feed_delay_sec
    }

    fn xruns(&self) -> u64 {
        self.health.xruns()
    }

    fn pulled_frames(&self) -> Option<u64> {
        Some(self.health.frames())
    }

    fn idle_cpu(&self) -> Option<Duration> {
        self.health.time.idle_cpu()
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        let Self { stream, home_rx, .. } = *self;
        drop(stream);
        home_rx.recv_timeout(HOMECOMING).ok().map(Feed::into_renderer)
    }
}
