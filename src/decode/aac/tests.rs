//! Streams that name their encoder.

use std::path::Path;

use super::Codec;
use crate::decode::packets::PacketCodec;
use crate::decode::tests::{decode, open_bytes};
use crate::error::{LoadErrorKind, LoadWarning, WarningCode};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

/// `block` behind what libfaac puts in front of its first one.
fn named(block: &[u8]) -> Vec<u8> {
    // One that fills up, of fifteen bytes and one more; four bits that say no more of it, 13 unused.
    let mut bits = vec![1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0];
    bits.extend([0; 17]);
    let mut put = |bytes: &[u8]| {
        bits.extend(bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)));
    };
    put(b"libfaac 1.28\0");
    bits.extend([0; 7]);
    bits.extend(block.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)));
    let byte =
        |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | bit << (7 - at));
    bits.chunks(8).map(byte).collect()
}

#[test]
fn adts_of_libfaac_begins_behind_its_delay() {
    let plain = fixture("aac.aac");
    let len =
        usize::from(plain[3] & 3) << 11 | usize::from(plain[4]) << 3 | usize::from(plain[5] >> 5);
    let block = named(&plain[7..len]);
    let mut header = plain[..7].to_vec();
    let named_len = u8::try_from(block.len() + 7 - len).expect("not much longer");
    let (len, more) = (u16::try_from(len).expect("13 bits"), u16::from(named_len));
    let len = len + more;
    header[3] = header[3] & !3 | (len >> 11).to_le_bytes()[0];
    header[4] = (len >> 3).to_le_bytes()[0];
    header[5] = header[5] & 0x1f | (len << 5).to_le_bytes()[0];
    let file = [&header[..], &block, &plain[usize::from(len - more)..]].concat();
    let (expected, _) = decode(&plain).expect("a good file");
    let (planes, _) = decode(&file).expect("with a name in front");
    for (plane, expected) in planes.iter().zip(&expected) {
        assert_eq!(plane[..], expected[1_024..]);
    }
}

/// Where the frames of an ADTS file begin.
fn begins(file: &[u8]) -> Vec<usize> {
    let length = |at: usize| {
        usize::from(file[at + 3] & 3) << 11
            | usize::from(file[at + 4]) << 3
            | usize::from(file[at + 5] >> 5)
    };
    let next = |at: &usize| Some(at + length(*at)).filter(|next| *next < file.len());
    std::iter::successors(Some(0), next).collect()
}

#[test]
fn behind_one_packet_of_zeros_all_others_are_heard() {
    for (name, lasts) in [("stream/aac.aac", 1), ("he_aac.aac", 2)] {
        let mut file = fixture(name);
        let (whole, _) = decode(&file).expect("a good file");
        let begins = begins(&file);
        let damaged = begins.len() / 3;
        file[begins[damaged] + 7..begins[damaged + 1]].fill(0);
        let (planes, warnings) = decode(&file).expect("the rest");
        assert_eq!(planes[0].len(), whole[0].len(), "{name}");
        // The next packet has nothing to overlap with; of replicated bands a little goes on.
        let block = whole[0].len() / begins.len();
        let behind = (damaged + 2 + lasts) * block;
        let rest = planes[0][behind..].iter().zip(&whole[0][behind..]);
        let (off, level) = rest.fold((0.0, 0.0), |(off, level), (heard, value)| {
            (off + (heard - value).powi(2), level + value.powi(2))
        });
        assert!(off < 1e-6 * level, "{name}: {off} of {level}");
        assert_eq!(warnings[0].code, WarningCode::DecodeErrors, "{name}");
    }
}

