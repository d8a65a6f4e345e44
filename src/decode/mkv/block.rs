//! Blocks, and the packets that are laced up in them.
//!
//! # Sources
//! RFC 9559 (Matroska), 10: the number of the track, a time of 16 bits, flags, then with lacing the
//! number of packets less one and their lengths: in Xiph's sums of 255, as one length and
//! differences, or all alike.

use super::ebml::number;

/// Which track's block `block` is.
pub(super) fn track(block: &[u8]) -> Option<u64> {
    number(block).map(|(track, _)| track)
}

/// Its time, in ticks from that of its cluster on.
pub(super) fn ticks(block: &[u8]) -> Option<i16> {
    let (_, len) = number(block)?;
    Some(i16::from_be_bytes(*block.get(len..)?.first_chunk()?))
}

/// The packets in `block`; None where it contradicts itself.
pub(super) fn packets(block: &[u8]) -> Option<Vec<&[u8]>> {
    let (_, len) = number(block)?;
    let (&[_, _, flags], content) = block.get(len..)?.split_first_chunk()?;
    let lacing = flags >> 1 & 3;
    if lacing == 0 {
        return Some(vec![content]);
    }
    let (&last, mut rest) = content.split_first()?;
    let last = usize::from(last);
    let mut lengths: Vec<usize> = Vec::with_capacity(last + 1);
    match lacing {
        1 => {
            for _ in 0..last {
                let end = rest.iter().position(|byte| *byte < 255)?;
                lengths.push(rest[..=end].iter().map(|byte| usize::from(*byte)).sum());
                rest = &rest[end + 1..];
            }
        }
        3 if last > 0 => {
            let (first, bytes) = number(rest)?;
            rest = &rest[bytes..];
            let mut length = i64::try_from(first).ok()?;
            lengths.push(usize::try_from(length).ok()?);
            for _ in 1..last {
                let (difference, bytes) = number(rest)?;
                rest = &rest[bytes..];
                // The middle of its range stands for 0.
                let bias = (1_i64 << (7 * bytes - 1)) - 1;
                length = length.checked_add(i64::try_from(difference).ok()? - bias)?;
                lengths.push(usize::try_from(length).ok()?);
            }
        }
        2 => lengths.resize(last, rest.len() / (last + 1)),
        _ => {}
    }
    let mut packets = Vec::with_capacity(last + 1);
    for length in lengths {
        let packet = rest.get(..length)?;
        rest = &rest[length..];
        packets.push(packet);
    }
    packets.push(rest);
    Some(packets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(flags: u8, content: &[u8]) -> Option<Vec<usize>> {
        let block = [&[0x81, 0, 0, flags], content].concat();
        packets(&block).map(|packets| packets.iter().map(|packet| packet.len()).collect())
    }

    #[test]
    fn packets_are_told_apart_by_all_kinds_of_lacing() {
        assert_eq!(lens(0x80, &[7; 5]), Some(vec![5]));
        let xiph = [&[2, 255, 45, 10][..], &[0; 300 + 10 + 6]].concat();
        assert_eq!(lens(0x02, &xiph), Some(vec![300, 10, 6]));
        assert_eq!(lens(0x04, &[&[2][..], &[0; 18]].concat()), Some(vec![6, 6, 6]));
        // RFC 9559, 10.3.3: 800, 500 (-300), and the rest.
        let ebml = [&[2, 0x43, 0x20, 0x5e, 0xd3][..], &[0; 800 + 500 + 1000]].concat();
        assert_eq!(lens(0x06, &ebml), Some(vec![800, 500, 1000]));
        assert_eq!(lens(0x06, &[0, 1, 2, 3]), Some(vec![3]));
    }

    #[test]
    fn lengths_beyond_the_block_are_refused() {
        for (flags, content) in [
            (0x02, &[1, 255][..]),
            (0x02, &[1, 9, 1, 2]),
            (0x02, &[]),
            (0x06, &[1, 0x89, 1]),
            (0x06, &[2, 0x81, 0x80, 0, 0, 0]),
            (0x06, &[1, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(lens(flags, content), None, "{content:x?}");
        }
        assert_eq!(packets(&[0x81, 0, 0]), None);
        assert_eq!(packets(&[]), None);
    }
}
