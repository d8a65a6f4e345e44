//! Ways to break a file.

use hotcue_tests::repair_ogg_checksums;

/// Marsaglia's xorshift64: the same damage in every run.
pub(crate) struct Random(u64);

impl Random {
    /// The generator for one input, whatever was made before it.
    pub(crate) fn new(seed: u64) -> Self {
        // Spread by the golden ratio, so that neighbouring seeds begin far apart.
        let mut random = Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `end`; 0 when that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from((self.next() >> 8) % end).expect("below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[5]
    }
}

/// Headers are where damage hurts: half of it goes there.
const HEAD_BYTES: usize = 512;

/// `original`, broken in one to four ways; `other` lends its end for splices.
pub(crate) fn broken(original: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(4) {
        match random.below(9) {
            0 => flip_bits(&mut bytes, random),
            1 => overwrite(&mut bytes, random),
            // Three shares: what is wrong with most broken files is a length.
            2..=4 => lie(&mut bytes, random),
            5 => bytes.truncate(place(&bytes, random)),
            6 => duplicate(&mut bytes, random),
            7 => swap(&mut bytes, random),
            _ => splice(&mut bytes, other, random),
        }
    }
    // Else nothing behind the checksums of Ogg's pages would ever see damage.
    if random.below(4) > 0 {
        repair_ogg_checksums(&mut bytes);
    }
    bytes
}

fn place(bytes: &[u8], random: &mut Random) -> usize {
    match random.below(2) {
        0 => random.below(bytes.len().min(HEAD_BYTES)),
        _ => random.below(bytes.len()),
    }
}

/// A range of at most `longest` bytes.
fn range(bytes: &[u8], longest: usize, random: &mut Random) -> std::ops::Range<usize> {
    let start = place(bytes, random);
    let end = (start + 1 + random.below(longest)).min(bytes.len());
    start..end
}

fn flip_bits(bytes: &mut [u8], random: &mut Random) {
    for _ in 0..=random.below(8) {
        let at = place(bytes, random);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
}

fn overwrite(bytes: &mut [u8], random: &mut Random) {
    for at in range(bytes, 32, random) {
        bytes[at] = random.byte();
    }
}

/// Writes an extreme number of one to eight bytes, of either byte order, anywhere.
fn lie(bytes: &mut [u8], random: &mut Random) {
    let width = [1, 2, 4, 4, 4, 8][random.below(6)];
    let max = u64::MAX >> (64 - 8 * width);
    let number =
        [0, 1, 2, 0x7fff, 0xffff, max / 2, max / 2 + 1, max - 7, max - 1, max][random.below(10)];
    let little = &number.to_le_bytes()[..width];
    let big = &number.to_be_bytes()[8 - width..];
    let at = place(bytes, random);
    if let Some(target) = bytes.get_mut(at..at + width) {
        target.copy_from_slice(if random.below(2) == 0 { little } else { big });
    }
}

fn duplicate(bytes: &mut Vec<u8>, random: &mut Random) {
    let copy = bytes[range(bytes, 4096, random)].to_vec();
    let at = place(bytes, random);
    bytes.splice(at..at, copy);
}

/// Exchanges two neighbouring stretches.
fn swap(bytes: &mut [u8], random: &mut Random) {
    let range = range(bytes, 2048, random);
    let middle = random.below(range.len());
    if let Some(stretch) = bytes.get_mut(range) {
        stretch.rotate_left(middle.min(stretch.len()));
    }
}

/// The start of one file and the end of another.
fn splice(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    bytes.truncate(place(bytes, random));
    bytes.extend_from_slice(&other[random.below(other.len())..]);
}
