//! Who reads all events, and knows what is still to come.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hotcue::playback::PlaybackEvent;
use hotcue_actors::{AudioEngine, LoaderEvent, PlaybackNotice};
use hotcue_tests::Contract;

use super::caller::Done;

/// How long ended requests are remembered: longer than anything waits in a queue here.
const MEMORY_SEC: f64 = 10.0;

/// What was read, and how often.
#[derive(Debug, Default)]
pub(super) struct Reader {
    contract: Contract,
    /// Accepted, without a terminal event so far.
    open: HashSet<u64>,
    /// With a terminal event, but nobody has said so far that it was accepted, and since when:
    /// a play that brings back an evicted sample makes a request that no caller knows.
    early: HashMap<u64, f64>,
    pub(super) events: HashMap<&'static str, u64>,
    pub(super) voices_ended: u64,
    now_sec: f64,
    tidied_sec: f64,
}

impl Reader {
    /// Reads until `over`, and then what is left.
    pub(super) fn run(&mut self, engine: &AudioEngine, done: &Done, over: &AtomicBool) {
        loop {
            let last = over.load(Ordering::Acquire);
            if let Some(event) = engine.events().wait(Instant::now() + Duration::from_millis(20)) {
                self.see(event);
            }
            for event in engine.drain_loader_events(None) {
                self.see(event);
            }
            while let Some(notice) = engine.poll_playback_events() {
                self.hear(notice);
            }
            for id in done.accepted.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                if self.early.remove(&id).is_none() {
                    self.open.insert(id);
                }
            }
            if self.now_sec > self.tidied_sec + 1.0 {
                self.tidied_sec = self.now_sec;
                self.contract.forget_ended_before(self.now_sec - MEMORY_SEC);
                self.early.retain(|_, since| *since > self.now_sec - MEMORY_SEC);
            }
            if last {
                return;
            }
        }
    }

    /// Accepted requests whose terminal event has not come.
    pub(super) fn without_end(&self) -> usize {
        self.open.len()
    }

    /// Requests that have ended.
    pub(super) fn ended(&self) -> usize {
        self.contract.ended()
    }

    fn see(&mut self, event: LoaderEvent) {
        *self.events.entry(event.kind()).or_default() += 1;
        self.now_sec = self.now_sec.max(event.time_sec());
        if let Some(id) = event.request_id().filter(|_| event.is_terminal())
            && !self.open.remove(&id)
        {
            self.early.insert(id, self.now_sec);
        }
        self.contract.see(event);
    }

    fn hear(&mut self, notice: PlaybackNotice) {
        let ended = matches!(
            notice,
            PlaybackNotice::Voice(PlaybackEvent::Ended { .. }) | PlaybackNotice::Dropped { .. }
        );
        self.voices_ended += u64::from(ended);
    }
}
