//! What the audio side says, and to whom.

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hotcue::playback::PlaybackEvent;

use crate::queue::{PlaybackQueue, Unread};

/// Playback events that wait at most; beyond it the oldest go. Rounds of loops get half of it.
const MAX_WAITING: usize = 4_096;

/// Why a play that was asked for never sounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The load it waited for ended without success.
    LoadEnded,
    /// `max_wait_sec` passed, and its `at_frame`.
    WaitedTooLong,
    /// A later play of the same slot took its place.
    Replaced,
    /// `stop_sample` or `stop_all`.
    Stopped,
    /// `unload_sample`.
    Unloaded,
    /// The output takes no commands.
    OutputStalled,
    /// As many streams play as can, [`MAX_STREAM_VOICES`](crate::MAX_STREAM_VOICES).
    TooManyStreams,
}

impl DropReason {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoadEnded => "load_ended",
            Self::WaitedTooLong => "waited_too_long",
            Self::Replaced => "replaced",
            Self::Stopped => "stopped",
            Self::Unloaded => "unloaded",
            Self::OutputStalled => "output_stalled",
            Self::TooManyStreams => "too_many_streams",
        }
    }
}

/// One thing that happened to a voice.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum PlaybackNotice {
    /// The callback's own word.
    Voice(PlaybackEvent),
    /// A play that never sounded.
    Dropped {
        /// The voice id that `play_sample` returned.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Why.
        reason: DropReason,
    },
}

impl PlaybackNotice {
    /// The voice that is over with it.
    fn end_of(&self) -> Option<u64> {
        match *self {
            Self::Voice(PlaybackEvent::Ended { voice, .. }) | Self::Dropped { voice, .. } => {
                Some(voice)
            }
            Self::Voice(_) => None,
        }
    }
}

/// What a queue keeps of voices: the newest, whatever becomes of them.
#[derive(Debug, Default)]
pub struct UnreadNotices {
    waiting: VecDeque<PlaybackNotice>,
    /// How many of them are rounds.
    rounds: usize,
    dropped: u64,
}

impl UnreadNotices {
    /// Takes out the oldest one, or the oldest round.
    fn drop_oldest(&mut self, of_rounds: bool) {
        let at = self.waiting.iter().position(|notice| !of_rounds || is_round(notice));
        if let Some(notice) = at.and_then(|at| self.waiting.remove(at)) {
            self.rounds -= usize::from(is_round(&notice));
            self.dropped += 1;
        }
    }
}

fn is_round(notice: &PlaybackNotice) -> bool {
    matches!(notice, PlaybackNotice::Voice(PlaybackEvent::Looped { .. }))
}

impl Unread for UnreadNotices {
    type Event = PlaybackNotice;

    fn push(&mut self, notice: PlaybackNotice) {
        // Rounds come by the dozen: half of the room is left to what happens once per voice.
        let is_round = is_round(&notice);
        let is_full = self.waiting.len() == MAX_WAITING;
        if is_round && (is_full || self.rounds == MAX_WAITING / 2) {
            if self.rounds == 0 {
                self.dropped += 1;
                return;
            }
            self.drop_oldest(true);
        } else if is_full {
            self.drop_oldest(false);
        }
        self.rounds += usize::from(is_round);
        self.waiting.push_back(notice);
    }

    fn pop(&mut self) -> Option<PlaybackNotice> {
        let notice = self.waiting.pop_front()?;
        self.rounds -= usize::from(is_round(&notice));
        Some(notice)
    }

    fn count(&self) -> usize {
        self.waiting.len()
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Hands every notice to every reader's own queue, and knows which voices are not over.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    polled: Arc<PlaybackQueue>,
    subscribers: Mutex<Vec<Arc<PlaybackQueue>>>,
    /// One whose end the callback had no room to tell of stays till the next run.
    living: Mutex<HashSet<u64>>,
}

impl Notices {
    /// The queue of whoever polls. It has what subscribers have, and takes nothing from them.
    pub(crate) fn polled(&self) -> &Arc<PlaybackQueue> {
        &self.polled
    }

    /// A queue that gets every notice from now on.
    pub(crate) fn subscribe(&self) -> Arc<PlaybackQueue> {
        let queue = Arc::new(PlaybackQueue::new());
        lock(&self.subscribers).push(Arc::clone(&queue));
        queue
    }

    /// It gets none any more.
    pub(crate) fn unsubscribe(&self, queue: &Arc<PlaybackQueue>) {
        lock(&self.subscribers).retain(|subscriber| !Arc::ptr_eq(subscriber, queue));
        queue.close();
    }

    /// A voice was given out.
    pub(crate) fn begin(&self, voice: u64) {
        lock(&self.living).insert(voice);
    }

    /// Whether a voice was given out in this run, and is not over.
    pub(crate) fn is_living(&self, voice: u64) -> bool {
        lock(&self.living).contains(&voice)
    }

    /// No voice of the last run lives in the next.
    pub(crate) fn begin_run(&self) {
        lock(&self.living).clear();
    }

    pub(crate) fn push(&self, notice: PlaybackNotice) {
        // First, so that what a notice says is already true.
        if let Some(voice) = notice.end_of() {
            lock(&self.living).remove(&voice);
        }
        self.polled.push(notice);
        // Without the lock: whoever is woken may end a subscription.
        let subscribers = lock(&self.subscribers).clone();
        subscribers.iter().for_each(|queue| queue.push(notice));
    }

    /// Something may come.
    pub(crate) fn open(&self) {
        self.polled.open();
    }

    /// Nothing will come: whoever waits is woken.
    pub(crate) fn close(&self) {
        self.polled.close();
        let subscribers = mem::take(&mut *lock(&self.subscribers));
        subscribers.iter().for_each(|queue| queue.close());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
