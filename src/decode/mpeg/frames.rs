//! Finds the frames of a stream, whatever lies before, between and behind them.
//!
//! # Sources
//! ID3v2.4.0 structure, 3.1; ID3v1 is 128 bytes from `TAG`; APE tags v2: `APETAGEX`, version, size
//! of all but the header, of 32 bytes. ADTS has the same first 12 bits, with a layer of 0, and its
//! length in 13 bits from the 31st on (ISO/IEC 13818-7, 6.2).

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};

use super::allocation::is_possible;
use super::header::{HEADER_BYTES, Header, MAX_FREE_BYTES, MAX_PADDING_BYTES};
use crate::decode::sniff::id3v2_len;

const READ_BYTES: usize = 64 << 10;
/// Bytes in sight when a frame is judged: more than three frames of the greatest length.
const SIGHT_BYTES: usize = 16 << 10;
const ID3V1_BYTES: usize = 128;
/// Bytes that may precede the first frame, tags that are known not counted.
const MAX_JUNK_BYTES: u64 = 2 << 20;
/// Frames in a row that are no accident. Each header repeats at least 17 bits of the one before.
const CHAIN: usize = 4;
/// The same of free frames, whose length is only guessed: what looks like their headers is nothing
/// but a quiet value in front of silence in 16-bit PCM.
const FREE_CHAIN: usize = 8;
/// What looks like a header within the frames of such a row, at most: it may be an accident.
const MAX_INSIDE_FREE: usize = 1;
/// Searches for the length of a free frame that are undertaken, which take long.
const MAX_FREE_SEARCHES: u32 = 1_000;

/// One frame in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: Header,
    pub(super) len: usize,
    /// Bytes since the frame before that belong to none, and to no tag.
    pub(super) skipped: u64,
}

/// Reads frames.
pub(super) struct Frames<R> {
    reader: R,
    /// Bytes of the whole.
    len: u64,
    /// Of these, those that were not read, as the reader says.
    left: u64,
    window: Vec<u8>,
    /// Where in the window the next frame is looked for.
    at: usize,
    at_end: bool,
    /// The kind of stream; None before its first frame.
    kind: Option<Header>,
    /// Length of free frames without padding.
    free_bytes: usize,
    free_searches: u32,
    /// The last frame was given out, and the next one should begin where it ended.
    in_step: bool,
    /// The last frame states more bytes than there are.
    pub(super) is_cut: bool,
}

impl<R: Read + Seek> Frames<R> {
    /// Goes on with the frame of this stream that begins at byte `position`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn go_to(&mut self, position: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(position))?;
        self.left = self.len.saturating_sub(position);
        self.window.clear();
        (self.at, self.at_end) = (0, false);
        (self.in_step, self.is_cut) = (true, false);
        Ok(())
    }
}

impl<R: Read> Frames<R> {
    /// Reads the `left` bytes of `reader`.
    pub(super) fn new(reader: R, left: u64) -> Self {
        Self {
            reader,
            len: left,
            left,
            window: Vec::new(),
            at: 0,
            at_end: false,
            kind: None,
            free_bytes: 0,
            free_searches: 0,
            in_step: false,
            is_cut: false,
        }
    }

    pub(super) fn into_reader(self) -> R {
        self.reader
    }

    /// Bytes in sight, from the frame that was found last.
    pub(super) fn sight(&self) -> &[u8] {
        &self.window[self.at..]
    }

