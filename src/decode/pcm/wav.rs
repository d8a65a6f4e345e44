//! WAV in its dialects: RIFF, RIFX, RF64, BW64 and Sony's W64.
//!
//! # Sources
//! IBM and Microsoft, *Multimedia Programming Interface and Data Specifications 1.0*, chapter 3;
//! EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64); Sony, *Wave64*.

use std::io::{Read, Seek};

use super::chunks::{Chunks, Dialect, Id};
use super::fields::{Order, array};
use super::format::{MAX_FORMAT_BYTES, Stored, WaveFormat};
use super::layout::{Coding, Found, Layout};
use super::spread::Spread;
use super::window::Window;
use super::{linear::Linear, window};
use crate::decode::failure::{Failure, corrupt, no_audio, unsupported};
use crate::metadata::{Collector, read_riff};

const FORMAT: Id = *b"fmt ";
const AUDIO: Id = *b"data";
/// What a length of 32 bits says when the true one is elsewhere, or not known.
const UNKNOWN: u64 = 0xffff_ffff;
/// What `SoX` writes where it cannot go back to correct it.
const UNKNOWN_TO_SOX: u64 = 0x7fff_f000;

/// Reads the header of a file that begins with `RIFF`, `RIFX`, `RF64` or `BW64`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(
    window: &mut Window<'_, R>,
    metadata: &mut Collector,
) -> Result<Found, Failure> {
    let head = window.look(0, 12)?;
    let order = if head.starts_with(b"RIFX") { Order::Big } else { Order::Little };
    let is_long = !head.starts_with(b"RIF");
    if array(head, 8) != Some(*b"WAVE") {
        return Err(unsupported("a RIFF file, but not of audio").into());
    }
    let dialect = Dialect {
        order,
        id_bytes: 4,
        length_bytes: 4,
        counts_header: false,
        alignment: 2,
        audio: AUDIO,
        audio_head: 0,
        format: FORMAT,
    };
    let long = if is_long { Long::read(window, order)? } else { Long::default() };
    let chunks = Chunks::walk(window, &dialect, 12, |id, length| long.length(id, length))?;
    read_riff(window, &chunks, order, metadata)?;
    found(window, &chunks, order, "wav")
}

/// Reads the header of a W64 file.
///
/// # Errors
/// As [`open`].
pub(super) fn open_w64<R: Read + Seek>(
    window: &mut Window<'_, R>,
    metadata: &mut Collector,
) -> Result<Found, Failure> {
    if array(window.look(0, 40)?, 24) != Some(*b"wave") {
        return Err(unsupported("a W64 file, but not of audio").into());
    }
    let dialect = Dialect {
        order: Order::Little,
        id_bytes: 16,
        length_bytes: 8,
        counts_header: true,
        alignment: 8,
        audio: AUDIO,
        audio_head: 0,
        format: FORMAT,
    };
    // ffmpeg leaves the greatest number with a sign where it writes to a pipe.
    let stated = |_, length| Some(length).filter(|length| *length < i64::MAX.cast_unsigned());
    let chunks = Chunks::walk(window, &dialect, 40, stated)?;
    read_riff(window, &chunks, Order::Little, metadata)?;
    found(window, &chunks, Order::Little, "w64")
}

/// What RF64 and BW64 say of chunks whose length does not fit into 32 bits.
#[derive(Default)]
struct Long {
    audio: Option<u64>,
    others: Vec<(Id, u64)>,
}

