//! What precedes the audio of FLAC, made plain: symphonia 0.6.1 refuses headers with zeros in them,
//! missing ones, and metadata that contradicts itself, none of which it needs.
//!
//! # Sources
//! RFC 9639: 8.1 (metadata blocks), 8.2 (`STREAMINFO`), 9.1 (headers of frames, with a checksum of
//! the polynomial 0x07).

use std::io::{self, Read, Seek, SeekFrom};

use crate::error::{LoadError, LoadErrorKind};

const MAGIC: &[u8] = b"fLaC";
const STREAM_INFO_BYTES: usize = 34;
const ID3V1_BYTES: u64 = 128;
/// Marks the last metadata block; the kind 0 is `STREAMINFO`.
const LAST: u8 = 0x80;
const INVALID_KIND: u8 = 127;
const MAX_BLOCKS: usize = 1024;
/// Bytes in which the first frame is looked for, where metadata does not end with it.
const SEARCH_BYTES: u64 = 4 << 20;
/// Longest header of a frame.
const MAX_HEADER_BYTES: usize = 16;
/// What a block has at least.
const MIN_BLOCK_FRAMES: u16 = 16;

/// What a file begins with, in place of all that it has before its audio.
pub(super) struct Plain {
    pub(super) head: Vec<u8>,
    /// Where the audio begins.
    pub(super) audio: u64,
}

/// The header of a frame, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FrameHeader {
    is_fixed: bool,
    block_frames: u16,
    /// None: as `STREAMINFO` has it.
    sample_rate: Option<u32>,
    channels: u8,
    bits: Option<u8>,
}

/// Reads all that precedes the audio of the file that `reader` is at the start of, and leaves it
/// anywhere.
///
/// # Errors
/// Those of the reader. None: no frame is to be seen.
pub(super) fn plain(reader: &mut (impl Read + Seek)) -> io::Result<Option<Plain>> {
    let mut info = None;
    let mut at = MAGIC.len() as u64;
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
            info = <[u8; STREAM_INFO_BYTES]>::try_from(content).ok();
        }
        last = at;
        at += 4 + len;
        if kind & LAST != 0 {
            break;
        }
    }
    let head = bytes_at(reader, at, MAX_HEADER_BYTES)?;
    let found = match frame_header(&head) {
        Some(frame) => Some((at, frame)),
        // The length of the last block was wrong.
        None => first_frame(reader, last)?,
    };
    let Some((audio, frame)) = found else { return Ok(None) };
    let Some(info) = repaired(info, frame) else { return Ok(None) };
    let length = [0, 0, 0, 34];
    Ok(Some(Plain { head: [MAGIC, &[LAST], &length[1..], &info].concat(), audio }))
}

/// Where the audio may end at the latest: an ID3v1 tag, of 128 bytes from `TAG` on, is none, and
/// symphonia would lose the last frame to it. Leaves `reader` anywhere.
///
/// # Errors
/// Those of the reader.
pub(super) fn end(reader: &mut (impl Read + Seek)) -> io::Result<u64> {
    let len = reader.seek(SeekFrom::End(0))?;
    let Some(tag) = len.checked_sub(ID3V1_BYTES) else { return Ok(len) };
    Ok(if bytes_at(reader, tag, 3)? == b"TAG" { tag } else { len })
}

/// `STREAMINFO` out of what containers keep of it: with or without the magic and other blocks.
///
/// # Errors
/// `corrupt` without it.
pub(super) fn stream_info(private: &[u8]) -> Result<[u8; STREAM_INFO_BYTES], LoadError> {
    let mut rest = private.strip_prefix(MAGIC).unwrap_or(private);
    if let Ok(info) = rest.try_into() {
        return Ok(plain_info(info));
    }
    while let Some((&[kind, a, b, c], content)) = rest.split_first_chunk() {
        let len = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        if kind & !LAST == 0
            && let Some(info) = content.first_chunk()
        {
            return Ok(plain_info(*info));
        }
        rest = content.get(len..).unwrap_or(&[]);
    }
    Err(LoadError::new(LoadErrorKind::Corrupt, "the header of its FLAC stream is missing"))
}

/// With block sizes that symphonia accepts, where none are stated.
fn plain_info(mut info: [u8; STREAM_INFO_BYTES]) -> [u8; STREAM_INFO_BYTES] {
    let [min, max] = [0, 2].map(|at| u16::from_be_bytes([info[at], info[at + 1]]));
    let min = min.max(MIN_BLOCK_FRAMES);
    let max = if max < min { u16::MAX } else { max };
    set_blocks(&mut info, min, max);
    info
}

