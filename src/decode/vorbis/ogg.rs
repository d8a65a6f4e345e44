//! The headers of the first Vorbis stream of an Ogg file, and its end.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::numbering::Numbering;
use crate::decode::ogg::{
    CAPTURE, Damaged, MAX_PAGE_BYTES, Next, Page, Pages, damaged_at_start, first_audio, stated,
};
use crate::decode::reader::CountingReader;
use crate::error::LoadError;

/// Bytes in which the headers are looked for: a comment may hold pictures.
const MAX_BYTES: u64 = 32 << 20;
/// What looks like a page and is none, at the end of a file: to check each takes a while.
const MOST_FALSE_PAGES: usize = 256;
/// Pages of its own behind the headers in which the first one of audio is looked for.
const MOST_PAGES_BEHIND: usize = 16;
/// As many of the longest pages are looked at, at the end of a file: the last one, one before it
/// that is damaged, and one before that.
const TAIL_PAGES: u64 = 3;
/// Kinds of headers.
const COMMENT: u8 = 3;
const SETUP: u8 = 5;

/// What pages say of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Positions {
    /// Whether the first page of audio ends before position 0.
    pub(in crate::decode) begin_before: bool,
    /// Where the file ends with a page that does not end the stream, the position of that.
    pub(in crate::decode) open_end: Option<u64>,
    /// Whether its last page is the last of all that are its own or begin another.
    pub(in crate::decode) has_end: bool,
    /// Where pages are missing before the last one.
    pub(in crate::decode) gap: Option<Gap>,
    /// The first stream of audio, of those that begin side by side.
    pub(in crate::decode) serial: Option<u32>,
    /// Damaged pages in front of its first whole one with audio.
    pub(in crate::decode) damaged: Vec<Damaged>,
    /// Where its pages count their frames wrongly, how many there are.
    pub(in crate::decode) numbering: Option<Arc<Numbering>>,
}

/// Pages that are missing before the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Gap {
    /// Where they begin: the position of the page before them.
    pub(in crate::decode) begin: u64,
    /// Where they end, as the last of them says if it is there, though damaged.
    pub(in crate::decode) end: Option<u64>,
    /// The position of the last page.
    pub(in crate::decode) last: u64,
}

/// What comes in front of the audio.
struct Start {
    serial: u32,
    ident: Vec<u8>,
    setup: Vec<u8>,
    /// Whether the position of the first page of audio is below 0.
    is_before: bool,
    /// Whether something is in front of it that is no page.
    has_junk: bool,
}

/// Checks the headers, and leaves `reader` at its start. Without a stream of Vorbis there is nothing
/// to check.
///
/// # Errors
/// Those of the reader; the inner ones as [`check`](super::check).
pub(in crate::decode) fn check_ogg(
    reader: &mut (impl Read + Seek),
) -> io::Result<Result<Positions, LoadError>> {
    let Some(start) = start(reader)? else {
        reader.seek(SeekFrom::Start(0))?;
        let serial = first_audio(reader.by_ref())?.map(|(serial, _)| serial);
        let damaged = damaged_at_start(reader, serial)?;
        let Tail { has_end, gap, .. } = match serial {
            Some(serial) => tail(reader, serial)?,
            None => Tail::default(),
        };
        reader.seek(SeekFrom::Start(0))?;
        return Ok(Ok(Positions { has_end, gap, serial, damaged, ..Positions::default() }));
    };
    let Tail { open_end, has_end, gap } = tail(reader, start.serial)?;
    let blocks = match super::blocks(&start.ident, &start.setup) {
        Ok(blocks) => blocks,
        Err(error) => return Ok(Err(error)),
    };
    let numbering = match blocks {
        // Where it counts from before its start, that goes wrong further on.
        Some(blocks) => {
            Numbering::of(reader, start.serial, &blocks, start.is_before)?.map(Arc::new)
        }
        None => None,
    };
    let (begin_before, serial) = (start.is_before, Some(start.serial));
    let damaged = if start.has_junk { damaged_at_start(reader, serial)? } else { Vec::new() };
    reader.seek(SeekFrom::Start(0))?;
    Ok(Ok(Positions { begin_before, open_end, has_end, gap, serial, damaged, numbering }))
}

/// What the last pages of a stream say.
#[derive(Default)]
struct Tail {
    /// The position of the last one that has one, unless it ends the stream or another follows.
    open_end: Option<u64>,
    /// As in [`Positions`].
    has_end: bool,
    gap: Option<Gap>,
}

