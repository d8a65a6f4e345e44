//! The numbers of frames in Ogg Vorbis whose pages count them wrongly.
//!
//! Positions of pages that ffmpeg writes are off by some hundred frames where the length of blocks
//! changes, and some encoders' first page counts fewer frames than it holds. Whoever plays such a file
//! from its start hears all frames that there are; whoever enters it in the middle has to number them
//! likewise. How long a packet is, its first byte says.
//!
//! # Sources
//! *Vorbis I specification*, 4.2.2 and 4.2.4 (lengths of blocks, mappings and modes), 4.3.1 and 4.3.8
//! (which of them a packet has, and how many frames it adds); RFC 3533, 6 (pages).

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::Bits;
use crate::decode::ogg::{CAPTURE, is_sound};
use crate::error::LoadError;

/// Bytes of the header of a page, without the lengths of its segments.
const HEADER_BYTES: usize = 27;
/// Pages behind the first one of audio that are looked at to see whether a file counts rightly.
const LOOKED_AT: usize = 24;
/// As most files are one-shots, which are read all the same.
const BUFFER_BYTES: usize = 1 << 14;
/// The longest file that is looked at as a whole.
const MAX_BYTES: u64 = 64 << 20;

/// How many frames a packet has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Blocks {
    /// Frames of short and of long blocks.
    lengths: [u64; 2],
    /// Whether the blocks of each mode are long.
    modes: Vec<bool>,
}

impl Blocks {
    /// Of the header of identification, and what follows the residues in that of setup.
    pub(super) fn parse(ident: &[u8], bits: &mut Bits<'_>) -> Result<Self, LoadError> {
        let channels = u32::from(ident[11]);
        let lengths = [ident[28] & 15, ident[28] >> 4].map(|power| 1 << power);
        for _ in 0..=bits.take(6)? {
            bits.take(16)?;
            let submaps = if bits.take(1)? == 1 { bits.take(4)? + 1 } else { 1 };
            if bits.take(1)? == 1 {
                let width = bits_of(channels.saturating_sub(1));
                for _ in 0..=bits.take(8)? {
                    bits.skip(2 * u64::from(width))?;
                }
            }
            bits.take(2)?;
            if submaps > 1 {
                bits.skip(4 * u64::from(channels))?;
            }
            bits.skip(3 * 8 * u64::from(submaps))?;
        }
        let mut modes = Vec::new();
        for _ in 0..=bits.take(6)? {
            modes.push(bits.take(1)? == 1);
            bits.skip(16 + 16 + 8)?;
        }
        Ok(Self { lengths, modes })
    }

    /// The length of the block that begins with `byte`; None where that begins a header or nothing.
    fn length(&self, byte: u8) -> Option<u64> {
        let width = bits_of(u32::try_from(self.modes.len() - 1).ok()?);
        let mode = usize::from(byte >> 1) & ((1 << width) - 1);
        let is_long = self.modes.get(mode).filter(|_| byte & 1 == 0)?;
        Some(self.lengths[usize::from(*is_long)])
    }
}

/// Bits that hold all numbers up to `number`.
fn bits_of(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

/// Where the pages of a file that counts wrongly begin.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::decode) struct Numbering {
    /// Where the first page with audio ends, as it says.
    first_end: i64,
    /// Of each further page, where the one before it ends as it says, and how many frames lie between
    /// the first page and this one.
    starts: Vec<(i64, u64)>,
}

