//! Where packets lie: chunks of them side by side.
//!
//! # Sources
//! ISO/IEC 14496-12: `stsz`, `stz2` (8.7.3), `stsc` (8.7.4), `stco`, `co64` (8.7.5).

use std::io::{self, Read, Seek};

use super::boxes::{Place, child};
use super::fields::{u32_at, u64_at};
use crate::decode::packets::Blocks;

/// Packets side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) at: u64,
    pub(super) first_packet: u64,
    pub(super) packets: u64,
    pub(super) sizes: Sizes,
}

/// How long the packets of a chunk are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sizes {
    /// All of so many bytes.
    Same(u32),
    /// As the table has them from this entry on.
    From(usize),
}

/// The packets of a track.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) chunks: Vec<Chunk>,
    sizes: Vec<u32>,
    packets: u64,
}

impl Table {
    /// Reads the tables of a track.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(blocks: &mut Blocks<R>, tables: Place) -> io::Result<Self> {
        let mut this = Self::default();
        let (same, packets) = this.read_sizes(blocks, tables)?;
        let spans = match child(blocks, tables, &[*b"stsc"])? {
            Some(stsc) => stsc.all(blocks)?,
            None => Vec::new(),
        };
        let (offsets, width) = match child(blocks, tables, &[*b"stco"])? {
            Some(stco) => (stco.all(blocks)?, 4),
            None => match child(blocks, tables, &[*b"co64"])? {
                Some(co64) => (co64.all(blocks)?, 8),
                None => return Ok(this),
            },
        };
        // First chunk, counted from 1, packets in each, description.
        let mut spans = spans.get(8..).unwrap_or(&[]).as_chunks::<12>().0.iter().peekable();
        let mut in_each = 0;
        let count = usize::try_from(u32_at(&offsets, 4).unwrap_or(0)).unwrap_or(usize::MAX);
        let offsets = offsets.get(8..).unwrap_or(&[]).chunks_exact(width);
        // As many as there are, and no more: while it grew, there would be twice as many and more.
        let most = usize::try_from(packets).unwrap_or(usize::MAX);
        this.chunks.reserve_exact(offsets.len().min(count).min(most));
        for (number, offset) in (1_u64..).zip(offsets.take(count)) {
            while let Some(span) = spans
                .next_if(|span| u32_at(*span, 0).is_some_and(|first| u64::from(first) <= number))
            {
                in_each = u64::from(u32_at(span, 4).unwrap_or(0));
            }
            let left = packets - this.packets;
            if left == 0 {
                break;
            }
            let at = match width {
                4 => u32_at(offset, 0).map(u64::from),
                _ => u64_at(offset, 0),
            };
            let sizes = match same {
                Some(size) => Sizes::Same(size),
                None => Sizes::From(usize::try_from(this.packets).unwrap_or(usize::MAX)),
            };
            this.push(at.unwrap_or(u64::MAX), in_each.min(left), sizes);
        }
        this.chunks.shrink_to_fit();
        Ok(this)
    }

    /// The size of all packets, if they have one, and their number.
    fn read_sizes<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
        tables: Place,
    ) -> io::Result<(Option<u32>, u64)> {
        if let Some(stsz) = child(blocks, tables, &[*b"stsz"])? {
            let head = stsz.head(blocks, 12)?;
            let (same, count) = (u32_at(head, 4).unwrap_or(0), u32_at(head, 8).unwrap_or(0));
            if same > 0 {
                return Ok((Some(same), u64::from(count)));
            }
            let bytes = stsz.behind(12).all(blocks)?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let entries = bytes.as_chunks::<4>().0.iter().take(count);
            self.sizes = entries.map(|entry| u32::from_be_bytes(*entry)).collect();
        } else if let Some(stz2) = child(blocks, tables, &[*b"stz2"])? {
            let head = stz2.head(blocks, 12)?;
            let (bits, count) = (head.get(7).copied().unwrap_or(0), u32_at(head, 8).unwrap_or(0));
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let bytes = stz2.behind(12).all(blocks)?;
            self.sizes = match bits {
                4 => bytes
                    .iter()
                    .flat_map(|byte| [byte >> 4, byte & 15])
                    .map(u32::from)
                    .take(count)
                    .collect(),
                8 => bytes.iter().copied().map(u32::from).take(count).collect(),
                16 => bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|entry| u32::from(u16::from_be_bytes(*entry)))
                    .take(count)
                    .collect(),
                _ => Vec::new(),
            };
        }
        Ok((None, self.sizes.len() as u64))
    }

    /// Appends a chunk.
    pub(super) fn push(&mut self, at: u64, packets: u64, sizes: Sizes) {
        let is_empty = packets == 0 || matches!(sizes, Sizes::Same(0));
        if !is_empty {
            self.chunks.push(Chunk { at, first_packet: self.packets, packets, sizes });
            self.packets = self.packets.saturating_add(packets);
        }
    }

    /// Regards what lies in the chunks as blocks of `bytes` bytes and `frames` frames, whatever the
    /// tables call a packet: one frame, whose size they may have wrong, or several blocks.
    pub(super) fn regard_as_blocks(&mut self, bytes: u32, frames: u32) {
        let (bytes, frames) = (bytes.max(1), frames.max(1));
        let chunks = std::mem::take(&mut self.chunks);
        self.packets = 0;
        for chunk in chunks {
            let blocks = match chunk.sizes {
                Sizes::Same(size) if size >= bytes && size % bytes == 0 => {
                    chunk.packets.saturating_mul(u64::from(size / bytes))
                }
                Sizes::Same(_) => chunk.packets / u64::from(frames),
                Sizes::From(_) => self.bytes_before(&chunk, chunk.packets) / u64::from(bytes),
            };
            self.push(chunk.at, blocks, Sizes::Same(bytes));
        }
        self.sizes = Vec::new();
    }

    /// Appends the size of one packet, of a chunk that [`push`](Self::push) adds later.
    pub(super) fn push_size(&mut self, size: u32) {
        self.sizes.push(size);
    }

    /// Where the next size will be.
    pub(super) fn next_size(&self) -> usize {
        self.sizes.len()
    }

    /// How many packets there are.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    /// Where in the file the last packet begins.
    pub(super) fn last_packet(&self) -> Option<u64> {
        let chunk = self.chunks.last()?;
        Some(chunk.at.saturating_add(self.bytes_before(chunk, chunk.packets - 1)))
    }

    /// Bytes held.
    pub(super) fn byte_len(&self) -> usize {
        size_of_val(self.chunks.as_slice()) + size_of_val(self.sizes.as_slice())
    }

    /// The chunk that packet `number` is in; the number of chunks beyond the last one.
    pub(super) fn chunk_of(&self, number: u64) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.first_packet.saturating_add(chunk.packets) <= number)
    }

    /// Bytes of the packet `into` its chunk.
    pub(super) fn size(&self, chunk: &Chunk, into: u64) -> u32 {
        match chunk.sizes {
            Sizes::Same(size) => size,
            Sizes::From(first) => usize::try_from(into)
                .ok()
                .and_then(|into| self.sizes.get(first.checked_add(into)?))
                .copied()
                .unwrap_or(0),
        }
    }

    /// Bytes of the first `packets` packets of a chunk.
    pub(super) fn bytes_before(&self, chunk: &Chunk, packets: u64) -> u64 {
        match chunk.sizes {
            Sizes::Same(size) => packets.saturating_mul(u64::from(size)),
            Sizes::From(first) => {
                let count = usize::try_from(packets).unwrap_or(usize::MAX);
                let sizes = self.sizes.iter().skip(first).take(count);
                sizes.map(|size| u64::from(*size)).sum()
            }
        }
    }
}
