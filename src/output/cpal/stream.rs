//! A running stream, and the way home for its renderer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{Data, OutputCallbackInfo, SampleFormat, StreamConfig};

use super::super::feed::Feed;
use super::super::quiet::hush_this_thread;
use super::super::{DeviceError, DeviceErrorKind, Output, OutputInfo, OutputStatus, StartError};
use super::convert::Converter;
use super::governor::Governor;
use super::health::{Health, device_error};
use super::is_jack;
use crate::playback::Renderer;

/// How long a callback may take to let go of the renderer, and then a device to close.
const HOMECOMING: Duration = Duration::from_secs(1);

/// Whether a device may run fast or without a pause. A JACK server means to: it freewheels, for an
/// export. Who leaves it then may stop it for good.
fn may_run_freely(info: &OutputInfo) -> bool {
    is_jack(&info.id)
}

/// Opens a stream on `device` and starts it.
pub(super) fn start(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    info: OutputInfo,
    renderer: Renderer,
) -> Result<CpalOutput, StartError> {
    let health = Arc::new(Health::default());
    let feed = Feed::new(renderer, info.sample_rate, info.channels)?;
    let feed_delay_sec = feed.delay_sec();
    let berth = Arc::new(Berth(Mutex::new(Some(feed))));
    let mut callback = Callback {
        converter: Converter::new(info.channels),
        governor: (!may_run_freely(&info)).then(|| Governor::new(info.sample_rate)),
        channels: info.channels,
        berth: Arc::clone(&berth),
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
            return Ok(CpalOutput { info, stream, health, berth, feed_delay_sec });
        }
        Ok(Err(error)) => device_error(&error),
        Err(_) => DeviceError::new(DeviceErrorKind::Other, "the sound system's library panicked"),
    };
    Err(StartError::new(error, berth.take()))
}

/// Where the feed is while a device plays it: who stops the device takes it, whatever the device
/// does then. Both only try to lock, so that neither ever waits in the lock, nor wakes the other.
struct Berth(Mutex<Option<Feed>>);

impl Berth {
    /// The renderer, once no callback has it; no callback renders after that.
    fn take(&self) -> Option<Renderer> {
        let deadline = Instant::now() + HOMECOMING;
        loop {
            if let Ok(mut feed) = self.0.try_lock() {
                return feed.take().map(Feed::into_renderer);
            }
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What runs in the device's thread.
struct Callback {
    converter: Converter,
    governor: Option<Governor>,
    channels: usize,
    berth: Arc<Berth>,
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
        if self.governor.as_mut().is_some_and(|governor| !governor.admits(frames, began)) {
            return self.health.report_free_running();
        }
        let Ok(mut feed) = self.berth.0.try_lock() else { return };
        let Some(feed) = &mut *feed else { return };
        let converter = &mut self.converter;
        // The renderer catches its own panics. This is for what is around it: a panic that
        // reached the device's thread would end it without a word.
        let rendered = catch_unwind(AssertUnwindSafe(|| converter.render(feed, data)));
        match rendered {
            Ok(true) => {
                let timestamp = info.timestamp();
                let latency = timestamp.playback.duration_since(timestamp.callback);
                self.health.rendered(frames, latency);
                let worked = began.elapsed();
                feed.count_callback(worked, frames);
                self.health.time.add_rendering(worked);
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
    berth: Arc<Berth>,
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
        (!may_run_freely(&self.info)).then(|| self.health.time.idle_cpu()).flatten()
    }

    fn stop(self: Box<Self>) -> Option<Renderer> {
        let Self { stream, berth, .. } = *self;
        let renderer = berth.take();
        close(stream);
        renderer
    }
}

/// Drops a stream on a thread of its own, which is left behind if the device does not close in time:
/// a sound server that hangs keeps its clients for as long.
fn close(stream: cpal::Stream) {
    let (closed_tx, closed_rx) = mpsc::channel::<()>();
    // Where no thread can be made, the stream is dropped here.
    let closer = thread::Builder::new().name("hotcue-closer".into()).spawn(move || {
        hush_this_thread();
        drop(stream);
        drop(closed_tx);
    });
    if let Ok(closer) = closer
        && closed_rx.recv_timeout(HOMECOMING) == Err(mpsc::RecvTimeoutError::Disconnected)
    {
        // No panic ends it that the hook has not reported.
        closer.join().ok();
    }
}
