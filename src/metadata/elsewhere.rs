//! The files whose audio somebody else than the direct path reads.

use std::io::{self, Read, Seek};

use super::collect::Collector;
use super::{ape, flac, mkv, mp4, ogg};
use crate::decode::{CountingReader, Window, is_mp4};

/// Reads what the file that begins with `head` says. Leaves `reader` anywhere.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read(
    reader: &mut CountingReader,
    head: &[u8],
    found: &mut Collector,
) -> io::Result<()> {
    if head.starts_with(b"OggS") {
        return ogg::read(reader, found);
    }
    let len = reader.byte_len();
    by_head(&mut Window::new(reader, len), head, found)
}

fn by_head<R: Read + Seek>(
    window: &mut Window<'_, R>,
    head: &[u8],
    found: &mut Collector,
) -> io::Result<()> {
    match head {
        [b'f', b'L', b'a', b'C', ..] => {
            // An ID3 tag in front fills no more than what the file's own comments lack.
            let front = std::mem::take(&mut found.tags);
            let read = flac::read(window, found);
            found.tags.merge(front);
            read
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => mkv::read(window, found),
        [b'c', b'a', b'f', b'f', ..] => Ok(()),
        _ if is_mp4(head) => mp4::read(window, found),
        // Streams of frames, which may begin with anything.
        _ => ape::read_behind(window, found),
    }
}
