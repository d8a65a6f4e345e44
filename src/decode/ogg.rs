//! The pages of an Ogg file.
//!
//! # Sources
//! RFC 3533, section 6: `OggS`, version 0, flags, granule position (8 bytes), serial number,
//! sequence number, checksum (4 each), the number of segments and their lengths, then their
//! content. A packet ends with a segment of less than 255 bytes. The checksum has the polynomial
//! 0x04C11DB7, starts with 0, and counts its own field as 0.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use super::array;

/// What a page begins with.
pub(crate) const CAPTURE: &[u8] = b"OggS\0";
const HEADER_BYTES: usize = 27;
/// The longest page there can be.
pub(crate) const MAX_PAGE_BYTES: usize = HEADER_BYTES + 255 + 255 * 255;
const READ_BYTES: usize = 64 << 10;
/// As much may be taken for pages and not be any, beside as much as was passed: what has many
/// beginnings of pages within the length of one would take hundreds of times as long as others.
const MAX_FALSE_BYTES: u64 = 32 << 20;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// One page, whole and with the right checksum.
#[derive(Debug)]
pub(crate) struct Page {
    flags: u8,
    /// Frames up to the end of the last packet that ends here; None if none does.
    pub(crate) granule: Option<u64>,
    /// Whether the position is below 0, as also where no packet ends here.
    pub(crate) is_before_start: bool,
    pub(crate) serial: u32,
    pub(crate) sequence: u32,
    lengths: Vec<u8>,
    content: Vec<u8>,
}

impl Page {
    /// The page that `bytes` begin with, and its length. None: there is none, or not all of it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let len = Self::stated_len(bytes)?;
        let (header, rest) = bytes.get(..len)?.split_at(HEADER_BYTES);
        let (lengths, content) = rest.split_at(usize::from(header[26]));
        let u32_at = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        if !is_sound(header, lengths, content) {
            return None;
        }
        let granule = u64::from(u32_at(10)) << 32 | u64::from(u32_at(6));
        let page = Self {
            flags: header[5],
            granule: Some(granule).filter(|granule| i64::try_from(*granule).is_ok()),
            is_before_start: i64::try_from(granule).is_err(),
            serial: u32_at(14),
            sequence: u32_at(18),
            lengths: lengths.to_vec(),
            content: content.to_vec(),
        };
        Some((page, len))
    }

    /// How long the page is that `bytes` seem to begin with.
    fn stated_len(bytes: &[u8]) -> Option<usize> {
        let header = bytes.get(..HEADER_BYTES).filter(|header| header.starts_with(CAPTURE))?;
        let lengths = bytes.get(HEADER_BYTES..HEADER_BYTES + usize::from(header[26]))?;
        let content = lengths.iter().map(|len| usize::from(*len)).sum::<usize>();
        Some(HEADER_BYTES + lengths.len() + content)
    }

    /// Whether its first segment goes on with a packet of the page before.
    pub(crate) fn is_continued(&self) -> bool {
        self.flags & CONTINUED != 0
    }

    /// Whether it begins a stream.
    pub(crate) fn is_first(&self) -> bool {
        self.flags & FIRST != 0
    }

    /// Whether it ends its stream.
    pub(crate) fn is_last(&self) -> bool {
        self.flags & LAST != 0
    }

    /// The parts of packets in it, and whether each one is the end of its packet.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let (mut lengths, mut content) = (self.lengths.as_slice(), self.content.as_slice());
        std::iter::from_fn(move || {
            let end = lengths.iter().position(|len| *len < 255);
            let (part, rest) = lengths.split_at(end.map_or(lengths.len(), |end| end + 1));
            let len = part.iter().map(|len| usize::from(*len)).sum();
            let bytes;
            (bytes, content) = content.split_at(len);
            lengths = rest;
            (!part.is_empty()).then_some((bytes, end.is_some()))
        })
    }
}

/// What comes next in a file.
pub(crate) enum Next {
    Page(Page),
    /// Bytes that are no page; there may be one behind them.
    Junk,
    End,
}