#[test]
fn a_variant_that_is_not_supported_is_named_once() {
    // Object type 42 of ISO/IEC 14496-3, table 1.17: the escape 31, and 42 − 32 in six bits.
    let error = Codec::new(&[0xf9, 0x46, 0x40]).err().expect("not supported");
    assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
    let told = "this variant of AAC is not supported: USAC (xHE-AAC) is a separate codec";
    assert!(error.to_string().starts_with(told), "{error}");
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn frames_in_a_transport_stream_are_not_taken_for_a_file_of_them() {
    let frames = fixture("he_aac_v2.aac");
    assert!(decode(&frames).is_ok());
    for time in [&b""[..], &[0x0e, 0xbf, 0x46, 0x22]] {
        let packet = |piece| [time, &[0x47, 0x01, 0x00, 0x10], piece].concat();
        let file: Vec<_> = frames.chunks_exact(184).flat_map(packet).collect();
        let error = decode(&file).expect_err("a format of its own");
        assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
        assert!(error.to_string().contains("transport stream"), "{error}");
    }
}

/// Where the content of the first box of this kind begins.
fn content_of(file: &[u8], kind: &[u8; 4]) -> usize {
    file.windows(4).position(|bytes| bytes == kind).expect("the box is there") + 4
}

fn add(file: &mut [u8], at: usize, more: usize) {
    let word = u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let word = word + u32::try_from(more).expect("not much");
    file[at..at + 4].copy_from_slice(&word.to_be_bytes());
}

#[test]
fn an_edit_list_counts_more_than_the_name_of_libfaac() {
    let plain = fixture("aac.m4a");
    let (start, sizes) = (content_of(&plain, b"mdat"), content_of(&plain, b"stsz") + 12);
    let len = u32::from_be_bytes(plain[sizes..sizes + 4].try_into().expect("four bytes"));
    let end = start + usize::try_from(len).expect("a short packet");
    let block = named(&plain[start..end]);
    let more = block.len() - (end - start);
    let mut file = [&plain[..start], &block, &plain[end..]].concat();
    let (sizes, chunks) = (content_of(&file, b"stsz") + 12, content_of(&file, b"stco"));
    add(&mut file, sizes, more);
    add(&mut file, start - 8, more);
    let count = file[chunks + 7];
    for chunk in 1..usize::from(count) {
        add(&mut file, chunks + 8 + 4 * chunk, more);
    }
    assert!(decode(&file).expect("named") == decode(&plain).expect("plain"), "by its edit list");

    let edits = |file: &[u8]| content_of(file, b"edts") - 4;
    let (mut plain, at, in_file) = (plain.clone(), edits(&plain), edits(&file));
    plain[at..at + 4].copy_from_slice(b"free");
    file[in_file..in_file + 4].copy_from_slice(b"free");
    let (expected, _) = decode(&plain).expect("a file without edits");
    let (planes, _) = decode(&file).expect("the same with a name");
    for (plane, expected) in planes.iter().zip(&expected) {
        assert_eq!(plane[..], expected[1_024..]);
    }
}

#[test]
fn a_core_of_one_channel_is_stereo_unless_it_is_stated_not_to_be() {
    let file = fixture("he_aac_v2.aac");
    for (last, channels) in [(0x80, 2), (0x00, 1)] {
        let config = [0x13, 0x88, 0x56, 0xe5, 0xa5, 0x48, last];
        let mut codec = Codec::new(&config).expect("a good description");
        let mut rest = &file[..];
        let mut frames = 0;
        while let [_, _, _, a, b, c, ..] = rest {
            let len = usize::from(a & 3) << 11 | usize::from(*b) << 3 | usize::from(c >> 5);
            frames += codec.decode(&rest[7..len]).expect("a good packet");
            rest = &rest[len..];
        }
        assert_eq!((codec.spec().channels, codec.spec().sample_rate), (channels, 44_100));
        assert_eq!((codec.planes().len(), codec.planes()[0].len()), (channels, 2_048));
        assert!(frames > 11_025);
    }
}

#[test]
fn a_description_may_lack_the_delay_that_it_announces() {
    let file = fixture("aac.aac");
    let len =
        usize::from(file[3] & 3) << 11 | usize::from(file[4]) << 3 | usize::from(file[5] >> 5);
    // AAC-LC, rate and channels as in the header of the frame.
    let (rate, channels) = (file[2] >> 2 & 15, file[2] << 2 & 4 | file[3] >> 6);
    let config = [2 << 3 | rate >> 1, rate << 7 | channels << 3];
    let decoded = |config: &[u8]| {
        let mut codec = Codec::new(config).expect("a description that makes sense");
        let frames = codec.decode(&file[7..len]).expect("a good packet");
        (frames, codec.spec(), codec.planes().to_vec())
    };
    assert!(decoded(&config) == decoded(&[config[0], config[1] | 2]));
    assert!(Codec::new(&config[..1]).is_err());
}

#[test]
fn junk_that_comes_again_and_again_is_passed_however_long_the_file() {
    let file = fixture("aac.aac");
    let (mut at, mut frames) = (0, Vec::new());
    while at < file.len() {
        let [_, _, _, d, e, f, ..] = file[at..] else { panic!("a header") };
        let len = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
        frames.push(&file[at..at + len]);
        at += len;
    }
    let count = 3_000_000 * frames.len() / file.len();
    let mut long = Vec::new();
    for (n, frame) in frames.iter().cycle().take(count).enumerate() {
        long.extend_from_slice(frame);
        if n % 4 == 3 {
            long.extend([0; 4]);
        }
    }
    let (planes, _) = decode(&long).expect("it is forgiven");
    assert_eq!(planes[0].len(), count * 1_024);
}

#[test]
fn an_index_counts_exactly_what_is_heard() {
    let files = [
        ("aac.m4a", 11_025),
        ("aac_51.m4a", 4_000),
        ("aac_edit_64.m4a", 9_000),
        ("aac_itunes.m4a", 10_000),
    ];
    for (name, frames) in files {
        let file = fixture(name);
        let decoder = open_bytes(&file).expect("a good file");
        let info = decoder.info();
        assert_eq!((info.frames, info.frames_counted), (Some(frames), true), "{name}");
        let (planes, _) = decode(&file).expect("a good file");
        assert_eq!(planes[0].len() as u64, frames, "{name}");
    }
    let decoder = open_bytes(&fixture("aac.aac")).map(|decoder| decoder.info().frames_counted);
    assert_eq!(decoder.ok(), Some(false), "nothing counts the blocks of ADTS");
}

/// An ID3 tag that tells a time, as RFC 8216, 3.4 wants it in front of packed audio.
fn time_tag() -> Vec<u8> {
    let owner = b"com.apple.streaming.transportStreamTimestamp\0";
    let content = [&owner[..], &[0; 8]].concat();
    let len = u8::try_from(content.len()).expect("short");
    [&b"ID3\x04\0\0\0\0\0"[..], &[len + 10], b"PRIV\0\0\0", &[len], &[0; 2], &content].concat()
}

#[test]
fn tags_between_frames_are_no_loss() {
    let file = fixture("aac.aac");
    let begins = begins(&file);
    let (first, second) = (begins[3], begins[6]);
    let (whole, _) = decode(&file).expect("a good file");
    let tag = time_tag();
    let tag = tag.as_slice();
    let parts = [tag, &file[..first], tag, &file[first..second], tag, tag, &file[second..], tag];
    let (planes, warnings) = decode(&parts.concat()).expect("a good file");
    assert!(planes == whole);
    assert!(warnings.iter().all(|it| it.code == WarningCode::LengthEstimated), "{warnings:?}");
    // One that leads into the middle of a frame is none.
    let mut false_tag = tag.to_vec();
    false_tag[9] += 20;
    let parts = [&file[..first], &false_tag, &file[first..]];
    let (planes, warnings) = decode(&parts.concat()).expect("a good file");
    assert!(planes == whole);
    assert!(warnings.iter().any(|it| it.code == WarningCode::DecodeErrors), "{warnings:?}");
}

/// `fields` of so many bits, and behind them a program with these pairs in front and behind beside a
/// single channel in front and an LFE (ISO/IEC 14496-3, table 4.2).
fn program(fields: &[(u8, usize)], front: &[u8], back: &[u8]) -> Vec<u8> {
    let count = |pairs: &[u8]| u8::try_from(pairs.len()).expect("few");
    let mut fields = fields.to_vec();
    fields.extend([(0, 4), (1, 2), (5, 4), (1 + count(front), 4), (0, 4), (count(back), 4)]);
    // One LFE, no data, no coupling, no mixdown; then the elements.
    fields.extend([(1, 2), (0, 3), (0, 4), (0, 3), (0, 5)]);
    fields.extend(front.iter().chain(back).flat_map(|tag| [(1, 1), (*tag, 4)]));
    fields.push((0, 4));
    let bit = |(value, count): (u8, usize)| (0..count).rev().map(move |bit| value >> bit & 1);
    let bits: Vec<u8> = fields.into_iter().flat_map(bit).collect();
    let byte =
        |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | bit << (7 - at));
    // Filled up to a whole byte; no comment.
    bits.chunks(8).map(byte).chain([0]).collect()
}

