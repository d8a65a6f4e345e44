//! Streams that change, follow one another, or are not as long as they say.

use super::encode::{Head, Kind, Subframe, file, frame};
use super::fixture;
use crate::decode::tests::{decode, open_bytes};
use crate::error::{LoadErrorKind, LoadWarning, WarningCode};

const FRAMES: usize = 100;

/// A frame of so many channels, all of whose values are `value`.
fn plain(number: u8, bits: u32, rate: u64, channels: usize, value: i64) -> Vec<u8> {
    let way = Subframe { kind: Kind::Constant, wasted: 0, partition_order: 0, rice: vec![] };
    let head = Head { number, bits, assignment: channels as u64 - 1, rate };
    frame(head, &vec![(vec![value; FRAMES], way); channels])
}

fn codes(warnings: &[LoadWarning]) -> Vec<WarningCode> {
    warnings.iter().map(|warning| warning.code).collect()
}

/// The value of each block of the first channel, and the warnings.
fn blocks(file: &[u8]) -> (Vec<f32>, Vec<WarningCode>) {
    let (planes, warnings) = decode(file).expect("a file of frames");
    assert_eq!(planes[0].len() % FRAMES, 0, "whole blocks");
    let block = |values: &[f32]| {
        assert!(values.iter().all(|value| *value == values[0]), "of one value");
        values[0]
    };
    (planes[0].chunks(FRAMES).map(block).collect(), codes(&warnings))
}

#[test]
fn bits_may_change_midway() {
    let frames = [plain(0, 16, 9, 1, 1 << 14), plain(1, 24, 9, 1, 1 << 22), plain(2, 8, 9, 1, 64)];
    assert_eq!(blocks(&file(16, 1, 300, &frames)), (vec![0.5; 3], vec![]));
}

#[test]
fn mono_and_stereo_may_take_turns() {
    let frames = [plain(0, 16, 9, 2, 1 << 14), plain(1, 16, 9, 1, 1 << 13)];
    let (planes, warnings) = decode(&file(16, 2, 200, &frames)).expect("a file of frames");
    let plane = [vec![0.5; FRAMES], vec![0.25; FRAMES]].concat();
    assert_eq!((planes, warnings), (vec![plane.clone(), plane], vec![]));
    let frames = [plain(0, 16, 9, 1, 1 << 14), plain(1, 16, 9, 2, 1 << 13)];
    assert_eq!(blocks(&file(16, 1, 200, &frames)), (vec![0.5, 0.25], vec![]));
}

#[test]
fn a_change_of_rate_or_of_many_channels_ends_the_audio_and_is_told() {
    for (second, change) in [
        (plain(1, 16, 10, 1, 5), "44100 Hz, 1 channels to 48000 Hz, 1 channels"),
        (plain(1, 16, 9, 3, 5), "44100 Hz, 1 channels to 44100 Hz, 3 channels"),
    ] {
        let frames = [plain(0, 16, 9, 1, 1 << 14), second];
        for stated in [0, 200] {
            let (planes, warnings) = decode(&file(16, 1, stated, &frames)).expect("a frame");
            assert_eq!(planes, [vec![0.5; FRAMES]]);
            let told = warnings.iter().find(|warning| warning.code == WarningCode::Truncated);
            assert!(told.is_some_and(|told| told.message.contains(change)), "{warnings:?}");
        }
    }
}

#[test]
fn a_length_that_is_too_short_or_not_stated_does_not_end_the_audio() {
    let frames = [plain(0, 16, 9, 1, 1 << 14), plain(1, 16, 9, 1, 1 << 13)];
    assert_eq!(blocks(&file(16, 1, 100, &frames)), (vec![0.5, 0.25], vec![]));
    let unknown = (vec![0.5, 0.25], vec![WarningCode::LengthEstimated]);
    assert_eq!(blocks(&file(16, 1, 0, &frames)), unknown);
    // Within a block.
    let (planes, warnings) = decode(&file(16, 1, 250, &frames)).expect("frames");
    assert_eq!((planes[0].len(), codes(&warnings)), (200, vec![WarningCode::Truncated]));
    assert_eq!(warnings[0].numbers, [("frames", 200.0), ("stated_frames", 250.0)]);
}

#[test]
fn a_stream_cut_out_of_a_longer_one_is_as_long_as_its_frames() {
    let frames = [plain(3, 16, 9, 1, 1 << 14), plain(4, 16, 9, 1, 1 << 13)];
    let values = vec![0.5, 0.25];
    // Up to the end of that one, and from within it.
    for (stated, expected) in [(500, vec![]), (900, vec![WarningCode::LengthEstimated])] {
        let file = file(16, 1, stated, &frames);
        assert_eq!(open_bytes(&file).expect("frames").info().frames, Some(200), "of {stated}");
        assert_eq!(blocks(&file), (values.clone(), expected), "of {stated}");
    }
    // One that begins with another number, but states its own length.
    assert_eq!(blocks(&file(16, 1, 200, &frames)), (values, vec![]));
}

