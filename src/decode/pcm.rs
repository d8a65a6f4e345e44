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
pub(crate) use fields::{Order, array};
pub(super) use layout::Found;
pub(super) use linear::Linear;
pub(crate) use window::Window;

use super::failure::{Failure, corrupt, io_failure};
use super::reader::{CountingReader, ReadState};
use super::{Opened, mpeg};
use crate::error::LoadError;
use crate::metadata::Collector;
use decoder::PcmDecoder;

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

/// Opens what begins with `head`, if that is a container of this module; also the MPEG audio in one.
/// What it says beside its audio goes into `found`.
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
    let failed = |error| io_failure(read, error);
    match find(&mut reader, head, found).map_err(|failure| failure.into_error(read))? {
        Found::Audio(layout) => {
            let decoder = PcmDecoder::new(reader, Arc::clone(read), layout, byte_len)?;
            Ok(Opened::Here(Box::new(decoder)))
        }
        Found::Mpeg(audio, container) => {
            reader.show(audio.start..audio.start.saturating_add(audio.len)).map_err(failed)?;
            let is_cut = audio.stated.is_some_and(|stated| stated > audio.len);
            match mpeg::open(reader, read, Some((container, is_cut)), byte_len)? {
                Opened::Elsewhere(_) => {
                    Err(corrupt("it does not hold the MPEG frames that its header states"))
                }
                here => Ok(here),
            }
        }
        Found::Elsewhere => {
            reader.seek(SeekFrom::Start(0)).map_err(failed)?;
            Ok(Opened::Elsewhere(reader))
        }
    }
}