/// Reads page after page.
pub(crate) struct Pages<R> {
    source: R,
    buffer: Vec<u8>,
    /// What of `buffer` was taken already.
    taken: usize,
    /// Bytes that were passed, and that seemed to be of a page and were not.
    passed: u64,
    false_bytes: u64,
    ended: bool,
}

impl<R: Read> Pages<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), taken: 0, passed: 0, false_bytes: 0, ended: false }
    }

    /// The next page, or some of what lies before it: a damaged file may have much of that.
    ///
    /// # Errors
    /// Those of the source; `InvalidData` where far more seemed to be pages than can be.
    pub(crate) fn next(&mut self) -> io::Result<Next> {
        self.fill()?;
        let ahead = &self.buffer[self.taken..];
        if ahead.is_empty() {
            return Ok(Next::End);
        }
        if let Some((page, len)) = Page::parse(ahead) {
            self.pass(len);
            return Ok(Next::Page(page));
        }
        let false_len = Page::stated_len(ahead).filter(|len| *len <= ahead.len());
        self.false_bytes += false_len.unwrap_or(0) as u64;
        if self.false_bytes > MAX_FALSE_BYTES + self.passed {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "too many false pages of Ogg"));
        }
        let junk = ahead[1..].windows(CAPTURE.len()).position(|bytes| bytes == CAPTURE);
        // The last bytes may be the beginning of the next page.
        let all = if self.ended { ahead.len() } else { ahead.len() - CAPTURE.len() };
        self.pass(junk.map_or(all, |junk| junk + 1));
        Ok(Next::Junk)
    }

    /// Where what comes next begins, in bytes from where it was made.
    pub(crate) fn position(&self) -> u64 {
        self.passed
    }

    /// What it reads from, which is further on than what comes next.
    pub(crate) fn source(&mut self) -> &mut R {
        &mut self.source
    }

    fn pass(&mut self, len: usize) {
        self.taken += len;
        self.passed += len as u64;
    }

    /// Makes sure that the longest page fits into what is buffered, unless the file ends before.
    fn fill(&mut self) -> io::Result<()> {
        if self.ended || self.buffer.len() - self.taken >= MAX_PAGE_BYTES {
            return Ok(());
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        while self.buffer.len() < MAX_PAGE_BYTES {
            let before = self.buffer.len();
            self.buffer.resize(before + READ_BYTES, 0);
            let read = self.source.read(&mut self.buffer[before..]);
            self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                self.ended = true;
                break;
            }
        }
        Ok(())
    }
}

/// Most pages of headers behind which the first one with audio is looked for.
const MOST_HEADER_PAGES: usize = 1024;

/// A page whose checksum is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    /// Where it lies, in bytes from the start of the file.
    pub(crate) at: u64,
    /// Whether it says that it is of another stream.
    pub(crate) is_others: bool,
}

/// What a page says of itself, whatever its checksum; None where it is cut off before that.
pub(crate) struct Stated {
    pub(crate) position: Option<u64>,
    pub(crate) serial: Option<u32>,
}

/// What the page at byte `at` of `source` says, if one begins there.
///
/// # Errors
/// Those of the source.
pub(crate) fn stated(source: &mut (impl Read + Seek), at: u64) -> io::Result<Option<Stated>> {
    let mut header = Vec::new();
    source.seek(SeekFrom::Start(at))?;
    source.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok(header.starts_with(CAPTURE).then(|| Stated {
        position: array(&header, 6).map(u64::from_le_bytes),
        serial: array(&header, 14).map(u32::from_le_bytes),
    }))
}

