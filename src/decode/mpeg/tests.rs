//! Streams made of real frames: cut, joined, tagged wrongly.

use std::path::Path;

use crate::decode::tests::decode;
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
fn a_stream_of_another_rate_behind_it_is_unsupported() {
    let both = [fixture("mp3_cbr.mp3"), fixture("mp3_mpeg2_22k.mp3")].concat();
    assert_eq!(decode(&both).expect_err("two rates").kind(), LoadErrorKind::UnsupportedFormat);
}
