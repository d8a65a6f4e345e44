//! Headers, read piece by piece from anywhere in a file through one buffer.

use std::io::{self, Read, Seek};

use crate::decode::packets::Blocks;

/// Bytes that are read at once: most files have all of their header in here.
const BLOCK_BYTES: usize = 4096;
/// Most bytes that one look may ask for.
pub(crate) const MAX_LOOK_BYTES: usize = 64 << 10;

/// A reader of headers.
pub(crate) struct Window<'r, R>(Blocks<&'r mut R>);

impl<'r, R: Read + Seek> Window<'r, R> {
    /// Looks at the `len` bytes that `reader` has.
    pub(crate) fn new(reader: &'r mut R, len: u64) -> Self {
        Self(Blocks::of(BLOCK_BYTES, reader, len))
    }

    /// Length of the whole, in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    /// The blocks that it looks through.
    pub(in crate::decode) fn blocks(&mut self) -> &mut Blocks<&'r mut R> {
        &mut self.0
    }

    /// The `count` bytes from `position` on, fewer only at the end of the file or beyond
    /// [`MAX_LOOK_BYTES`].
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn look(&mut self, position: u64, count: usize) -> io::Result<&[u8]> {
        self.0.look(position, count.min(MAX_LOOK_BYTES))
    }

    /// The `count` bytes from `position` on, fewer only at the end of the file. Room is made for
    /// them as they come.
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn read(&mut self, position: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            let at = position.saturating_add(bytes.len() as u64);
            let piece = self.look(at, count - bytes.len())?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(piece);
        }
        Ok(bytes)
    }
}
