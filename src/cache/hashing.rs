//! The content of a file, hashed step by step.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Instant;

use super::card::{Content, Key, Origin};
use super::store::Cache;
use crate::decode::{CountingReader, OpenedSource, ReadState};
use crate::source::{Pulse, Source};

/// Bytes of a file that a step hashes: some tenths of a millisecond.
const HASHED_BYTES: usize = 1 << 19;

/// A file whose content is being hashed.
pub(super) struct Hashing {
    reader: CountingReader,
    read: Arc<ReadState>,
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl Hashing {
    pub(super) fn new(source: OpenedSource) -> Self {
        let (reader, read) = source.into_reader();
        Self { reader, read, hasher: blake3::Hasher::new(), bytes: vec![0; HASHED_BYTES] }
    }

    /// Hashes some more; the content once all of it was read.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn step(&mut self) -> io::Result<Option<Key>> {
        self.read.begin_step(Instant::now());
        let read = self.reader.read(&mut self.bytes)?;
        if read == 0 {
            return Ok(Some(Key::content(&self.hasher)));
        }
        self.hasher.update(&self.bytes[..read]);
        Ok(None)
    }
}

/// A source that was decoded, and is hashed before anything is kept of it.
pub(super) struct Confirming {
    hashing: Hashing,
    source: Source,
    /// What that was when its load began.
    origin: Origin,
    /// What it was known to hold then.
    before: Option<Key>,
}

/// What one step came to.
pub(super) enum Confirmed {
    More,
    /// It holds this, and did so when its load began.
    Content(Key),
    /// Nobody knows what it held.
    Not,
}

impl Confirming {
    /// None for what is not what it was.
    pub(super) fn new(
        source: &Source,
        origin: Origin,
        before: Option<Content>,
        pulse: Arc<Pulse>,
    ) -> Option<Self> {
        let opened = OpenedSource::open(source, pulse).ok()?;
        // By now the path may lead to another file, and back before it is hashed.
        (Origin::of(source, &opened) == Some(origin)).then(|| Self {
            hashing: Hashing::new(opened),
            source: source.clone(),
            origin,
            before: before.map(|content| content.key),
        })
    }

    /// Hashes some more. A file that holds something else than its card says gets another one.
    pub(super) fn step(&mut self, cache: &Cache) -> Confirmed {
        match self.hashing.step() {
            Ok(None) => Confirmed::More,
            // Of a file that was written to meanwhile nobody knows what it held.
            Ok(Some(content)) if self.origin.is_unchanged(&self.source) => {
                if self.before == Some(content) {
                    return Confirmed::Content(content);
                }
                if let Some(file) = self.origin.file() {
                    cache.note(&file, content);
                }
                match self.before {
                    None => Confirmed::Content(content),
                    // It was written to through a map, before it was decoded or after that.
                    Some(_) => Confirmed::Not,
                }
            }
            Ok(Some(_)) | Err(_) => Confirmed::Not,
        }
    }
}