#[test]
fn a_program_that_describes_itself_says_which_speakers_it_is_for() {
    // A single channel, two pairs and an LFE.
    let file = fixture("aac_51.m4a");
    let (start, sizes) = (content_of(&file, b"mdat"), content_of(&file, b"stsz") + 12);
    let len = u32::from_be_bytes(file[sizes..sizes + 4].try_into().expect("four bytes"));
    let packet = &file[start..start + usize::try_from(len).expect("a short packet")];
    // FL FR FC LFE FLC FRC, and what six channels usually are.
    for (front, back, mask) in [(&[0, 1][..], &[][..], Some(0xcf)), (&[0], &[1], None)] {
        // AAC-LC at 32 kHz without a configuration of channels, blocks of 1,024.
        let config = program(&[(2, 5), (5, 4), (0, 4), (0, 3)], front, back);
        let mut codec = Codec::new(&config).expect("a good description");
        assert_eq!(codec.decode(packet).ok(), Some(1_024));
        assert_eq!((codec.planes().len(), codec.speakers().mask()), (6, mask));
        // The same in the first block of an ADTS frame, whose header is 7 bytes long.
        let block = [&program(&[(5, 3)], front, back), packet].concat();
        let len = u16::try_from(block.len() + 7).expect("short") << 5 | 0x1f;
        let [high, low] = len.to_be_bytes();
        let frame = [&[0xff, 0xf1, 1 << 6 | 5 << 2, 0, high, low, 0xfc][..], &block].concat();
        let mut codec = Codec::adts();
        assert_eq!(codec.decode(&frame).ok(), Some(1_024));
        assert_eq!((codec.planes().len(), codec.speakers().mask()), (6, mask));
    }
}

