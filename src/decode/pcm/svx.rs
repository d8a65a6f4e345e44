//! 8SVX, the sampled voices of the Amiga, and its form of 16 bits.
//!
//! # Sources
//! Electronic Arts and Commodore, *8SVX IFF 8-bit Sampled Voice* (1985): `VHDR` has frames before and
//! in the loop of the highest octave, frames of a period, rate, octaves, compression, volume; `BODY`
//! has the octaves one after another, each twice as long as the one before. `CHAN`: 2 for the left
//! side, 4 for the right, 6 for both, of which first all of the left lies in `BODY`.

use std::io::{Read, Seek};

use super::chunks::{Chunks, Dialect, Id};
use super::fields::Order;
use super::layout::{Coding, Found, Layout};
use super::linear::Linear;
use super::spread::Spread;
use super::window::Window;
use crate::decode::failure::{Failure, corrupt, no_audio, unsupported};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

const VOICE: Id = *b"VHDR";
const BODY: Id = *b"BODY";
const CHANNELS: Id = *b"CHAN";
/// What `CHAN` says of a file of two sides.
const STEREO: u32 = 6;

/// Whether a file that begins with `head` is of this kind.
pub(super) fn begins(head: &[u8]) -> bool {
    matches!(head.get(8..12), Some(b"8SVX" | b"16SV"))
}

/// Reads the header.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(window: &mut Window<'_, R>) -> Result<Found, Failure> {
    let is_long = window.look(8, 4)? == b"16SV";
    let dialect = Dialect::iff(BODY, 0, VOICE);
    let chunks = Chunks::walk(window, &dialect, 12, |_, length| Some(length))?;
    let voice = chunks.first_full(VOICE).ok_or_else(|| corrupt("its voice header is missing"))?;
    let voice = voice.content(window, 20)?;
    let (Some(once), Some(repeated), Some(rate), Some(&[octaves, compression])) = (
        Order::Big.u32(voice, 0),
        Order::Big.u32(voice, 4),
        Order::Big.u16(voice, 12),
        voice.get(14..16).and_then(<[u8]>::first_chunk::<2>),
    ) else {
        return Err(corrupt("its voice header ends too early").into());
    };
    if compression != 0 {
        let message = format!("an 8SVX file of compression {compression} is not supported");
        return Err(unsupported(message).into());
    }
    let sides = match chunks.first_full(CHANNELS) {
        Some(sides) => Order::Big.u32(sides.content(window, 4)?, 0),
        None => None,
    };
    let channels = if sides == Some(STEREO) { 2 } else { 1 };
    let spec = AudioSpec { sample_rate: u32::from(rate), channels }.validate()?;
    let mut audio = *chunks.first_full(BODY).ok_or_else(no_audio)?;
    let (bits, spread) = match (is_long, channels) {
        (false, 1) => (8, Spread::Whole),
        (true, 1) => (16, Spread::Whole),
        (false, _) => {
            let plane = audio.stated.unwrap_or(audio.len) / 2;
            // Of what is cut off, both sides have as much as the right one.
            audio.len = 2 * audio.len.saturating_sub(plane).min(plane);
            (8, Spread::Planes(plane))
        }
        (true, _) => return Err(unsupported("16SV of two channels is not supported").into()),
    };
    let linear = Linear::signed(bits, Order::Big)
        .ok_or_else(|| unsupported(format!("values of {bits} bits are not supported")))?;
    // The others are the same an octave lower.
    let highest = u64::from(once).saturating_add(u64::from(repeated));
    let frames = Some(highest).filter(|highest| octaves > 1 && *highest > 0);
    Ok(Found::Audio(Layout {
        container: "8svx",
        spec,
        coding: Coding::Linear(linear),
        bits: Some(bits),
        audio,
        frames,
        order: (0..channels).collect(),
        speakers: Speakers::USUAL,
        spread,
    }))
}
