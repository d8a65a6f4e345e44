//! FLAC: frames to values, and the files that are made of them.
//!
//! symphonia 0.6.1 panics at 32 bits, takes a change of rate for the end, and has to be shielded
//! from headers that contradict themselves.
//!
//! # Sources
//! RFC 9639.

mod bits;
mod checksum;
mod codec;
mod decoder;
mod frames;
mod header;
mod info;
mod packets;
mod place;
mod seek;
mod split;
mod subframe;
#[cfg(test)]
mod tests;

use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;

use decoder::FlacDecoder;
use frames::{Frames, Next};
use header::FrameHeader;
use info::{MAGIC, Preamble};
pub(super) use packets::FlacPackets;

use super::Opened;
use super::failure::io_failure;
use super::reader::{CountingReader, ReadState};
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::Collector;
use crate::speakers::Speakers;

/// What may precede a file that does not begin as it should.
const MAX_JUNK_BYTES: u64 = 1 << 20;
/// Headers of frames that are tried there.
const MAX_TRIALS: u32 = 64;

/// Opens the file that begins with `head`, if that is FLAC: with all that belongs in front of its
/// frames, or with a frame.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
pub(super) fn open(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    head: &[u8],
    byte_len: u64,
    found: &Collector,
) -> Result<Opened, LoadError> {
    let preamble = if head.starts_with(MAGIC) {
        let preamble = info::read(&mut reader, 0).map_err(|error| io_failure(read, error))?;
        preamble.ok_or_else(|| {
            LoadError::new(LoadErrorKind::Corrupt, "no frame of FLAC follows its header")
        })?
    } else {
        // ADTS has the same first bytes.
        let is_likely = FrameHeader::parse(head).is_some();
        let found = if is_likely { find(&mut reader, 0) } else { Ok(None) };
        match found.map_err(|error| io_failure(read, error))? {
            Some(preamble) => preamble,
            None => return Ok(Opened::Elsewhere(reader)),
        }
    };
    here(reader, read, &preamble, byte_len, found)
}

/// Opens a file that begins with something else, if a stream or a sound frame is not far behind.
///
/// # Errors
/// As [`open`].
pub(super) fn open_behind(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    byte_len: u64,
    found: &Collector,
) -> Result<Opened, LoadError> {
    match find(&mut reader, MAX_JUNK_BYTES).map_err(|error| io_failure(read, error))? {
        Some(preamble) => here(reader, read, &preamble, byte_len, found),
        None => Ok(Opened::Elsewhere(reader)),
    }
}

fn here(
    reader: CountingReader,
    read: &Arc<ReadState>,
    preamble: &Preamble,
    byte_len: u64,
    found: &Collector,
) -> Result<Opened, LoadError> {
    let mut decoder = FlacDecoder::new(reader, Arc::clone(read), preamble, byte_len)?;
    decoder.info.speakers =
        Speakers::of_mask(found.channel_mask().unwrap_or(0), decoder.info.spec.channels);
    Ok(Opened::Here(Box::new(decoder)))
}

/// The first stream or sound frame that begins within `bytes` bytes from the start. Leaves `reader`
/// at its start.
fn find(reader: &mut CountingReader, bytes: u64) -> io::Result<Option<Preamble>> {
    let preamble = Preamble { info: info::StreamInfo::default(), audio: 0 };
    let mut frames = Frames::new(&mut *reader, &preamble)?;
    let (mut passed, mut trials) = (0, 0);
    let found = loop {
        let at = passed;
        match frames.next()? {
            Next::Frame(_) => break Some(Preamble { audio: at, ..preamble }),
            Next::Joined(preamble) => break Some(preamble),
            Next::Damaged { .. } => (passed, trials) = (passed + 1, trials + 1),
            Next::Junk(bytes) => passed += bytes,
            Next::End => break None,
        }
        if passed > bytes || trials > MAX_TRIALS {
            break None;
        }
    };
    reader.seek(SeekFrom::Start(0))?;
    Ok(found)
}
