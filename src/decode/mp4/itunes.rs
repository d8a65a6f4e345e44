//! What iTunes and those that follow it note of an encoder's padding.
//!
//! # Sources
//! The comment `iTunSMPB` of `com.apple.iTunes` is a row of hexadecimal numbers: nothing, frames
//! before the music, frames behind it, frames of music, … (Apple, *QuickTime File Format
//! Specification*, appendix G, tells of the padding itself).

use std::io::{self, Read, Seek};

use super::boxes::{Boxes, Place, child};
use crate::decode::packets::Blocks;

/// Bytes of a comment that are read.
const MAX_COMMENT_BYTES: usize = 256;

/// An encoder's padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gaps {
    /// Frames before the music.
    pub(super) delay: u64,
    /// Frames of music, if that is known.
    pub(super) frames: Option<u64>,
}

/// The comment of the movie, if it has one.
///
/// # Errors
/// Those of the reader.
pub(super) fn read<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    moov: Place,
) -> io::Result<Option<Gaps>> {
    let Some(meta) = child(blocks, moov, &[*b"udta", *b"meta"])? else { return Ok(None) };
    // A full box in MP4: four bytes of version and flags come before its children. Not so in
    // QuickTime.
    let skipped = if meta.head(blocks, 8)?.get(4..8) == Some(b"hdlr") { 0 } else { 4 };
    let Some(ilst) = child(blocks, meta.behind(skipped), &[*b"ilst"])? else { return Ok(None) };
    let mut items = Boxes::of(ilst);
    while let Some(item) = items.find(blocks, *b"----")? {
        let Some(name) = child(blocks, item, &[*b"name"])? else { continue };
        if name.head(blocks, 12)?.get(4..) != Some(b"iTunSMPB") {
            continue;
        }
        let Some(data) = child(blocks, item, &[*b"data"])? else { continue };
        let bytes = data.head(blocks, 8 + MAX_COMMENT_BYTES)?;
        return Ok(bytes.get(8..).and_then(parse));
    }
    Ok(None)
}

fn parse(comment: &[u8]) -> Option<Gaps> {
    let mut fields = comment.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let mut number = || u64::from_str_radix(std::str::from_utf8(fields.next()?).ok()?, 16).ok();
    let (_, delay, _) = (number()?, number()?, number());
    Some(Gaps { delay, frames: number().filter(|frames| *frames > 0) })
}
