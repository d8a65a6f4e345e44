//! The header of a frame.
//!
//! # Sources
//! RFC 9639, 9.1.

use super::checksum;

/// Longest header.
pub(super) const MAX_HEADER_BYTES: usize = 16;

/// The byte that each begins with.
const FIRST_BYTE: u8 = 0xff;
/// Bytes that are looked at side by side.
const BYTES_AT_ONCE: usize = 32;

/// How two channels are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stereo {
    /// As they are; any number of channels.
    Plain,
    LeftSide,
    SideRight,
    MidSide,
}

/// What precedes the channels of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether it states the number of the frame, of which all have one length; else that of its
    /// first frame of audio.
    pub(super) is_fixed: bool,
    pub(super) number: u64,
    /// 1 to 65,536.
    pub(super) block_frames: u32,
    /// None: as `STREAMINFO` has it.
    pub(super) sample_rate: Option<u32>,
    pub(super) channels: u8,
    pub(super) stereo: Stereo,
    /// None: as `STREAMINFO` has it.
    pub(super) bits: Option<u8>,
    /// Bytes of the header, with its checksum.
    pub(super) len: usize,
}

impl FrameHeader {
    /// The header that `bytes` begin with, if its checksum is right.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[FIRST_BYTE, second @ (0xf8 | 0xf9), third, fourth, first, ..] = bytes else {
            return None;
        };
        let number_bytes = match first.leading_ones() {
            0 => 1,
            ones @ 2..=7 => ones as usize,
            _ => return None,
        };
        let coded = bytes.get(5..4 + number_bytes)?;
        if coded.iter().any(|byte| byte & 0xc0 != 0x80) {
            return None;
        }
        let highest = if number_bytes == 1 { first } else { first & (0x7f >> number_bytes) };
        let number =
            coded.iter().fold(u64::from(highest), |n, byte| n << 6 | u64::from(byte & 0x3f));
        let mut at = 4 + number_bytes;
        let mut field = |len: usize| {
            let bytes = bytes.get(at..at + len)?;
            at += len;
            Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
        };
        let block_frames = match third >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => field(1)? + 1,
            7 => field(2)? + 1,
            code => 256 << (code - 8),
        };
        let sample_rate = match third & 15 {
            0 => None,
            code @ 1..=11 => Some(RATES_HZ[usize::from(code) - 1]),
            12 => Some(field(1)? * 1000),
            13 => Some(field(2)?),
            14 => Some(field(2)? * 10),
            _ => return None,
        };
        let (channels, stereo) = match fourth >> 4 {
            code @ 0..=7 => (code + 1, Stereo::Plain),
            8 => (2, Stereo::LeftSide),
            9 => (2, Stereo::SideRight),
            10 => (2, Stereo::MidSide),
            _ => return None,
        };
        let bits = match fourth >> 1 & 7 {
            0 => None,
            3 => return None,
            code => Some([0, 8, 12, 0, 16, 20, 24, 32][usize::from(code)]),
        };
        if fourth & 1 != 0 || checksum::of_header(bytes.get(..at)?) != *bytes.get(at)? {
            return None;
        }
        let (is_fixed, len) = (second == 0xf8, at + 1);
        Some(Self { is_fixed, number, block_frames, sample_rate, channels, stereo, bits, len })
    }
}

const RATES_HZ: [u32; 11] =
    [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];

/// Where in `bytes` the first header may begin.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    let chunks = bytes.as_chunks().0.iter();
    let passed = chunks.take_while(|chunk| !may_begin_in(chunk)).count() * BYTES_AT_ONCE;
    let at = bytes[passed..].iter().position(|byte| *byte == FIRST_BYTE)?;
    Some(passed + at)
}

/// Where in `bytes` the last one may.
pub(super) fn find_last(bytes: &[u8]) -> Option<usize> {
    let chunks = bytes.as_rchunks().1.iter().rev();
    let passed = chunks.take_while(|chunk| !may_begin_in(chunk)).count() * BYTES_AT_ONCE;
    bytes[..bytes.len() - passed].iter().rposition(|byte| *byte == FIRST_BYTE)
}

/// Looks at all bytes, in a loop without a way out: that is what gets vectorised.
fn may_begin_in(chunk: &[u8; BYTES_AT_ONCE]) -> bool {
    chunk.iter().fold(false, |any, byte| any | (*byte == FIRST_BYTE))
}

#[cfg(test)]
mod tests {
    use super::{find, find_last};

    #[test]
    fn the_first_and_the_last_place_are_found_wherever_they_lie() {
        for len in 0..100 {
            let mut bytes = vec![0xfe; len];
            assert_eq!((find(&bytes), find_last(&bytes)), (None, None), "{len} bytes");
            for first in 0..len {
                for last in first..len {
                    (bytes[first], bytes[last]) = (0xff, 0xff);
                    let found = (find(&bytes), find_last(&bytes));
                    assert_eq!(found, (Some(first), Some(last)), "of {len} bytes");
                    (bytes[first], bytes[last]) = (0, 0);
                }
            }
        }
    }
}
