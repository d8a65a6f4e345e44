//! AAC without a container: each frame has a header of its own.
//!
//! # Sources
//! ISO/IEC 14496-3, 1.A.2 (`adts_frame`): twelve bits of ones, version, layer (0), protection
//! absent; profile, index of the rate, one private bit, channels; four bits of no interest here,
//! the length with the header in 13 bits, fullness of a buffer, blocks beyond the first.

use std::io::{self, Read, Seek};

use crate::decode::packets::{Blocks, Next, Packet, PacketSource, frames_of};
use crate::decode::reader::CountingReader;
use crate::decode::sniff::id3v2_len;

/// Bytes of a header that are always there.
const HEADER_BYTES: usize = 7;
/// Bytes that tell how long an ID3v2 tag is.
const TAG_HEADER_BYTES: usize = 10;
/// Frames of one block.
const BLOCK_FRAMES: u64 = 1024;
/// Longest frame that a header can state.
const MAX_FRAME_BYTES: usize = (1 << 13) - 1;
/// Bytes that are searched first for the next frame: with what proves it they are in the block that
/// is in memory, mostly, and where junk comes again and again, nothing is read as often.
const NEAR_BYTES: usize = 4 << 10;
/// Bytes that are searched at once beyond these.
const SEARCH_BYTES: usize = 64 << 10;
/// Frames whose average length is taken for that of all.
const COUNTED_FRAMES: u64 = 200;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// Version, profile, rate, channels: what all frames of a stream share.
    shared: [u8; 3],
    rate: u32,
    bytes: usize,
    blocks: u64,
}

impl Header {
    /// Reads the header that `bytes` begin with.
    fn parse(bytes: &[u8]) -> Option<Self> {
        const RATES: [u32; 13] = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
            8_000, 7_350,
        ];
        let &[0xff, b, c, d, e, f, g, ..] = bytes else { return None };
        if b & 0xf6 != 0xf0 {
            return None;
        }
        let rate = *RATES.get(usize::from(c >> 2 & 0xf))?;
        let bytes = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
        let header_bytes = if b & 1 == 0 { HEADER_BYTES + 2 } else { HEADER_BYTES };
        let blocks = u64::from(g & 3) + 1;
        (bytes > header_bytes).then_some(Self {
            shared: [b & 0xfe, c & 0xfd, d & 0xc0],
            rate,
            bytes,
            blocks,
        })
    }

    /// The header at `at`, if it goes on with the stream of `before`.
    fn follows(before: Option<&Self>, bytes: &[u8], at: usize) -> Option<Self> {
        let header = Self::parse(bytes.get(at..)?)?;
        before.is_none_or(|before| before.shared == header.shared).then_some(header)
    }
}

/// Where in the first `most` bytes of a file ADTS frames begin, if they do: `enough` in a row, or
/// fewer that end where the file does.
///
/// # Errors
/// Those of the reader.
pub(in crate::decode) fn begins<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    most: usize,
    enough: usize,
) -> io::Result<Option<u64>> {
    let len = blocks.len();
    let bytes = blocks.look(0, most + enough * MAX_FRAME_BYTES)?;
    let is_whole = bytes.len() as u64 == len;
    let begins_at = |start: usize| {
        let (mut at, mut before) = (start, None);
        for found in 0..enough {
            match Header::follows(before.as_ref(), bytes, at) {
                Some(header) => {
                    at += header.bytes;
                    before = Some(header);
                }
                None => return found > 1 && at == bytes.len() && is_whole,
            }
        }
        true
    };
    let first = (0..bytes.len().min(most)).find(|at| begins_at(*at));
    // A short file may also be one frame, or a part of that, or end in a tag.
    let head = Header::follows(None, bytes, 0).filter(|_| is_whole);
    let is_of_head = |at: usize| Header::follows(head.as_ref(), bytes, at).is_some();
    let begins_there = head.is_some() && first.is_none_or(is_of_head);
    Ok(if begins_there { Some(0) } else { first.map(|at| at as u64) })
}

/// The frames of a file.
pub(in crate::decode) struct AdtsSource {
    at: u64,
    expected: Option<Header>,
    /// Frames and bytes of the blocks seen when the file was opened.
    seen: (u64, u64),
    bytes: u64,
}