#[test]
fn what_is_in_front_of_frames_changes_nothing_of_what_is_told_of_them() {
    let mut file = fixture("aac.aac");
    let fifth = begins(&file)[4];
    file.splice(fifth..fifth, [0; 500]);
    let (expected, warnings) = decode(&file).expect("it is forgiven");
    assert_eq!(warnings[0].code, WarningCode::DecodeErrors);
    let codes = |of: &[LoadWarning]| of.iter().map(|it| it.code).collect::<Vec<_>>();
    // A header of a frame of another rate.
    let mut foreign = file[..7].to_vec();
    foreign[2] ^= 0x04;
    for (begin, filler) in [(&[][..], 0), (&[][..], 0xff), (&foreign[..], 0)] {
        for junk in [100, 60_000, 100_000, 1_000_000] {
            let mut front = begin.to_vec();
            front.resize(junk, filler);
            let what = format!("{junk} bytes: {begin:x?} and {filler:x}");
            let (planes, told) = decode(&[front, file.clone()].concat()).expect(&what);
            assert!(planes == expected, "{what}");
            assert_eq!(codes(&told), codes(&warnings), "{what}");
        }
    }
}

#[test]
fn two_frames_behind_junk_are_enough() {
    let file = fixture("aac.aac");
    let two = &file[..begins(&file)[2]];
    let (expected, _) = decode(two).expect("a short file");
    for behind in [&b""[..], &[0; 50], b"TAG"] {
        let (planes, _) = decode(&[&[0; 500], two, behind].concat()).expect("behind junk");
        assert!(planes == expected, "{behind:?}");
    }
}
