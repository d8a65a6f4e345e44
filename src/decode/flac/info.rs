//! What precedes the frames.
//!
//! # Sources
//! RFC 9639: 8.1 (metadata blocks), 8.2 (`STREAMINFO`).

use std::io::{self, Read, Seek, SeekFrom};

use super::header::{FrameHeader, MAX_HEADER_BYTES};
use crate::error::{LoadError, LoadErrorKind};

pub(super) const MAGIC: &[u8] = b"fLaC";
const STREAM_INFO_BYTES: usize = 34;
/// Marks the last metadata block; the kind 0 is `STREAMINFO`.
const LAST: u8 = 0x80;
const INVALID_KIND: u8 = 127;
const MAX_BLOCKS: usize = 1024;
/// Bytes in which the first frame is looked for, where metadata does not end with it.
const SEARCH_BYTES: u64 = 4 << 20;

/// What `STREAMINFO` says, zeros where it is missing. Each frame is right where it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    /// In Hz; 0: it does not say.
    pub(super) sample_rate: u32,
    pub(super) channels: usize,
    /// Bits of one value, at least 4; 0: it does not say.
    pub(super) bits: u32,
    /// Frames of audio; 0: it does not say.
    pub(super) frames: u64,
}

impl StreamInfo {
    fn parse(block: &[u8; STREAM_INFO_BYTES]) -> Self {
        let number = |range: std::ops::Range<usize>| {
            block[range].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        // 20 bits of rate, 3 of channels, 5 of bits, 36 of frames.
        let word = number(10..18);
        #[allow(clippy::cast_possible_truncation, reason = "20 bits at most")]
        let field = |shift: u32, width: u32| (word >> shift & ((1 << width) - 1)) as u32;
        let bits = field(36, 5) + 1;
        Self {
            sample_rate: field(44, 20),
            channels: field(41, 3) as usize + 1,
            bits: if bits < 4 { 0 } else { bits },
            frames: word & 0xf_ffff_ffff,
        }
    }

    /// Out of what containers keep of a stream's header: with or without the magic and other
    /// blocks.
    ///
    /// # Errors
    /// `corrupt` without it.
    pub(crate) fn of_container(private: &[u8]) -> Result<Self, LoadError> {
        let mut rest = private.strip_prefix(MAGIC).unwrap_or(private);
        if let Ok(block) = rest.try_into() {
            return Ok(Self::parse(block));
        }
        while let Some((&[kind, a, b, c], content)) = rest.split_first_chunk() {
            let len = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
            if kind & !LAST == 0
                && let Some(block) = content.first_chunk()
            {
                return Ok(Self::parse(block));
            }
            rest = content.get(len..).unwrap_or(&[]);
        }
        Err(LoadError::new(LoadErrorKind::Corrupt, "the header of its FLAC stream is missing"))
    }
}

/// What precedes the audio of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Preamble {
    pub(super) info: StreamInfo,
    /// Where the first frame begins.
    pub(super) audio: u64,
}

/// Reads all that precedes the audio of the stream whose magic is at `start`, and leaves `reader`
/// anywhere.
///
/// # Errors
/// Those of the reader. None: no frame is to be seen.
pub(super) fn read(reader: &mut (impl Read + Seek), start: u64) -> io::Result<Option<Preamble>> {
    let mut info = None;
    let mut at = start + MAGIC.len() as u64;
    let mut last = at;
    for _ in 0..MAX_BLOCKS {
        let header = bytes_at(reader, at, 4)?;
        let &[kind, a, b, c] = header.as_slice() else { break };
        let len = u64::from(u32::from_be_bytes([0, a, b, c]));
        // No block, but a frame.
        if kind & !LAST == INVALID_KIND {
            break;
        }
        if kind & !LAST == 0 && info.is_none() {
            let content = bytes_at(reader, at + 4, STREAM_INFO_BYTES)?;
            info = content.first_chunk().map(StreamInfo::parse);
        }
        last = at;
        at += 4 + len;
        if kind & LAST != 0 {
            break;
        }
    }
    let info = info.unwrap_or_default();
    let head = bytes_at(reader, at, MAX_HEADER_BYTES)?;
    if FrameHeader::parse(&head).is_some() {
        return Ok(Some(Preamble { info, audio: at }));
    }
    // The length of the last block was wrong.
    Ok(first_frame(reader, last)?.map(|audio| Preamble { info, audio }))
}

/// Where the first frame at `from` or behind it begins.
pub(super) fn first_frame(reader: &mut (impl Read + Seek), from: u64) -> io::Result<Option<u64>> {
    reader.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    reader.by_ref().take(SEARCH_BYTES).read_to_end(&mut bytes)?;
    let found = (0..bytes.len()).find(|at| FrameHeader::parse(&bytes[*at..]).is_some());
    Ok(found.map(|at| from + at as u64))
}

fn bytes_at(reader: &mut (impl Read + Seek), at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    if i64::try_from(at).is_ok() {
        reader.seek(SeekFrom::Start(at))?;
        reader.by_ref().take(len as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
