//! How long a packet lasts, and how packets of several streams are told apart.
//!
//! # Sources
//! RFC 6716: the first byte (3.1), frames of a packet (3.2), and the self-delimiting form of
//! packets (appendix B), which all streams of a packet but the last one have.

use super::MAX_PACKET_FRAMES;

/// Frames of `packet` at 48 kHz; None where it is damaged.
pub(in crate::decode) fn packet_frames(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let size = usize::from(first >> 3 & 3);
    let frames = match first >> 5 {
        0..3 => [480, 960, 1920, 2880][size],
        // Hybrid: 10 or 20 ms.
        3 => 480 << (size & 1),
        _ => 120 << size,
    };
    let count = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    Some(frames * count).filter(|frames| (1..=MAX_PACKET_FRAMES).contains(frames))
}

/// Takes the first packet, which is self-delimiting, off `packets`: leaves its ordinary form in
/// `plain` and returns what follows it. None where it is damaged.
pub(super) fn take_delimited<'a>(packets: &'a [u8], plain: &mut Vec<u8>) -> Option<&'a [u8]> {
    let first = *packets.first()?;
    let mut at = 1;
    let mut padding = 0;
    // Lengths that the ordinary form has too, and frames that have the added length.
    let (stated, alike) = match first & 3 {
        0 => (0, 1),
        1 => (0, 2),
        2 => (1, 1),
        _ => {
            let byte = *packets.get(at)?;
            at += 1;
            if byte & 0x40 != 0 {
                loop {
                    let more = usize::from(*packets.get(at)?);
                    at += 1;
                    padding += more.min(254);
                    if more < 255 {
                        break;
                    }
                }
            }
            let count = usize::from(byte & 0x3f);
            if byte & 0x80 == 0 { (0, count) } else { (count.checked_sub(1)?, 1) }
        }
    };
    let mut content = padding;
    for _ in 0..stated {
        let (length, bytes) = frame_length(packets.get(at..)?)?;
        at += bytes;
        content += length;
    }
    // The added one, which the ordinary form has no place for.
    let (length, bytes) = frame_length(packets.get(at..)?)?;
    let start = at + bytes;
    let end = start + content + length * alike;
    let content = packets.get(start..end)?;
    plain.clear();
    plain.extend_from_slice(&packets[..at]);
    plain.extend_from_slice(content);
    packets.get(end..)
}

/// A frame's length, and how many bytes say so.
fn frame_length(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.first()? {
        first @ 0..252 => Some((usize::from(first), 1)),
        first => Some((usize::from(first) + 4 * usize::from(*bytes.get(1)?), 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_last_as_long_as_their_first_bytes_say() {
        // RFC 6716, table 2 and section 3.2.
        for (packet, frames) in [
            (&[0x00][..], Some(480)),
            (&[0x18], Some(2880)),
            (&[0x60], Some(480)),
            (&[0x68], Some(960)),
            (&[0x80], Some(120)),
            (&[0xf8], Some(960)),
            (&[0xf9], Some(1920)),
            (&[0xfa], Some(1920)),
            (&[0x83, 48], Some(5760)),
            (&[0x83, 49], None),
            (&[0xfb, 0xc0 | 6], Some(5760)),
            (&[0xfb, 7], None),
            (&[0xfb, 0], None),
            (&[0xfb], None),
            (&[], None),
        ] {
            assert_eq!(packet_frames(packet), frames, "{packet:02x?}");
        }
    }

    #[test]
    fn the_added_length_is_taken_out_of_every_kind_of_packet() {
        for (delimited, ordinary) in [
            (&[0xf8, 2, 11, 12][..], &[0xf8, 11, 12][..]),
            (&[0xf9, 1, 11, 12], &[0xf9, 11, 12]),
            (&[0xfa, 1, 2, 11, 12, 13], &[0xfa, 1, 11, 12, 13]),
            // Three frames of one length, with and without two bytes of padding.
            (&[0x83, 3, 1, 11, 12, 13], &[0x83, 3, 11, 12, 13]),
            (&[0x83, 0x43, 2, 1, 11, 12, 13, 0, 0], &[0x83, 0x43, 2, 11, 12, 13, 0, 0]),
            // Three frames of one, none and two bytes.
            (&[0x83, 0x83, 1, 0, 2, 11, 12, 13], &[0x83, 0x83, 1, 0, 11, 12, 13]),
        ] {
            let mut plain = Vec::new();
            let packets = [delimited, &[0xaa, 0xbb]].concat();
            let rest = take_delimited(&packets, &mut plain);
            assert_eq!((rest, plain.as_slice()), (Some(&[0xaa, 0xbb][..]), ordinary));
            for len in 0..delimited.len() {
                assert_eq!(take_delimited(&delimited[..len], &mut plain), None, "{len} bytes");
            }
        }
    }

    #[test]
    fn lengths_from_252_on_take_two_bytes() {
        let mut plain = Vec::new();
        let packets = [&[0xf8, 253, 10][..], &[7; 293]].concat();
        assert_eq!(take_delimited(&packets, &mut plain), Some(&[][..]));
        assert_eq!(plain, [&[0xf8][..], &[7; 293]].concat());
    }
}
