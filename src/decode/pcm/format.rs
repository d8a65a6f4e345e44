//! The format chunk that WAV and W64 share.
//!
//! # Sources
//! Microsoft, *`WAVEFORMATEX`* and *`WAVEFORMATEXTENSIBLE`* (`mmreg.h`, which also lists the
//! codes); *New Multimedia Data Types and Data Techniques 3.0* (1994).

use super::adpcm::{Adpcm, Coefficients};
use super::fields::Order;
use super::gsm::{Gsm, Packing};
use super::layout::Coding;
use super::linear::Linear;
use crate::decode::failure::{corrupt, unsupported};
use crate::error::LoadError;
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, validate_channels};

/// Bytes of a format chunk that are read: room for the extension of any codec here.
pub(super) const MAX_FORMAT_BYTES: usize = 22 + 4 * 256;
/// Shortest format chunk, of the first edition: it ends before the bits.
const MIN_FORMAT_BYTES: usize = 14;
/// Length of one that is extensible.
const EXTENSIBLE_BYTES: usize = 40;

const EXTENSIBLE: u32 = 0xfffe;
const PCM: u32 = 1;

/// What a format chunk says.
pub(super) struct WaveFormat {
    pub(super) spec: AudioSpec,
    pub(super) speakers: Speakers,
    /// Bits of one value that say something.
    pub(super) bits: u32,
    pub(super) stored: Stored,
    /// Whether each value may take four bytes though it has only 24 bits.
    pub(super) may_be_24_in_32: bool,
}

/// How a format chunk says that audio is stored.
pub(super) enum Stored {
    Known(Coding),
    /// A stream of MPEG frames, which carries all that is to be known.
    Mpeg,
}

impl WaveFormat {
    /// Reads the content of a format chunk.
    ///
    /// # Errors
    /// `corrupt` when it is too short, `unsupported_format` for codecs that are not read here and
    /// numbers outside the limits.
    pub(super) fn parse(content: &[u8], order: Order) -> Result<Self, LoadError> {
        let word = |at| order.u16(content, at).map(u32::from);
        let (Some(code), Some(channels), Some(sample_rate), Some(align)) =
            (word(0), word(2), order.u32(content, 4), word(12))
        else {
            return Err(corrupt("its format chunk ends too early"));
        };
        debug_assert!(content.len() >= MIN_FORMAT_BYTES, "the last field ends there");
        let channels = usize::try_from(channels).unwrap_or(usize::MAX);
        validate_channels(channels)?;
        let spec = AudioSpec { sample_rate, channels }.validate()?;
        let align = usize::try_from(align).unwrap_or(0);
        let extensible = code == EXTENSIBLE && content.len() >= EXTENSIBLE_BYTES;
        let stated = |bits: &u32| *bits > 0;
        let bits = word(14)
            .filter(stated)
            .or_else(|| Some(bits_of(align, channels)).filter(stated))
            .or_else(|| word(18).filter(|_| extensible))
            .unwrap_or(0);
        let subformat = order.u32(content, 24).map(|code| match order {
            // As SoX writes it in RIFX: its first half is a number of its own.
            Order::Big if code & 0xffff == 0 => code >> 16,
            _ => code,
        });
        let (code, bits_used) = match (extensible, subformat, word(18)) {
            (true, Some(code), Some(valid)) if (1..=bits).contains(&valid) => (code, valid),
            (true, Some(code), _) => (code, bits),
            // Without its extension it says nothing, but what nearly all files are.
            _ if code == EXTENSIBLE => (PCM, bits),
            _ => (code, bits),
        };
        let linear = |linear: Option<Linear>| {
            let linear = linear
                .ok_or_else(|| unsupported(format!("values of {bits} bits are not supported")))?;
            Ok(Stored::Known(Coding::Linear(linear)))
        };
        let adpcm = |adpcm: Option<Adpcm>| {
            let adpcm = adpcm.ok_or_else(|| corrupt("its ADPCM blocks cannot hold a frame"))?;
            Ok(Stored::Known(Coding::Adpcm(adpcm)))
        };
        let stored = match code {
            PCM if (1..=8).contains(&bits) => linear(Some(Linear::Unsigned8)),
            PCM => linear(Linear::signed(bits, order)),
            3 => linear(Linear::float(bits, order)),
            6 => linear(Some(Linear::ALaw)),
            7 => linear(Some(Linear::MuLaw)),
            2 => adpcm(Adpcm::ms(align, channels, Coefficients::parse(content, order))),
            0x11 | 0x69 if bits == 4 => adpcm(Adpcm::ima(align, channels)),
            0x31 if channels == 1 => {
                Ok(Stored::Known(Coding::Gsm(Box::new(Gsm::new(Packing::Pairs)))))
            }
            0x50 | 0x55 => Ok(Stored::Mpeg),
            _ => Err(unsupported(format!("a WAV file of codec 0x{code:04x} is not supported"))),
        }?;
        let may_be_24_in_32 = code == PCM && bits == 24 && align == 4 * channels;
        let mask = order.u32(content, 20).filter(|_| extensible).unwrap_or(0);
        let speakers = Speakers::of_mask(mask, channels);
        Ok(Self { spec, speakers, bits: bits_used, stored, may_be_24_in_32 })
    }
}

/// Bits of one value, by the bytes of one frame.
fn bits_of(align: usize, channels: usize) -> u32 {
    u32::try_from(align * 8 / channels).unwrap_or(0)
}
