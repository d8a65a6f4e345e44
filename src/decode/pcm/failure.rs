//! Why a header is not read to its end.

use std::io;

use crate::error::{LoadError, LoadErrorKind};

/// What ends the reading of a header.
#[derive(Debug)]
pub(in crate::decode) enum Failure {
    /// The source failed.
    Io(io::Error),
    /// The header did.
    Load(LoadError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

/// A header that contradicts itself.
pub(super) fn corrupt(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadErrorKind::Corrupt, message)
}

/// A header that makes sense, but not to us.
pub(super) fn unsupported(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, message)
}

/// A header behind which no audio comes.
pub(super) fn no_audio() -> LoadError {
    corrupt("the file is incomplete, its audio is missing")
}
