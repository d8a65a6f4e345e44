//! An output with a clock and no sound.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::feed::Feed;
use super::{
    DEFAULT_SAMPLE_RATE, DeviceError, DeviceErrorKind, Output, OutputInfo, OutputRequest,
    OutputStatus, PreparedOutput, StartError,
};
use crate::playback::Renderer;

/// Frames per block unless the caller asks for another number.
const DEFAULT_BUFFER_FRAMES: u32 = 256;
/// Further behind than this (a suspended machine, a debugger) the clock starts afresh instead
/// of rendering at once what nobody would have heard: no card asks for more than its buffer.
const MAX_LAG: Duration = Duration::from_millis(100);

/// Prepares an output that renders at the pace of the system's clock and discards the result.
///
/// Stereo, at the requested rate or 48,000 Hz, in blocks of the requested size or 256 frames.
/// It owns one thread, `hotcue-null`, paced by absolute deadlines: it does not drift.
pub fn prepare_null(request: &OutputRequest) -> Box<dyn PreparedOutput> {
    Box::new(PreparedNull(OutputInfo {
        id: "null".into(),
        name: "No sound".into(),
        sample_rate: request.sample_rate.unwrap_or(DEFAULT_SAMPLE_RATE),
        channels: 2,
        buffer_frames: Some(request.buffer_frames.unwrap_or(DEFAULT_BUFFER_FRAMES).max(1)),
    }))
}

struct PreparedNull(OutputInfo);

impl PreparedOutput for PreparedNull {
    fn info(&self) -> &OutputInfo {
        &self.0
    }

    fn start(self: Box<Self>, renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        let info = self.0;
        let feed = Feed::new(renderer, info.sample_rate, info.channels)?;
        let delay_sec = feed.delay_sec();
        let stopping = Arc::new(AtomicBool::new(false));
        let late_blocks = Arc::new(AtomicU64::new(0));
        let clock = Clock {
            frames: info.buffer_frames.unwrap_or(DEFAULT_BUFFER_FRAMES),
            sample_rate: info.sample_rate,
            channels: info.channels,
            stopping: Arc::clone(&stopping),
            late_blocks: Arc::clone(&late_blocks),
        };
        // Through a channel, so that the feed is still here if there is no thread to be had.
        let (feed_tx, feed_rx) = mpsc::sync_channel(1);
        let spawned = thread::Builder::new()
            .name("hotcue-null".into())
            .spawn(move || feed_rx.recv().ok().map(|feed| clock.run(feed)));
        let thread = match spawned {
            Ok(thread) => thread,
            Err(error) => {
                let message = format!("no thread for the null output: {error}");
                let error = DeviceError::new(DeviceErrorKind::Other, message);
                return Err(StartError::new(error, Some(feed.into_renderer())));
            }
        };
        if let Err(mpsc::SendError(feed)) = feed_tx.send(feed) {
            let error = DeviceError::new(DeviceErrorKind::Other, "the null output's thread ended");
            return Err(StartError::new(error, Some(feed.into_renderer())));
        }
        Ok(Box::new(Null { info, delay_sec, thread: Some(thread), stopping, late_blocks }))
    }
}

/// What the thread knows.
struct Clock {
    frames: u32,
    sample_rate: u32,
    channels: usize,
    stopping: Arc<AtomicBool>,
    late_blocks: Arc<AtomicU64>,
}

impl Clock {
    fn run(&self, mut feed: Feed) -> Feed {
        let mut block = vec![0.0; self.frames as usize * self.channels];
        let mut start = Instant::now();
        let mut blocks = 0;
        // Relaxed: the join hands the renderer over, this flag carries nothing but itself.
        while !self.stopping.load(Ordering::Relaxed) {
            feed.render(&mut block);
            blocks += 1;
            // From the start, not from the last block: rounding and late wake-ups do not add up.
            let deadline = start + self.time_of(blocks);
            let now = Instant::now();
            match deadline.checked_duration_since(now) {
                Some(left) => thread::park_timeout(left),
                None if now - deadline > MAX_LAG => {
                    (start, blocks) = (now, 0);
                    self.late_blocks.fetch_add(1, Ordering::Relaxed);
                }
                None => {}
            }
        }
        feed
    }

    fn time_of(&self, blocks: u64) -> Duration {
        let frames = u128::from(blocks) * u128::from(self.frames);
        let nanos = frames * 1_000_000_000 / u128::from(self.sample_rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

struct Null {
    info: OutputInfo,
    delay_sec: f64,
    thread: Option<JoinHandle<Option<Feed>>>,
    stopping: Arc<AtomicBool>,
    late_blocks: Arc<AtomicU64>,
}

impl Null {
    fn join(&mut self) -> Option<Renderer> {
        let thread = self.thread.take()?;
        self.stopping.store(true, Ordering::Relaxed);
        thread.thread().unpark();
        thread.join().ok().flatten().map(Feed::into_renderer)
    }
}

impl Output for Null {
    fn info(&self) -> &OutputInfo {
        &self.info
    }

    fn status(&self) -> OutputStatus {
        match &self.thread {
            Some(thread) if !thread.is_finished() => OutputStatus::Running,
            _ => OutputStatus::Lost(DeviceError::new(
                DeviceErrorKind::Invalidated,
                "the null output's thread ended",
            )),
        }
    }

    fn latency_sec(&self) -> f64 {
        self.delay_sec
    }

    fn xruns(&self) -> u64 {
        self.late_blocks.load(Ordering::Relaxed)
    }

    fn stop(mut self: Box<Self>) -> Option<Renderer> {
        self.join()
    }
}

impl Drop for Null {
    fn drop(&mut self) {
        drop(self.join());
    }
}
