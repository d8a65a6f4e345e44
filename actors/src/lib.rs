//! Actors of hotcue, and the engine that starts and stops them.
//!
//! [`AudioEngine`] is the synchronous façade. Behind it a [`LoaderSupervisor`] gives
//! [`LoadSample`] requests to a pool of [`DecoderActor`]s, which forward decoded audio to the
//! [`AudioSinkActor`]; all of them publish [`LoaderEvent`]s to the [`EventBus`].
//!
//! # Features
//!
//! `device`, on by default: sound cards, as in `hotcue`.

mod analysis;
mod aside;
mod budget;
mod bus;
mod clock;
mod config;
mod crew;
mod decoder;
mod engine;
mod error;
mod events;
mod forks;
mod home;
mod job;
mod looks;
mod messages;
mod os;
mod playback;
mod queue;
mod registry;
mod request;
mod sample;
mod signal;
mod sink;
mod storing;
mod streaming;
mod submit;
mod supervisor;
mod table;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
mod wakers;
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "`testing` exports it"))]
mod work;

pub use bus::EventBus;
pub use config::{EngineConfig, MAX_SLOTS, MAX_VOICES, MAX_WORKERS};
pub use decoder::DecoderActor;
pub use engine::{
    AnalysesWaiter, AnalysisAnswer, AudioEngine, BatchProgress, Clock, EngineStats, LoadBatch,
    LoadStatus, LoadTicket, LoadWaiter, LoopMode, Meters, Normalize, PlayLoop, PlayOptions,
    PlaybackSubscription, RenderedAudio, RunInfo, SubmitOptions, Subscription, Timed, VoiceChange,
    VoicePosition, WhenLoading,
};
pub use error::{AnalysisFailure, ConfigError, EngineError, LoadFailure, SubmitError};
pub use events::{CancelReason, DeviceState, LoaderEvent, StageTimes};
pub use messages::{CancelLoad, Flush, LoadSample, SetPriority, Subscribe, Unsubscribe};
pub use playback::{DropReason, PlaybackNotice, UnreadNotices};
pub use queue::{EventQueue, PlaybackQueue, Queue, QueueWaker, Unread, UnreadLoads};
pub use sample::{NamedSample, Sample};
pub use signal::Signal;
pub use sink::{AudioSinkActor, AudioStreamHandle};
pub use streaming::MAX_STREAM_VOICES;
pub use supervisor::LoaderSupervisor;
pub use table::SlotState;
