//! Apple's Core Audio Format.
//!
//! # Sources
//! Apple, *Core Audio Format Specification 1.0*; labels and tags of channel layouts:
//! `CoreAudioBaseTypes.h`.

use std::io::{self, Read, Seek};

use super::adpcm::Adpcm;
use super::chunks::{Chunks, Dialect, Id};
use super::fields::{Order, array};
use super::layout::{Coding, Found, Layout};
use super::linear::Linear;
use super::spread::Spread;
use super::window::Window;
use crate::decode::channels::{wave_order, wave_speakers};
use crate::decode::failure::{Failure, corrupt, no_audio, unsupported};
use crate::metadata::{Collector, read_caf};
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, validate_channels};

const DESCRIPTION: Id = *b"desc";
const AUDIO: Id = *b"data";
/// A count of edits, in front of the audio.
const EDITS_BYTES: u64 = 4;
/// Bits of the flags of linear PCM.
const IS_FLOAT: u32 = 1;
const IS_LITTLE_ENDIAN: u32 = 2;

/// The chunks of a file that begins with `caff`.
///
/// # Errors
/// Those of the reader.
pub(in crate::decode) fn walk<R: Read + Seek>(window: &mut Window<'_, R>) -> io::Result<Chunks> {
    let dialect = Dialect {
        order: Order::Big,
        id_bytes: 4,
        length_bytes: 8,
        counts_header: false,
        alignment: 1,
        audio: AUDIO,
        audio_head: EDITS_BYTES,
        format: DESCRIPTION,
    };
    // −1 when it is not known.
    let stated = |_, length| Some(length).filter(|length| i64::try_from(*length).is_ok());
    Chunks::walk(window, &dialect, 8, stated)
}

/// Reads the header of a file that begins with `caff`.
///
/// # Errors
/// `unsupported_format`, `corrupt`, and those of the reader.
pub(super) fn open<R: Read + Seek>(
    window: &mut Window<'_, R>,
    metadata: &mut Collector,
) -> Result<Found, Failure> {
    let chunks = walk(window)?;
    read_caf(window, &chunks, metadata)?;
    let description = *chunks.first_full(DESCRIPTION).ok_or_else(no_audio)?;
    let description = description.content(window, 32)?;
    let word = |at| Order::Big.u32(description, at);
    let (Some(rate), Some(kind), Some(flags), Some(packet)) =
        (array(description, 0), array(description, 8), word(12), word(16))
    else {
        return Err(corrupt("its description ends too early").into());
    };
    let (Some(channels), Some(bits)) = (word(24), word(28)) else {
        return Err(corrupt("its description ends too early").into());
    };
    let is_linear = matches!(&kind, b"lpcm" | b"alaw" | b"ulaw");
    if !is_linear && &kind != b"ima4" {
        return Ok(Found::Elsewhere);
    }
    let channels = usize::try_from(channels).unwrap_or(usize::MAX);
    validate_channels(channels)?;
    let spec = AudioSpec { sample_rate: rounded(f64::from_be_bytes(rate)), channels }.validate()?;
    let order = if flags & IS_LITTLE_ENDIAN == 0 { Order::Big } else { Order::Little };
    let linear = match &kind {
        b"alaw" => Some(Linear::ALaw),
        b"ulaw" => Some(Linear::MuLaw),
        b"lpcm" if flags & IS_FLOAT != 0 => Linear::float(bits, order),
        // Integers lie at the upper end of their share of a packet.
        b"lpcm" => {
            Linear::signed(share(packet, channels).filter(|n| *n >= bits).unwrap_or(bits), order)
        }
        _ => None,
    };
    let coding = match linear {
        Some(linear) => Coding::Linear(linear),
        None if &kind == b"ima4" => Coding::Adpcm(Adpcm::quick_time(channels)),
        None => return Err(unsupported(format!("values of {bits} bits are not supported")).into()),
    };
    let bits = match &coding {
        Coding::Linear(Linear::ALaw | Linear::MuLaw) => Some(8),
        Coding::Linear(_) => Some(bits),
        Coding::Adpcm(_) | Coding::Gsm(_) => None,
    };
    let (order, speakers) = channel_order(window, &chunks, channels)?;
    let frames = match chunks.first_full(*b"pakt") {
        // How many of the packets' frames are audio.
        Some(table) if !is_linear => Order::Big.u64(table.content(window, 16)?, 8),
        _ => None,
    };
    let audio = chunks.first_full(AUDIO).ok_or_else(no_audio)?.behind(EDITS_BYTES);
    Ok(Found::Audio(Layout {
        container: "caf",
        spec,
        coding,
        bits,
        audio,
        frames,
        order,
        speakers,
        spread: Spread::Whole,
    }))
}

