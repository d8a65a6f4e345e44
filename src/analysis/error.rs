//! Why there is no result.

use thiserror::Error;

/// Why an analysis has no result. Audio that has nothing to be found in it is no error: silence
/// has a result that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The sample still grows.
    #[error("the sample is not finished")]
    Unfinished,
}

impl AnalysisError {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
        }
    }
}
