//! AAC: packets to planes, and ADTS as its container. MP4, CAF and Matroska bring packets too.

mod adts;
mod codec;
mod fill;
mod mono;
#[cfg(test)]
mod tests;

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use adts::AdtsSource;
pub(super) use codec::{Codec, config};

use super::failure::io_failure;
use super::packets::{About, Blocks, PacketDecoder};
use super::reader::{CountingReader, ReadState};
use super::{Opened, sniff};
use crate::error::LoadError;

/// How far into a file the first frame is looked for, at first and where nobody else knows it.
const NEAR_BYTES: usize = 64 << 10;
const MAX_JUNK_BYTES: usize = 1 << 20;
/// Frames in a row that are no accident, and that may be one, where nobody else knows the file.
const ENOUGH_FRAMES: usize = 3;
const LEAST_FRAMES: usize = 2;

/// Opens the file that begins with `head`, if it consists of ADTS frames.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
pub(super) fn open(
    reader: CountingReader,
    read: &Arc<ReadState>,
    head: &[u8],
    byte_len: u64,
) -> Result<Opened, LoadError> {
    match sniff::may_be_adts(head) {
        true => open_within(NEAR_BYTES, ENOUGH_FRAMES, reader, read, byte_len),
        false => Ok(Opened::Elsewhere(reader)),
    }
}

/// Opens a file that begins with something else, if ADTS frames are not far behind.
///
/// # Errors
/// As [`open`].
pub(super) fn open_behind(
    reader: CountingReader,
    read: &Arc<ReadState>,
    byte_len: u64,
) -> Result<Opened, LoadError> {
    open_within(MAX_JUNK_BYTES, LEAST_FRAMES, reader, read, byte_len)
}

/// Opens a file in whose first `most` bytes so many frames in a row begin.
fn open_within(
    most: usize,
    enough: usize,
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    byte_len: u64,
) -> Result<Opened, LoadError> {
    let failed = |error| io_failure(read, error);
    let shown = reader.byte_len();
    let mut blocks = Blocks::new(reader, shown);
    let Some(start) = adts::begins(&mut blocks, most, enough).map_err(failed)? else {
        reader = blocks.into_reader();
        reader.seek(SeekFrom::Start(0)).map_err(failed)?;
        return Ok(Opened::Elsewhere(reader));
    };
    // Of what was looked at nothing is kept.
    let mut blocks = Blocks::new(blocks.into_reader(), shown);
    let source = AdtsSource::new(&mut blocks, start).map_err(failed)?;
    let about = About { container: "aac", length_stated: false, byte_len };
    let (source, codec) = (Box::new(source), Box::new(Codec::adts()));
    let decoder = PacketDecoder::new(blocks, Arc::clone(read), source, codec, &about)?;
    Ok(Opened::Here(Box::new(decoder)))
}
