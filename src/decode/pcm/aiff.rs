//! AIFF and AIFF-C.
//!
//! # Sources
//! Apple, *Audio Interchange File Format 1.3* (1989) and *AIFF-C draft* (1991); the types of
//! compression added since are those of *`QuickTime` File Format*, sound sample descriptions.

use std::io::{Read, Seek};

use super::adpcm::Adpcm;
use super::chunks::{Chunks, Dialect, Id};
use super::fields::{Order, array};
use super::gsm::{Gsm, Packing};
use super::layout::{Coding, Found, Layout};
use super::linear::Linear;
use super::spread::Spread;
use super::window::Window;
use crate::decode::failure::{Failure, corrupt, no_audio, unsupported};
use crate::error::LoadError;
use crate::metadata::{Collector, read_aiff};
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, validate_channels};

const COMMON: Id = *b"COMM";
const SOUND: Id = *b"SSND";
/// Offset and size of blocks, in front of the audio.
const SOUND_HEAD_BYTES: u64 = 8;
/// From here on a length that is more than there is only says that it is not known: SoX writes this
/// one and a header, GStreamer 0x7fff0008, others the most that fits into 31 or 32 bits.
const UNKNOWN: u64 = 0x7f00_0000;

/// Reads the header of a file that begins with `FORM`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(
    window: &mut Window<'_, R>,
    metadata: &mut Collector,
) -> Result<Found, Failure> {
    let form: Option<Id> = array(window.look(0, 12)?, 8);
    if !matches!(form.as_ref(), Some(b"AIFF" | b"AIFC")) {
        return Err(unsupported("an IFF file, but not of audio").into());
    }
    let dialect = Dialect::iff(SOUND, SOUND_HEAD_BYTES, COMMON);
    let most = window.len().max(UNKNOWN);
    let stated = |id, length| Some(length).filter(|length| id != SOUND || *length < most);
    let chunks = Chunks::walk(window, &dialect, 12, stated)?;
    read_aiff(window, &chunks, metadata)?;
    let common = chunks.first_full(COMMON).ok_or_else(|| match chunks.first(SOUND) {
        Some(_) => corrupt("its common chunk is missing"),
        None => no_audio(),
    })?;
    let common = common.content(window, 22)?;
    let (Some(channels), Some(bits), Some(rate)) =
        (Order::Big.u16(common, 0), Order::Big.u16(common, 6), array(common, 8))
    else {
        return Err(corrupt("its common chunk ends too early").into());
    };
    let count = Order::Big.u32(common, 2);
    let channels = usize::from(channels);
    validate_channels(channels)?;
    let spec = AudioSpec { sample_rate: extended(rate), channels }.validate()?;
    let kind = array(common, 18).filter(|_| form == Some(*b"AIFC"));
    let coding = coding(kind.unwrap_or(*b"NONE"), u32::from(bits), channels)?;
    let bits = match &coding {
        Coding::Linear(linear) => {
            let stored = 8 * u32::try_from(linear.bytes()).unwrap_or(0);
            Some(if u32::from(bits).div_ceil(8) * 8 == stored { u32::from(bits) } else { stored })
        }
        Coding::Adpcm(_) | Coding::Gsm(_) => None,
    };
    let sound = *chunks.first_full(SOUND).ok_or_else(no_audio)?;
    let offset = Order::Big.u32(sound.content(window, 8)?, 0).unwrap_or(0);
    let audio = sound.behind(SOUND_HEAD_BYTES);
    let offset = Some(u64::from(offset)).filter(|offset| *offset < audio.len).unwrap_or(0);
    let audio = audio.behind(offset);
    // Of GSM, whose last block is filled up. Some writers count blocks there.
    let frames = count.map(u64::from).filter(|frames| match &coding {
        Coding::Gsm(gsm) => {
            let blocks = audio.stated.unwrap_or(audio.len) / gsm.block_bytes() as u64;
            frames.div_ceil(gsm.block_frames() as u64) == blocks
        }
        _ => false,
    });
    Ok(Found::Audio(Layout {
        container: "aiff",
        spec,
        coding,
        bits,
        audio,
        frames,
        order: (0..channels).collect(),
        speakers: Speakers::USUAL,
        spread: Spread::Whole,
    }))
}

/// What AIFF-C calls a type of compression.
fn coding(kind: Id, bits: u32, channels: usize) -> Result<Coding, LoadError> {
    let linear = match &kind {
        b"NONE" | b"twos" => Linear::signed(bits, Order::Big),
        b"sowt" => Linear::signed(bits, Order::Little),
        b"raw " => Some(Linear::Unsigned8),
        b"in24" => Linear::signed(24, Order::Big),
        b"in32" => Linear::signed(32, Order::Big),
        // libsndfile writes a 1 for the i.
        b"42ni" | b"42n1" => Linear::signed(24, Order::Little),
        b"23ni" => Linear::signed(32, Order::Little),
        b"fl32" | b"FL32" => Linear::float(32, Order::Big),
        b"fl64" | b"FL64" => Linear::float(64, Order::Big),
        b"alaw" | b"ALAW" => Some(Linear::ALaw),
        b"ulaw" | b"ULAW" => Some(Linear::MuLaw),
        b"ima4" => return Ok(Coding::Adpcm(Adpcm::quick_time(channels))),
        b"GSM " | b"agsm" if channels == 1 => {
            return Ok(Coding::Gsm(Box::new(Gsm::new(Packing::Plain))));
        }
        _ => {
            let kind = kind.escape_ascii();
            return Err(unsupported(format!("an AIFF file of codec {kind} is not supported")));
        }
    };
    let linear =
        linear.ok_or_else(|| unsupported(format!("values of {bits} bits are not supported")))?;
    Ok(Coding::Linear(linear))
}

/// An 80-bit number of IEEE 754's extended format, rounded; 0 for what is none that is positive
/// and below 2^32.
///
/// # Sources
/// Motorola, *MC68881/MC68882 User's Manual*, extended precision: one bit of sign, 15 of exponent
/// with a bias of 16,383, and 64 of the significand, whole part included.
fn extended(bytes: [u8; 10]) -> u32 {
    let (exponent, significand) = (Order::Big.u16(&bytes, 0), Order::Big.u64(&bytes, 2));
    let (Some(exponent), Some(significand)) = (exponent, significand) else { return 0 };
    // The significand is a number of 64 bits, whose unit is worth 2^(exponent − 16,383 − 63).
    match (16_383 + 63_u32).checked_sub(u32::from(exponent)) {
        Some(shift @ 32..=63) => {
            let rounded = (u128::from(significand) + (1_u128 << (shift - 1))) >> shift;
            u32::try_from(rounded).unwrap_or(0)
        }
        _ => 0,
    }
}
