//! Lengths that lie, and samples that are too large.

use super::{memory, run};
use crate::decode::StreamInfo;
use crate::error::{LoadErrorKind, WarningCode};
use crate::job::{LoadOptions, capacity};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;
use crate::testing::{WAV_HEADER_BYTES, ramp_wav};

fn at_most(bytes: u64) -> LoadOptions {
    LoadOptions { max_sample_bytes: Some(bytes), ..LoadOptions::default() }
}

#[test]
fn a_sample_may_be_as_large_as_the_limit_and_no_larger() {
    let file = ramp_wav(1000, 48_000);
    assert!(run(memory(&file), at_most(8000)).is_ok());
    let error = run(memory(&file), at_most(7999)).expect_err("one byte too much");
    assert_eq!(error.kind(), LoadErrorKind::TooLarge);
}

#[test]
fn the_limit_counts_frames_at_the_final_rate() {
    let file = ramp_wav(1000, 48_000);
    let doubled = |bytes| LoadOptions { sample_rate: Some(96_000), ..at_most(bytes) };
    assert!(run(memory(&file), doubled(16_000)).is_ok());
    let error = run(memory(&file), doubled(15_999)).expect_err("one byte too much");
    assert_eq!(error.kind(), LoadErrorKind::TooLarge);
}

#[test]
fn the_limit_holds_where_the_length_is_not_stated() {
    // A streaming writer leaves 0xFFFF_FFFF in both sizes: "until the end of the file".
    let mut file = ramp_wav(50_000, 48_000);
    file[4..8].fill(0xff);
    file[WAV_HEADER_BYTES - 4..WAV_HEADER_BYTES].fill(0xff);
    let sample = run(memory(&file), LoadOptions::default()).expect("good as far as it goes");
    assert_eq!(sample.buffer.frames(), Some(50_000));
    let error = run(memory(&file), at_most(8 * 40_000)).expect_err("too much");
    assert_eq!(error.kind(), LoadErrorKind::TooLarge);
}

#[test]
fn a_header_that_lies_reserves_no_memory() {
    let mut file = ramp_wav(10, 48_000);
    file[4..8].copy_from_slice(&(u32::MAX - 100).to_le_bytes());
    file[WAV_HEADER_BYTES - 4..WAV_HEADER_BYTES].copy_from_slice(&(u32::MAX - 200).to_le_bytes());
    let sample = run(memory(&file), LoadOptions::default()).expect("ten frames are there");
    assert_eq!(sample.buffer.frames(), Some(10));
    assert!(sample.buffer.byte_len() < 1 << 20, "{} bytes", sample.buffer.byte_len());
    assert_eq!(sample.warnings[0].code, WarningCode::Truncated);
}

fn info(codec: &str, frames: u64, byte_len: u64) -> StreamInfo {
    StreamInfo {
        spec: AudioSpec { sample_rate: 48_000, channels: 2 },
        speakers: Speakers::USUAL,
        frames: Some(frames),
        frames_estimated: false,
        frames_counted: false,
        length_stated: true,
        container: "any".to_owned(),
        codec: codec.to_owned(),
        bits_per_sample: Some(16),
        byte_len,
    }
}

#[test]
fn stated_lengths_are_believed_only_as_far_as_the_bytes_reach() {
    let capacity = |info: &StreamInfo| capacity::frames(info, 48_000, None).expect("no limit");
    assert_eq!(capacity(&info("pcm_s16le", 100, 400)), Some(100));
    assert_eq!(capacity(&info("pcm_s16le", 101, 400)), None);
    assert_eq!(capacity(&info("mp3", 3200, 100)), Some(3200));
    assert_eq!(capacity(&info("mp3", 3201, 100)), None);
    assert_eq!(capacity(&info("flac", 51_200, 100)), Some(51_200));
    assert_eq!(capacity(&info("flac", u64::MAX, 100)), None);
    assert_eq!(capacity(&StreamInfo { frames: None, ..info("flac", 0, 100) }), None);
    assert_eq!(capacity(&StreamInfo { frames: None, ..info("pcm_s16le", 0, 403) }), Some(100));
}

#[test]
fn a_guessed_length_beyond_the_limit_is_no_reason_to_refuse() {
    let guess = StreamInfo { frames_estimated: true, ..info("mp3", 3200, 100) };
    assert_eq!(capacity::frames(&guess, 48_000, Some(8000)).expect("only a guess"), None);
    let error = capacity::frames(&info("mp3", 3200, 100), 48_000, Some(8000));
    assert_eq!(error.expect_err("stated").kind(), LoadErrorKind::TooLarge);
}

#[test]
fn a_length_that_nobody_states_gets_more_room_to_be_wrong() {
    let unstated = StreamInfo {
        frames_estimated: true,
        length_stated: false,
        ..info("mp3", 640_000, 100_000)
    };
    let room = capacity::frames(&unstated, 48_000, None).expect("no limit").expect("plausible");
    assert_eq!(room, 640_000 + 160_000 + 16_384);
}

#[test]
fn a_guessed_length_gets_room_to_be_wrong() {
    let guess = StreamInfo { frames_estimated: true, ..info("aac", 640_000, 100_000) };
    let room = capacity::frames(&guess, 48_000, None).expect("no limit").expect("plausible");
    assert_eq!(room, 640_000 + 10_000 + 16_384);
}

#[test]
fn a_length_that_was_counted_gets_room_for_exactly_that() {
    let counted = StreamInfo {
        frames_estimated: true,
        frames_counted: true,
        ..info("aac", 640_000, 100_000)
    };
    let room = capacity::frames(&counted, 48_000, None).expect("no limit").expect("plausible");
    assert_eq!(room, 640_000);
}
