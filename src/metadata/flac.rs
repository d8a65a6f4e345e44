//! The metadata blocks of FLAC.
//!
//! # Sources
//! RFC 9639, 8: a block is a byte of its type, with the highest bit set in the last one, three of
//! its length, and its content; 8.4 (application), 8.6 (comments), 8.7 (cue sheet), 8.8 (picture).
//! `riff` and `aiff` applications are the `flac` program's *foreign metadata*.

use std::io::{self, Read, Seek};

use super::collect::{Collector, FoundCue, Position};
use super::{aiff, riff, text, vorbis};
use crate::decode::{Order, Window, array};

const APPLICATION: u8 = 2;
const COMMENTS: u8 = 4;
const CUE_SHEET: u8 = 5;
const PICTURE: u8 = 6;
/// Most blocks that are looked at.
const MAX_BLOCKS: usize = 1_024;
/// What a picture says before its bytes, at most.
const MAX_PICTURE_HEAD_BYTES: usize = 4_096;
/// The type of a front cover.
const FRONT: u32 = 3;

/// Reads all blocks of a FLAC file.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    window: &mut Window<'_, R>,
    found: &mut Collector,
) -> io::Result<()> {
    let mut blocks = Blocks::default();
    let mut at = 4;
    for _ in 0..MAX_BLOCKS {
        let Some([kind, a, b, c]) = array(window.look(at, 4)?, 0) else { break };
        let len = u64::from(u32::from_be_bytes([0, a, b, c]));
        at += 4;
        match kind & 0x7f {
            PICTURE => {
                let head = window.look(at, MAX_PICTURE_HEAD_BYTES)?;
                if let Some((picture, skip)) = Picture::parse(head) {
                    let there = len.saturating_sub(skip as u64).min(picture.len);
                    let is_front = picture.kind == FRONT;
                    found.found_picture(&picture.mime, is_front, at + skip as u64, there);
                }
            }
            kind @ (APPLICATION | COMMENTS | CUE_SHEET) => {
                let content = found.read(window, at, len)?;
                blocks.read(kind, &content, found);
            }
            _ => {}
        }
        at += len;
        if kind & 0x80 != 0 {
            break;
        }
    }
    blocks.end(found);
    Ok(())
}

/// What several blocks say together.
#[derive(Default)]
pub(super) struct Blocks {
    cues: riff::Cues,
    markers: aiff::Markers,
}

impl Blocks {
    /// Reads one block, from its header on.
    pub(super) fn read_with_header(&mut self, block: &[u8], found: &mut Collector) {
        let Some((header, content)) = block.split_first_chunk::<4>() else { return };
        match header[0] & 0x7f {
            PICTURE => held_picture(content, found),
            kind => self.read(kind, content, found),
        }
    }

    fn read(&mut self, kind: u8, content: &[u8], found: &mut Collector) {
        match (kind, content) {
            (COMMENTS, _) => vorbis::read(content, found),
            (CUE_SHEET, _) => cue_sheet(content, found),
            (APPLICATION, [b'r', b'i', b'f', b'f', chunk @ ..]) => {
                for (id, content) in riff::Parts::new(chunk, Order::Little) {
                    riff::read_chunk(id, content, Order::Little, &mut self.cues, found);
                }
            }
            (APPLICATION, [b'a', b'i', b'f', b'f', chunk @ ..]) => {
                for (id, content) in riff::Parts::new(chunk, Order::Big) {
                    aiff::read_chunk(id, content, &mut self.markers, found);
                }
            }
            _ => {}
        }
    }

    pub(super) fn end(self, found: &mut Collector) {
        self.cues.end(found);
        self.markers.end(found);
    }
}

/// What a picture's block says before its bytes.
struct Picture {
    kind: u32,
    mime: String,
    len: u64,
}

impl Picture {
    /// Also where its bytes begin.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let word = |at| Order::Big.u32(bytes, at);
        let mime_len = usize::try_from(word(4)?).ok()?;
        let mime = bytes.get(8..)?.get(..mime_len)?;
        let description_len = usize::try_from(word(8 + mime_len)?).ok()?;
        // Width, height, depth and colours.
        let at = (12 + mime_len).checked_add(description_len)?.checked_add(16)?;
        let len = u64::from(word(at)?);
        Some((Self { kind: word(0)?, mime: text::field(mime), len }, at + 4))
    }
}

/// Notes the picture of a block that is in memory.
pub(super) fn held_picture(content: &[u8], found: &mut Collector) {
    if let Some((picture, at)) = Picture::parse(content) {
        let len = usize::try_from(picture.len).unwrap_or(usize::MAX);
        let bytes = &content[at..];
        let bytes = &bytes[..len.min(bytes.len())];
        found.found_held_picture(&picture.mime, picture.kind == FRONT, bytes);
    }
}

/// One cue where each track's first index is; the last track only says where the disc ends.
fn cue_sheet(content: &[u8], found: &mut Collector) {
    const TRACK_BYTES: usize = 36;
    const INDEX_BYTES: usize = 12;
    let tracks = content.get(395).copied().unwrap_or(0);
    let mut at = 396;
    for _ in 0..tracks.saturating_sub(1) {
        let (Some(offset), Some(&number)) = (Order::Big.u64(content, at), content.get(at + 8))
        else {
            break;
        };
        let isrc = text::field(content.get(at + 9..at + 21).unwrap_or(&[]));
        let Some(&indices) = content.get(at + 35) else { break };
        at += TRACK_BYTES;
        let end = at + usize::from(indices) * INDEX_BYTES;
        let points = content.get(at..end).unwrap_or(&[]);
        let first = points.chunks_exact(INDEX_BYTES).find(|point| point[8] == 1);
        let index = first.and_then(|point| Order::Big.u64(point, 0)).unwrap_or(0);
        at = end;
        found.found_cue(FoundCue {
            id: u32::from(number),
            start: Position::Frames(offset.saturating_add(index)),
            end: None,
            label: String::new(),
            note: isrc,
        });
    }
}
