//! Audio core of hotcue.
//!
//! Decodes files into planar `f32`, resamples them, and plays them: sample buffers, mixer,
//! realtime callback, outputs. Knows no actor and no Python, and spawns no thread except
//! through an output.

mod buffer;
mod error;
mod resample;
mod source;
mod spec;

pub mod output;
pub mod playback;

pub use buffer::{SampleBuffer, SampleWriter};
pub use error::{LoadError, LoadErrorKind, LoadWarning, Stage, WarningCode};
pub use resample::{Resampler, Workbench, output_frames};
pub use source::Source;
pub use spec::{AudioSpec, MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};
