//! What can be heard in a sample: loudness, key, tempo, beats, onsets.
//!
//! An [`AnalysisJob`] is a plain value that is stepped, as a load is. It goes over a finished
//! sample once, block by block; every analysis that was asked for hears each block and concludes
//! after the last one. Nothing here draws on chance, on the clock or on the file's name: the same
//! audio has the same results.

mod biquad;
mod block;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod job;
mod key;
mod kind;
mod loudness;
mod mono;
mod onsets;
mod quick;
mod rhythm;
mod single;
mod tempo;
#[cfg(test)]
mod tests;
mod waveform;

pub use error::AnalysisError;
pub use job::{AnalysisJob, AnalysisStep};
pub use key::{Key, Mode};
pub use kind::{AnalysisKind, AnalysisResult};
pub use loudness::{Loudness, ReplayGain};
pub use onsets::{GridSlicing, Onsets, grid_slices};
pub use tempo::{TempoAlternative, TempoEstimate};
pub(crate) use waveform::Block as WaveformBlock;
pub use waveform::{ColouredWaveform, Pixel, Resolution};

use block::Block;

/// Rises with every change to what an analysis finds: results of another version are not kept.
pub(crate) const VERSION: u32 = 32;

/// One pass over a sample, for one kind of result or for several that share their work.
trait Analyzer: Send {
    /// Hears the frames that follow those that it has heard.
    fn hear(&mut self, block: &Block<'_>);

    /// Called again and again after the last block, until it says [`Conclusion::End`]: does the
    /// next part of the work, at most 1 ms of it, by a budget that is counted, not timed.
    fn conclude(&mut self) -> Conclusion;
}

/// What a call of [`Analyzer::conclude`] came to.
enum Conclusion {
    /// There is more to do.
    More,
    /// A result; there may be others.
    Result(AnalysisResult),
    /// All results were given.
    End,
}
