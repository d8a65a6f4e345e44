//! The elements that Matroska is made of.
//!
//! # Sources
//! RFC 8794 (EBML), 4 and 5: an element is its id, its size and its content; both numbers state
//! their own lengths by leading zero bits, and a size of all ones is unknown. 7: integers have the
//! higher byte first and any length up to 8, floats have 0, 4 or 8 bytes.

/// Longest header of an element.
pub(super) const MAX_HEADER_BYTES: usize = 12;

/// Id, length of the header, and size of the content; None for one that is unknown.
pub(crate) fn header(bytes: &[u8]) -> Option<(u32, usize, Option<u64>)> {
    let id_bytes = bytes.first()?.leading_zeros() as usize + 1;
    let id = bytes.get(..id_bytes).filter(|_| id_bytes <= 4)?;
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let (size, size_bytes) = number(&bytes[id_bytes..])?;
    let unknown = (1 << (7 * size_bytes)) - 1;
    Some((id, id_bytes + size_bytes, Some(size).filter(|size| *size != unknown)))
}

/// A number that states its own length, and how many bytes it has.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let len = bytes.first()?.leading_zeros() as usize + 1;
    let bytes = bytes.get(..len).filter(|_| len <= 8)?;
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((value & ((1 << (7 * len)) - 1), len))
}

/// The elements in `content`, as far as they are well-formed.
pub(crate) fn elements(mut content: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, header, size) = header(content)?;
        let end = header.checked_add(usize::try_from(size?).ok()?)?;
        let inside = content.get(header..end)?;
        content = &content[end..];
        Some((id, inside))
    })
}

pub(crate) fn child(content: &[u8], wanted: u32) -> Option<&[u8]> {
    elements(content).find(|(id, _)| *id == wanted).map(|(_, content)| content)
}

/// An unsigned integer; 0 where it is longer than one can be.
pub(super) fn unsigned(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..=8 => bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
        _ => 0,
    }
}

/// A signed integer; 0 where it is longer than one can be.
pub(super) fn signed(bytes: &[u8]) -> i64 {
    let unused = 64_usize.saturating_sub(8 * bytes.len());
    match bytes.len() {
        1..=8 => (unsigned(bytes) << unused).cast_signed() >> unused,
        _ => 0,
    }
}

/// A float; 0 where it has another length than one can have.
pub(super) fn float(bytes: &[u8]) -> f64 {
    if let Ok(bytes) = bytes.try_into() {
        f64::from(f32::from_be_bytes(bytes))
    } else {
        bytes.try_into().map_or(0.0, f64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_say() {
        assert_eq!(number(&[0x81]), Some((1, 1)));
        assert_eq!(number(&[0x40, 0x02]), Some((2, 2)));
        assert_eq!(number(&[0x01, 0, 0, 0, 0, 0, 1, 0]), Some((256, 8)));
        assert_eq!((number(&[0x40]), number(&[0]), number(&[])), (None, None, None));
        assert_eq!(header(&[0xa3, 0x82]), Some((0xa3, 2, Some(2))));
        assert_eq!(header(&[0x1f, 0x43, 0xb6, 0x75, 0xff]), Some((0x1f43_b675, 5, None)));
    }

    #[test]
    fn values_of_all_lengths() {
        assert_eq!((unsigned(&[]), unsigned(&[1, 0]), unsigned(&[1; 9])), (0, 256, 0));
        assert_eq!((signed(&[0xff]), signed(&[0x7f, 0xff]), signed(&[])), (-1, 32_767, 0));
        assert_eq!(signed(&[0xff; 8]), -1);
        assert_eq!(float(&44_100_f32.to_be_bytes()), 44_100.0);
        assert_eq!(float(&48_000_f64.to_be_bytes()), 48_000.0);
        assert_eq!(float(&[1, 2, 3]), 0.0);
    }
}