impl Long {
    /// Reads the `ds64` chunk, the first one of these files.
    fn read<R: Read + Seek>(window: &mut Window<'_, R>, order: Order) -> Result<Self, Failure> {
        let head = window.look(12, 8)?;
        let Some(length) = order.u32(head, 4).filter(|_| head.starts_with(b"ds64")) else {
            return Ok(Self::default());
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(window::MAX_LOOK_BYTES);
        let content = window.look(20, length)?;
        let entry = |at| Some((array(content, at)?, order.u64(content, at + 4)?));
        let count = order.u32(content, 24).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let most = content.len() / 12;
        Ok(Self {
            // Zero: never filled in.
            audio: order.u64(content, 8).filter(|length| ![0, u64::MAX].contains(length)),
            others: (0..count.min(most)).map_while(|n| entry(28 + 12 * n)).collect(),
        })
    }

    /// The length of a chunk whose header has `length`; None where nobody knows.
    fn length(&self, id: Id, length: u64) -> Option<u64> {
        match (id, length) {
            // As other readers do, also where the short length says something.
            (AUDIO, _) if self.audio.is_some() => self.audio,
            (AUDIO, UNKNOWN | UNKNOWN_TO_SOX) => None,
            (_, UNKNOWN) => {
                let other = self.others.iter().find(|(name, _)| *name == id);
                Some(other.map_or(length, |(_, length)| *length))
            }
            _ => Some(length),
        }
    }
}

fn found<R: Read + Seek>(
    window: &mut Window<'_, R>,
    chunks: &Chunks,
    order: Order,
    container: &'static str,
) -> Result<Found, Failure> {
    let format = chunks.first_full(FORMAT).ok_or_else(|| match chunks.first(AUDIO) {
        Some(_) => corrupt("its format chunk is missing"),
        None => no_audio(),
    })?;
    let format = WaveFormat::parse(format.content(window, MAX_FORMAT_BYTES)?, order)?;
    let audio = *chunks.first_full(AUDIO).ok_or_else(no_audio)?;
    let (coding, bits) = match format.stored {
        Stored::Mpeg => return Ok(Found::Mpeg(audio, container)),
        Stored::Known(Coding::Linear(stored)) => {
            let stored = match format.may_be_24_in_32 {
                true => roomy(audio.content(window, EVIDENCE_BYTES)?, order).unwrap_or(stored),
                false => stored,
            };
            (Coding::Linear(stored), Some(format.bits))
        }
        Stored::Known(coding @ Coding::Gsm(_)) => (coding, None),
        Stored::Known(Coding::Adpcm(codec)) => {
            let start = audio.content(window, EVIDENCE_BYTES)?;
            (Coding::Adpcm(codec.suited_to(start, format.spec.channels)), None)
        }
    };
    Ok(Found::Audio(Layout {
        container,
        spec: format.spec,
        coding,
        bits,
        audio,
        frames: None,
        order: (0..format.spec.channels).collect(),
        speakers: format.speakers,
        spread: Spread::Whole,
    }))
}

/// Audio that is looked at to see what its header does not say.
const EVIDENCE_BYTES: usize = window::MAX_LOOK_BYTES;
/// Values that are enough to tell.
const MIN_EVIDENCE: usize = 64;

/// How values of 24 bits lie in four bytes each, if they do: headers that say so are as often
/// wrong, and of those that are right, some mean the lower three bytes, some the upper three, and
/// those of Cool Edit floats of 24 bits of magnitude. None where the values look like neither.
fn roomy(audio: &[u8], order: Order) -> Option<Linear> {
    let values = audio.as_chunks::<4>().0;
    if values.len() < MIN_EVIDENCE {
        return None;
    }
    let all = |test: fn(&[u8; 4]) -> bool| values.iter().all(test);
    if matches!(order, Order::Big) {
        // Nobody was seen to write them into the lower bytes, or as floats.
        return all(|[.., low]| *low == 0).then(|| Linear::signed(32, order)).flatten();
    }
    // The sign, or nothing, fills the upper byte.
    if all(|[.., top]| *top == 0)
        || all(|[_, _, c, top]| *top == if c & 0x80 == 0 { 0 } else { 255 })
    {
        return Some(Linear::Low24In32);
    }
    if all(|[low, ..]| *low == 0) {
        return Linear::signed(32, Order::Little);
    }
    let is_float = |bytes: &[u8; 4]| {
        let magnitude = f32::from_le_bytes(*bytes).abs();
        magnitude == 0.0 || (1e-6..=33_554_432.0).contains(&magnitude)
    };
    values.iter().all(is_float).then_some(Linear::Float24)
}
