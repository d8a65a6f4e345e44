//! MPEG audio: Layer I, II and III, as a stream of frames.
//!
//! symphonia 0.6.1 knows no free format and leaves one band of mixed blocks unscaled, so that frames
//! and tags are read here, and another decoder decodes them.

mod allocation;
mod codec;
mod decoder;
mod frames;
mod header;
mod padding;
mod seek;
mod split;
mod tag;
#[cfg(test)]
mod tests;

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

pub(super) use codec::{Codec, Outcome};

use super::Opened;
use super::failure::io_failure;
use super::reader::{CountingReader, ReadState};
use crate::error::LoadError;
use decoder::MpegDecoder;
use frames::Frames;

/// Opens `reader` if it holds MPEG audio: in a container, of which its name and whether it states
/// more bytes than it has, or in none.
///
/// # Errors
/// `corrupt`, `empty`, `io`, `unsupported_format`.
pub(super) fn open(
    reader: CountingReader,
    read: &Arc<ReadState>,
    container: Option<(&str, bool)>,
    byte_len: u64,
) -> Result<Opened, LoadError> {
    let shown = reader.byte_len();
    let mut frames = Frames::new(reader, shown);
    if frames.find().map_err(|error| io_failure(read, error))? {
        let decoder = MpegDecoder::new(frames, Arc::clone(read), container, byte_len)?;
        return Ok(Opened::Here(Box::new(decoder)));
    }
    let mut reader = frames.into_reader();
    reader.seek(SeekFrom::Start(0)).map_err(|error| io_failure(read, error))?;
    Ok(Opened::Elsewhere(reader))
}
