//! What comes out of the callback.

/// What the audio callback reports.
///
/// Every `Play` gets exactly one `Ended`, after its `Started` if it sounded. A full ring drops
/// events, the `Looped` ones when it is half full already, which [`PlaybackShared::dropped_events`](super::PlaybackShared::dropped_events) counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackEvent {
    /// A voice sounds.
    Started {
        /// Which voice.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Render clock of its first frame.
        frame: u64,
    },
    /// A voice has come to the end of its loop, and begun it anew or turned round. Of a voice
    /// that does so more than once in a block of 256 frames or less, the last time is told.
    Looped {
        /// Which voice.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Render clock of its first frame after that.
        frame: u64,
        /// How often it has, so far.
        rounds: u64,
    },
    /// A voice is over.
    Ended {
        /// Which voice.
        voice: u64,
        /// Its slot.
        slot: u32,
        /// Render clock of the first frame without it.
        frame: u64,
        /// Why.
        reason: EndReason,
    },
}

/// Why a voice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// It reached the end of its sample.
    Finished,
    /// A stop command, or [`Restart`](super::Retrigger::Restart) or
    /// [`Toggle`](super::Retrigger::Toggle) of a newer voice.
    Stopped,
    /// More than `max_voices` wanted to sound.
    Stolen,
    /// A newer voice of its choke group.
    Choked,
    /// Its slot was unloaded.
    Unloaded,
    /// It never sounded, because the slot did: [`Ignore`](super::Retrigger::Ignore) or
    /// [`Toggle`](super::Retrigger::Toggle).
    Ignored,
    /// It never sounded: the slot was empty.
    NoSample,
    /// The callback panicked, a bug; all voices end then.
    Failed,
    /// It streams, and its file can no longer be read, or is another one by now.
    SourceLost,
}

impl EndReason {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Stolen => "stolen",
            Self::Choked => "choked",
            Self::Unloaded => "unloaded",
            Self::Ignored => "ignored",
            Self::NoSample => "no_sample",
            Self::Failed => "failed",
            Self::SourceLost => "source_lost",
        }
    }
}
