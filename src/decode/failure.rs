//! What failures of reading mean to somebody who only wants to hear a file.

use std::io;

use super::reader::ReadState;
use crate::error::{LoadError, LoadErrorKind};

/// An I/O error that we met ourselves: the source's own, or an end that comes too early.
pub(super) fn io_failure(read: &ReadState, seen: io::Error) -> LoadError {
    source_failure(read).unwrap_or_else(|| {
        LoadError::new(LoadErrorKind::Corrupt, "the file's header is damaged").with_source(seen)
    })
}

/// Why the source gives nothing any more, which a format reader may have swallowed or taken for an
/// end.
pub(super) fn source_failure(read: &ReadState) -> Option<LoadError> {
    read.take_failure()
}
