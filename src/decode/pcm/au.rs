//! AU, the sound format of Sun and `NeXT`, also with all bytes the other way round.
//!
//! # Sources
//! Sun Microsystems, `audio_filehdr.h` and *audio(4)*; Digital Equipment's variant begins with
//! `dns.`.

use std::io::{Read, Seek};

use super::chunks::Chunk;
use super::fields::Order;
use super::layout::{Coding, Found, Layout};
use super::linear::Linear;
use super::spread::Spread;
use super::window::Window;
use crate::decode::failure::{Failure, corrupt, unsupported};
use crate::metadata::{Collector, read_au};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// Bytes of the fields that every header has.
const HEADER_BYTES: u64 = 24;
/// What the length says when it is not known.
const UNKNOWN: u32 = u32::MAX;

/// Reads the header of a file that begins with `.snd` or `dns.`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(
    window: &mut Window<'_, R>,
    metadata: &mut Collector,
) -> Result<Found, Failure> {
    let len = window.len();
    let head = window.look(0, 24)?;
    let order = if head.starts_with(b"dns.") { Order::Little } else { Order::Big };
    let field =
        |n: usize| order.u32(head, 4 * n).ok_or_else(|| corrupt("the file ends within its header"));
    let [start, length, encoding, sample_rate, channels] =
        [field(1)?, field(2)?, field(3)?, field(4)?, field(5)?];
    let linear = match encoding {
        1 => Some(Linear::MuLaw),
        2..=5 => Linear::signed(8 * (encoding - 1), order),
        6 => Linear::float(32, order),
        7 => Linear::float(64, order),
        27 => Some(Linear::ALaw),
        _ => None,
    };
    let linear = linear.ok_or_else(|| {
        unsupported(format!("an AU file of encoding {encoding} is not supported"))
    })?;
    let channels = usize::try_from(channels).unwrap_or(usize::MAX);
    let spec = AudioSpec { sample_rate, channels }.validate()?;
    // Some writers do not count the header.
    let start = u64::from(start).max(HEADER_BYTES);
    read_au(window, HEADER_BYTES, start, metadata)?;
    let there = len.saturating_sub(start);
    let mut stated = Some(u64::from(length)).filter(|_| length != UNKNOWN);
    if length == 0 && there > 0 {
        stated = None;
    }
    let audio = Chunk { id: *b"data", start, len: stated.map_or(there, |n| n.min(there)), stated };
    Ok(Found::Audio(Layout {
        container: "au",
        spec,
        bits: Some(8 * u32::try_from(linear.bytes()).unwrap_or(0)),
        coding: Coding::Linear(linear),
        audio,
        frames: None,
        order: (0..channels).collect(),
        speakers: Speakers::USUAL,
        spread: Spread::Whole,
    }))
}
