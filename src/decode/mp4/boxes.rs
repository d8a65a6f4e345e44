//! Boxes, walked where they lie: nothing is kept, and nobody goes deeper than he asks to.
//!
//! # Sources
//! ISO/IEC 14496-12, 4.2: length of the whole box in 32 bits, kind; with a length of 1, 64 bits
//! of length follow, with 0 the box lasts to the end.

use std::io::{self, Read, Seek};

use super::fields::{u32_at, u64_at};
use crate::decode::packets::Blocks;
use crate::decode::{Window, array};

/// Most bytes of one table: more than a day of AAC packets.
const MAX_TABLE_BYTES: usize = 16 << 20;
/// Most boxes beside each other that are listed.
const MAX_LISTED: usize = 4_096;
/// Bytes that are read of a table at once, so that a lie about its length costs nothing.
const STEP_BYTES: usize = 1 << 20;

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Place {
    pub(crate) fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// What lies behind the first `bytes` bytes.
    pub(crate) fn behind(self, bytes: u64) -> Self {
        Self { start: self.start.saturating_add(bytes).min(self.end), end: self.end }
    }

    /// The first bytes, at most `count`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn head<R: Read + Seek>(
        self,
        blocks: &mut Blocks<R>,
        count: usize,
    ) -> io::Result<&[u8]> {
        let count = usize::try_from(self.len()).map_or(count, |len| len.min(count));
        blocks.look(self.start, count)
    }

    /// All bytes, as far as the file has them, up to [`MAX_TABLE_BYTES`].
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn all<R: Read + Seek>(self, blocks: &mut Blocks<R>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = self;
        while rest.len() > 0 && bytes.len() < MAX_TABLE_BYTES {
            let part = rest.head(blocks, STEP_BYTES)?;
            if part.is_empty() {
                break;
            }
            bytes.extend_from_slice(part);
            rest = rest.behind(part.len() as u64);
        }
        Ok(bytes)
    }
}

/// The boxes in one place, one after another, as far as they are well-formed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boxes {
    rest: Place,
    /// Where the last box began, with its header.
    pub(super) last_start: u64,
    /// Whether the last box claims more than there is.
    pub(super) last_is_cut: bool,
}

impl Boxes {
    pub(super) fn of(place: Place) -> Self {
        Self { rest: place, last_start: place.start, last_is_cut: false }
    }

    /// What is left.
    pub(super) fn rest(&self) -> Place {
        self.rest
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.len() == 0
    }

    /// Kind and content of the next box. One that claims more than there is ends where its
    /// parent does.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn next<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
    ) -> io::Result<Option<([u8; 4], Place)>> {
        let header = self.rest.head(blocks, 16)?;
        let (Some(len), Some(kind)) = (u32_at(header, 0), array(header, 4)) else {
            return Ok(None);
        };
        let (header_len, len) = match len {
            0 => (8, self.rest.len()),
            1 => match u64_at(header, 8) {
                Some(len) => (16, len),
                None => return Ok(None),
            },
            len => (8, u64::from(len)),
        };
        if len < header_len {
            return Ok(None);
        }
        self.last_start = self.rest.start;
        let stated_end = self.rest.start.saturating_add(len);
        self.last_is_cut = stated_end > self.rest.end;
        let end = stated_end.min(self.rest.end);
        let content = Place { start: self.rest.start + header_len, end };
        self.rest.start = end;
        Ok(Some((kind, content)))
    }

    /// The next box of `kind`.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn find<R: Read + Seek>(
        &mut self,
        blocks: &mut Blocks<R>,
        kind: [u8; 4],
    ) -> io::Result<Option<Place>> {
        while let Some((found, content)) = self.next(blocks)? {
            if found == kind {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }
}

/// Kinds and contents of the first boxes in `place`, for whoever wants to see them more than once.
///
/// # Errors
/// Those of the reader.
pub(crate) fn boxes<R: Read + Seek>(
    window: &mut Window<'_, R>,
    place: Place,
) -> io::Result<Vec<([u8; 4], Place)>> {
    let (mut boxes, mut listed) = (Boxes::of(place), Vec::new());
    while listed.len() < MAX_LISTED
        && let Some(next) = boxes.next(window.blocks())?
    {
        listed.push(next);
    }
    Ok(listed)
}

/// The first box at the end of `path`, which begins below `place`.
///
/// # Errors
/// Those of the reader.
pub(super) fn child<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    place: Place,
    path: &[[u8; 4]],
) -> io::Result<Option<Place>> {
    let mut place = place;
    for kind in path {
        match Boxes::of(place).find(blocks, *kind)? {
            Some(found) => place = found,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}