    /// Looks for the first frame.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn find(&mut self) -> io::Result<bool> {
        let mut junk = 0;
        loop {
            self.fill()?;
            if self.sight().len() < HEADER_BYTES {
                return Ok(false);
            }
            if let Some(len) = self.tag_len() {
                self.pass(len)?;
                continue;
            }
            if is_adts_chain(self.sight()) {
                return Ok(false);
            }
            if let Some((header, free)) = self.chain_begins(junk == 0) {
                self.kind = Some(header);
                self.free_bytes = free;
                self.in_step = true;
                return Ok(true);
            }
            let step = self.to_next_sync();
            junk += step as u64;
            if junk > MAX_JUNK_BYTES {
                return Ok(false);
            }
            self.at += step;
        }
    }

    /// The next frame, which [`sight`](Self::sight) then begins with; None at the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut skipped = 0;
        loop {
            self.fill()?;
            if self.sight().len() < HEADER_BYTES {
                return Ok(None);
            }
            if let Some(header) = self.like(self.sight())
                && let Some(len) = header.frame_bytes(self.free_bytes)
            {
                if len > self.sight().len() {
                    self.is_cut = self.in_step;
                } else if (self.in_step && !self.hides_another(len)) || self.goes_on(0, len) {
                    (self.in_step, self.is_cut) = (true, false);
                    return Ok(Some(Frame { header, len, skipped }));
                }
            } else if let Some((header, free)) = self.chain_begins(false) {
                // Another stream follows.
                self.kind = Some(header);
                self.free_bytes = free;
                self.in_step = true;
                continue;
            }
            self.in_step = false;
            if let Some(len) = self.tag_len() {
                self.pass(len)?;
                continue;
            }
            let step = self.to_next_sync();
            skipped += step as u64;
            self.at += step;
        }
    }

    /// Where in what the reader shows the next frame is looked for.
    pub(super) fn position(&self) -> u64 {
        self.len - self.left - self.sight().len() as u64
    }

    /// Bytes from there on.
    pub(super) fn rest(&self) -> u64 {
        self.left + self.sight().len() as u64
    }

    /// Whether the last frame was followed by nothing but the next one, as far as was seen.
    pub(super) fn is_in_step(&self) -> bool {
        self.in_step
    }

    /// Leaves the frame of `len` bytes behind.
    pub(super) fn leave(&mut self, len: usize) {
        self.at = (self.at + len).min(self.window.len());
    }

    /// Bytes to the next place where a frame or a tag may begin, at least one.
    fn to_next_sync(&self) -> usize {
        let sight = self.sight();
        let begins = |byte: &u8| matches!(byte, 0xff | b'I' | b'A' | b'T');
        sight.iter().skip(1).position(begins).map_or(sight.len(), |at| at + 1)
    }

    /// The header and the length of free frames, where the sight begins with several frames in a
    /// row; `at_start` fewer will do.
    fn chain_begins(&mut self, at_start: bool) -> Option<(Header, usize)> {
        let first = Header::parse(self.sight())?;
        // Numbers of −1 in front of some of 0, as tables of programs have them row by row, look like
        // free frames of Layer I with next to nothing in them.
        if first.is_free() && first.layer == 1 && !at_start {
            return None;
        }
        let free = if first.is_free() { self.free_len(&first)? } else { 0 };
        let sight = self.sight();
        let (mut at, mut count) = (first.frame_bytes(free)?, 1);
        if !is_possible(sight, at) {
            return None;
        }
        if first.is_free() {
            return self.is_free_chain(&first, free, at_start).then_some((first, free));
        }
        while count < CHAIN {
            let rest = sight.get(at..).unwrap_or(&[]);
            // The end of the file, with or without tags.
            if self.at_end && (rest.len() < HEADER_BYTES || is_end(rest)) {
                let is_whole = at <= sight.len();
                return Some((first, free)).filter(|_| count > 1 || (is_whole && at_start));
            }
            let header = Header::parse(rest).filter(|header| first.is_like(header));
            let len = header.and_then(|header| header.frame_bytes(free));
            let Some(len) = len.filter(|len| is_possible(rest, *len)) else {
                // A file that begins like this one is, with a damaged third frame.
                return Some((first, free)).filter(|_| at_start && count > 1);
            };
            at += len;
            count += 1;
        }
        Some((first, free))
    }

    /// The length of free frames, found from where the next ones begin.
    fn free_len(&mut self, first: &Header) -> Option<usize> {
        self.free_searches += 1;
        if self.free_searches > MAX_FREE_SEARCHES {
            return None;
        }
        let sight = self.sight();
        let like = |at: usize| like_at(first, sight, at);
        (first.least_bytes()..MAX_FREE_BYTES).find_map(|len| {
            let second = like(len)?;
            let free = len.checked_sub(first.padding_bytes())?;
            let third = len + free + second.padding_bytes();
            let is_end = self.at_end && third == sight.len();
            (is_end || like(third).is_some()).then_some(free)
        })
    }

    /// Whether the sight begins with free frames of `free` bytes, as many as are no accident; at the
    /// start of a file that ends with the last one, two will do.
    fn is_free_chain(&self, first: &Header, free: usize, at_start: bool) -> bool {
        let sight = self.sight();
        let like = |at: usize| like_at(first, sight, at);
        let needed = FREE_CHAIN.min(SIGHT_BYTES / (free + MAX_PADDING_BYTES));
        let (mut at, mut count, mut inside) = (0, 0, 0);
        while count < needed {
            let len = like(at).and_then(|header| header.frame_bytes(free));
            let Some(len) = len.filter(|len| is_possible(&sight[at..], *len)) else {
                let rest = sight.get(at..).filter(|_| self.at_end && at_start && count > 1);
                return rest.is_some_and(|rest| rest.is_empty() || is_end(rest));
            };
            inside += (at + 1..at + len).filter(|at| like(*at).is_some()).count();
            if inside > MAX_INSIDE_FREE {
                return false;
            }
            at += len;
            count += 1;
        }
        true
    }

    /// Whether behind the `len` bytes from `at` on comes another frame, a tag or the end.
    fn goes_on(&self, at: usize, len: usize) -> bool {
        let Some(rest) = self.sight().get(at + len..) else { return false };
        self.like(rest).is_some() || (rest.is_empty() && self.at_end) || is_end(rest)
    }

    /// Whether within the `len` bytes in sight, behind which nothing follows, a frame begins behind
    /// which something does.
    fn hides_another(&self, len: usize) -> bool {
        let begins = |at: &usize| {
            let header = self.like(&self.sight()[*at..]);
            let len = header.and_then(|header| header.frame_bytes(self.free_bytes));
            len.is_some_and(|len| self.goes_on(*at, len))
        };
        !self.goes_on(0, len) && (1..len).any(|at| begins(&at))
    }

    /// The header that `bytes` begin with, if it is one of this stream's.
    fn like(&self, bytes: &[u8]) -> Option<Header> {
        Header::parse(bytes).filter(|header| self.kind.is_some_and(|kind| kind.is_like(header)))
    }

    /// The length of the tag that the sight begins with.
    fn tag_len(&self) -> Option<u64> {
        let sight = self.sight();
        if let Some(size) = sight.strip_prefix(b"APETAGEX") {
            // Of a footer the size counts what lies before it.
            let is_header = sight.get(23).is_some_and(|byte| byte & 0x20 != 0);
            let size = u32::from_le_bytes(*size.get(4..)?.first_chunk()?);
            return Some(if is_header { 32 + u64::from(size) } else { 32 });
        }
        if sight.starts_with(b"TAG")
            && let Some(rest) = sight.get(ID3V1_BYTES..)
            && ((rest.is_empty() && self.at_end) || Header::parse(rest).is_some() || is_end(rest))
        {
            return Some(ID3V1_BYTES as u64);
        }
        // One that claims all of the file has its length wrong.
        id3v2_len(sight).filter(|len| *len < self.left.saturating_add(sight.len() as u64))
    }

    /// Passes over `len` bytes, which need not be in sight.
    fn pass(&mut self, len: u64) -> io::Result<()> {
        let mut left = len;
        while left > 0 {
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.sight().len());
            self.at += here;
            left -= here as u64;
            if left > 0 && self.at_end {
                return Ok(());
            }
            self.fill()?;
        }
        Ok(())
    }

    /// Brings [`SIGHT_BYTES`] into sight, or all that is left.
    fn fill(&mut self) -> io::Result<()> {
        while self.sight().len() < SIGHT_BYTES && !self.at_end {
            self.window.drain(..self.at);
            self.at = 0;
            let read =
                self.reader.by_ref().take(READ_BYTES as u64).read_to_end(&mut self.window)?;
            self.left = self.left.saturating_sub(read as u64);
            self.at_end = read == 0;
        }
        Ok(())
    }
}

/// The header at `at`, if it is of the stream that `first` is of.
fn like_at(first: &Header, sight: &[u8], at: usize) -> Option<Header> {
    Header::parse(sight.get(at..)?).filter(|header| first.is_like(header))
}

/// Whether a tag begins that stands at the end of files.
fn is_end(bytes: &[u8]) -> bool {
    [&b"TAG"[..], b"APETAGEX", b"LYRICSBEGIN", b"ID3"].iter().any(|tag| bytes.starts_with(tag))
}

/// Whether `bytes` begin with three frames of AAC.
fn is_adts_chain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    (0..3).all(|_| {
        let &[0xff, second, _, a, b, c, ..] = rest else { return false };
        let len = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c >> 5);
        rest = rest.get(len.max(7)..).unwrap_or(&[]);
        second & 0xf6 == 0xf0 && len >= 7
    })
}
