//! What one track of a movie says of itself.
//!
//! # Sources
//! ISO/IEC 14496-12: `tkhd` (8.3.2), `mdhd` (8.4.2), `hdlr` (8.4.3), `stbl` (8.5).

use std::io::{self, Read, Seek};

use super::boxes::{Place, child};
use super::fields::u32_at;
use crate::decode::array;
use crate::decode::packets::Blocks;

/// An audio track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) is_enabled: bool,
    /// Ticks per second of the media's times.
    pub(super) timescale: u32,
    /// The track's tables.
    pub(super) tables: Place,
    /// The track itself.
    pub(super) trak: Place,
}

impl Track {
    /// Reads `trak`; None where it is not audio, or says too little.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn read<R: Read + Seek>(
        blocks: &mut Blocks<R>,
        trak: Place,
    ) -> io::Result<Option<Self>> {
        let Some(mdia) = child(blocks, trak, &[*b"mdia"])? else { return Ok(None) };
        let handler = match child(blocks, mdia, &[*b"hdlr"])? {
            Some(hdlr) => array::<4>(hdlr.head(blocks, 12)?, 8),
            None => None,
        };
        let (Some(mdhd), Some(tables)) =
            (child(blocks, mdia, &[*b"mdhd"])?, child(blocks, mdia, &[*b"minf", *b"stbl"])?)
        else {
            return Ok(None);
        };
        let timescale = timescale(mdhd.head(blocks, 24)?);
        let (id, is_enabled) = match child(blocks, trak, &[*b"tkhd"])? {
            Some(tkhd) => {
                let bytes = tkhd.head(blocks, 24)?;
                let at = if bytes.first() == Some(&1) { 20 } else { 12 };
                (u32_at(bytes, at).unwrap_or(0), bytes.get(3).is_some_and(|flags| flags & 1 != 0))
            }
            None => (0, true),
        };
        let (Some(b"soun"), Some(timescale)) = (handler.as_ref(), timescale) else {
            return Ok(None);
        };
        Ok(Some(Self { id, is_enabled, timescale, tables, trak }))
    }
}

/// Ticks per second, as `mdhd` and `mvhd` have them in the same place; None where there are none.
pub(super) fn timescale(header: &[u8]) -> Option<u32> {
    u32_at(header, if header.first() == Some(&1) { 20 } else { 12 }).filter(|scale| *scale > 0)
}
