//! Streams made of real frames: cut, joined, tagged wrongly.

use std::path::Path;

use crate::decode::tests::{decode, open_bytes};
use crate::error::{LoadErrorKind, LoadWarning, WarningCode};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

fn codes(warnings: &[LoadWarning]) -> Vec<WarningCode> {
    warnings.iter().map(|warning| warning.code).collect()
}

/// Where the frames of `mp3_cbr.mp3`, of 44.1 kHz and 128 kbit/s, begin; the first one is the tag.
fn starts(file: &[u8]) -> Vec<usize> {
    let (mut at, mut starts) = (0, Vec::new());
    while at + 4 <= file.len() {
        starts.push(at);
        let header = super::header::Header::parse(&file[at..]).expect("frame behind frame");
        at += header.frame_bytes(0).expect("a stated length");
    }
    starts
}

#[test]
fn the_length_that_is_guessed_is_that_of_the_frames_and_not_of_what_lies_before_them() {
    let whole = fixture("mp3_cbr.mp3");
    let starts = starts(&whole);
    let sound = &whole[starts[1]..];
    let expected = (starts.len() as u64 - 1) * 1_152;
    let tag = |bytes: u32| {
        let size = [21, 14, 7, 0].map(|by| (bytes >> by).to_le_bytes()[0] & 0x7f);
        [&b"ID3\x03\0\0"[..], &size, &vec![0; bytes as usize]].concat()
    };
    for before in [Vec::new(), tag(500_000), vec![0; 20_000]] {
        let file = [&before, sound].concat();
        let info = open_bytes(&file).expect("a good file").info().clone();
        let guess = info.frames.expect("a guess");
        assert!(info.frames_estimated && guess.abs_diff(expected) <= 1_152, "{guess}");
    }
}

#[test]
fn what_is_cut_off_the_start_is_silence_and_the_rest_keeps_its_time() {
    let whole = fixture("mp3_cbr.mp3");
    let starts = starts(&whole);
    let (sound, _) = decode(&whole[starts[1]..]).expect("without its tag");
    assert_eq!(sound[0].len(), (starts.len() - 1) * 1152);
    let (cut, warnings) = decode(&whole[starts[4]..]).expect("the first frames lack their start");
    assert_eq!(codes(&warnings), [WarningCode::LengthEstimated]);
    assert_eq!(cut[0].len(), (starts.len() - 4) * 1152);
    // What was lost before it is heard in two frames.
    for (a, b) in sound[0].iter().rev().zip(cut[0].iter().rev()).take(1152 * (starts.len() - 7)) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
}

#[test]
fn a_stream_that_follows_another_is_played_too_and_nothing_cut_between_them() {
    let whole = fixture("mp3_cbr.mp3");
    let packets = starts(&whole).len() - 1;
    let (alone, _) = decode(&whole).expect("a good file");
    let (twice, warnings) = decode(&[&whole[..], &whole].concat()).expect("two of them");
    // Only the delay at the very start is known to be none.
    let delay = 576 + 529;
    assert_eq!(twice[0].len(), 2 * packets * 1152 - delay);
    assert_eq!(warnings, []);
    assert_eq!(twice[0][..alone[0].len()], alone[0]);
}

#[test]
fn a_count_of_more_frames_than_the_file_has_room_for_is_not_believed() {
    let mut file = fixture("mp3_cbr.mp3");
    let packets = starts(&file).len() as u64 - 1;
    let info = file.windows(4).position(|name| name == b"Info").expect("a tag");
    file[info + 8..info + 12].fill(0xff);
    let decoder = open_bytes(&file).expect("a good file");
    let info = decoder.info();
    let guess = info.frames.expect("a guess");
    assert!(info.frames_estimated && guess.abs_diff(packets * 1_152) <= 1_152, "{guess}");
    let (_, warnings) = decode(&file).expect("a good file");
    assert_eq!(codes(&warnings), [WarningCode::Truncated]);
}

#[test]
fn frames_in_a_wave64_file_are_told_as_such() {
    // Sony, *Wave64*: names of 16 bytes, lengths of 64 bits that count them and themselves.
    let chunk = |id: &[u8; 4], content: &[u8]| {
        let rest = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
        let len = 24 + content.len() as u64;
        let mut chunk = [id, &rest[..], &len.to_le_bytes(), content].concat();
        chunk.resize(chunk.len().next_multiple_of(8), 0);
        chunk
    };
    let frames = fixture("mp3_cbr.mp3");
    let (expected, _) = decode(&frames).expect("a good file");
    // MP3 in stereo at 44.1 kHz, and its bytes per second.
    let mut format = vec![0x55, 0, 2, 0];
    format.extend([44_100_u32, 16_000].map(u32::to_le_bytes).concat());
    format.extend([1, 0, 0, 0]);
    let wave = chunk(b"wave", &[]);
    let content = [&wave[..16], &chunk(b"fmt ", &format), &chunk(b"data", &frames)].concat();
    let mut file = chunk(b"riff", &content);
    file[4..16].copy_from_slice(b"\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0");
    let info = open_bytes(&file).expect("a good file").info().clone();
    assert_eq!((info.container.as_str(), info.codec.as_str()), ("w64", "mp3"));
    assert_eq!(decode(&file).expect("a good file").0, expected);
}