/// Bits of one value where a frame takes `packet` bytes.
fn share(packet: u32, channels: usize) -> Option<u32> {
    let channels = u32::try_from(channels).ok()?;
    Some(packet)
        .filter(|packet| packet % channels == 0)
        .map(|packet| packet / channels)?
        .checked_mul(8)
}

/// 0 for what is no positive number below 2^32.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "inside u32 by the test"
)]
pub(in crate::decode) fn rounded(rate: f64) -> u32 {
    if (0.0..4e9).contains(&rate) { rate.round() as u32 } else { 0 }
}

/// The order that a channel layout chunk demands, and the loudspeakers of the channels then; as they
/// come, and the usual ones, where there is none to be read.
fn channel_order<R: Read + Seek>(
    window: &mut Window<'_, R>,
    chunks: &Chunks,
    channels: usize,
) -> Result<(Vec<usize>, Speakers), Failure> {
    let none = || vec![None; channels];
    let Some(chunk) = chunks.first_full(*b"chan") else {
        return Ok((wave_order(&none()), Speakers::USUAL));
    };
    let content = chunk.content(window, 12 + 20 * channels)?;
    let word = |at| Order::Big.u32(content, at);
    let places = match (word(0), word(4), word(8)) {
        // One label for each channel.
        (Some(0), _, Some(count)) if usize::try_from(count) == Ok(channels) => {
            (0..channels).map(|n| speaker(word(12 + 20 * n)?)).collect()
        }
        // The bits of WAVE's mask, lowest first.
        (Some(0x1_0000), Some(mask), _) => {
            return Ok((wave_order(&none()), Speakers::of_mask(mask, channels)));
        }
        (Some(tag), _, _) => labels_of(tag)
            .filter(|labels| labels.len() == channels)
            .map_or_else(none, |labels| labels.iter().map(|label| speaker(*label)).collect()),
        _ => none(),
    };
    Ok((wave_order(&places), wave_speakers(&places)))
}

/// The bit of `dwChannelMask` for a label: the first 18 have the same order.
fn speaker(label: u32) -> Option<u32> {
    (1..=18).contains(&label).then(|| label - 1)
}

/// The labels of those tags whose channels are not in WAVE's order, or not the usual ones.
fn labels_of(tag: u32) -> Option<&'static [u32]> {
    // 1 L, 2 R, 3 C, 4 LFE, 5 Ls, 6 Rs, 7 Lc, 8 Rc, 9 Cs.
    Some(match tag {
        // MPEG 3.0 B, 4.0 A and B
        0x0072_0003 => &[3, 1, 2],
        0x0073_0004 => &[1, 2, 3, 9],
        0x0074_0004 => &[3, 1, 2, 9],
        // MPEG 5.0 B to D
        0x0076_0005 => &[1, 2, 5, 6, 3],
        0x0077_0005 => &[1, 3, 2, 5, 6],
        0x0078_0005 => &[3, 1, 2, 5, 6],
        // MPEG 5.1 B to D
        0x007a_0006 => &[1, 2, 5, 6, 3, 4],
        0x007b_0006 => &[1, 3, 2, 5, 6, 4],
        0x007c_0006 => &[3, 1, 2, 5, 6, 4],
        // MPEG 6.1 A, 7.1 B
        0x007d_0007 => &[1, 2, 3, 4, 5, 6, 9],
        0x007f_0008 => &[3, 7, 8, 1, 2, 5, 6, 4],
        // ITU 2.1; DVD 4 to 6, 10 and 11
        0x0083_0003 => &[1, 2, 9],
        0x0085_0003 => &[1, 2, 4],
        0x0086_0004 => &[1, 2, 4, 9],
        0x0087_0005 => &[1, 2, 4, 5, 6],
        0x0088_0004 => &[1, 2, 3, 4],
        0x0089_0005 => &[1, 2, 3, 4, 9],
        _ => return None,
    })
}
