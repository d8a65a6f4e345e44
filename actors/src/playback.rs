//! What the audio side says, and the queue it says it in.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hotcue::playback::PlaybackEvent;

/// Playback events that wait at most; beyond it the oldest go. Rounds of loops get half of it.
const MAX_WAITING: usize = 4_096;

/// Why a play that was asked for never sounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The load it waited for ended without success.
    LoadEnded,
    /// `max_wait_sec` passed.
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

/// Playback notices for the one who polls, and which voices are not over.
#[derive(Debug, Default)]
pub(crate) struct PlaybackQueue {
    len: AtomicUsize,
    waiting: Mutex<VecDeque<PlaybackNotice>>,
    /// One whose end the callback had no room to tell of stays till the next run.
    living: Mutex<HashSet<u64>>,
}

impl PlaybackQueue {
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
        let mut waiting = lock(&self.waiting);
        // Rounds come by the dozen: half of the room is left to what happens once per voice.
        let is_round = matches!(notice, PlaybackNotice::Voice(PlaybackEvent::Looped { .. }));
        if is_round && waiting.len() >= MAX_WAITING / 2 {
            return;
        }
        if waiting.len() == MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(notice);
        self.len.store(waiting.len(), Ordering::Release);
    }

    pub(crate) fn poll(&self) -> Option<PlaybackNotice> {
        if self.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut waiting = lock(&self.waiting);
        let notice = waiting.pop_front();
        self.len.store(waiting.len(), Ordering::Release);
        notice
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
