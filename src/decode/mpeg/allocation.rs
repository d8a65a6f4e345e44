//! What the header of a Layer I frame is followed by, told from what only looks like one: code and
//! tables of programs are full of bytes of ones, and Layer I has a meaning for nearly any of them.
//!
//! # Sources
//! ISO/IEC 11172-3, 2.4.1.5 and 2.4.2.5: behind the header, and 16 bits of a checksum if there is
//! one, four bits of allocation for each of the 32 bands and each channel, 15 being forbidden; then 6
//! bits of scale factor wherever that is not 0, then 12 values of one bit more than it says. In joint
//! stereo (2.4.2.3) bands from the bound on have allocation and values in common.

use super::header::HEADER_BYTES;

const BANDS: usize = 32;
const VALUES: usize = 12;
const FORBIDDEN: u8 = 15;

/// Whether the frame of `len` bytes that `bytes` begin with may be one: it is not of Layer I, or it
/// allocates no more than it has room for. What is not in `bytes` is not held against it.
pub(super) fn is_possible(bytes: &[u8], len: usize) -> bool {
    let &[_, second, _, fourth, ..] = bytes else { return true };
    if second >> 1 & 3 != 3 {
        return true;
    }
    let start = HEADER_BYTES + if second & 1 == 0 { 2 } else { 0 };
    // Bands with a value for each channel; the others have one for both.
    let (channels, own) = match (fourth >> 6, fourth >> 4 & 3) {
        (3, _) => (1, BANDS),
        (1, extension) => (2, 4 * (usize::from(extension) + 1)),
        _ => (2, BANDS),
    };
    let count = channels * own + BANDS - own;
    let mut bits = 8 * start + 4 * count;
    let halves = bytes.get(start..).unwrap_or(&[]).iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (at, allocation) in halves.take(count).enumerate() {
        let factors = if at < channels * own { 1 } else { channels };
        match allocation {
            0 => {}
            FORBIDDEN => return false,
            _ => bits += 6 * factors + VALUES * (usize::from(allocation) + 1),
        }
    }
    bits <= 8 * len
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of Layer I with `second` and `fourth`, and `allocations` behind it.
    fn frame(second: u8, fourth: u8, allocations: &[u8]) -> Vec<u8> {
        let checksum: &[u8] = if second & 1 == 0 { &[0xff, 0xff] } else { &[] };
        [&[0xff, second, 0xc0, fourth], checksum, allocations].concat()
    }

    #[test]
    fn a_frame_has_to_be_as_long_as_what_it_allocates() {
        // Two bits of each value, in all bands: a scale factor and 12 values for each.
        let one = 32 * (4 + 6 + 24);
        let own = |bands: usize| 2 * bands * (4 + 6 + 24) + (32 - bands) * (4 + 12 + 24);
        for (second, fourth, bits) in [
            (0xff, 0xc0, 32 + one),
            (0xfe, 0xc0, 48 + one),
            (0xff, 0x00, 32 + 2 * one),
            (0xff, 0x80, 32 + 2 * one),
            (0xff, 0x40, 32 + own(4)),
            (0xfe, 0x50, 48 + own(8)),
            (0xff, 0x70, 32 + own(16)),
            (0xf7, 0xc0, 32 + one),
        ] {
            let frame = frame(second, fourth, &[0x11; 32]);
            let len = usize::div_ceil(bits, 8);
            assert!(is_possible(&frame, len), "{second:x} {fourth:x}");
            assert!(!is_possible(&frame, len - 1), "{second:x} {fourth:x}");
        }
    }

    #[test]
    fn fifteen_is_forbidden() {
        for (allocations, possible) in [(0x0e, true), (0x0f, false), (0xe0, true), (0xf0, false)] {
            let mut all = [0; 16];
            all[15] = allocations;
            assert_eq!(is_possible(&frame(0xff, 0xc0, &all), 400), possible, "{allocations:x}");
            // Behind the allocations of one channel there may be anything.
            let behind = frame(0xff, 0xc0, &[[0; 16], all].concat());
            assert!(is_possible(&behind, 400));
        }
    }

    #[test]
    fn other_layers_and_what_is_not_there_are_possible() {
        assert!(is_possible(&frame(0xfb, 0xc0, &[0xff; 40]), 48));
        assert!(is_possible(&frame(0xfd, 0xc0, &[0xff; 40]), 48));
        assert!(is_possible(&frame(0xff, 0xc0, &[]), 400));
    }
}