/// The damaged pages in front of the first whole one with audio of stream `serial`, or of any if
/// that is not known. Leaves `source` at its start.
///
/// # Errors
/// Those of the source.
pub(crate) fn damaged_at_start(
    source: &mut (impl Read + Seek),
    serial: Option<u32>,
) -> io::Result<Vec<Damaged>> {
    source.seek(SeekFrom::Start(0))?;
    let (mut junk, mut others) = (Vec::new(), BTreeSet::new());
    let mut pages = Pages::new(&mut *source);
    for _ in 0..MOST_HEADER_PAGES {
        let at = pages.position();
        match pages.next() {
            Ok(Next::Page(page)) if serial.is_some_and(|serial| serial != page.serial) => {
                others.insert(page.serial);
            }
            Ok(Next::Page(page)) if page.granule.is_none_or(|granule| granule == 0) => {}
            Ok(Next::Junk) => junk.push(at),
            Ok(Next::Page(_) | Next::End) => break,
            // Too many that are none.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => break,
            Err(error) => return Err(error),
        }
    }
    let mut found = Vec::new();
    for at in junk {
        if let Some(Stated { serial, .. }) = stated(source, at)? {
            let is_others = serial.is_some_and(|serial| others.contains(&serial));
            found.push(Damaged { at, is_others });
        }
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(found)
}

/// The serial number and first packet of the first stream that is audio of a known kind. All
/// streams begin before the first one goes on.
///
/// # Errors
/// Those of the source, which is left anywhere.
pub(crate) fn first_audio(source: impl Read) -> io::Result<Option<(u32, Vec<u8>)>> {
    const KINDS: &[&[u8]] = &[b"OpusHead", b"\x01vorbis", b"\x7fFLAC"];
    let mut pages = Pages::new(source);
    while let Next::Page(page) = pages.next()? {
        if !page.is_first() {
            break;
        }
        if let Some((packet, true)) = page.parts().next()
            && KINDS.iter().any(|kind| packet.starts_with(kind))
        {
            return Ok(Some((page.serial, packet.to_vec())));
        }
    }
    Ok(None)
}

impl<R: Read + Seek> Pages<R> {
    /// Goes on at byte `at` of the source, which it was made at the start of.
    ///
    /// # Errors
    /// Those of the source.
    pub(crate) fn go_to(&mut self, at: u64) -> io::Result<()> {
        self.source.seek(SeekFrom::Start(at))?;
        self.buffer.clear();
        (self.taken, self.passed, self.ended) = (0, at, false);
        Ok(())
    }
}

/// Whether the checksum of a page is right, which has all of its header, the lengths of its segments,
/// and its content.
pub(super) fn is_sound(header: &[u8], lengths: &[u8], content: &[u8]) -> bool {
    let parts = [&header[..22], &[0; 4], &header[26..], lengths, content];
    let stated = u32::from_le_bytes([22, 23, 24, 25].map(|at| header[at]));
    parts.into_iter().fold(0, checksum) == stated
}

/// The checksum `sum`, with `bytes` behind what it is of. Eight at once: what each of them does to it
/// is another table.
fn checksum(mut sum: u32, bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<8>();
    for mut block in blocks.iter().copied() {
        for (byte, sum) in block.iter_mut().zip(sum.to_be_bytes()) {
            *byte ^= sum;
        }
        let parts = CRC.iter().rev().zip(block).map(|(table, byte)| table[usize::from(byte)]);
        sum = parts.fold(0, |sum, part| sum ^ part);
    }
    rest.iter().fold(sum, |sum, byte| sum << 8 ^ CRC[0][usize::from((sum >> 24) as u8 ^ byte)])
}

/// For each byte, what it does to the checksum; then what it does if so many bytes follow it.
const CRC: [[u32; 256]; 8] = {
    let mut table = [[0; 256]; 8];
    let mut byte = 0_u32;
    while byte < 256 {
        let mut sum = byte << 24;
        let mut behind = 0;
        while behind < 8 {
            let mut bit = 0;
            while bit < 8 {
                sum = sum << 1 ^ if sum >> 31 == 0 { 0 } else { 0x04c1_1db7 };
                bit += 1;
            }
            table[behind][byte as usize] = sum;
            behind += 1;
        }
        byte += 1;
    }
    table
};