#[test]
fn padding_of_more_than_there_is_is_not_believed() {
    let whole = fixture("mp3_cbr.mp3");
    let mut file = whole[..starts(&whole)[4]].to_vec();
    let info = file.windows(4).position(|name| name == b"Info").expect("a tag");
    file[info + 8..info + 12].copy_from_slice(&3_u32.to_be_bytes());
    let encoder = file.windows(4).position(|name| name == b"Lavc" || name == b"LAME");
    let gaps = encoder.expect("its name") + 21;
    // 576 frames, and 3,000.
    file[gaps..gaps + 3].copy_from_slice(&[0x24, 0x0b, 0xb8]);
    let (planes, warnings) = decode(&file).expect("three frames");
    assert_eq!((planes[0].len(), warnings), (3 * 1152 - 576 - 529, vec![]));
}

#[test]
fn a_missing_frame_is_told_and_a_cut_one_is_left_out() {
    let whole = fixture("mp3_cbr.mp3");
    let starts = starts(&whole);
    let (cut, warnings) = decode(&whole[starts[1]..starts[8] + 300]).expect("seven frames");
    assert_eq!(cut[0].len(), 7 * 1152);
    assert!(codes(&warnings).contains(&WarningCode::Truncated), "{warnings:?}");
    let (_, warnings) = decode(&whole[..starts[8]]).expect("seven frames of a stated number");
    assert_eq!(codes(&warnings), [WarningCode::Truncated]);
}

#[test]
fn free_format_plays_as_the_stated_one_does() {
    let whole = fixture("mp3_free.mp3");
    let (planes, _) = decode(&whole).expect("a file of free format");
    assert_eq!(planes.len(), 2);
    let peak = planes[0].iter().fold(0.0, |peak: f32, value| peak.max(value.abs()));
    assert!((0.3..0.7).contains(&peak), "{peak}");
}

#[test]
fn files_of_frames_that_hold_nothing_are_corrupt() {
    let mut frame = vec![0xff_u8; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x44]);
    let kind = decode(&frame.repeat(20)).expect_err("impossible side information").kind();
    assert_eq!(kind, LoadErrorKind::Corrupt);
}

#[test]
fn a_stream_of_another_rate_behind_it_is_left_out_and_told() {
    let first = fixture("mp3_cbr.mp3");
    let packets = starts(&first).len() - 1;
    let both = [&first[..], &fixture("mp3_mpeg2_22k.mp3")].concat();
    let (planes, warnings) = decode(&both).expect("its first stream");
    let gaps = (576 + 529)..=(576 + 529 + 1152);
    assert!(gaps.contains(&(packets * 1152 - planes[0].len())), "{} frames", planes[0].len());
    assert_eq!(codes(&warnings), [WarningCode::Truncated]);
    assert!(warnings[0].message.contains("44100 Hz, 2 channels to 22050 Hz"), "{warnings:?}");
}

/// Frames of 104 bytes, all of whose audio would lie in what was before the first one: of silence as
/// LAME writes it, side information and all.
fn frames_that_need_what_was_before() -> Vec<u8> {
    let starts = [[0x29, 0x83], [0x53, 0x03], [0x7c, 0x83], [0xa6, 0x03]];
    let frame = |start: [u8; 2]| {
        let side = [0xc0, 0, 1, 0xa4, 0, 0, 0x20, 0, 0x34, 0x80, 0, 4];
        let mut frame = [&[0xff, 0xfb, 0x10, 0xc4], &start[..], &side].concat();
        frame.resize(104, 0x55);
        frame
    };
    starts.into_iter().flat_map(frame).collect()
}

#[test]
fn a_file_too_short_for_any_of_its_frames_is_silent_and_says_so() {
    let file = frames_that_need_what_was_before();
    let (planes, warnings) = decode(&file).expect("four sound frames");
    assert_eq!(planes, [vec![0.0; 4 * 1152]]);
    assert_eq!(codes(&warnings), [WarningCode::DecodeErrors, WarningCode::LengthEstimated]);
    // Not where one of them is damaged.
    let mut file = frames_that_need_what_was_before();
    file[104 + 4..104 + 21].fill(0xff);
    assert_eq!(decode(&file).expect_err("no frame").kind(), LoadErrorKind::Corrupt);
}

#[test]
fn frames_in_pieces_of_another_format_are_not_taken_for_a_file_of_them() {
    let frames = fixture("mp3_cbr.mp3");
    let head_of = |name: &[u8]| [name, &[0x21, 0, 1, 0, 1, 0x80, 0x0e, 0x3b], &frames].concat();
    assert!(decode(&head_of(b"junk")).is_ok(), "junk in front is passed over");
    let mut windows = [0; 132];
    windows[..2].copy_from_slice(b"MZ");
    windows[0x3c] = 128;
    assert!(decode(&head_of(&windows)).is_ok(), "nothing but two letters");
    windows[128..].copy_from_slice(b"PE\0\0");
    for name in [
        &b"\0\0\x01\xba"[..],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x7fELF",
        b"!<arch>\n",
        b"\xfe\xed\xfa\xce",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
        &windows,
    ] {
        let error = decode(&head_of(name)).expect_err("a format of its own");
        assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat, "{error}");
    }
}
