//! Frames behind, between and before anything.

use super::*;

/// Frames of 417 and 418 bytes, numbered by their last byte.
fn frames(numbers: std::ops::Range<u8>) -> Vec<u8> {
    let frame = |number: u8| {
        let padding = number % 2;
        let mut frame = vec![0; 417 + usize::from(padding)];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90 | padding << 1, 0x44]);
        *frame.last_mut().expect("not empty") = number;
        frame
    };
    numbers.flat_map(frame).collect()
}

/// The numbers of all frames that are found in `file`, and the bytes skipped between them.
fn read(file: &[u8]) -> (Vec<u8>, u64) {
    let mut frames = Frames::new(file, file.len() as u64);
    let (mut numbers, mut skipped) = (Vec::new(), 0);
    if !frames.find().expect("memory can be read") {
        return (numbers, skipped);
    }
    while let Some(frame) = frames.next().expect("memory can be read") {
        numbers.push(frames.sight()[frame.len - 1]);
        skipped += frame.skipped;
        frames.leave(frame.len);
    }
    (numbers, skipped)
}

fn id3(len: usize) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (len >> shift & 0x7f).to_le_bytes()[0]);
    // Full of what looks like frames.
    let content: Vec<u8> = frames(90..99).into_iter().cycle().take(len).collect();
    [b"ID3\x03\0\0", &size[..], &content].concat()
}

fn ape(len: u32, is_header: bool) -> Vec<u8> {
    let flags = if is_header { 0xa0 } else { 0x80 };
    let mut tag = [b"APETAGEX\xd0\x07\0\0", &len.to_le_bytes()[..]].concat();
    tag.extend([0, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0, 0]);
    tag
}

#[test]
fn frames_are_found_behind_between_and_before_anything() {
    let all: Vec<u8> = (0..20).collect();
    let (first, second) = (frames(0..10), frames(10..20));
    let ape_in_front = [ape(700, true), vec![0xff; 700]].concat();
    let ape_behind = [ape(432, true), vec![7; 400], ape(432, false)].concat();
    let id3v1 = [b"TAG".to_vec(), vec![0xff; 125]].concat();
    for (before, between, behind, skipped) in [
        (vec![], vec![], vec![], 0),
        (vec![0; 900_000], vec![], vec![], 0),
        (id3(300_000), vec![], vec![], 0),
        ([id3(9), id3(70_000), vec![0; 5_000]].concat(), vec![], id3v1.clone(), 0),
        (ape_in_front, id3(100_000), [ape_behind, id3v1.clone()].concat(), 0),
        (vec![], [id3v1.clone(), id3(9)].concat(), vec![], 0),
        (vec![], id3v1.clone(), vec![], 0),
        (vec![], vec![0xff, 0xfb, 0x90, 0x44, 1, 2, 3], vec![0xff; 5_000], 7),
        (b"junk".repeat(100), vec![0x55; 30_000], b"LYRICSBEGIN".to_vec(), 30_000),
    ] {
        let file = [&before[..], &first, &between, &second, &behind].concat();
        assert_eq!(read(&file), (all.clone(), skipped), "{} before", before.len());
    }
}

#[test]
fn few_frames_count_at_the_start_only() {
    assert_eq!(read(&frames(0..1)).0, [0]);
    assert_eq!(read(&[&frames(0..2)[..], b"TAG"].concat()).0, [0, 1]);
    assert_eq!(read(&[b"some text"[..].to_vec(), frames(0..1)].concat()).0, []);
    assert_eq!(read(&frames(0..1)[..300]).0, []);
    assert_eq!(read(&[]).0, []);
    assert_eq!(read(&[0xff; 3_000_000]).0, []);
    let mut whole = frames(0..5);
    whole.truncate(4 * 418);
    assert_eq!(read(&whole).0, [0, 1, 2, 3], "the fifth is cut");
}

#[test]
fn quiet_pcm_is_no_free_format() {
    // Values of −1 in front of 0, as often as `quiet` says, look like headers of Layer I.
    for quiet in [2, 3, 5, 10, 30, 100, 300, 1_000] {
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let value =
            |_: usize| if noise() % quiet == 0 { -1_i16 + (noise() % 2) as i16 * 2 } else { 0 };
        let file: Vec<u8> = (0..200_000).map(value).flat_map(i16::to_le_bytes).collect();
        for bytes in [2_000, 20_000, file.len()] {
            let mut frames = Frames::new(&file[..bytes], bytes as u64);
            let found = frames.find().expect("memory can be read");
            assert!(!found, "one in {quiet}, {bytes} bytes");
        }
    }
}

#[test]
fn the_length_of_free_frames_is_found_out() {
    for len in [60, 1_044, 2_090] {
        let mut frame = vec![0_u8; len];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x00, 0x44]);
        let file = frame.repeat(30);
        let mut frames = Frames::new(&file[..], file.len() as u64);
        assert!(frames.find().expect("memory can be read"));
        let mut count = 0;
        while let Some(frame) = frames.next().expect("memory can be read") {
            assert_eq!(frame.len, len);
            frames.leave(len);
            count += 1;
        }
        assert_eq!(count, 30, "{len} bytes");
    }
}

/// Ten frames of Layer I with `third` in their headers, of `len` bytes, and with `allocations`.
fn layer_1(third: u8, len: usize, allocations: &[u8]) -> Vec<u8> {
    let mut frame = [&[0xff, 0xff, third, 0x00], allocations].concat();
    frame.resize(len, 0x55);
    frame.repeat(10)
}

fn is_mpeg(file: &[u8]) -> bool {
    let mut frames = Frames::new(file, file.len() as u64);
    frames.find().expect("memory can be read")
}

#[test]
fn frames_of_layer_1_may_allocate_no_more_than_they_have() {
    let junk = b"junk".repeat(100);
    // 128 kbit/s at 44.1 kHz: 34 slots of four bytes, 1,088 bits.
    for (allocations, mpeg) in [
        ([&[0x11; 4][..], &[0; 28]].concat(), true),
        ([&[0x11; 32][..]].concat(), false),
        ([&[0; 31][..], &[0x0f]].concat(), false),
    ] {
        let frames = layer_1(0x40, 136, &allocations);
        assert_eq!(is_mpeg(&frames), mpeg, "{allocations:x?}");
        assert_eq!(is_mpeg(&[&junk[..], &frames].concat()), mpeg, "{allocations:x?} behind junk");
    }
}

#[test]
fn tables_of_numbers_are_no_free_frames_of_layer_1() {
    // A row of 16-bit numbers: −1, 0, 0, ….
    let table = layer_1(0x00, 96, &[0; 92]);
    assert!(!is_mpeg(&[&[7; 300][..], &table].concat()));
    assert!(is_mpeg(&table), "nothing else is known of it");
}
