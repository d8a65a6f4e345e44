//! The headers of the first Vorbis stream of an Ogg file, and its end.

use std::io::{self, Read, Seek, SeekFrom};

use crate::decode::opus::{CAPTURE, MAX_PAGE_BYTES, Next, Page, Pages};
use crate::decode::reader::CountingReader;
use crate::error::LoadError;

/// Bytes in which the headers are looked for: a comment may hold pictures.
const MAX_BYTES: u64 = 32 << 20;
/// What looks like a page and is none, at the end of a file: to check each takes a while.
const MOST_FALSE_PAGES: usize = 256;
/// Kinds of headers.
const COMMENT: u8 = 3;
const SETUP: u8 = 5;

/// Checks them, and leaves `reader` at its start. Without a stream of Vorbis there is nothing to
/// check.
///
/// # Errors
/// Those of the reader; the inner ones as [`check`](super::check).
pub(in crate::decode) fn check_ogg(
    reader: &mut (impl Read + Seek),
) -> io::Result<Result<(), LoadError>> {
    let headers = headers(reader)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(headers.map_or(Ok(()), |(ident, setup)| super::check(&ident, &setup).map(drop)))
}

/// The headers of identification and setup; None where one of them is missing, as of a file of FLAC.
fn headers(reader: &mut (impl Read + Seek)) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut pages = Pages::new(reader.by_ref().take(MAX_BYTES));
    let mut ident: Option<(u32, Vec<u8>)> = None;
    let mut partial = Vec::new();
    loop {
        let page = match pages.next()? {
            Next::Page(page) => page,
            Next::Junk => continue,
            Next::End => return Ok(None),
        };
        for (part, is_end) in page.parts() {
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
                    return Ok(Some((std::mem::take(ident), packet)));
                }
            }
        }
    }
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