impl AdtsSource {
    /// Frames from byte `start` on.
    ///
    /// # Errors
    /// Those of the reader.
    pub(in crate::decode) fn new<R: Read + Seek>(
        blocks: &mut Blocks<R>,
        start: u64,
    ) -> io::Result<Self> {
        let bytes = blocks.len().saturating_sub(start);
        let mut this = Self { at: start, expected: None, seen: (0, 0), bytes };
        let mut at = start;
        for _ in 0..COUNTED_FRAMES {
            let looked = blocks.look(at, HEADER_BYTES)?;
            let Some(header) = Header::follows(this.expected.as_ref(), looked, 0) else { break };
            this.expected = Some(header);
            this.seen.0 += header.blocks * BLOCK_FRAMES;
            this.seen.1 += header.bytes as u64;
            at += header.bytes as u64;
        }
        Ok(this)
    }

    /// Where the next frame begins behind `self.at`; None where there is none any more.
    fn search<R: Read + Seek>(&self, blocks: &mut Blocks<R>) -> io::Result<Option<u64>> {
        let (mut start, mut span) = (self.at + 1, NEAR_BYTES);
        loop {
            let bytes = blocks.look(start, span + 2 * MAX_FRAME_BYTES)?;
            let end = bytes.len();
            let expected = self.expected.as_ref();
            // The one behind it proves it, or the end of the file does.
            let found = (0..end.min(span)).find(|at| {
                Header::follows(expected, bytes, *at).is_some_and(|header| {
                    let next = at + header.bytes;
                    next == end || Header::follows(Some(&header), bytes, next).is_some()
                })
            });
            if let Some(at) = found {
                return Ok(Some(start + at as u64));
            }
            if end <= span {
                return Ok(None);
            }
            start += span as u64;
            span = SEARCH_BYTES;
        }
    }

    /// The length of the tag at `self.at`, as joined segments have them in front of each, if a frame
    /// or another tag follows it, or the end.
    ///
    /// # Sources
    /// RFC 8216, 3.4: a segment of packed audio begins with an ID3 tag that tells its time.
    fn tag<R: Read + Seek>(&self, blocks: &mut Blocks<R>) -> io::Result<Option<u64>> {
        let Some(len) = id3v2_len(blocks.look(self.at, TAG_HEADER_BYTES)?) else { return Ok(None) };
        let end = self.at + len;
        let behind = blocks.look(end, TAG_HEADER_BYTES)?;
        let goes_on = Header::parse(behind).is_some() || id3v2_len(behind).is_some();
        Ok(Some(len).filter(|_| goes_on || end == blocks.len()))
    }

    /// The header at `self.at`. Another one than those before it must be followed by one more of
    /// its kind.
    fn header<R: Read + Seek>(&self, blocks: &mut Blocks<R>) -> io::Result<Option<Header>> {
        let looked = blocks.look(self.at, HEADER_BYTES)?;
        let Some(header) = Header::parse(looked) else { return Ok(None) };
        if self.expected.is_none_or(|expected| expected.shared == header.shared) {
            return Ok(Some(header));
        }
        let next = blocks.look(self.at + header.bytes as u64, HEADER_BYTES)?;
        Ok(Header::follows(Some(&header), next, 0).map(|_| header))
    }
}

impl PacketSource for AdtsSource {
    fn next(&mut self, blocks: &mut Blocks<CountingReader>) -> io::Result<Next> {
        let Some(header) = self.header(blocks)? else {
            if let Some(len) = self.tag(blocks)? {
                self.at += len;
                return Ok(Next::Junk(0));
            }
            let Some(found) = self.search(blocks)? else {
                return Ok(Next::End { cut_off: false });
            };
            let junk = found - self.at;
            self.at = found;
            return Ok(Next::Junk(junk));
        };
        self.expected = Some(header);
        let (at, len) = (self.at, header.bytes);
        self.at += len as u64;
        if self.at > blocks.len() {
            return Ok(Next::End { cut_off: true });
        }
        Ok(Next::Packet(Packet { at, len, from: 0, to: None, jumps: false }))
    }

    fn place(&self) -> [u64; 2] {
        [self.at, 0]
    }

    fn go_to(&mut self, [at, _]: [u64; 2]) {
        self.at = at;
    }

    fn timescale(&self) -> u32 {
        0
    }

    /// By the average length of the first frames.
    fn frames(&self, sample_rate: u32) -> Option<u64> {
        let (frames, bytes) = self.seen;
        let header_rate = self.expected.as_ref()?.rate;
        let all = u128::from(frames) * u128::from(self.bytes) / u128::from(bytes.max(1));
        // Spectral band replication doubles the rate of the header.
        Some(frames_of(u64::try_from(all).ok()?, header_rate, sample_rate))
    }
}
