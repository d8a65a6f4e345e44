//! What symphonia's errors mean to somebody who only wants to hear a file. Its own words follow
//! as the cause.

use symphonia::core::errors::Error;

use crate::error::{LoadError, LoadErrorKind};

/// Why a file could not be opened.
pub(super) fn opening_failed(error: Error) -> LoadError {
    let (kind, message) = match &error {
        Error::Unsupported(what) if what.starts_with("core (probe)") => return unknown_format(),
        Error::Unsupported(what) if what.starts_with("core (codec)") => return unknown_codec(),
        Error::Unsupported(_) => {
            (LoadErrorKind::UnsupportedFormat, "this variant of the format is not supported")
        }
        Error::LimitError(_) => {
            (LoadErrorKind::UnsupportedFormat, "the file exceeds a limit of its decoder")
        }
        Error::IoError(_) => (LoadErrorKind::Corrupt, "the file ends within its header"),
        _ => (LoadErrorKind::Corrupt, "the file's header is damaged"),
    };
    LoadError::new(kind, message).with_source(error)
}

/// The content resembles nothing.
pub(super) fn unknown_format() -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, "not an audio file of a supported format")
}

/// The container is known, what is in it is not.
pub(super) fn unknown_codec() -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, "its audio codec is not supported")
}

/// The container holds something else.
pub(super) fn no_audio_track() -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, "has no audio track")
}
