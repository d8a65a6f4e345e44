//! What the first frame says of the whole stream, in place of audio.
//!
//! # Sources
//! Xing's `VBRHeader` and LAME's *MP3 Info Tag* (revision 1): behind the side information `Xing` or
//! `Info`, flags, then for each flag the number of frames, the number of bytes, 100 bytes of a
//! table, and a quality; then, at 21 bytes from LAME's name, delay and padding of 12 bits each.
//! Fraunhofer's `VBRI` lies 32 bytes behind the header: version, delay, quality (two bytes each),
//! bytes, frames. A decoder adds 528 + 1 frames of its own to the delay.

use super::header::{HEADER_BYTES, Header};

/// Delay of the decoder, in frames.
const DECODER_FRAMES: u64 = 529;
const CHECKSUM_BYTES: usize = 2;

/// What a tag says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// Frames of MPEG audio behind the tag's own.
    pub(super) packets: Option<u64>,
    /// Frames of audio before and behind the music, where the encoder is one that states them.
    pub(super) gaps: Option<(u64, u64)>,
}

impl Tag {
    /// The tag in a whole frame of Layer III; None: it is audio.
    pub(super) fn parse(header: &Header, frame: &[u8]) -> Option<Self> {
        if header.layer != 3 {
            return None;
        }
        let side = HEADER_BYTES + header.side_bytes();
        // Behind a checksum, too, with some encoders.
        [side, side + CHECKSUM_BYTES]
            .into_iter()
            .find_map(|at| xing(frame.get(at..)?))
            .or_else(|| vbri(frame.get(HEADER_BYTES + 32..)?))
    }
}

fn xing(bytes: &[u8]) -> Option<Tag> {
    let rest = bytes.strip_prefix(b"Xing").or_else(|| bytes.strip_prefix(b"Info"))?;
    let (flags, mut rest) = number(rest)?;
    let mut tag = Tag::default();
    for (flag, len) in [(1, 4), (2, 4), (4, 100), (8, 4)] {
        if flags & flag == 0 {
            continue;
        }
        if flag == 1 {
            tag.packets = number(rest).map(|(packets, _)| packets).filter(|packets| *packets > 0);
        }
        // A tag that is cut off is one nevertheless.
        let Some(behind) = rest.get(len..) else { return Some(tag) };
        rest = behind;
    }
    let known = [b"LAME", b"Lavf", b"Lavc"].iter().any(|name| rest.starts_with(*name));
    if let Some(&[a, b, c]) = rest.get(21..24).filter(|_| known) {
        let [a, b, c] = [a, b, c].map(u64::from);
        let (delay, padding) = (a << 4 | b >> 4, (b & 15) << 8 | c);
        tag.gaps = Some((delay + DECODER_FRAMES, padding.saturating_sub(DECODER_FRAMES)));
    }
    Some(tag)
}

fn vbri(bytes: &[u8]) -> Option<Tag> {
    // Version, delay and quality, then the number of bytes.
    let (packets, _) = number(bytes.strip_prefix(b"VBRI\0\x01")?.get(8..)?)?;
    Some(Tag { packets: Some(packets).filter(|packets| *packets > 0), gaps: None })
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from(u32::from_be_bytes(*number)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(second: u8, side: usize, content: &[u8]) -> Option<Tag> {
        let mut frame = vec![0xff, second, 0x90, 0x44];
        frame.extend(vec![0; side]);
        frame.extend(content);
        Tag::parse(&Header::parse(&frame).expect("a good header"), &frame)
    }

    #[test]
    fn counts_and_gaps_are_read() {
        let lame = [&b"Info\0\0\0\x0f"[..], &[0, 0, 1, 2], &[0; 108], b"LAME3.100", &[0; 12]];
        let whole = [&lame.concat()[..], &[0x24, 0x06, 0x90], &[0; 12]].concat();
        let (delay, padding) = (0x240 + 529, 0x690 - 529);
        let tag = Tag { packets: Some(258), gaps: Some((delay, padding)) };
        assert_eq!(parse(0xfb, 32, &whole), Some(tag));
        // With a checksum, before or behind which the tag lies.
        assert_eq!(parse(0xfa, 32, &whole), Some(tag));
        assert_eq!(parse(0xfa, 34, &whole), Some(tag));
        let other = [&b"Xing\0\0\0\x01"[..], &[0, 0, 1, 2], b"GOGO", &[0; 40]].concat();
        assert_eq!(parse(0xf3, 17, &other), Some(Tag { packets: Some(258), gaps: None }));
        assert_eq!(parse(0xfb, 32, b"Xing\0\0\0\x01\0\0"), Some(Tag::default()));
    }

    #[test]
    fn vbri_counts_frames_and_says_nothing_of_gaps() {
        let content = [&b"VBRI\0\x01"[..], &[9; 8], &[0, 0, 1, 2]].concat();
        assert_eq!(parse(0xfb, 32, &content), Some(Tag { packets: Some(258), gaps: None }));
        assert_eq!(parse(0xf3, 32, &content), Some(Tag { packets: Some(258), gaps: None }));
    }

    #[test]
    fn audio_is_no_tag() {
        assert_eq!(parse(0xfb, 32, &[0; 300]), None);
        assert_eq!(parse(0xfd, 32, b"Xing\0\0\0\x01\0\0\0\x01"), None, "Layer II");
        assert_eq!(parse(0xfb, 30, b"Xing"), None);
    }
}
