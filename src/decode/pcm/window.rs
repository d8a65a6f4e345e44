//! Headers, read piece by piece from anywhere in a file through one buffer.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read at once: most files have all of their header in here.
const BLOCK_BYTES: usize = 4096;
/// Most bytes that one look may ask for.
pub(crate) const MAX_LOOK_BYTES: usize = 64 << 10;

/// A reader of headers.
pub(crate) struct Window<'r, R> {
    reader: &'r mut R,
    len: u64,
    buffer: Vec<u8>,
    start: u64,
}

impl<'r, R: Read + Seek> Window<'r, R> {
    /// Looks at the `len` bytes that `reader` has.
    pub(crate) fn new(reader: &'r mut R, len: u64) -> Self {
        Self { reader, len, buffer: Vec::new(), start: 0 }
    }

    /// Length of the whole, in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The `count` bytes from `position` on, fewer only at the end of the file or beyond
    /// [`MAX_LOOK_BYTES`].
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn look(&mut self, position: u64, count: usize) -> io::Result<&[u8]> {
        let count = count.min(MAX_LOOK_BYTES);
        if position >= self.len {
            return Ok(&[]);
        }
        if self.held(position, count).is_none() {
            self.reader.seek(SeekFrom::Start(position))?;
            self.start = position;
            self.buffer.clear();
            let wanted = (count.max(BLOCK_BYTES) as u64).min(self.len - position);
            // All in one call: without the room, the buffer would grow read by read.
            self.buffer.reserve_exact(usize::try_from(wanted).unwrap_or(0));
            self.reader.by_ref().take(wanted).read_to_end(&mut self.buffer)?;
        }
        let held = self.held(position, count).unwrap_or(0..self.buffer.len());
        Ok(&self.buffer[held])
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

    /// Where in the buffer `count` bytes from `position` lie, if they all do.
    fn held(&self, position: u64, count: usize) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(position.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(count)?;
        (to <= self.buffer.len()).then_some(from..to)
    }
}
