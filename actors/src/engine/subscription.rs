//! Readers of events beside the poll queue.

use std::ops::Deref;
use std::sync::Arc;

use actix::Addr;

use super::AudioEngine;
use crate::bus::EventBus;
use crate::error::EngineError;
use crate::messages::{Subscribe, Unsubscribe};
use crate::playback::Notices;
use crate::queue::{EventQueue, PlaybackQueue};

/// A queue that gets every event from its subscription on, until this is dropped or the engine
/// shuts down. What it holds then stays readable.
#[derive(Debug)]
#[must_use = "dropped, it gets nothing"]
pub struct Subscription {
    queue: Arc<EventQueue>,
    bus: Addr<EventBus>,
}

impl Subscription {
    fn new(bus: Addr<EventBus>) -> Self {
        let queue = Arc::new(EventQueue::new());
        bus.do_send(Subscribe(Arc::clone(&queue)));
        if !bus.connected() {
            // A panic has ended it.
            queue.close();
        }
        Self { queue, bus }
    }

    /// Ends it before it is dropped: whoever waits is woken.
    pub fn end(&self) {
        self.bus.do_send(Unsubscribe(Arc::clone(&self.queue)));
        self.queue.close();
    }
}

impl Deref for Subscription {
    type Target = Arc<EventQueue>;

    fn deref(&self) -> &Self::Target {
        &self.queue
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.end();
    }
}

/// A queue that gets every notice of a voice from its subscription on, until this is dropped or the
/// engine shuts down. What it holds then stays readable.
#[derive(Debug)]
#[must_use = "dropped, it gets nothing"]
pub struct PlaybackSubscription {
    queue: Arc<PlaybackQueue>,
    notices: Arc<Notices>,
}

impl PlaybackSubscription {
    /// Ends it before it is dropped: whoever waits is woken.
    pub fn end(&self) {
        self.notices.unsubscribe(&self.queue);
    }
}

impl Deref for PlaybackSubscription {
    type Target = Arc<PlaybackQueue>;

    fn deref(&self) -> &Self::Target {
        &self.queue
    }
}

impl Drop for PlaybackSubscription {
    fn drop(&mut self) {
        self.end();
    }
}

impl AudioEngine {
    /// A queue of the caller's own, which gets every event from now on, also those of loads whose
    /// callers wait for them. It takes none from the poll queue or from other subscriptions.
    ///
    /// ```
    /// use hotcue::Source;
    /// use hotcue_actors::{AudioEngine, EngineConfig};
    ///
    /// let engine = AudioEngine::new(EngineConfig { output: "offline".into(), ..Default::default() })?;
    /// engine.run()?;
    /// let events = engine.subscribe()?;
    /// engine.load_sample_async(Some(0), Source::Path("missing.wav".into()), 0)?;
    /// engine.shut_down();
    /// let last = events.drain(None).pop();
    /// assert!(last.is_some_and(|event| event.is_terminal()) && events.is_finished());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn subscribe(&self) -> Result<Subscription, EngineError> {
        self.with(|running| Ok(Subscription::new(running.bus.clone())))
    }

    /// The queue that [`poll_playback_events`](Self::poll_playback_events) takes from, to wait for
    /// what comes.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use hotcue_actors::{AudioEngine, EngineConfig};
    ///
    /// let engine = AudioEngine::new(EngineConfig { output: "null".into(), ..Default::default() })?;
    /// engine.run()?;
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert!(engine.playback_events().wait(deadline).is_none());
    /// engine.shut_down();
    /// assert!(engine.playback_events().is_finished());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn playback_events(&self) -> &Arc<PlaybackQueue> {
        self.notices.polled()
    }

    /// A queue of the caller's own, which gets every notice of a voice from now on. It takes none
    /// from [`playback_events`](Self::playback_events) or from other subscriptions.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn subscribe_playback(&self) -> Result<PlaybackSubscription, EngineError> {
        self.with(|_| {
            let notices = Arc::clone(&self.notices);
            Ok(PlaybackSubscription { queue: notices.subscribe(), notices })
        })
    }
}
