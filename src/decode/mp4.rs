//! MP4, M4A and QuickTime movies: which packets are audio, and which part of them is music.
//!
//! symphonia 0.6.1 reads these files too, but knows no edit lists, no AAC of more than two
//! channels, few kinds of PCM, and refuses much that others forgive.
//!
//! # Sources
//! ISO/IEC 14496-12:2015, *ISO base media file format*; Apple, *QuickTime File Format
//! Specification* (2016). Files of both have the same boxes ("atoms"), but for details.

mod boxes;
mod caf;
mod edits;
mod entry;
mod fields;
mod fragments;
mod itunes;
mod layout;
mod pcm;
mod source;
mod table;
mod times;
mod track;

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use boxes::Boxes;
use source::Mp4Source;
use track::Track;

pub(crate) use boxes::{Place, boxes};
pub(crate) use layout::Layout;

use super::Opened;
use super::failure::{Failure, corrupt, io_failure, unsupported};
use super::kept::Kept;
use super::packets::{About, Blocks, PacketCodec, PacketDecoder};
use super::pcm::Window;
use super::reader::{CountingReader, ReadState};
use super::sniff::is_mp4;
use crate::error::LoadError;

/// Opens the file that begins with `head`, if it is of MP4 or QuickTime, or a CAF file with packets
/// of a codec that is decoded here. Tables are read unless they are among what is `kept` of it.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
pub(super) fn open(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    head: &[u8],
    byte_len: u64,
    kept: &Kept,
) -> Result<Opened, LoadError> {
    let shown = reader.byte_len();
    let failed = |failure: Failure| failure.into_error(read);
    let (blocks, source, codec, about) = if is_mp4(head) {
        let mut blocks = Blocks::new(reader, shown);
        let (source, codec) = audio(&mut blocks, kept).map_err(failed)?;
        let length_stated = !source.is_fragmented();
        (blocks, source, codec, About { container: "mp4", length_stated, byte_len })
    } else if head.starts_with(b"caff") {
        let mut window = Window::new(&mut reader, shown);
        let Some(found) = caf::find(&mut window).map_err(failed)? else {
            reader.seek(SeekFrom::Start(0)).map_err(|error| io_failure(read, error))?;
            return Ok(Opened::Elsewhere(reader));
        };
        let layout = kept.mp4(|| found.layout(&mut window)).map_err(failed)?;
        let about = About { container: "caf", length_stated: true, byte_len };
        (Blocks::new(reader, shown), Mp4Source::new(layout), found.codec, about)
    } else {
        return Ok(Opened::Elsewhere(reader));
    };
    let decoder = PacketDecoder::new(blocks, Arc::clone(read), Box::new(source), codec, &about)?;
    Ok(Opened::Here(Box::new(decoder)))
}

/// The first audio track that can be decoded, enabled ones before all others.
///
/// # Errors
/// `corrupt` without a `moov`; without such a track, what the first audio track fails with.
fn audio(
    blocks: &mut Blocks<CountingReader>,
    kept: &Kept,
) -> Result<(Mp4Source, Box<dyn PacketCodec>), Failure> {
    let file = Place { start: 0, end: blocks.len() };
    let mut boxes = Boxes::of(file);
    let Some(moov) = boxes.find(blocks, *b"moov")? else {
        return Err(corrupt("the file is incomplete, its index is missing").into());
    };
    // What is left may say nothing of where the music starts and ends.
    if boxes.last_is_cut {
        return Err(corrupt("the file is incomplete, its index is cut off").into());
    }
    let mut first_failure = None;
    for enabled in [true, false] {
        let mut traks = Boxes::of(moov);
        while let Some(trak) = traks.find(blocks, *b"trak")? {
            let Some(track) = Track::read(blocks, trak)? else { continue };
            if track.is_enabled != enabled {
                continue;
            }
            match entry::read(blocks, &track) {
                Ok(found) => {
                    let read = || Layout::read(blocks, file, moov, &track, &found);
                    return Ok((Mp4Source::new(kept.mp4(read)?), found.codec));
                }
                Err(Failure::Load(error)) => {
                    first_failure.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
    }
    let no_track = || unsupported("has no audio track");
    Err(first_failure.unwrap_or_else(no_track).into())
}
