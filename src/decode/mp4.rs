//! The start of the audio in an MP4 file: symphonia 0.6 reads edit lists but does not apply them.
//!
//! # Sources
//! ISO/IEC 14496-12: boxes (4.2), `mdhd` (8.4.2), `hdlr` (8.4.3), `elst` (8.6.6). `iTunSMPB` is
//! Apple's comment of hexadecimal fields, the second of which is the encoder's delay in frames.

use std::io::{self, Read, Seek, SeekFrom};

/// Largest `moov` that is looked at; an hour of AAC needs about a megabyte.
const MAX_MOOV_BYTES: u64 = 32 << 20;
/// Most boxes of the top level that are passed on the way to `moov`, which ends fragmented files.
const MAX_TOP_LEVEL_BOXES: usize = 64;

/// Frames before the first audio, and the number of ticks per second they are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) frames: u64,
    pub(super) timescale: u32,
}

/// Where the first audio track starts, if the file says so. Leaves `reader` at its start.
///
/// # Errors
/// Those of the reader. A malformed file is no error here.
pub(super) fn audio_start(reader: &mut (impl Read + Seek)) -> io::Result<Option<Start>> {
    let moov = read_moov(reader)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(moov.as_deref().and_then(start_in_moov))
}

fn read_moov(reader: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let mut position = 0_u64;
    for _ in 0..MAX_TOP_LEVEL_BOXES {
        reader.seek(SeekFrom::Start(position))?;
        let mut header = Vec::with_capacity(16);
        reader.by_ref().take(16).read_to_end(&mut header)?;
        let Some((kind, header_len, box_len)) = box_header(&header) else {
            return Ok(None);
        };
        let body_len = box_len.map(|len| len.saturating_sub(header_len));
        if &kind == b"moov" {
            reader.seek(SeekFrom::Start(position + header_len))?;
            let mut body = Vec::new();
            let len = body_len.unwrap_or(MAX_MOOV_BYTES).min(MAX_MOOV_BYTES);
            reader.by_ref().take(len).read_to_end(&mut body)?;
            return Ok(Some(body));
        }
        match box_len.and_then(|len| position.checked_add(len)) {
            Some(next) if i64::try_from(next).is_ok() => position = next,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Kind, length of the header, and of the whole box; None for one that lasts to the end.
fn box_header(bytes: &[u8]) -> Option<([u8; 4], u64, Option<u64>)> {
    let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    match u32_at(bytes, 0)? {
        0 => Some((kind, 8, None)),
        1 => Some((kind, 16, Some(u64_at(bytes, 8)?).filter(|len| *len >= 16))),
        len => Some((kind, 8, Some(u64::from(len)).filter(|len| *len >= 8))),
    }
}

/// The boxes inside `body`, as far as they are well-formed.
fn boxes(mut body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (kind, header_len, box_len) = box_header(body)?;
        let header_len = usize::try_from(header_len).ok()?;
        let box_len = match box_len {
            Some(len) => usize::try_from(len).ok()?.min(body.len()),
            None => body.len(),
        };
        let content = body.get(header_len..box_len)?;
        body = &body[box_len..];
        Some((kind, content))
    })
}

fn child<'a>(body: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, wanted| {
        boxes(body).find(|(kind, _)| kind == *wanted).map(|(_, content)| content)
    })
}

fn start_in_moov(moov: &[u8]) -> Option<Start> {
    let track =
        boxes(moov).filter(|(kind, _)| kind == b"trak").map(|(_, body)| body).find(|track| {
            child(track, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12)) == Some(b"soun")
        })?;
    let timescale = timescale(child(track, &[b"mdia", b"mdhd"])?)?;
    let frames = child(track, &[b"edts", b"elst"])
        .and_then(first_media_time)
        .or_else(|| itunes_delay(moov))?;
    Some(Start { frames, timescale })
}

fn timescale(mdhd: &[u8]) -> Option<u32> {
    match mdhd.first()? {
        1 => u32_at(mdhd, 20),
        _ => u32_at(mdhd, 12),
    }
}

/// Where in the media the first edit begins that is not empty.
fn first_media_time(elst: &[u8]) -> Option<u64> {
    let long = *elst.first()? == 1;
    let entries = usize::try_from(u32_at(elst, 4)?).ok()?;
    let entry_len = if long { 20 } else { 12 };
    elst.get(8..)?.chunks_exact(entry_len).take(entries).find_map(|entry| {
        if long {
            u64_at(entry, 8).filter(|time| *time != u64::MAX)
        } else {
            u32_at(entry, 4).filter(|time| *time != u32::MAX).map(u64::from)
        }
    })
}

/// The encoder's delay out of the `iTunSMPB` comment.
fn itunes_delay(moov: &[u8]) -> Option<u64> {
    // `meta` is a full box: four bytes of version and flags stand before its children.
    let meta = child(moov, &[b"udta", b"meta"])?.get(4..)?;
    let comment = boxes(child(meta, &[b"ilst"])?)
        .filter(|(kind, _)| kind == b"----")
        .map(|(_, body)| body)
        .find(|body| child(body, &[b"name"]).and_then(|name| name.get(4..)) == Some(b"iTunSMPB"))?;
    let text = std::str::from_utf8(child(comment, &[b"data"])?.get(8..)?).ok()?;
    u64::from_str_radix(text.split_whitespace().nth(1)?, 16).ok()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
