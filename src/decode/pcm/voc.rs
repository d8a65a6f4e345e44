//! VOC, the Creative Voice File of the Sound Blaster.
//!
//! # Sources
//! Creative Labs, *Sound Blaster Developer Kit*, Creative Voice File format: a header that states its
//! own length at byte 20, then blocks of a kind (0: the end) and a length of three bytes. Sound has a
//! time constant and a codec (1), goes on (2), or has a rate, bits, channels and a codec (9); a block
//! before it may give a finer constant and stereo (8). Silence (3), markers, texts and loops are left
//! out.

use std::io::{Read, Seek};
use std::ops::Range;

use super::chunks::Chunk;
use super::fields::Order;
use super::layout::{Coding, Found, Layout};
use super::linear::Linear;
use super::spread::Spread;
use super::window::Window;
use crate::decode::failure::{Failure, corrupt, no_audio, unsupported};
use crate::error::LoadError;
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, validate_channels};

const MAGIC: &[u8] = b"Creative Voice File\x1a";
const HEADER_BYTES: u64 = 26;
/// Most blocks that are looked at.
const MAX_BLOCKS: usize = 65_536;

/// Whether a file that begins with `head` is of this kind.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Rate, channels, and how values are stored.
#[derive(Clone, Copy, PartialEq)]
struct Format {
    spec: AudioSpec,
    linear: Linear,
}

/// Reads the header and walks over the blocks. Where one has another format than the first, the audio
/// ends.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(window: &mut Window<'_, R>) -> Result<Found, Failure> {
    let len = window.len();
    let start = Order::Little.u16(window.look(0, 26)?, 20);
    let mut at = start.map_or(HEADER_BYTES, u64::from).max(HEADER_BYTES);
    let mut format: Option<Format> = None;
    let mut extended = None;
    let mut pieces: Vec<Range<u64>> = Vec::new();
    let (mut there, mut stated, mut has_changed) = (0, 0_u64, false);
    for _ in 0..MAX_BLOCKS {
        let block = window.look(at, 4 + 12)?;
        let Some(&[kind, a, b, c]) = block.first_chunk::<4>() else { break };
        let (content, size) = (&block[4..], u64::from(u32::from_le_bytes([a, b, c, 0])));
        let head = match kind {
            0 => break,
            1 => 2,
            9 => 12,
            _ => 0,
        };
        match kind {
            8 => extended = Some(extension(content)),
            1 | 9 => {
                let this = match (kind, extended.take()) {
                    (9, _) => modern(content),
                    (_, Some(extended)) => extended,
                    (_, None) => classic(content),
                };
                match (this, format) {
                    (Ok(this), _) => has_changed |= *format.get_or_insert(this) != this,
                    (Err(error), None) => return Err(error.into()),
                    // What is before it can be played.
                    (Err(_), Some(_)) => has_changed = true,
                }
            }
            _ => {}
        }
        if matches!(kind, 1 | 2 | 9) && format.is_some() && size > head {
            stated += size - head;
            let piece = (at + 4 + head).min(len)..(at + 4 + size).min(len);
            if !has_changed && !piece.is_empty() {
                there += piece.end - piece.start;
                pieces.push(piece);
            }
        }
        at += 4 + size;
    }
    let (Some(Format { spec, linear }), Some(first)) = (format, pieces.first()) else {
        return Err(no_audio().into());
    };
    let audio = Chunk { id: *b"\0\0\0\0", start: first.start, len: there, stated: Some(stated) };
    Ok(Found::Audio(Layout {
        container: "voc",
        spec,
        coding: Coding::Linear(linear),
        bits: Some(8 * u32::try_from(linear.bytes()).unwrap_or(0)),
        audio,
        frames: None,
        order: (0..spec.channels).collect(),
        speakers: Speakers::USUAL,
        spread: Spread::Pieces(pieces),
    }))
}

/// A block of kind 1: the rate is a million by what its constant lacks to 256.
fn classic(content: &[u8]) -> Result<Format, LoadError> {
    let &[constant, codec, ..] = content else { return Err(too_short()) };
    let sample_rate = 1_000_000 / (256 - u32::from(constant));
    format(sample_rate, 1, u16::from(codec))
}

/// A block of kind 8, which counts values, not frames.
fn extension(content: &[u8]) -> Result<Format, LoadError> {
    let &[a, b, codec, mode, ..] = content else { return Err(too_short()) };
    let channels = if mode == 0 { 1 } else { 2 };
    let values = 256_000_000 / (65_536 - u32::from(u16::from_le_bytes([a, b])));
    format(values / channels, channels, u16::from(codec))
}

/// A block of kind 9.
fn modern(content: &[u8]) -> Result<Format, LoadError> {
    let (Some(rate), Some(&channels), Some(codec)) =
        (Order::Little.u32(content, 0), content.get(5), Order::Little.u16(content, 6))
    else {
        return Err(too_short());
    };
    format(rate, u32::from(channels), codec)
}

fn format(sample_rate: u32, channels: u32, codec: u16) -> Result<Format, LoadError> {
    let linear = match codec {
        0 => Some(Linear::Unsigned8),
        4 => Linear::signed(16, Order::Little),
        6 => Some(Linear::ALaw),
        7 => Some(Linear::MuLaw),
        _ => None,
    };
    let linear = linear
        .ok_or_else(|| unsupported(format!("a VOC file of codec {codec} is not supported")))?;
    let channels = usize::try_from(channels).unwrap_or(usize::MAX);
    validate_channels(channels)?;
    Ok(Format { spec: AudioSpec { sample_rate, channels }.validate()?, linear })
}

fn too_short() -> LoadError {
    corrupt("the file ends within the header of a block")
}