#[test]
fn streams_that_follow_one_another_are_one() {
    let [first, second] = [1 << 14, 1 << 13].map(|value| plain(0, 16, 9, 1, value));
    let third = plain(1, 16, 9, 1, 1 << 12);
    let one = file(16, 1, 100, &[first]);
    let two = file(16, 1, 200, &[second, third]);
    let tag = [b"ID3\x04\0\0\0\0\0\x0a".as_slice(), &[0; 10]].concat();
    for between in [&[][..], &tag, &[0x55; 300]] {
        let joined = [&one, between, &two].concat();
        assert_eq!(blocks(&joined), (vec![0.5, 0.25, 0.125], vec![]));
        // As long as each other, so that the last frame of the file is where each of them ends.
        let joined = [&one, between, &one, between, &one, between].concat();
        assert_eq!(blocks(&joined), (vec![0.5; 3], vec![]));
    }
}

#[test]
fn frames_that_bear_the_number_of_their_audio_do_not_lack_others() {
    let frames = [plain(0, 16, 9, 1, 1 << 14), plain(100, 16, 9, 1, 1 << 13)];
    assert_eq!(blocks(&file(16, 1, 200, &frames)), (vec![0.5, 0.25], vec![]));
    assert_eq!(blocks(&file(16, 1, 300, &frames)).1, [WarningCode::Truncated]);
}

#[test]
fn a_file_may_begin_with_a_frame() {
    let whole = fixture("flac_16.flac");
    let audio = super::audio(&whole);
    let (sound, _) = decode(&whole).expect("a good file");
    let (planes, warnings) = decode(&whole[audio..]).expect("frames");
    assert_eq!((planes == sound, codes(&warnings)), (true, vec![WarningCode::LengthEstimated]));
    // Or with something that is none.
    let junk: Vec<u8> = (0..5000_u32).map(|n| ((n * n) >> 3 & 0x7f) as u8).collect();
    let (planes, warnings) = decode(&[&junk, &whole[audio..]].concat()).expect("frames");
    assert_eq!((planes == sound, codes(&warnings)), (true, vec![WarningCode::LengthEstimated]));
    assert_eq!(decode(&[&junk, &whole[..]].concat()).expect("a file"), (sound, vec![]));
}

#[test]
fn what_follows_the_last_frame_is_not_looked_at() {
    let whole = fixture("flac_16.flac");
    let sound = decode(&whole).expect("a good file");
    let tag = [&b"TAG"[..], &[0; 125]].concat();
    let ape = [&b"APETAGEX\xd0\x07\0\0"[..], &[7; 300]].concat();
    // What looks like the header of a frame.
    let begun = whole[super::audio(&whole)..][..200].to_vec();
    for behind in [tag, ape, vec![0xff; 5000], begun] {
        assert_eq!(decode(&[&whole[..], &behind].concat()).expect("a good file"), sound);
    }
}

#[test]
fn the_first_frame_may_be_damaged() {
    let whole = fixture("flac_16.flac");
    let audio = super::audio(&whole);
    let (sound, _) = decode(&whole).expect("a good file");
    let mut damaged = whole.clone();
    damaged[audio + 40] ^= 1;
    let (planes, warnings) = decode(&damaged).expect("the others are sound");
    assert_eq!(codes(&warnings), [WarningCode::DecodeErrors]);
    for (plane, sound) in planes.iter().zip(&sound) {
        assert!(plane[..4608].iter().all(|value| *value == 0.0));
        assert_eq!(plane[4608..], sound[4608..]);
    }
}

#[test]
fn of_a_stream_cut_at_any_byte_the_whole_frames_are_left() {
    let whole = fixture("flac_16.flac");
    let (sound, _) = decode(&whole).expect("a good file");
    for len in super::audio(&whole)..whole.len() {
        match decode(&whole[..len]) {
            Ok((planes, warnings)) => {
                assert_eq!(codes(&warnings), [WarningCode::Truncated], "{len}");
                let frames = planes[0].len();
                assert!(planes.iter().zip(&sound).all(|(p, s)| *p == s[..frames]), "{len}");
            }
            Err(error) => assert!(
                matches!(error.kind(), LoadErrorKind::Empty | LoadErrorKind::Corrupt),
                "{len}: {error:?}"
            ),
        }
    }
}
