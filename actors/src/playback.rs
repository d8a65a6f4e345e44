//! What the audio side says, and the queue it says it in.

use std::collections::VecDeque;
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

/// Playback notices for the one who polls.
#[derive(Debug, Default)]
pub(crate) struct PlaybackQueue {
    len: AtomicUsize,
    waiting: Mutex<VecDeque<PlaybackNotice>>,
}

impl PlaybackQueue {
    pub(crate) fn push(&self, notice: PlaybackNotice) {
        let mut waiting = self.lock();
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
        let mut waiting = self.lock();
        let notice = waiting.pop_front();
        self.len.store(waiting.len(), Ordering::Release);
        notice
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<PlaybackNotice>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
