//! The headers of Vorbis, checked before a decoder sees them: a header of a few bytes can ask for
//! gigabytes of tables, and symphonia 0.6.1 divides by zero where two points of a curve coincide.
//!
//! # Sources
//! *Vorbis I specification*, 4.2.2 (identification), 4.2.4 (setup), 3.2.1 (codebooks), 6.2.1 and
//! 7.2.2 (floors), 8.6.1 (residues); bits are packed from the lowest on (2.1.4).

mod codec;
mod numbering;
mod ogg;
#[cfg(test)]
mod tests;

pub(super) use codec::Codec;
pub(super) use numbering::Numbering;
pub(super) use ogg::{Gap, Positions, check_ogg, hide_junk_behind};

use numbering::Blocks;

use crate::error::{LoadError, LoadErrorKind};
use crate::spec::validate_channels;

const IDENT_BYTES: usize = 30;
/// Entries of one codebook, and values of all their vectors together. The largest that libvorbis has
/// are 6,561 entries and, all of one stream, 300,000 values.
const MAX_ENTRIES: u32 = 1 << 17;
const MAX_VALUES: u64 = 8 << 20;

/// How the spectra of channels that belong together are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Residues {
    /// One vector, be it of several channels.
    Plain,
    /// Several vectors side by side.
    SideBySide,
}

/// The headers of identification and setup, one behind the other, out of the three that Matroska
/// keeps: their number less one, the lengths of all but the last in sums of 255, and themselves.
///
/// # Errors
/// As [`check`].
pub(super) fn unlace(private: &[u8]) -> Result<Vec<u8>, LoadError> {
    let mut rest = private.strip_prefix(&[2]).ok_or_else(damaged)?;
    let mut lens = [0; 2];
    for len in &mut lens {
        let end = rest.iter().position(|byte| *byte < 255).ok_or_else(damaged)?;
        *len = rest[..=end].iter().map(|byte| usize::from(*byte)).sum();
        rest = &rest[end + 1..];
    }
    let (ident, rest) = rest.split_at_checked(lens[0]).ok_or_else(damaged)?;
    let (_, setup) = rest.split_at_checked(lens[1]).ok_or_else(damaged)?;
    check(ident, setup)?;
    Ok([ident, setup].concat())
}

/// The headers of identification and setup that lie one behind the other in `headers`, checked.
///
/// # Errors
/// As [`check`].
pub(super) fn check_joined(headers: &[u8]) -> Result<(&[u8], &[u8], Residues), LoadError> {
    let (ident, setup) = headers.split_at_checked(IDENT_BYTES).ok_or_else(damaged)?;
    Ok((ident, setup, check(ident, setup)?))
}

/// Whether a decoder may be given these headers, and how spectra are coded.
///
/// # Errors
/// `corrupt`; `unsupported_format` with too many channels.
pub(super) fn check(ident: &[u8], setup: &[u8]) -> Result<Residues, LoadError> {
    walk(ident, setup).map(|(residues, _)| residues)
}

/// As [`check`]; how long the packets of such a stream are, None where that is not said.
fn blocks(ident: &[u8], setup: &[u8]) -> Result<Option<Blocks>, LoadError> {
    let (_, mut bits) = walk(ident, setup)?;
    Ok(Blocks::parse(ident, &mut bits).ok())
}

/// As [`check`], and what is behind the residues.
fn walk<'a>(ident: &[u8], setup: &'a [u8]) -> Result<(Residues, Bits<'a>), LoadError> {
    let ident = ident.strip_prefix(b"\x01vorbis").filter(|_| ident.len() >= IDENT_BYTES);
    // A version of four bytes, then channels.
    let channels = *ident.and_then(|ident| ident.get(4)).ok_or_else(damaged)?;
    validate_channels(usize::from(channels))?;
    let setup = setup.strip_prefix(b"\x05vorbis").ok_or_else(damaged)?;
    let mut bits = Bits { bytes: setup, at: 0 };
    let mut values = 0;
    for _ in 0..=bits.take(8)? {
        values += codebook(&mut bits)?;
        if values > MAX_VALUES {
            return Err(damaged());
        }
    }
    // Placeholders for transforms that there never were.
    for _ in 0..=bits.take(6)? {
        bits.take(16)?;
    }
    for _ in 0..=bits.take(6)? {
        match bits.take(16)? {
            0 => floor_0(&mut bits)?,
            1 => floor_1(&mut bits)?,
            _ => return Err(damaged()),
        }
    }
    let mut residues = Residues::Plain;
    for _ in 0..=bits.take(6)? {
        // Of type 2 all channels are one vector.
        if bits.take(16)? < 2 && channels > 1 {
            residues = Residues::SideBySide;
        }
        residue(&mut bits)?;
    }
    Ok((residues, bits))
}

