//! The content of a file, hashed step by step.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Instant;

use super::card::Key;
use crate::decode::{CountingReader, OpenedSource, ReadState};

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
