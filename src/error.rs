//! Why a load failed, where it was, and what was odd about one that did not.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::Source;

/// What kind of failure ended a load: what the caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// Nothing is at the path.
    NotFound,
    /// The file may not be read by this user.
    PermissionDenied,
    /// Reading failed below the decoder.
    Io,
    /// The container or codec is not known, or outside the documented limits.
    UnsupportedFormat,
    /// The content contradicts its own format beyond repair.
    Corrupt,
    /// The file holds no audio frame.
    Empty,
    /// The result would exceed `max_sample_bytes`, three quarters of the memory, or what the system
    /// can allocate.
    TooLarge,
    /// The result does not fit into the memory budget.
    OutOfMemoryBudget,
    /// A running audio callback took no message for 2 s.
    RingBufferFull,
    /// A decoder panicked on this file; the pool lives on.
    WorkerPanic,
    /// The audio device failed.
    Device,
}

impl LoadErrorKind {
    /// The name that events and Python exceptions carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::PermissionDenied => "permission_denied",
            Self::Io => "io",
            Self::UnsupportedFormat => "unsupported_format",
            Self::Corrupt => "corrupt",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::OutOfMemoryBudget => "out_of_memory_budget",
            Self::RingBufferFull => "ring_buffer_full",
            Self::WorkerPanic => "worker_panic",
            Self::Device => "device",
        }
    }
}

#[derive(Debug)]
struct Inner {
    kind: LoadErrorKind,
    message: String,
    path: Option<PathBuf>,
    source: Option<Arc<dyn Error + Send + Sync + 'static>>,
}

/// Why a load failed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LoadError(Arc<Inner>);

impl LoadError {
    /// Makes an error of `kind`; `message` is one lower-case clause that does not repeat its source.
    pub fn new(kind: LoadErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), path: None, source: None }))
    }

    /// What a job has failed with as long as a step of it runs: should that unwind, nobody takes the
    /// job for one that can go on.
    pub(crate) fn interrupted() -> Self {
        Self::new(LoadErrorKind::WorkerPanic, "the load was interrupted")
    }

    /// The file holds no audio.
    pub(crate) fn no_frame() -> Self {
        Self::new(LoadErrorKind::Empty, "holds no audio frame")
    }

    /// Makes an error of the kind that fits an I/O failure while reading `source`.
    pub fn from_io(error: io::Error, source: &Source) -> Self {
        let (kind, message) = match error.kind() {
            io::ErrorKind::NotFound => (LoadErrorKind::NotFound, "file not found"),
            io::ErrorKind::PermissionDenied => {
                (LoadErrorKind::PermissionDenied, "permission denied")
            }
            _ => (LoadErrorKind::Io, "reading failed"),
        };
        let this = Self::new(kind, message);
        // The system's own words would say the same again.
        let said = kind != LoadErrorKind::Io && error.raw_os_error().is_some();
        let this = if said { this } else { this.with_source(error) };
        match source.path() {
            Some(path) => this.with_path(path),
            None => this,
        }
    }

    /// The same error with its cause.
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        let Inner { kind, message, path, .. } = self.parts();
        Self(Arc::new(Inner { kind, message, path, source: Some(Arc::new(source)) }))
    }

    /// The same error with the file it is about.
    pub fn with_path(self, path: &Path) -> Self {
        let inner = self.parts();
        Self(Arc::new(Inner { path: Some(path.to_path_buf()), ..inner }))
    }

    fn parts(self) -> Inner {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner,
            Err(shared) => Inner {
                kind: shared.kind,
                message: shared.message.clone(),
                path: shared.path.clone(),
                source: shared.source.clone(),
            },
        }
    }

    /// What the caller can act on.
    pub fn kind(&self) -> LoadErrorKind {
        self.0.kind
    }

    /// The file, if the load had one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The message followed by the messages of all its causes.
    pub fn full_message(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Where a load is. Stages only ever go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// Waiting for a decoder.
    Queued,
    /// Opened; no frame decoded yet.
    Reading,
    /// Decoding, and resampling as it goes.
    Decoding,
    /// Flushing the resampler's tail.
    Resampling,
    /// Decoded, on its way to the audio side.
    Publishing,
}

impl Stage {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Reading => "reading",
            Self::Decoding => "decoding",
            Self::Resampling => "resampling",
            Self::Publishing => "publishing",
        }
    }

    /// The stage that `value as u8` came from; the last one for anything beyond.
    pub fn from_u8(value: u8) -> Self {
        match value {
            0 => Self::Queued,
            1 => Self::Reading,
            2 => Self::Decoding,
            3 => Self::Resampling,
            _ => Self::Publishing,
        }
    }
}

/// What kind of oddity a successful load met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningCode {
    /// The file states more audio than it holds, or changes rate or channels midway: what is there
    /// up to then is played.
    Truncated,
    /// Some packets could not be decoded or are missing: silence stands in their place where their
    /// length is known (`frames`), the others are left out.
    DecodeErrors,
    /// The file does not say how long it is.
    LengthEstimated,
    /// The content is of another format than the extension says.
    ExtensionMismatch,
    /// Values beyond full scale, by more than floating-point rounding, or 2 dB with a lossy codec,
    /// explains.
    Clipped,
    /// NaN or infinite values, replaced by 0.
    NonFinite,
}

impl WarningCode {
    /// The name that events carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::DecodeErrors => "decode_errors",
            Self::LengthEstimated => "length_estimated",
            Self::ExtensionMismatch => "extension_mismatch",
            Self::Clipped => "clipped",
            Self::NonFinite => "non_finite",
        }
    }

    /// Names of the figures that a warning of it may have.
    pub fn number_names(self) -> &'static [&'static str] {
        match self {
            Self::Truncated => &["frames", "stated_frames"],
            Self::DecodeErrors => &["packets", "frames", "packets_left_out", "skipped_bytes"],
            Self::LengthEstimated => &["frames", "estimated_frames"],
            Self::ExtensionMismatch => &[],
            Self::Clipped => &["values", "peak"],
            Self::NonFinite => &["values"],
        }
    }
}

/// An oddity of a file that loaded all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadWarning {
    /// What it is.
    pub code: WarningCode,
    /// One sentence for a person.
    pub message: String,
    /// Figures by name, of [`WarningCode::number_names`], e.g. `("packets", 3.0)`.
    pub numbers: Vec<(&'static str, f64)>,
}
