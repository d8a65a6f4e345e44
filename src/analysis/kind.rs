//! What may be asked for, and what comes of it.

use std::sync::Arc;

use super::{ColouredWaveform, Key, Loudness, Onsets, TempoEstimate};

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AnalysisKind {
    /// Loudness, range and peaks.
    Loudness,
    /// Levels and bands to draw.
    Waveform,
    /// Where sounds begin.
    Onsets,
    /// Tempo and beats.
    Bpm,
    /// The musical key.
    Key,
}

impl AnalysisKind {
    /// All of them, in the order in which a job gives their results.
    pub const ALL: [Self; 5] = [Self::Loudness, Self::Waveform, Self::Onsets, Self::Bpm, Self::Key];

    /// The name that events and Python have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loudness => "loudness",
            Self::Waveform => "waveform",
            Self::Onsets => "onsets",
            Self::Bpm => "bpm",
            Self::Key => "key",
        }
    }
}

/// What an analysis found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnalysisResult {
    /// How loud it is.
    Loudness(Loudness),
    /// What there is to draw.
    Waveform(Arc<ColouredWaveform>),
    /// Where sounds begin.
    Onsets(Onsets),
    /// Tempo and beats.
    Bpm(TempoEstimate),
    /// The key; None of percussion.
    Key(Option<Key>),
}

impl AnalysisResult {
    /// What it is an answer to.
    pub fn kind(&self) -> AnalysisKind {
        match self {
            Self::Loudness(_) => AnalysisKind::Loudness,
            Self::Waveform(_) => AnalysisKind::Waveform,
            Self::Onsets(_) => AnalysisKind::Onsets,
            Self::Bpm(_) => AnalysisKind::Bpm,
            Self::Key(_) => AnalysisKind::Key,
        }
    }
}