/// Passes a residue.
fn residue(bits: &mut Bits<'_>) -> Result<(), LoadError> {
    // Begin, end and length of partitions.
    bits.skip(3 * 24)?;
    let classes = bits.take(6)? + 1;
    bits.take(8)?;
    let mut books = 0;
    for _ in 0..classes {
        let low = bits.take(3)?;
        let high = if bits.take(1)? == 1 { bits.take(5)? } else { 0 };
        books += u64::from(low.count_ones() + high.count_ones());
    }
    bits.skip(8 * books)
}

/// Passes a codebook; how many values it makes a decoder keep.
fn codebook(bits: &mut Bits<'_>) -> Result<u64, LoadError> {
    if bits.take(24)? != 0x56_4342 {
        return Err(damaged());
    }
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    if entries > MAX_ENTRIES {
        return Err(damaged());
    }
    let is_ordered = bits.take(1)? == 1;
    if is_ordered {
        bits.take(5)?;
        let mut entry = 0;
        while entry < entries {
            let count = bits.take(32 - (entries - entry).leading_zeros())?;
            entry = entry.checked_add(count).filter(|end| *end <= entries).ok_or_else(damaged)?;
        }
    } else {
        let is_sparse = bits.take(1)? == 1;
        for _ in 0..entries {
            if !is_sparse || bits.take(1)? == 1 {
                bits.take(5)?;
            }
        }
    }
    let kind = bits.take(4)?;
    if kind == 0 {
        return Ok(u64::from(entries));
    }
    bits.take(32)?;
    bits.take(32)?;
    let width = bits.take(4)? + 1;
    bits.take(1)?;
    let all = u64::from(entries) * u64::from(dimensions);
    let stored = match kind {
        1 => root(entries, dimensions).ok_or_else(damaged)?,
        2 => all,
        _ => return Err(damaged()),
    };
    if all > MAX_VALUES {
        return Err(damaged());
    }
    bits.skip(stored * u64::from(width))?;
    Ok(all)
}

/// The greatest number whose `dimensions`th power is at most `entries`; None where symphonia, which
/// asserts that it comes out right, would find another one or overflow.
fn root(entries: u32, dimensions: u32) -> Option<u64> {
    let power = |number: u32| number.checked_pow(dimensions);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as it does")]
    let root = (entries as f32).powf(1.0 / dimensions as f32).floor() as u32;
    let fits = power(root)? <= entries && power(root.checked_add(1)?)? > entries;
    Some(u64::from(root)).filter(|_| fits)
}

fn floor_0(bits: &mut Bits<'_>) -> Result<(), LoadError> {
    for width in [8, 16, 16, 6, 8] {
        bits.take(width)?;
    }
    for _ in 0..=bits.take(4)? {
        bits.take(8)?;
    }
    Ok(())
}

fn floor_1(bits: &mut Bits<'_>) -> Result<(), LoadError> {
    let partitions = bits.take(5)?;
    let classes = (0..partitions).map(|_| bits.take(4)).collect::<Result<Vec<u32>, _>>()?;
    let mut dimensions = Vec::new();
    for _ in 0..classes.iter().max().map_or(0, |last| last + 1) {
        dimensions.push(bits.take(3)? + 1);
        let subclasses = bits.take(2)?;
        if subclasses > 0 {
            bits.take(8)?;
        }
        bits.skip(8 << subclasses)?;
    }
    bits.take(2)?;
    let width = bits.take(4)?;
    let mut points = vec![0, 1_u32 << width];
    for class in classes {
        for _ in 0..dimensions[class as usize] {
            points.push(bits.take(width)?);
        }
    }
    points.sort_unstable();
    if points.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(damaged());
    }
    Ok(())
}

/// Reads bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    /// A number of `width` bits, 32 at most.
    fn take(&mut self, width: u32) -> Result<u32, LoadError> {
        let start = usize::try_from(self.at / 8).unwrap_or(usize::MAX);
        let shift = self.at % 8;
        self.skip(u64::from(width))?;
        let bytes = self.bytes[start..].iter().take(5).rev();
        let word = bytes.fold(0_u64, |word, byte| word << 8 | u64::from(*byte)) >> shift;
        u32::try_from(word & ((1 << width) - 1)).map_err(|_| damaged())
    }

    fn skip(&mut self, width: u64) -> Result<(), LoadError> {
        self.at += width;
        if self.at > 8 * self.bytes.len() as u64 { Err(damaged()) } else { Ok(()) }
    }
}

fn damaged() -> LoadError {
    LoadError::new(LoadErrorKind::Corrupt, "the header of its Vorbis stream is damaged")
}
