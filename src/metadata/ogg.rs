//! The header packets of Ogg streams.
//!
//! # Sources
//! *Vorbis I specification*, 4.2.1; RFC 7845, 5.2 (`OpusTags`); *Ogg FLAC mapping*: behind the
//! first packet, each block of metadata is a packet.

use std::io::{self, Read};

use super::collect::Collector;
use super::{flac, vorbis};
use crate::decode::{Next, Page, Pages};

/// Bytes of headers that are read, pictures included.
const MAX_BYTES: usize = 48 << 20;
/// Most header packets, of FLAC.
const MAX_PACKETS: usize = 256;
const VORBIS_COMMENTS: &[u8] = b"\x03vorbis";
const OPUS_COMMENTS: &[u8] = b"OpusTags";

/// Reads the headers of the first stream that is audio of a known kind.
///
/// # Errors
/// Those of the reader.
pub(super) fn read(reader: impl Read, found: &mut Collector) -> io::Result<()> {
    let mut pages = Pages::new(reader);
    let mut serial = None;
    let mut blocks = flac::Blocks::default();
    let (mut packet, mut bytes, mut packets) = (Vec::new(), 0, 0);
    'pages: while let Next::Page(page) = pages.next()? {
        match serial {
            None if page.is_first() && is_audio(&page) => {
                serial = Some(page.serial);
                continue;
            }
            Some(serial) if page.serial == serial => {}
            // Another stream, beside it or before.
            _ if page.is_first() => continue,
            None => break,
            Some(_) => continue,
        }
        for (part, is_end) in page.parts() {
            bytes += part.len();
            if bytes > MAX_BYTES {
                break 'pages;
            }
            packet.extend_from_slice(part);
            if !is_end {
                continue;
            }
            packets += 1;
            if let Some(comments) = packet.strip_prefix(VORBIS_COMMENTS) {
                vorbis::read(comments, found);
                break 'pages;
            } else if let Some(comments) = packet.strip_prefix(OPUS_COMMENTS) {
                vorbis::read(comments, found);
                break 'pages;
            } else if packet.first().is_none_or(|first| *first == 0xff) || packets > MAX_PACKETS {
                break 'pages;
            }
            blocks.read_with_header(&packet, found);
            packet.clear();
        }
    }
    blocks.end(found);
    Ok(())
}

fn is_audio(page: &Page) -> bool {
    const KINDS: [&[u8]; 3] = [b"OpusHead", b"\x01vorbis", b"\x7fFLAC"];
    page.parts().next().is_some_and(|(packet, _)| KINDS.iter().any(|kind| packet.starts_with(kind)))
}
