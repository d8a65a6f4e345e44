//! The file that a streamed sample is read from, by many at once.

use std::sync::Arc;

use crate::decode::{self, Decoder, Kept, OpenedSource, ReadState, StreamInfo};
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::Collector;
use crate::source::{Pulse, Source, SourceIdentity, identify, is_another};
use crate::spec::AudioSpec;

/// Where a sample comes from, which file that was when it was opened first, and what is kept of it
/// for whoever opens it again.
#[derive(Debug)]
pub(super) struct Origin {
    source: Source,
    identity: Option<SourceIdentity>,
    byte_len: u64,
    /// What it held when it was opened first.
    format: Option<Format>,
    kept: Kept,
}

/// What has to be the same for one opening to go on where another was.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    spec: AudioSpec,
    container: String,
    codec: String,
}

impl Format {
    fn of(info: &StreamInfo) -> Self {
        Self { spec: info.spec, container: info.container.clone(), codec: info.codec.clone() }
    }
}

/// A source that is open, at its first frame.
pub(super) struct Opened {
    pub(super) decoder: Box<dyn Decoder>,
    pub(super) read: Arc<ReadState>,
}

impl Origin {
    /// Opens `source` for the first time; what it says beside its audio goes into `found`.
    ///
    /// # Errors
    /// Those of a load.
    pub(super) fn new(
        source: &Source,
        pulse: Arc<Pulse>,
        found: &mut Collector,
    ) -> Result<(Arc<Self>, Opened), LoadError> {
        let content = OpenedSource::open(source, pulse)?;
        let (identity, byte_len) = (content.identity(), content.byte_len());
        let (source, kept) = (source.clone(), Kept::default());
        let mut this = Self { source, identity, byte_len, format: None, kept };
        let opened = this.read(content, found)?;
        this.format = Some(Format::of(opened.decoder.info()));
        Ok((Arc::new(this), opened))
    }

    /// Opens it once more.
    ///
    /// # Errors
    /// `io` when it is another file by now, and those of a load.
    pub(super) fn open(
        &self,
        pulse: Arc<Pulse>,
        found: &mut Collector,
    ) -> Result<Opened, LoadError> {
        let content = OpenedSource::open(&self.source, pulse)?;
        let is_another = is_another(content.identity(), self.identity);
        if is_another || content.byte_len() != self.byte_len {
            return Err(changed());
        }
        let opened = self.read(content, found)?;
        // A source of the caller's own has no identity.
        match self.format == Some(Format::of(opened.decoder.info())) {
            true => Ok(opened),
            false => Err(changed()),
        }
    }

    fn read(&self, content: OpenedSource, found: &mut Collector) -> Result<Opened, LoadError> {
        let read = content.state();
        let decoder = decode::open_with(content, &self.kept, found)?;
        Ok(Opened { decoder, read })
    }

    /// Where it comes from.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Which file it is; None for what is no file.
    pub(super) fn identity(&self) -> Option<SourceIdentity> {
        self.identity
    }

    /// Its length in bytes.
    pub(super) fn byte_len(&self) -> u64 {
        self.byte_len
    }

    /// Bytes of what is played out of memory.
    pub(super) fn content_bytes(&self) -> usize {
        match &self.source {
            Source::Memory(content) => content.len(),
            Source::Path(_) | Source::Custom(_) => 0,
        }
    }

    /// Bytes of what is kept of it.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept.byte_len()
    }

    /// Whether the file is still what it was, as far as its path tells: of one that was cut short,
    /// the end is not the end.
    ///
    /// # Errors
    /// `io` where another file is there by now.
    pub(super) fn check(&self) -> Result<(), LoadError> {
        let found = self.source.path().and_then(|path| identify(path).ok());
        match found.is_some() && is_another(found, self.identity) {
            true => Err(changed()),
            false => Ok(()),
        }
    }
}

/// The file is another one by now.
pub(super) fn changed() -> LoadError {
    LoadError::new(LoadErrorKind::Io, "the file changed while it was played")
}
