//! A file of the cache: a head with a record, and blocks of bytes, each behind it its checksum.
//!
//! | bytes | |
//! |---|---|
//! | 8 | what it is: `hotcue`, a letter, and the version of this format |
//! | 32 | the key |
//! | 8 | length of the record |
//! | … | the record: what is known before the blocks |
//! | 8 | XXH3 of all this |
//! | … | for each block its bytes, and XXH3 of these, whose seed is the number of the block |
//!
//! Numbers are little endian. Nothing follows the last block.

use std::io::{self, ErrorKind, Read, Write};

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

use super::card::Key;
use super::field::Field;

/// Longest record: tags and cues of a file have their own limits, far below.
const MAX_RECORD_BYTES: u64 = 64 << 20;
const SUM_BYTES: usize = size_of::<u64>();

/// What a file of the cache begins with.
pub(super) type Magic = [u8; 8];

/// Writes it, block by block.
pub(super) struct PartsWriter<W> {
    target: W,
    blocks: u64,
    bytes: Vec<u8>,
}

impl<W: Write> PartsWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn new(
        mut target: W,
        magic: Magic,
        key: Key,
        record: &impl Field,
    ) -> io::Result<Self> {
        let mut bytes = Vec::new();
        record.put(&mut bytes);
        let mut head = [magic.as_slice(), key.as_bytes()].concat();
        (bytes.len() as u64).put(&mut head);
        head.append(&mut bytes);
        xxh3_64(&head).put(&mut head);
        target.write_all(&head)?;
        Ok(Self { target, blocks: 0, bytes })
    }

    /// Writes the next block: what `put` appends.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn block(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.bytes.clear();
        put(&mut self.bytes);
        xxh3_64_with_seed(&self.bytes, self.blocks).put(&mut self.bytes);
        self.blocks += 1;
        self.target.write_all(&self.bytes)
    }

    pub(super) fn into_inner(self) -> W {
        self.target
    }
}

/// Reads it block by block, and believes nothing that its checksum does not confirm.
pub(super) struct PartsReader<R> {
    source: R,
    /// Bytes that follow the head.
    left: u64,
    blocks: u64,
    bytes: Vec<u8>,
}

impl<R: Read> PartsReader<R> {
    /// Reads the head of a file of `byte_len` bytes, and the record in it.
    ///
    /// # Errors
    /// `InvalidData` for what is no sound file of this kind and key; those of the source.
    pub(super) fn new<T: Field>(
        mut source: R,
        byte_len: u64,
        magic: Magic,
        key: Key,
    ) -> io::Result<(Self, T)> {
        let mut head = vec![0; magic.len() + 32 + 8];
        source.read_exact(&mut head)?;
        let (its_magic, rest) = head.split_at(magic.len());
        let (its_key, mut len) = rest.split_at(32);
        let record_len = u64::take(&mut len).filter(|len| *len <= MAX_RECORD_BYTES.min(byte_len));
        let (Some(record_len), true) =
            (record_len, its_magic == magic && its_key == key.as_bytes())
        else {
            return Err(unsound());
        };
        let start = head.len();
        source.by_ref().take(record_len + SUM_BYTES as u64).read_to_end(&mut head)?;
        let summed = head.len().checked_sub(SUM_BYTES).filter(|end| *end >= start);
        let (body, mut sum) = head.split_at(summed.ok_or_else(unsound)?);
        if u64::take(&mut sum) != Some(xxh3_64(body)) {
            return Err(unsound());
        }
        let mut fields = &body[start..];
        let record = T::take(&mut fields).filter(|_| fields.is_empty()).ok_or_else(unsound)?;
        let left = byte_len.checked_sub(head.len() as u64).ok_or_else(unsound)?;
        Ok((Self { source, left, blocks: 0, bytes: Vec::new() }, record))
    }

    /// Checks that there follow exactly `blocks` blocks of `bytes` bytes in all.
    ///
    /// # Errors
    /// `InvalidData` if not.
    pub(super) fn expect(&self, bytes: Option<u64>, blocks: u64) -> io::Result<()> {
        let sums = blocks.checked_mul(SUM_BYTES as u64);
        let expected = bytes.zip(sums).and_then(|(bytes, sums)| bytes.checked_add(sums));
        if expected == Some(self.left) { Ok(()) } else { Err(unsound()) }
    }

    /// Reads the next block, of `len` bytes.
    ///
    /// # Errors
    /// `InvalidData` for a block whose checksum is another; those of the source.
    pub(super) fn block(&mut self, len: usize) -> io::Result<&[u8]> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize(len, 0);
        let mut block = self.begin_block();
        block.read(&mut bytes).and_then(|()| block.end())?;
        self.bytes = bytes;
        Ok(&self.bytes)
    }

    /// Begins to read the next block, piece by piece.
    pub(super) fn begin_block(&mut self) -> BlockReader<'_, R> {
        let number = self.blocks;
        self.blocks += 1;
        BlockReader { source: &mut self.source, sum: Xxh3::with_seed(number) }
    }
}

/// A block that is being read: of what it holds nothing is to be believed before [`end`](Self::end).
pub(super) struct BlockReader<'a, R> {
    source: &'a mut R,
    sum: Xxh3,
}

impl<R: Read> BlockReader<'_, R> {
    /// Fills `bytes` with what comes next.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.source.read_exact(bytes)?;
        self.sum.update(bytes);
        Ok(())
    }

    /// Compares the checksum, which follows the block.
    ///
    /// # Errors
    /// `InvalidData` for another; those of the source.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let mut sum = [0; SUM_BYTES];
        self.source.read_exact(&mut sum)?;
        if u64::from_le_bytes(sum) == self.sum.digest() { Ok(()) } else { Err(unsound()) }
    }
}

pub(super) fn unsound() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no sound entry")
}
