//! What no encoder at hand makes: chains, gaps, wrong granules, odd headers.

use std::sync::Arc;

use super::{Codec, Head};
use crate::decode::ogg::{MAX_PAGE_BYTES, Next, Pages};
use crate::decode::{OpenedSource, open};
use crate::error::{LoadError, LoadErrorKind, LoadWarning, WarningCode};
use crate::metadata::{Collector, Pictures};
use crate::source::Source;

/// 20 ms of stereo as an encoder of silence makes them: one frame of CELT without content.
const PACKET: &[u8] = &[0xfc, 0xff, 0xfe];
const PACKET_FRAMES: u64 = 960;
const PRE_SKIP: u16 = 312;

fn header(channels: u8, family: u8, table: &[u8]) -> Vec<u8> {
    let mut header = b"OpusHead\x01".to_vec();
    header.push(channels);
    header.extend(PRE_SKIP.to_le_bytes());
    header.extend(48_000_u32.to_le_bytes());
    header.extend([0, 0, family]);
    header.extend(table);
    header
}

/// One page with whole packets; `flags` 2 begins a stream, 4 ends it.
fn page(flags: u8, granule: u64, serial: u32, sequence: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(packets.len()).expect("few packets"));
    page.extend(packets.iter().map(|packet| u8::try_from(packet.len()).expect("short packets")));
    page.extend(packets.concat());
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 0 { 0 } else { 0x04c1_1db7 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// A stream of pages of four packets each, `pages` gives flags, sequence number and granule.
fn stream(serial: u32, pages: &[(u8, u32, u64)]) -> Vec<u8> {
    let mut file = page(2, 0, serial, 0, &[&header(2, 0, &[])]);
    file.extend(page(0, 0, serial, 1, &[b"OpusTags\0\0\0\0\0\0\0\0"]));
    for (flags, sequence, granule) in pages {
        file.extend(page(*flags, *granule, serial, *sequence, &[PACKET; 4]));
    }
    file
}

const PAGE: u64 = 4 * PACKET_FRAMES;

/// Channels, frames, stated frames and warnings.
fn load(file: &[u8]) -> Result<(usize, u64, Option<u64>, Vec<LoadWarning>), LoadError> {
    let mut decoder = open(
        OpenedSource::open(&Source::Memory(Arc::from(file)), Arc::default())?,
        &mut Collector::new(Pictures::Note),
    )?;
    let mut frames = 0;
    while let Some(chunk) = decoder.next_chunk()? {
        frames += chunk.frames() as u64;
    }
    let info = decoder.info();
    assert_eq!((info.codec.as_str(), info.spec.sample_rate), ("opus", 48_000));
    Ok((info.spec.channels, frames, info.frames, decoder.warnings()))
}

fn codes(warnings: &[LoadWarning]) -> Vec<WarningCode> {
    warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn the_header_of_mp4_may_have_the_lower_bytes_first() {
    let right = [&b"OpusHead\0\x02"[..], &312_u16.to_be_bytes()].concat();
    let swapped = [&b"OpusHead\0\x02"[..], &312_u16.to_le_bytes()].concat();
    for rate in [0_u32, 8_000, 44_100, 48_000, 96_000, 192_000] {
        let right = [&right[..], &rate.to_be_bytes(), &[0xff, 0, 0]].concat();
        let right = Head::parse_mp4(&right).expect("a good header");
        assert_eq!((right.pre_skip, right.gain < 1.0), (312, true), "{rate} Hz");
        // Without a rate nothing shows.
        if rate > 0 {
            let swapped = [&swapped[..], &rate.to_le_bytes(), &[0, 0xff, 0]].concat();
            assert_eq!(Head::parse_mp4(&swapped).expect("a good header"), right, "{rate} Hz");
        }
    }
}

#[test]
fn granule_positions_cut_the_end_and_pre_skip_the_start() {
    for end in [PAGE + 1, 2 * PAGE - 961, 2 * PAGE - 1, 2 * PAGE] {
        let (channels, frames, stated, warnings) =
            load(&stream(7, &[(0, 2, PAGE), (4, 3, end)])).expect("a good file");
        assert_eq!((channels, frames, stated), (2, end - 312, Some(end - 312)), "{end}");
        assert_eq!(warnings, []);
    }
    let (_, frames, stated, _) = load(&stream(7, &[(4, 2, 1000)])).expect("of one page");
    assert_eq!((frames, stated), (688, Some(688)));
}

#[test]
fn a_stream_cut_out_of_a_longer_one_has_the_length_of_what_is_there() {
    let first = 1_000_000;
    let file = stream(7, &[(0, 2, first + PAGE), (4, 3, first + 2 * PAGE - 100)]);
    let (_, frames, stated, warnings) = load(&file).expect("a good file");
    assert_eq!((frames, stated), (2 * PAGE - 412, Some(2 * PAGE - 412)));
    assert_eq!(warnings, []);
    // As ffmpeg copies them, whose first page says less than it holds.
    let file = stream(7, &[(0, 2, PAGE - 500), (4, 3, 2 * PAGE - 600)]);
    let (_, frames, stated, warnings) = load(&file).expect("a good file");
    assert_eq!((frames, stated), (2 * PAGE - 412, Some(2 * PAGE - 412)));
    assert_eq!(warnings, []);
}

#[test]
fn silence_stands_in_place_of_lost_pages() {
    let file = stream(7, &[(0, 2, PAGE), (0, 4, 3 * PAGE), (4, 5, 4 * PAGE)]);
    let (_, frames, stated, warnings) = load(&file).expect("mostly good");
    assert_eq!((frames, stated), (4 * PAGE - 312, Some(4 * PAGE - 312)));
    let [warning] = warnings.as_slice() else { panic!("one warning, not {warnings:?}") };
    assert_eq!(warning.code, WarningCode::DecodeErrors);
    let numbers = [
        ("packets", 1.0),
        ("frames", PAGE as f64),
        ("packets_left_out", 0.0),
        ("skipped_bytes", 0.0),
    ];
    assert_eq!(warning.numbers, numbers);
}

#[test]
fn a_gap_without_a_lost_page_is_none() {
    // Other programs do not fill it either.
    let file = stream(7, &[(0, 2, PAGE), (0, 3, 5 * PAGE), (4, 4, 6 * PAGE)]);
    let (_, frames, _, _) = load(&file).expect("a file with odd granules");
    assert_eq!(frames, 3 * PAGE - 312);
}

#[test]
fn a_file_without_its_last_page_is_truncated() {
    let (_, frames, _, warnings) = load(&stream(7, &[(0, 2, PAGE)])).expect("what is there");
    assert_eq!(frames, PAGE - 312);
    assert_eq!(codes(&warnings), [WarningCode::Truncated]);
}

#[test]
fn chained_streams_follow_one_another() {
    let link = |serial| stream(serial, &[(0, 2, PAGE), (4, 3, 2 * PAGE - 500)]);
    let (_, frames, stated, warnings) = load(&[link(1), link(2), link(3)].concat()).expect("good");
    assert_eq!((frames, stated), (3 * (2 * PAGE - 812), None));
    assert_eq!(codes(&warnings), [WarningCode::LengthEstimated]);

    let mut mono = page(2, 0, 2, 0, &[&header(1, 0, &[])]);
    mono.extend(page(4, PAGE, 2, 1, &[PACKET; 4]));
    let (_, frames, _, warnings) = load(&[link(1), mono].concat()).expect("its first stream");
    assert_eq!(frames, 2 * PAGE - 812);
    assert!(codes(&warnings).contains(&WarningCode::Truncated), "{warnings:?}");

    let vorbis = page(2, 0, 2, 0, &[b"\x01vorbis"]);
    let (_, frames, _, warnings) = load(&[link(1), vorbis].concat()).expect("its first stream");
    assert_eq!(frames, 2 * PAGE - 812);
    assert!(codes(&warnings).contains(&WarningCode::Truncated), "{warnings:?}");
}

#[test]
fn streams_beside_it_and_junk_between_pages_are_passed_over() {
    let mut file = page(2, 0, 9, 0, &[b"fishead\0"]);
    file.extend(stream(7, &[(0, 2, PAGE)]));
    file.extend(page(0, 12_345, 9, 1, &[b"something"]));
    file.extend([b'O'; 100_000]);
    file.extend(page(4, 2 * PAGE, 7, 3, &[PACKET; 4]));
    let (_, frames, _, warnings) = load(&file).expect("good enough");
    assert_eq!(frames, 2 * PAGE - 312);
    assert_eq!(warnings, []);
}

/// What `file` ends in, pages and junk left out.
fn pages_end(file: &[u8]) -> std::io::Result<()> {
    let mut pages = Pages::new(file);
    while !matches!(pages.next()?, Next::End) {}
    Ok(())
}

#[test]
fn a_file_full_of_false_pages_is_given_up_and_a_damaged_one_is_not() {
    // Each of the longest length there is: together 200 times what there is to read.
    let false_page = [&b"OggS\0"[..], &[0; 21], &[0xff; 300]].concat();
    let error = pages_end(&false_page.repeat(1_000)).expect_err("too much to look at");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    let damaged = [&false_page[..27 + 255], &[0; 255 * 255]].concat();
    assert_eq!(damaged.len(), MAX_PAGE_BYTES);
    pages_end(&damaged.repeat(600)).expect("as long as one will");
}

#[test]
fn undecodable_packets_become_silence_of_their_length() {
    // Two frames of one length in an even number of bytes: not possible.
    let bad: &[u8] = &[0xf9, 1];
    let mut file = page(2, 0, 7, 0, &[&header(2, 0, &[])]);
    file.extend(page(0, PAGE + PACKET_FRAMES, 7, 1, &[PACKET, bad, PACKET, PACKET]));
    file.extend(page(4, 2 * PAGE + PACKET_FRAMES, 7, 2, &[PACKET; 4]));
    let (_, frames, _, warnings) = load(&file).expect("mostly good");
    assert_eq!(frames, 2 * PAGE + PACKET_FRAMES - 312);
    assert_eq!(codes(&warnings), [WarningCode::DecodeErrors]);
    assert_eq!(warnings[0].numbers[1], ("frames", 2.0 * PACKET_FRAMES as f64));
}

#[test]
fn channels_come_in_wave_order_and_by_the_mapping_of_the_file() {
    // RFC 7845, 5.1.1.2: FL C FR SL SR BL BR LFE, made of three pairs and two single streams.
    let head = Head::parse(&header(8, 1, &[5, 3, 0, 6, 1, 2, 3, 4, 5, 7])).expect("a good header");
    let wave = [0, 1, 6, 7, 4, 5, 2, 3];
    assert_eq!(head.sources, wave.map(Some));
    let head = Head::parse(&header(3, 255, &[2, 1, 2, 255, 0])).expect("a good header");
    assert_eq!(head.sources, [Some(2), None, Some(0)]);
}

#[test]
fn packets_of_several_streams_are_told_apart() {
    // A pair whose packet states its length, then a single stream; one channel is silent.
    let head = Head::parse(&header(4, 255, &[2, 1, 1, 255, 2, 0])).expect("a good header");
    let mut codec = Codec::new(&head).expect("a decoder");
    let packet = [&[0xfc, 2, 0xff, 0xfe][..], &[0xf8, 0xff, 0xfe]].concat();
    assert_eq!(codec.decode(&packet).expect("a good packet"), 960);
    assert_eq!(codec.planes().len(), 4);
    assert!(codec.planes().iter().all(|plane| plane.len() == 960));
    assert!(codec.decode(&packet[..3]).is_err(), "cut off");
    let uneven = [&[0xfc, 2, 0xff, 0xfe][..], &[0xf0, 0xff, 0xfe]].concat();
    assert!(codec.decode(&uneven).is_err(), "20 ms beside 10 ms");
}

#[test]
fn headers_that_contradict_themselves_are_corrupt_and_unknown_ones_unsupported() {
    use LoadErrorKind::{Corrupt, UnsupportedFormat};
    let kind_of = |header: &[u8]| Head::parse(header).expect_err("must not be read").kind();
    for (channels, family, table) in [
        (0, 0, &[][..]),
        (3, 0, &[]),
        (2, 1, &[]),
        (2, 1, &[1, 1, 0]),
        (2, 1, &[0, 0, 0, 0]),
        (2, 1, &[1, 2, 0, 1]),
        (2, 1, &[1, 1, 0, 2]),
        (9, 1, &[9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (1, 255, &[200, 100, 0]),
    ] {
        let header = header(channels, family, table);
        assert_eq!(kind_of(&header), Corrupt, "{channels} {family} {table:?}");
    }
    assert_eq!(kind_of(&header(4, 3, &[4, 0])), UnsupportedFormat);
    let table: Vec<u8> = [65, 0].into_iter().chain(0..65).collect();
    assert_eq!(kind_of(&header(65, 255, &table)), UnsupportedFormat);
    let mut later = header(2, 0, &[]);
    later[8] = 0x10;
    assert_eq!(kind_of(&later), UnsupportedFormat);
    for len in 0..19 {
        assert_eq!(kind_of(&header(2, 0, &[])[..len]), Corrupt, "{len} bytes");
    }
}

#[test]
fn the_output_gain_is_in_steps_of_1_256_decibel() {
    let mut louder = header(2, 0, &[]);
    louder[16..18].copy_from_slice(&(20 * 256_i16).to_le_bytes());
    let head = Head::parse(&louder).expect("a good header");
    assert!((head.gain - 10.0).abs() < 1e-5, "{}", head.gain);
    assert_eq!(Head::parse(&header(2, 0, &[])).expect("a good header").gain, 1.0);
}

#[test]
fn silence_is_exactly_that() {
    let head = Head::parse(&header(2, 0, &[])).expect("a sound header");
    let mut codec = Codec::new(&head).expect("plain stereo");
    for _ in 0..50 {
        assert_eq!(codec.decode(PACKET).ok(), Some(960));
        assert!(codec.planes().iter().flatten().all(|value| *value == 0.0));
    }
}
