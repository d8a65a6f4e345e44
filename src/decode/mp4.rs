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

use std::sync::Arc;

use boxes::{Boxes, Place};
use source::Mp4Source;
use track::Track;

pub(crate) use layout::Layout;

use super::failure::io_failure;
use super::kept::Kept;
use super::packets::{About, Blocks, PacketDecoder};
use super::pcm::Window;
use super::reader::{CountingReader, ReadState};
use crate::error::{LoadError, LoadErrorKind};

/// What ends the reading of a header.
#[derive(Debug)]
enum Failure {
    /// The source failed.
    Io(std::io::Error),
    /// The header did.
    Load(LoadError),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

/// Opens an MP4 or QuickTime file and decodes up to the first frame. Its tables are read unless
/// they are among what is `kept` of it.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
pub(super) fn open(
    reader: CountingReader,
    read: &Arc<ReadState>,
    byte_len: u64,
    kept: &Kept,
) -> Result<PacketDecoder, LoadError> {
    let shown = reader.byte_len();
    let mut blocks = Blocks::new(reader, shown);
    let (source, codec) = audio(&mut blocks, kept).map_err(|failure| match failure {
        Failure::Io(error) => io_failure(read, error),
        Failure::Load(error) => error,
    })?;
    let length_stated = !source.is_fragmented();
    let about = About { container: "mp4", length_stated, byte_len };
    PacketDecoder::new(blocks, Arc::clone(read), Box::new(source), codec, &about)
}

/// Opens a CAF file, if it holds packets of a codec that is decoded here.
///
/// # Errors
/// As [`open`].
pub(super) fn open_caf(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    byte_len: u64,
    kept: &Kept,
) -> Result<Result<PacketDecoder, CountingReader>, LoadError> {
    let shown = reader.byte_len();
    let mut window = Window::new(&mut reader, shown);
    let failed = |failure| match failure {
        Failure::Io(error) => io_failure(read, error),
        Failure::Load(error) => error,
    };
    let Some(found) = caf::find(&mut window).map_err(failed)? else { return Ok(Err(reader)) };
    let layout = kept.mp4(|| found.layout(&mut window)).map_err(failed)?;
    let about = About { container: "caf", length_stated: true, byte_len };
    let (blocks, source) = (Blocks::new(reader, shown), Box::new(Mp4Source::new(layout)));
    PacketDecoder::new(blocks, Arc::clone(read), source, found.codec, &about).map(Ok)
}

type Opened = (Mp4Source, Box<dyn super::packets::PacketCodec>);

/// The first audio track that can be decoded, enabled ones before all others.
///
/// # Errors
/// `corrupt` without a `moov`; without such a track, what the first audio track fails with.
fn audio(blocks: &mut Blocks<CountingReader>, kept: &Kept) -> Result<Opened, Failure> {
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
    let no_track = || LoadError::new(LoadErrorKind::UnsupportedFormat, "has no audio track");
    Err(first_failure.unwrap_or_else(no_track).into())
}

/// A header that contradicts itself.
fn corrupt(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadErrorKind::Corrupt, message)
}

/// A header that makes sense, but not to us.
fn unsupported(message: impl Into<String>) -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, message)
}
