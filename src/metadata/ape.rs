//! The tags behind streams of frames: APEv2 and ID3v1.
//!
//! # Sources
//! *APEv2 specification* (hydrogenaudio); ID3v1 and 1.1, as id3.org describes them.

use std::io::{self, Read, Seek};

use super::collect::Collector;
use super::{genre, names, text};
use crate::decode::{Order, Window, array};

const ID3V1_BYTES: u64 = 128;
const FOOTER_BYTES: u64 = 32;
/// Most items that are looked at.
const MAX_ITEMS: usize = 4_096;
/// Longest key: the specification's, and its zero.
const MAX_KEY_BYTES: usize = 256;

/// Reads both at the end of the file.
///
/// # Errors
/// Those of the reader.
pub(super) fn read_behind<R: Read + Seek>(
    window: &mut Window<'_, R>,
    found: &mut Collector,
) -> io::Result<()> {
    let tail = ID3V1_BYTES + FOOTER_BYTES;
    let from = window.len().saturating_sub(tail);
    let bytes = window.look(from, 160)?.to_vec();
    let v1 = bytes.len().checked_sub(128).map(|at| &bytes[at..]).filter(|b| b.starts_with(b"TAG"));
    let end = window.len() - if v1.is_some() { ID3V1_BYTES } else { 0 };
    ape(window, end, found)?;
    if let Some(v1) = v1 {
        id3v1(v1, found);
    }
    Ok(())
}

fn ape<R: Read + Seek>(
    window: &mut Window<'_, R>,
    end: u64,
    found: &mut Collector,
) -> io::Result<()> {
    let Some(footer) = end.checked_sub(FOOTER_BYTES) else { return Ok(()) };
    let bytes = window.look(footer, 32)?;
    if !bytes.starts_with(b"APETAGEX") {
        return Ok(());
    }
    let size = Order::Little.u32(bytes, 12).map_or(0, u64::from);
    let count = Order::Little.u32(bytes, 16).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let Some(mut at) = end.checked_sub(size) else { return Ok(()) };
    for _ in 0..count.min(MAX_ITEMS) {
        let bytes = window.look(at, 8 + MAX_KEY_BYTES)?;
        let (Some(len), Some(flags)) = (Order::Little.u32(bytes, 0), Order::Little.u32(bytes, 4))
        else {
            break;
        };
        let Some(key_len) = bytes[8..].iter().position(|byte| *byte == 0) else { break };
        let key = text::any(&bytes[8..8 + key_len]);
        let start = at + 8 + key_len as u64 + 1;
        let len = u64::from(len);
        if start + len > footer {
            break;
        }
        match flags >> 1 & 3 {
            0 => {
                let value = text::any(&found.read(window, start, len)?);
                let name = names::free(&key);
                value.split('\0').for_each(|value| found.tag(&name, value));
            }
            1 if key.to_lowercase().starts_with("cover art") => {
                // The name of a file comes first.
                let name = window.look(start, MAX_KEY_BYTES)?;
                let skip = name.iter().position(|byte| *byte == 0).map_or(0, |at| at as u64 + 1);
                let is_front = key.to_lowercase().contains("front");
                found.found_picture("", is_front, start + skip, len.saturating_sub(skip));
            }
            _ => {}
        }
        at = start + len;
    }
    found.end_of_tags();
    Ok(())
}

fn id3v1(bytes: &[u8], found: &mut Collector) {
    let field = |from: usize, len: usize| text::field(bytes.get(from..from + len).unwrap_or(&[]));
    found.tag("title", &field(3, 30));
    found.tag("artist", &field(33, 30));
    found.tag("album", &field(63, 30));
    found.tag("date", &field(93, 4));
    match array(bytes, 125) {
        // 1.1: the comment is two bytes shorter.
        Some([0, track]) if track != 0 => {
            found.tag("comment", &field(97, 28));
            found.tag("track_number", &track.to_string());
        }
        _ => found.tag("comment", &field(97, 30)),
    }
    if let Some(genre) = bytes.get(127).and_then(|number| genre::name(usize::from(*number))) {
        found.tag("genre", genre);
    }
    found.end_of_tags();
}
