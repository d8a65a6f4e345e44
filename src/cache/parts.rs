//! A file of the cache: a head with a record, and blocks of bytes, each behind its checksum.
//!
//! | bytes | |
//! |---|---|
//! | 8 | what it is: `hotcue`, a letter, and the version of this format |
//! | 32 | the key |
//! | 8 | length of the record |
//! | … | the record: what is known before the blocks |
//! | 8 | XXH3 of all this |
//! | … | for each block XXH3 of its bytes, whose seed is the number of the block, and the bytes |
//!
//! Numbers are little endian. Nothing follows the last block.

use std::hash::Hasher as _;
use std::io::{self, BufReader, ErrorKind, Read, Write};

use twox_hash::XxHash3_64 as Xxh3;

use super::card::Key;
use super::field::Field;

/// Longest record: tags and cues of a file have their own limits, far below.
const MAX_RECORD_BYTES: u64 = 64 << 20;
const SUM_BYTES: usize = size_of::<u64>();
/// What is read at once of a head, and of a checksum with what follows it. What is longer is read to
/// where it belongs.
const READ_BYTES: usize = 4_096;
/// A block is read and hashed in pieces of so many bytes: that is still near the processor then.
const PIECE_BYTES: usize = 64 << 10;

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
        Xxh3::oneshot(&head).put(&mut head);
        target.write_all(&head)?;
        Ok(Self { target, blocks: 0, bytes })
    }

    /// Writes the next block: what `put` appends.
    ///
    /// # Errors
    /// Those of the target.
    pub(super) fn block(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend([0; SUM_BYTES]);
        put(&mut self.bytes);
        let (sum, bytes) = self.bytes.split_at_mut(SUM_BYTES);
        sum.copy_from_slice(&Xxh3::oneshot_with_seed(self.blocks, bytes).to_le_bytes());
        self.blocks += 1;
        self.target.write_all(&self.bytes)
    }

    pub(super) fn into_inner(self) -> W {
        self.target
    }
}

/// Reads it block by block, and believes nothing that its checksum does not confirm.
pub(super) struct PartsReader<R> {
    source: BufReader<R>,
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
        source: R,
        byte_len: u64,
        magic: Magic,
        key: Key,
    ) -> io::Result<(Self, T)> {
        let mut source = BufReader::with_capacity(READ_BYTES, source);
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
        if u64::take(&mut sum) != Some(Xxh3::oneshot(body)) {
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
        let mut block = self.begin_block()?;
        block.read(&mut bytes).and_then(|()| block.end())?;
        self.bytes = bytes;
        Ok(&self.bytes)
    }

    /// Begins to read the next block, piece by piece.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn begin_block(&mut self) -> io::Result<BlockReader<'_, R>> {
        let mut sum = [0; SUM_BYTES];
        self.source.read_exact(&mut sum)?;
        let hasher = Xxh3::with_seed(self.blocks);
        self.blocks += 1;
        Ok(BlockReader { source: &mut self.source, sum: u64::from_le_bytes(sum), hasher })
    }
}

/// A block that is being read: of what it holds nothing is to be believed before [`end`](Self::end).
pub(super) struct BlockReader<'a, R> {
    source: &'a mut BufReader<R>,
    sum: u64,
    hasher: Xxh3,
}

impl<R: Read> BlockReader<'_, R> {
    /// Fills `bytes` with what comes next.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        for piece in bytes.chunks_mut(PIECE_BYTES) {
            self.source.read_exact(piece)?;
            self.hasher.write(piece);
        }
        Ok(())
    }

    /// Compares the checksum.
    ///
    /// # Errors
    /// `InvalidData` for another.
    pub(super) fn end(&self) -> io::Result<()> {
        if self.sum == self.hasher.finish() { Ok(()) } else { Err(unsound()) }
    }
}

pub(super) fn unsound() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no sound entry")
}
