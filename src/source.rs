//! Where the bytes of a load come from.

mod extension;
mod identity;
mod pulse;

use std::fmt;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::LoadError;

pub use extension::extensions;
pub use extension::mismatch;
#[cfg(windows)]
pub(crate) use identity::is_of_disk;
pub use identity::{SourceIdentity, identify};
pub(crate) use identity::{identity, is_another};
pub use pulse::Pulse;

/// Where the bytes of a load come from. Cheap to clone.
#[derive(Clone)]
pub enum Source {
    /// A file. Opened by the decoder's first step, by nobody else.
    Path(PathBuf),
    /// The content itself.
    Memory(Arc<[u8]>),
    /// Anything else that can be read and sought, e.g. an archive's member.
    Custom(Arc<dyn ByteSource>),
}

impl Source {
    /// The path, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Memory(_) | Self::Custom(_) => None,
        }
    }

    /// What went wrong with it, with its path, where there is one and none is named yet.
    pub(crate) fn named(&self, error: LoadError) -> LoadError {
        match self.path() {
            Some(path) if error.path().is_none() => error.with_path(path),
            _ => error,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            // Not the bytes: a song has millions.
            Self::Memory(bytes) => write!(f, "Memory({} bytes)", bytes.len()),
            Self::Custom(source) => f.debug_tuple("Custom").field(source).finish(),
        }
    }
}

/// A source of bytes that the caller supplies, for what is neither a file nor in memory.
///
/// Every method is called in the thread that steps what reads it, an engine's decoder for one, and
/// never before the first step; a panic in one unwinds that step. A length that is not true, or a
/// read that fails, is an error or a warning as of any file.
///
/// An engine's decoders are threads that drive a tokio runtime, in which tokio's `block_on` panics.
/// A source of an asynchronous storage sends its requests to a thread, or a task, of its own, and
/// waits for the answer at a channel of `std`. An engine drops sources on a thread apart, which
/// drives none; a reader is dropped by the decoder that is done with it.
///
/// ```
/// use std::io::{self, Cursor};
/// use std::sync::Arc;
/// use hotcue::{ByteSource, LoadJob, LoadOptions, ReadSeek, Source, Workbench};
///
/// struct Silence;
/// impl ByteSource for Silence {
///     fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
///         Ok(Box::new(Cursor::new(vec![0; 100])))
///     }
///     fn name(&self) -> &str {
///         "silence"
///     }
/// }
/// let mut job = LoadJob::new(Source::Custom(Arc::new(Silence)), LoadOptions::default());
/// let error = loop {
///     if let Err(error) = job.step(&mut Workbench::default()) {
///         break error;
///     }
/// };
/// assert_eq!(error.kind().as_str(), "unsupported_format");
/// ```
pub trait ByteSource: Send + Sync {
    /// Opens the content at its first byte.
    ///
    /// # Errors
    /// Any; `NotFound` and `PermissionDenied` keep their kind, all others end the load as `io`.
    fn open(&self) -> io::Result<Box<dyn ReadSeek>>;

    /// A name for log lines and debuggers.
    fn name(&self) -> &str;
}

impl fmt::Debug for dyn ByteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByteSource").field(&self.name()).finish()
    }
}

/// Bytes that can be read and sought; implemented for every type that can.
pub trait ReadSeek: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> ReadSeek for T {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LoadJob, LoadOptions};

    #[test]
    fn what_lies_in_memory_is_shown_by_its_length() {
        let source = Source::Memory(vec![7; 1_000_000].into());
        assert_eq!(format!("{source:?}"), "Memory(1000000 bytes)");
        assert_eq!(format!("{:?}", Source::Path("a.wav".into())), "Path(\"a.wav\")");
        let job = format!("{:?}", LoadJob::new(source, LoadOptions::default()));
        assert!(job.starts_with("LoadJob { source: Memory(1000000 bytes), stage: Queued"), "{job}");
    }
}
