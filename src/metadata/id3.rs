//! ID3v2 tags, of versions 2.2 to 2.4.
//!
//! # Sources
//! id3.org: *ID3 tag version 2.2.0* (1998), *2.3.0* (1999), *2.4.0 structure* and *native frames*
//! (2000), *chapter frame addendum* (2005).

mod fields;
mod frames;

use std::io::{self, Cursor, Read, Seek};
use std::ops::Range;

use frames::Frames;

use super::collect::Collector;
use crate::decode::{CountingReader, Order, Window, array, id3v2_len};

/// Most frames of one tag that are looked at.
const MAX_FRAMES: usize = 4_096;
/// Longest tag of those that have to be in memory as one, pictures included.
const MAX_HELD_BYTES: usize = 48 << 20;
/// Flags of a tag.
const IS_UNSYNCHRONISED: u8 = 0x80;
const HAS_EXTENDED_HEADER: u8 = 0x40;

/// Reads all tags in the first `len` bytes of what `reader` shows. Leaves it anywhere.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read_in_front(
    reader: &mut CountingReader,
    len: u64,
    found: &mut Collector,
) -> io::Result<()> {
    let mut window = Window::new(reader, len);
    let mut at = 0;
    while let Some(len) = read(&mut window, at, len - at, found)? {
        at += len;
        if at >= window.len() {
            break;
        }
    }
    Ok(())
}

/// Reads the tag at `at`, which has at most `room` bytes; its length, None where there is none.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    at: u64,
    room: u64,
    found: &mut Collector,
) -> io::Result<Option<u64>> {
    let head = window.look(at, 10)?;
    let Some(len) = id3v2_len(head) else { return Ok(None) };
    let (version, flags) = (head[3], head[5]);
    let (start, end) = (at + 10, at + len.min(room));
    if !(2..=4).contains(&version) || end <= start {
        return Ok(Some(len));
    }
    let mut frames = Frames::new(version);
    if flags & IS_UNSYNCHRONISED != 0 && version < 4 {
        // Lengths count what is left when the added zeros are gone.
        let held = usize::try_from(end - start).unwrap_or(usize::MAX).min(MAX_HELD_BYTES);
        let bytes = synchronised(&window.read(start, held)?);
        let len = bytes.len() as u64;
        let mut bytes = Cursor::new(bytes);
        let mut held = Window::new(&mut bytes, len);
        let from = skip_extension(&mut held, 0..len, version, flags)?;
        frames.read(&mut held, from..len, false, found)?;
    } else {
        let from = skip_extension(window, start..end, version, flags)?;
        frames.say_unsynchronised(flags & IS_UNSYNCHRONISED != 0);
        frames.read(window, from..end, true, found)?;
    }
    frames.end(found);
    found.end_of_tags();
    Ok(Some(len))
}

/// Where the frames begin. An extension that does not fit is none: some writers only say that there
/// is one.
fn skip_extension<R: Read + Seek>(
    window: &mut Window<'_, R>,
    Range { start: at, end }: Range<u64>,
    version: u8,
    flags: u8,
) -> io::Result<u64> {
    if flags & HAS_EXTENDED_HEADER == 0 || version < 3 {
        return Ok(at);
    }
    let bytes = window.look(at, 4)?;
    let len = match version {
        3 => Order::Big.u32(bytes, 0).map_or(0, |len| 4 + u64::from(len)),
        _ => array(bytes, 0).and_then(seven_bits).unwrap_or(0),
    };
    Ok(at.checked_add(len).filter(|start| *start < end).unwrap_or(at))
}

/// A number of four bytes of seven bits each; None where one of them has eight.
fn seven_bits(bytes: [u8; 4]) -> Option<u64> {
    bytes
        .iter()
        .all(|byte| byte & 0x80 == 0)
        .then(|| bytes.iter().fold(0, |value, byte| value << 7 | u64::from(*byte)))
}

/// Without the zeros that keep a tag from resembling audio.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut was_full = false;
    bytes
        .iter()
        .copied()
        .filter(|byte| {
            let is_added = was_full && *byte == 0;
            was_full = *byte == 0xff;
            !is_added
        })
        .collect()
}
