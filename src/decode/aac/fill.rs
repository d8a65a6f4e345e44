//! What a packet begins with that is no audio.
//!
//! # Sources
//! ISO/IEC 14496-3, 4.4.2.1 and 4.4.2.7: three bits say which element comes. 6: one that fills up,
//! of four bits of length in bytes (15: and eight more, less one). 7: the end.

/// What the elements before the first one of audio come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// False for a packet that only fills up: no audio begins with it. True for what cannot be
    /// told.
    pub(super) has_audio: bool,
    /// Whether the encoder is libfaac, which says so in its first packet only. Its frames of delay
    /// are those of one block, whatever it encodes.
    pub(super) is_libfaac: bool,
}

impl Beginning {
    /// Reads the start of `packet`, which has no header.
    pub(super) fn of(packet: &[u8]) -> Self {
        const FILL: u32 = 6;
        const END: u32 = 7;
        let (mut at, mut is_libfaac) = (0, false);
        loop {
            let has_audio = match bits(packet, at, 3) {
                Some(FILL) => None,
                Some(END) => Some(false),
                _ => Some(true),
            };
            let (len, header) = match (bits(packet, at + 3, 4), bits(packet, at + 7, 8)) {
                (Some(15), Some(more)) => (14 + more, 15),
                (Some(15) | None, _) => {
                    return Self { has_audio: has_audio != Some(false), is_libfaac };
                }
                (Some(len), _) => (len, 7),
            };
            if let Some(has_audio) = has_audio {
                return Self { has_audio, is_libfaac };
            }
            is_libfaac |= names_libfaac(packet, at + header, len);
            at += header + 8 * usize::try_from(len).unwrap_or(0);
        }
    }
}

/// Whether the `len` bytes of filling from bit `at` on hold `libfaac` and a version. The text begins
/// behind 17 bits, the first four of which say that they mean nothing.
///
/// # Sources
/// FAAC 1.24 to 1.28 write it so; FFmpeg's decoder of AAC looks for it in the same place, and drops
/// the same frames.
fn names_libfaac(packet: &[u8], at: usize, len: u32) -> bool {
    const NAME: &[u8] = b"libfaac ";
    let text = |index: usize| {
        let byte = bits(packet, at + 17 + 8 * index, 8)?;
        u8::try_from(byte).ok()
    };
    len > 12
        && bits(packet, at, 4) == Some(0)
        && NAME.iter().enumerate().all(|(index, byte)| text(index) == Some(*byte))
        && text(NAME.len()).is_some_and(|byte| byte.is_ascii_digit())
}

/// `count` bits from bit `at` on; None where there are fewer.
pub(super) fn bits(packet: &[u8], at: usize, count: usize) -> Option<u32> {
    (at..at + count).try_fold(0_u32, |bits, at| {
        let byte = packet.get(at / 8)?;
        Some(bits << 1 | u32::from(byte >> (7 - at % 8) & 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element that fills up, and three bits of the next one.
    fn filled(content: &[u8], next: u8) -> Vec<u8> {
        let mut bits = vec![1, 1, 0];
        let mut put = |value: usize, count: usize| {
            bits.extend((0..count).rev().map(|bit| u8::from(value >> bit & 1 == 1)));
        };
        match content.len() {
            len @ 0..15 => put(len, 4),
            len => {
                put(15, 4);
                put(len - 14, 8);
            }
        }
        for byte in content {
            put(usize::from(*byte), 8);
        }
        put(usize::from(next), 3);
        let byte =
            |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | bit << (7 - at));
        bits.chunks(8).map(byte).collect()
    }

    fn shifted(text: &[u8]) -> Vec<u8> {
        // Behind 17 bits: two bytes and one bit.
        let carried = |at: usize| text.get(at).copied().unwrap_or(0);
        let mut content = vec![0, 0, carried(0) >> 1];
        content.extend((0..text.len()).map(|at| carried(at) << 7 | carried(at + 1) >> 1));
        content
    }

    #[test]
    fn the_name_of_libfaac_is_found_before_the_audio() {
        let beginning = |has_audio, is_libfaac| Beginning { has_audio, is_libfaac };
        let named = shifted(b"libfaac 1.28\0");
        assert_eq!(Beginning::of(&filled(&named, 0)), beginning(true, true));
        assert_eq!(Beginning::of(&filled(&named, 7)), beginning(false, true));
        for other in [&b"libfaac x.28\0"[..], b"libmaac 1.28\0", b"libfaac", b""] {
            assert_eq!(Beginning::of(&filled(&shifted(other), 0)), beginning(true, false));
        }
        let mut extension = named;
        extension[0] = 0x10;
        assert_eq!(Beginning::of(&filled(&extension, 0)), beginning(true, false));
    }

    #[test]
    fn packets_without_audio_are_told() {
        assert!(!Beginning::of(&filled(&[0; 3], 7)).has_audio);
        assert!(!Beginning::of(&[0xe0]).has_audio);
        for unknown in [&[][..], &[0xc0], &[0xde], &[0x00, 0x10]] {
            assert!(Beginning::of(unknown).has_audio, "{unknown:x?}");
        }
    }
}
