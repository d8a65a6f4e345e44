//! Headers with zeros, without blocks, with lies.

mod encode;
mod frames;
mod streams;

use std::io::Cursor;
use std::path::Path;

use super::info::{self, StreamInfo, first_frame};
use crate::decode::tests::{decode, open_bytes};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

/// Where the audio of `file` begins.
fn audio(file: &[u8]) -> usize {
    let found = first_frame(&mut Cursor::new(file), 42).expect("memory can be read");
    usize::try_from(found.expect("a frame")).expect("a small file")
}

/// Decodes `damaged` and compares it with the sound `flac_16.flac`.
fn same(damaged: &[u8], what: &str) {
    let (sound, _) = decode(&fixture("flac_16.flac")).expect("a good file");
    let (planes, warnings) = decode(damaged).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!((planes == sound, warnings), (true, vec![]), "{what}");
}

#[test]
fn a_length_of_more_than_the_bytes_can_hold_is_none() {
    let mut file = fixture("flac_16.flac");
    let expected = open_bytes(&file).expect("a good file").info().frames;
    file[21] |= 0x0f;
    file[22..26].fill(0xff);
    let decoder = open_bytes(&file).expect("a good file");
    assert_eq!((decoder.info().frames, decoder.info().length_stated), (expected, false));
}

#[test]
fn zeros_in_the_header_are_no_obstacle() {
    let whole = fixture("flac_16.flac");
    for (name, range) in [
        ("the least block", 8..10),
        ("blocks", 8..12),
        ("frames", 12..18),
        ("sum", 26..42),
        ("blocks, frames and sum", 8..18),
    ] {
        let mut file = whole.clone();
        file[range].fill(0);
        same(&file, name);
    }
    let mut unknown = whole.clone();
    unknown[21] &= 0xf0;
    unknown[22..26].fill(0);
    let (sound, _) = decode(&whole).expect("a good file");
    assert_eq!(decode(&unknown).expect("of unknown length").0, sound);
}

#[test]
fn blocks_that_contradict_themselves_are_passed_over() {
    let whole = fixture("flac_16.flac");
    let audio = audio(&whole);
    let block = |kind: u8, stated: u8, content: &[u8]| [&[kind, 0, 0, stated], content].concat();
    let (magic, info) = (&whole[..4], &whole[8..42]);
    let info = |last: u8| block(last, 34, info);
    let frames = &whole[audio..];
    same(&[magic, &info(0x80), frames].concat(), "nothing else");
    same(
        &[magic, &info(0), &block(3, 18, &[9; 18]), &block(0x83, 5, &[9; 5]), frames].concat(),
        "two seek tables",
    );
    same(&[magic, &block(4, 3, &[9; 3]), &info(0x80), frames].concat(), "not in front");
    same(&[magic, &info(0), &block(0x84, 200, &[0; 8]), frames].concat(), "a length too large");
    same(&[magic, &info(0), &block(0x84, 2, &[7; 80]), frames].concat(), "a length too small");
    same(&[magic, &info(0), &block(4, 0, &[]), frames].concat(), "none is the last");
    // All that matters is in the frames, but how many there are.
    let (sound, _) = decode(&whole).expect("a good file");
    let none = [magic, &block(0x81, 4, &[0; 4]), frames].concat();
    assert_eq!(decode(&none).expect("without a header").0, sound);
}

#[test]
fn a_tag_behind_the_audio_does_not_take_the_last_frame_with_it() {
    let tag = [b"TAG".to_vec(), vec![0; 125]].concat();
    same(&[fixture("flac_16.flac"), tag].concat(), "ID3v1");
}

#[test]
fn a_wrong_number_of_bits_is_corrected() {
    let mut whole = fixture("flac_16.flac");
    // 24 bits, where the frames say 16.
    whole[20] = whole[20] & 0xfe | 1;
    whole[21] = whole[21] & 0x0f | 0x70;
    same(&whole, "24 bits");
}

#[test]
fn without_a_frame_there_is_no_audio() {
    for file in [&b"fLaC"[..], &fixture("flac_16.flac")[..42], b"fLaC\x80\xff\xff\xff"] {
        assert!(info::read(&mut Cursor::new(file), 0).expect("memory can be read").is_none());
    }
}

#[test]
fn what_containers_keep_of_the_header_is_found() {
    let whole = fixture("flac_16.flac");
    let right = StreamInfo { sample_rate: 44_100, channels: 2, bits: 16, frames: 11_025 };
    let read = |private: &[u8]| StreamInfo::of_container(private).expect("a header");
    assert_eq!(read(&whole[8..42]), right);
    assert_eq!(read(&whole[..42]), right);
    assert_eq!(read(&whole[4..42]), right);
    assert_eq!(read(&[b"fLaC\x01\0\0\x02ab", &whole[4..42]].concat()), right);
    assert!(StreamInfo::of_container(b"fLaC").is_err());
    assert!(StreamInfo::of_container(&whole[..41]).is_err());
    assert_eq!(read(&[0; 34]).bits, 0, "it does not say");
}

/// RFC 9639, 8.6.2.
#[test]
fn a_comment_names_the_speakers() {
    let whole = fixture("flac_16_51.flac");
    let audio = audio(&whole);
    let speakers = |comment: &str| {
        let len = |text: &str| u32::try_from(text.len()).expect("short").to_le_bytes();
        let content = [&[0, 0, 0, 0, 1, 0, 0, 0], &len(comment)[..], comment.as_bytes()].concat();
        let block = [&[0x84, 0, 0, u8::try_from(content.len()).expect("short")], &content[..]];
        let info = [&[0, 0, 0, 34], &whole[8..42]].concat();
        let file = [&whole[..4], &info, &block.concat(), &whole[audio..]].concat();
        let decoder = open_bytes(&file).expect("a good file");
        decoder.info().speakers.mask()
    };
    assert_eq!(speakers("WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x707"), Some(0x707), "L R C Cb Ls Rs");
    assert_eq!(speakers("waveformatextensible_channel_mask=0X0707"), Some(0x707));
    // 5.1, four speakers, and no numbers.
    for usual in ["0x3f", "0x33", "1799", "0x", "0xfffffffff", "0xg"] {
        let comment = format!("WAVEFORMATEXTENSIBLE_CHANNEL_MASK={usual}");
        assert_eq!(speakers(&comment), None, "{usual}");
    }
    assert_eq!(speakers("TITLE=0x707"), None);
}
