//! Ogg pages, for tests that write or break them.
//!
//! # Sources
//! RFC 3533, section 6: a page is `OggS`, 22 bytes of which the last four are the checksum, the
//! number of segments, their lengths, their content. The CRC's polynomial is 0x04C11DB7, its
//! start 0, and the field itself counts as 0.

/// One page of a stream, with packets that it holds whole; `flags` 2 begins a stream, 4 ends it.
///
/// # Panics
/// With more or longer packets than a page can hold.
pub fn ogg_page(flags: u8, number: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let lengths: Vec<u8> = packets
        .iter()
        .flat_map(|packet| {
            let rest = u8::try_from(packet.len() % 255).expect("below 255");
            vec![255; packet.len() / 255].into_iter().chain([rest])
        })
        .collect();
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    // Position and serial number of the stream; the checksum follows the number of the page.
    page.extend([0; 12]);
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(lengths.len()).expect("at most 255 segments"));
    page.extend(lengths);
    page.extend(packets.concat());
    repair_ogg_checksums(&mut page);
    page
}

/// Gives all pages, as far as they are whole, the checksum of what they hold.
pub fn repair_ogg_checksums(bytes: &mut [u8]) {
    let mut start = 0;
    while let Some(page) = bytes.get_mut(start..).filter(|rest| rest.starts_with(b"OggS")) {
        let segments = usize::from(page.get(26).copied().unwrap_or(0));
        let Some(lengths) = page.get(27..27 + segments) else { return };
        let len = 27 + segments + lengths.iter().map(|len| usize::from(*len)).sum::<usize>();
        let Some(page) = page.get_mut(..len) else { return };
        page[22..26].fill(0);
        let sum = page.iter().fold(0, |sum, byte| crc(sum ^ u32::from(*byte) << 24));
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        start += len;
    }
}

fn crc(sum: u32) -> u32 {
    (0..8).fold(sum, |sum, _| sum << 1 ^ if sum >> 31 == 0 { 0 } else { 0x04c1_1db7 })
}