fn set_blocks(info: &mut [u8; STREAM_INFO_BYTES], min: u16, max: u16) {
    info[..2].copy_from_slice(&min.to_be_bytes());
    info[2..4].copy_from_slice(&max.to_be_bytes());
    // The sizes of frames are of no use, and wrong in some files.
    info[4..10].fill(0);
}

/// A header that the frames agree with; None where neither says enough.
fn repaired(
    info: Option<[u8; STREAM_INFO_BYTES]>,
    frame: FrameHeader,
) -> Option<[u8; STREAM_INFO_BYTES]> {
    let mut info = info.unwrap_or([0; STREAM_INFO_BYTES]);
    let stated_max = u16::from_be_bytes([info[2], info[3]]);
    if frame.is_fixed {
        let block = frame.block_frames.max(MIN_BLOCK_FRAMES);
        // A single block may be shorter than those that there might have been.
        let block = if stated_max > block && info[..2] == info[2..4] { stated_max } else { block };
        set_blocks(&mut info, block, block);
    } else {
        let max = if stated_max >= frame.block_frames.max(MIN_BLOCK_FRAMES + 1) {
            stated_max
        } else {
            u16::MAX
        };
        set_blocks(&mut info, MIN_BLOCK_FRAMES, max);
    }
    // Rate in 20 bits, channels less one in 3, bits less one in 5, frames in 36.
    let word = u64::from_be_bytes(*info[10..].first_chunk()?);
    let rate = frame.sample_rate.map_or(word >> 44, u64::from);
    let bits = frame.bits.map_or(word >> 36 & 31, |bits| u64::from(bits) - 1);
    let channels = u64::from(frame.channels - 1);
    // Fewer cannot be.
    if rate == 0 || bits < 3 {
        return None;
    }
    let word = rate << 44 | channels << 41 | bits << 36 | word & 0xf_ffff_ffff;
    info[10..18].copy_from_slice(&word.to_be_bytes());
    Some(info)
}

/// The first frame at `from` or behind it.
fn first_frame(
    reader: &mut (impl Read + Seek),
    from: u64,
) -> io::Result<Option<(u64, FrameHeader)>> {
    reader.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    reader.by_ref().take(SEARCH_BYTES).read_to_end(&mut bytes)?;
    let found = (0..bytes.len()).find_map(|at| {
        let frame = frame_header(&bytes[at..bytes.len().min(at + MAX_HEADER_BYTES)])?;
        Some((from + at as u64, frame))
    });
    Ok(found)
}

fn bytes_at(reader: &mut (impl Read + Seek), at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    if i64::try_from(at).is_ok() {
        reader.seek(SeekFrom::Start(at))?;
        reader.by_ref().take(len as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The header that `bytes` begin with, if its checksum is right.
fn frame_header(bytes: &[u8]) -> Option<FrameHeader> {
    let &[0xff, second @ (0xf8 | 0xf9), third, fourth, fifth, ..] = bytes else { return None };
    // The number of the block or frame, as long as UTF-8 would have it.
    let number_bytes = match fifth.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let mut at = 4 + number_bytes;
    let mut number = |len: usize| {
        let bytes = bytes.get(at..at + len)?;
        at += len;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    };
    let block_frames = match third >> 4 {
        0 => return None,
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => number(1)? + 1,
        7 => number(2)? + 1,
        code => 256 << (code - 8),
    };
    let sample_rate = match third & 15 {
        0 => None,
        code @ 1..=11 => Some(
            [
                88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
                96_000,
            ][usize::from(code) - 1],
        ),
        12 => Some(number(1)? * 1000),
        13 => Some(number(2)?),
        14 => Some(number(2)? * 10),
        _ => return None,
    };
    let channels = match fourth >> 4 {
        code @ 0..=7 => code + 1,
        8..=10 => 2,
        _ => return None,
    };
    let bits = match fourth >> 1 & 7 {
        0 => None,
        3 => return None,
        code => Some([0, 8, 12, 0, 16, 20, 24, 32][usize::from(code)]),
    };
    if fourth & 1 != 0 || checksum(bytes.get(..at)?) != *bytes.get(at)? {
        return None;
    }
    Some(FrameHeader {
        is_fixed: second == 0xf8,
        // 65,536 at most, which the header of the stream cannot state.
        block_frames: u16::try_from(block_frames).unwrap_or(u16::MAX),
        sample_rate,
        channels,
        bits,
    })
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum, _| sum << 1 ^ if sum >> 7 == 0 { 0 } else { 0x07 })
    })
}

#[cfg(test)]
mod tests;
