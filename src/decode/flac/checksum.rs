//! The checksums of a frame.
//!
//! # Sources
//! RFC 9639, 9.1.8 (of the header: polynomial 0x07) and 9.3 (of all of it: polynomial 0x8005), both
//! of them beginning with 0.

/// Bytes that are taken at once.
const WIDTH: usize = 16;

/// For each byte, what it does to the sum when so many bytes follow.
#[allow(clippy::cast_possible_truncation, reason = "no byte is more than 255")]
const TABLES: [[u16; 256]; WIDTH] = {
    let mut tables = [[0; 256]; WIDTH];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = sum << 1 ^ if sum >> 15 == 0 { 0 } else { 0x8005 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut table = 1;
    while table < WIDTH {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = before << 8 ^ tables[0][before as usize >> 8];
            byte += 1;
        }
        table += 1;
    }
    tables
};

/// Of a whole frame but for its last two bytes.
pub(super) fn of_frame(bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<WIDTH>();
    let sum = words.iter().fold(0_u16, |sum, [first, second, others @ ..]| {
        let [high, low] = sum.to_be_bytes();
        let [of_others @ .., of_second, of_first] = &TABLES;
        // What the sum so far has no part in need not wait for it.
        others
            .iter()
            .zip(of_others.iter().rev())
            .fold(0, |sum, (byte, table)| sum ^ table[usize::from(*byte)])
            ^ of_first[usize::from(first ^ high)]
            ^ of_second[usize::from(second ^ low)]
    });
    rest.iter().fold(sum, |sum, byte| {
        let [high, low] = sum.to_be_bytes();
        u16::from(low) << 8 ^ TABLES[0][usize::from(high ^ byte)]
    })
}

/// Of a header but for its last byte.
pub(super) fn of_header(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum, _| sum << 1 ^ if sum >> 7 == 0 { 0 } else { 0x07 })
    })
}

#[cfg(test)]
mod tests {
    /// The check values of CRC-8/SMBUS and CRC-16/UMTS, which have these polynomials.
    #[test]
    fn sums_are_those_that_are_published() {
        assert_eq!(super::of_header(b"123456789"), 0xf4);
        assert_eq!(super::of_frame(b"123456789"), 0xfee8);
        assert_eq!(super::of_frame(b""), 0);
        // Many at a time, or one by one.
        let bytes: Vec<u8> = (0..100_u8).map(|n| n.wrapping_mul(89)).collect();
        let one_by_one = bytes.iter().fold(0_u16, |sum, byte| {
            (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| {
                sum << 1 ^ if sum >> 15 == 0 { 0 } else { 0x8005 }
            })
        });
        assert_eq!(super::of_frame(&bytes), one_by_one);
    }
}
