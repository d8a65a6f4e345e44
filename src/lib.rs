//! Audio core of hotcue.
//!
//! Decodes files into planar `f32`, resamples them, plays them and hears what is in them: sample
//! buffers, mixer, realtime callback, outputs, analysis. Knows no actor and no Python, and spawns
//! no thread except through an output.
//!
//! A [`LoadJob`] loads a file and an [`analysis::AnalysisJob`] hears what is in it, step by step,
//! in whatever thread; [`playback::split`] makes the two ends of what plays, and an [`output`] pulls
//! one of them. The crate `hotcue-actors` has an engine that does all of that on threads of its own.
//!
//! # Features
//!
//! `device`, on by default: sound cards, by cpal, which links with libasound on Linux. Without it
//! there are the outputs without a card: [`prepare_null`](output::prepare_null),
//! [`prepare_offline`](output::prepare_offline) and [`mock`](output::mock).

#![cfg_attr(rtsan, feature(sanitize))]

mod buffer;
mod cache;
mod clearing;
mod decode;
mod error;
mod job;
mod kaiser;
mod metadata;
mod resample;
mod source;
mod speakers;
mod spec;
mod stream;
#[cfg(test)]
mod testing;

pub mod analysis;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod output;
pub mod playback;

pub use buffer::{SampleBuffer, SampleWriter, Waveform};
pub use cache::{
    Cache, CacheStats, CacheStore, CachedAnalysis, CachedHearing, CachedLoad, HearingStep,
    SourceFacts,
};
pub use clearing::Clearing;
pub use decode::StreamInfo;
pub use error::{LoadError, LoadErrorKind, LoadWarning, Stage, WarningCode};
pub use job::{Help, Helper, LoadJob, LoadOptions, LoadedSample, SharedLoad, StageTimings, Step};
pub use metadata::{
    Acid, Broadcast, Cover, Cue, Instrument, Loop, LoopKind, MAX_COVER_BYTES, MAX_KEPT_COVER_BYTES,
    Metadata, Tags, Tempo, TempoSource, read_cover,
};
pub use resample::{Resampler, Workbench, output_frames};
pub use source::mismatch as extension_mismatch;
pub use source::{ByteSource, Pulse, ReadSeek, Source, SourceIdentity, extensions, identify};
pub use speakers::Speakers;
pub use spec::{AudioSpec, MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};
pub use stream::{
    Excerpt, ExcerptStep, StreamFeed, StreamOpening, StreamReader, StreamScan, StreamStep,
    StreamWatch, StreamedSample, Wish,
};
