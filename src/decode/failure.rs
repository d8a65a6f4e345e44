//! Why a header is not read to its end, and what that means to somebody who only wants to hear a
//! file.

use std::io;

use super::reader::ReadState;
use crate::error::{LoadError, LoadErrorKind};

/// What ends the reading of a header.
#[derive(Debug)]
pub(super) enum Failure {
    /// The source failed.
    Io(io::Error),
    /// The header did.
    Load(LoadError),
}

impl Failure {
    /// What a load ends with.
    pub(super) fn into_error(self, read: &ReadState) -> LoadError {
        match self {
            Self::Io(error) => io_failure(read, error),
            Self::Load(error) => error,
        }
    }
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

/// An I/O error that we met ourselves: the source's own, or an end that comes too early.
pub(super) fn io_failure(read: &ReadState, seen: io::Error) -> LoadError {
    read.take_failure().unwrap_or_else(|| corrupt("the file's header is damaged").with_source(seen))
}
