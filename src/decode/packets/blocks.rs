//! A file read in blocks, from anywhere.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read at once: some dozens of packets.
const BLOCK_BYTES: usize = 32 << 10;
/// Most bytes that one look may ask for: far more than any packet has.
pub(in crate::decode) const MAX_LOOK_BYTES: usize = 4 << 20;

/// Reads anywhere, and keeps the last block.
pub(in crate::decode) struct Blocks<R> {
    reader: R,
    len: u64,
    /// Bytes that are read at once.
    block_bytes: usize,
    buffer: Vec<u8>,
    start: u64,
}

impl<R: Read + Seek> Blocks<R> {
    /// Looks at the `len` bytes that `reader` has.
    pub(in crate::decode) fn new(reader: R, len: u64) -> Self {
        Self::of(BLOCK_BYTES, reader, len)
    }

    /// The same with at least `block_bytes` bytes at once.
    pub(in crate::decode) fn of(block_bytes: usize, reader: R, len: u64) -> Self {
        Self { reader, len, block_bytes, buffer: Vec::new(), start: 0 }
    }

    /// Length of the whole, in bytes.
    pub(in crate::decode) fn len(&self) -> u64 {
        self.len
    }

    /// Back to the reader.
    pub(in crate::decode) fn into_reader(self) -> R {
        self.reader
    }

    /// The `count` bytes from `at` on, fewer only at the end of the file or beyond
    /// [`MAX_LOOK_BYTES`].
    ///
    /// # Errors
    /// Those of the reader.
    pub(in crate::decode) fn look(&mut self, at: u64, count: usize) -> io::Result<&[u8]> {
        let count = count.min(MAX_LOOK_BYTES);
        if at >= self.len {
            return Ok(&[]);
        }
        if self.held(at, count).is_none() {
            self.reader.seek(SeekFrom::Start(at))?;
            self.start = at;
            self.buffer.clear();
            let wanted = (count.max(self.block_bytes) as u64).min(self.len - at);
            // All in one call: without the room, the buffer would grow read by read.
            self.buffer.reserve_exact(usize::try_from(wanted).unwrap_or(0));
            self.reader.by_ref().take(wanted).read_to_end(&mut self.buffer)?;
        }
        let held = self.held(at, count).unwrap_or(0..self.buffer.len());
        Ok(&self.buffer[held])
    }

    /// Where in the buffer `count` bytes from `at` lie, if they all do.
    fn held(&self, at: u64, count: usize) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(count)?;
        (to <= self.buffer.len()).then_some(from..to)
    }
}