impl Numbering {
    /// Of stream `serial`; `all`: whether all of it is looked at, not only the first pages. None where
    /// these count rightly, and where it is damaged or joined, so that what
    /// lies before a place is not known without decoding it.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn of(
        reader: &mut (impl Read + Seek),
        serial: u32,
        blocks: &Blocks,
        all: bool,
    ) -> io::Result<Option<Self>> {
        if reader.seek(SeekFrom::End(0))? > MAX_BYTES {
            return Ok(None);
        }
        reader.seek(SeekFrom::Start(0))?;
        let mut pages = RawPages {
            source: BufReader::with_capacity(BUFFER_BYTES, reader),
            content: Vec::new(),
        };
        let mut found: Option<Self> = None;
        let (mut frames, mut position, mut sequence) = (0, 0, None);
        let (mut before, mut begun, mut longest) = (None, None, 0);
        let mut is_wrong = false;
        while let Some(page) = pages.next()? {
            // A decoder passes it, whatever it seems to hold.
            if !page.is_sound {
                return Ok(None);
            }
            if page.serial != serial {
                continue;
            }
            let is_next = sequence.is_none_or(|last: u32| page.sequence == last.wrapping_add(1));
            if !is_next || (page.is_first && found.is_some()) {
                return Ok(None);
            }
            sequence = Some(page.sequence);
            let (mut held, mut ends) = (0, false);
            let mut at = 0;
            for length in &page.lengths {
                let first = begun.or_else(|| pages.content.get(at).copied());
                at += usize::from(*length);
                begun = first.filter(|_| *length == 255);
                if begun.is_some() {
                    continue;
                }
                // What begins on a page that is not there, or is a header, has none.
                if let Some(length) = first.and_then(|byte| blocks.length(byte)) {
                    let frames = before.map_or(0, |before: u64| (before + length) / 4);
                    (held, longest) = (held + frames, longest.max(frames));
                    (before, ends) = (Some(length), true);
                }
            }
            if !ends {
                continue;
            }
            let Some(numbering) = &mut found else {
                found = Some(Self { first_end: page.position, starts: Vec::new() });
                position = page.position;
                continue;
            };
            numbering.starts.push((position, frames));
            let stated = page.position.saturating_sub(position);
            let off = stated.saturating_sub_unsigned(held);
            // Frames that are missing become silence, which is counted elsewhere.
            if off > i64::try_from(longest).unwrap_or(i64::MAX) {
                return Ok(None);
            }
            is_wrong |= off != 0 && !page.is_last;
            if !all && !is_wrong && numbering.starts.len() >= LOOKED_AT {
                return Ok(None);
            }
            frames += held;
            position = page.position;
        }
        Ok(found.filter(|_| is_wrong))
    }

    /// The time of a frame, where the first one has `first_time`.
    pub(in crate::decode) fn time_of(&self, frame: u64, first_time: i64) -> i64 {
        let number = |(_, frames): &(i64, u64)| self.number(*frames, first_time);
        let behind = self.starts.partition_point(|start| number(start) <= i128::from(frame));
        let time = match behind.checked_sub(1).map(|last| self.starts[last]) {
            Some(start) => i128::from(start.0) + i128::from(frame) - number(&start),
            None => i128::from(first_time) + i128::from(frame),
        };
        i64::try_from(time).unwrap_or(i64::MAX)
    }

    /// The frame that a page begins with, if one begins at `time`.
    pub(in crate::decode) fn frame_at(&self, time: i64, first_time: i64) -> Option<u64> {
        // Positions may fall back: the later one of two.
        let (_, frames) = self.starts.iter().rev().find(|(start, _)| *start == time)?;
        u64::try_from(self.number(*frames, first_time)).ok()
    }

    fn number(&self, frames: u64, first_time: i64) -> i128 {
        i128::from(self.first_end) - i128::from(first_time) + i128::from(frames)
    }
}

/// Pages as they say that they lie, one behind the other.
struct RawPages<R> {
    source: R,
    /// Of the last page.
    content: Vec<u8>,
}

struct RawPage {
    /// Whether its checksum is right.
    is_sound: bool,
    is_first: bool,
    is_last: bool,
    position: i64,
    serial: u32,
    sequence: u32,
    lengths: Vec<u8>,
}

impl<R: Read> RawPages<R> {
    /// The next page; None where none follows, or not all of it.
    fn next(&mut self) -> io::Result<Option<RawPage>> {
        let mut header = Vec::new();
        self.source.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        if header.len() < HEADER_BYTES || !header.starts_with(CAPTURE) {
            return Ok(None);
        }
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        let mut lengths = Vec::new();
        self.source.by_ref().take(header[26].into()).read_to_end(&mut lengths)?;
        if lengths.len() < usize::from(header[26]) {
            return Ok(None);
        }
        let len = lengths.iter().copied().map(u64::from).sum();
        self.content.clear();
        if self.source.by_ref().take(len).read_to_end(&mut self.content)? as u64 != len {
            return Ok(None);
        }
        Ok(Some(RawPage {
            is_sound: is_sound(&header, &lengths, &self.content),
            is_first: header[5] & 2 != 0,
            is_last: header[5] & 4 != 0,
            position: i64::from(word(10)) << 32 | i64::from(word(6)),
            serial: word(14),
            sequence: word(18),
            lengths,
        }))
    }
}
