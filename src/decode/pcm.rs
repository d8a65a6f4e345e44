//! Uncompressed and simply compressed audio, read without a detour from bytes to planes: WAV in
//! all its dialects, AIFF, AU, CAF, 8SVX, VOC.
//!
//! What others refuse is read here where it makes sense: see `docs/FORMATS.md`.

mod adpcm;
mod aiff;
mod au;
mod caf;
mod chunks;
mod codec;
mod decoder;
mod failure;
mod fields;
mod format;
mod gsm;
mod law;
mod layout;
mod linear;
mod seek;
mod split;
mod spread;
mod svx;
mod voc;
mod wav;
mod window;

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

pub(super) use caf::{rounded, walk as walk_caf};
pub(crate) use chunks::{Chunk, Chunks};
pub(super) use codec::{PcmCodec, PcmKind};
pub(super) use failure::Failure;
pub(crate) use fields::{Order, array};
pub(super) use layout::Found;
pub(crate) use window::Window;

use super::failure::io_failure;
use super::reader::{CountingReader, ReadState};
use crate::error::LoadError;
use crate::metadata::Collector;
use decoder::PcmDecoder;

/// Who reads a file.
pub(super) enum Opened {
    /// This module.
    Here(Box<PcmDecoder>),
    /// Somebody else: what the reader shows.
    Elsewhere(CountingReader),
    /// Somebody else: the MPEG frames of a WAV file, all that the reader shows now.
    Mpeg {
        reader: CountingReader,
        /// The file states more of them than it holds.
        is_cut: bool,
    },
}

/// Reads the header of what begins with `head`, if that is a container of this module, and puts
/// what it says beside the audio into `found`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn find(
    reader: &mut CountingReader,
    head: &[u8],
    found: &mut Collector,
) -> Result<Found, Failure> {
    let shown = reader.byte_len();
    let mut window = Window::new(reader, shown);
    match head.get(..4) {
        Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64") => wav::open(&mut window, found),
        Some(b"riff") => wav::open_w64(&mut window, found),
        Some(b"FORM") if svx::begins(head) => svx::open(&mut window),
        Some(b"FORM") => aiff::open(&mut window, found),
        Some(b".snd" | b"dns.") => au::open(&mut window, found),
        Some(b"caff") => caf::open(&mut window, found),
        Some(b"Crea") if voc::begins(head) => voc::open(&mut window),
        _ => Ok(Found::Elsewhere),
    }
}

/// Opens what begins with `head`, if that is a container of this module. What it says beside its
/// audio goes into `found`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty`, `io`.
pub(super) fn open(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    head: &[u8],
    byte_len: u64,
    found: &mut Collector,
) -> Result<Opened, LoadError> {
    let found = find(&mut reader, head, found).map_err(|failure| match failure {
        Failure::Io(error) => io_failure(read, error),
        Failure::Load(error) => error,
    })?;
    match found {
        Found::Audio(layout) => PcmDecoder::new(reader, Arc::clone(read), layout, byte_len)
            .map(|decoder| Opened::Here(Box::new(decoder))),
        Found::Mpeg(audio) => {
            let range = audio.start..audio.start.saturating_add(audio.len);
            reader.show(range).map_err(|error| io_failure(read, error))?;
            let is_cut = audio.stated.is_some_and(|stated| stated > audio.len);
            Ok(Opened::Mpeg { reader, is_cut })
        }
        Found::Elsewhere => {
            reader.seek(SeekFrom::Start(0)).map_err(|error| io_failure(read, error))?;
            Ok(Opened::Elsewhere(reader))
        }
    }
}