/// The end of stream `serial`, as far as it lies at the end of the file.
fn tail(reader: &mut (impl Read + Seek), serial: u32) -> io::Result<Tail> {
    let len = reader.seek(SeekFrom::End(0))?;
    let bytes = len.min(TAIL_PAGES * MAX_PAGE_BYTES as u64);
    reader.seek(SeekFrom::Start(len - bytes))?;
    let mut pages = Pages::new(reader.by_ref().take(bytes));
    let mut found = Tail::default();
    let (mut sequence, mut position, mut is_lost) = (None, None, false);
    // Where the last page lies that is damaged; of the gap, the last one in it.
    let (mut junk, mut damaged) = (None, None);
    loop {
        let at = len - bytes + pages.position();
        match pages.next() {
            Ok(Next::Page(page)) if page.serial == serial => {
                is_lost |= sequence.is_some_and(|last: u32| page.sequence != last.wrapping_add(1));
                sequence = Some(page.sequence);
                found.has_end = page.is_last();
                if page.granule.is_some() || page.is_last() {
                    found.open_end = page.granule.filter(|_| !page.is_last());
                    let was_lost = std::mem::take(&mut is_lost);
                    let begin = position.filter(|_| was_lost);
                    found.gap =
                        begin.zip(page.granule).map(|(begin, last)| Gap { begin, end: None, last });
                    damaged = junk.take();
                    position = page.granule.filter(|granule| *granule > 0);
                }
            }
            Ok(Next::Page(page)) if page.is_first() => {
                found = Tail::default();
            }
            Ok(Next::Page(_)) => {}
            Ok(Next::Junk) => junk = Some(at),
            Ok(Next::End) => break,
            // Too many that are none.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => break,
            Err(error) => return Err(error),
        }
    }
    if let Some(gap) = &mut found.gap
        && let Some(at) = damaged
    {
        let stated = stated(reader, at)?.filter(|stated| stated.serial == Some(serial));
        gap.end = stated.and_then(|stated| stated.position);
    }
    Ok(found)
}

/// The headers of identification and setup, and what follows; None where one of them is missing, as
/// of a file of FLAC.
fn start(reader: &mut (impl Read + Seek)) -> io::Result<Option<Start>> {
    let mut pages = Pages::new(reader.by_ref().take(MAX_BYTES));
    let mut ident: Option<(u32, Vec<u8>)> = None;
    let (mut partial, mut has_junk) = (Vec::new(), false);
    loop {
        let page = match pages.next()? {
            Next::Page(page) => page,
            Next::Junk => {
                has_junk = true;
                continue;
            }
            Next::End => return Ok(None),
        };
        let mut parts = page.parts();
        while let Some((part, is_end)) = parts.next() {
            let Some((serial, ident)) = &mut ident else {
                if part.starts_with(b"\x7fFLAC") {
                    return Ok(None);
                }
                if part.starts_with(b"\x01vorbis") {
                    ident = Some((page.serial, part.to_vec()));
                }
                break;
            };
            if page.serial != *serial {
                break;
            }
            // Of a comment nothing is kept but that it is one.
            if partial.first() != Some(&COMMENT) {
                partial.extend_from_slice(part);
            }
            if is_end {
                let packet = std::mem::take(&mut partial);
                // All others are passed, as symphonia passes them: the setup may still come.
                if packet.first() == Some(&SETUP) {
                    let has_audio = parts.any(|(_, is_end)| is_end);
                    let is_before = match has_audio {
                        true => page.is_before_start,
                        false => begins_before(&mut pages, *serial, &mut has_junk)?,
                    };
                    let (serial, ident, setup) = (*serial, std::mem::take(ident), packet);
                    return Ok(Some(Start { serial, ident, setup, is_before, has_junk }));
                }
            }
        }
    }
}

/// Whether the next page on which a packet of stream `serial` ends has a position below 0; and whether
/// something lies before it that is no page.
fn begins_before(
    pages: &mut Pages<impl Read>,
    serial: u32,
    has_junk: &mut bool,
) -> io::Result<bool> {
    let mut passed = 0;
    while passed < MOST_PAGES_BEHIND {
        match pages.next()? {
            Next::Page(page) if page.serial != serial => continue,
            Next::Page(page) if page.parts().any(|(_, is_end)| is_end) => {
                return Ok(page.is_before_start);
            }
            Next::Page(_) => {}
            Next::Junk => *has_junk = true,
            Next::End => break,
        }
        passed += 1;
    }
    Ok(false)
}

/// Hides what is no page at the end of the file of which `reader` is at the start, and leaves it
/// there: symphonia 0.6.1 refuses a file in whose last 64 KiB no page begins.
///
/// # Errors
/// Those of the reader.
pub(in crate::decode) fn hide_junk_behind(reader: &mut CountingReader) -> io::Result<()> {
    let (len, page) = (reader.byte_len(), MAX_PAGE_BYTES as u64);
    if len <= page {
        return Ok(());
    }
    let mut start = len;
    let mut tries = MOST_FALSE_PAGES;
    let last = loop {
        // A page that begins in the first half lies in both as a whole.
        let end = start;
        start = start.saturating_sub(page);
        reader.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        reader.by_ref().take(2 * page).read_to_end(&mut bytes)?;
        // What begins from `end` on was looked at before.
        let is_place = |at: &usize| start + (*at as u64) < end && bytes[*at..].starts_with(CAPTURE);
        let places = (0..bytes.len()).rev().filter(is_place);
        let last = places.take(tries).inspect(|_| tries -= 1).find_map(|at| {
            let (_, page_len) = Page::parse(&bytes[at..])?;
            Some(start + at as u64..start + (at + page_len) as u64)
        });
        if last.is_some() || start == 0 || tries == 0 {
            break last;
        }
    };
    match last {
        Some(last) if len - last.start > page => reader.show(0..last.end),
        _ => reader.seek(SeekFrom::Start(0)).map(drop),
    }
}
