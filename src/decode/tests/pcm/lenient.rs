//! What writers get wrong, and what is made of it.

use super::{chunk, chunk_stating, counted, decode, format, kind_of, mono, riff};
use crate::error::{LoadErrorKind, WarningCode};

const PCM: u16 = 1;

fn audio() -> Vec<u8> {
    counted(20).0
}

fn expected() -> Vec<f32> {
    counted(20).1
}

fn fmt() -> Vec<u8> {
    chunk(b"fmt ", &format(PCM, 1, 16))
}

/// A chunk of text without the byte that would make its length even.
fn unpadded(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = chunk(id, content);
    chunk.truncate(8 + content.len());
    chunk
}

#[test]
fn chunks_that_are_not_where_they_should_be_are_found_without_a_word() {
    let data = chunk(b"data", &audio());
    let text = b"some text, and the word data in it";
    let long = u32::try_from(text.len()).expect("short") + 9_000;
    let mut wrong_riff = riff(&[fmt(), data.clone()]);
    wrong_riff[4..8].fill(0);
    let files = [
        ("an odd chunk without padding", riff(&[fmt(), unpadded(b"LIST", b"odd"), data.clone()])),
        ("an odd chunk with it", riff(&[fmt(), chunk(b"LIST", b"odd"), data.clone()])),
        (
            "a chunk that is too long",
            riff(&[fmt(), chunk_stating(b"LIST", long, text), data.clone()]),
        ),
        ("a chunk of 4 GB", riff(&[fmt(), chunk_stating(b"LIST", u32::MAX, text), data.clone()])),
        (
            "a chunk that is too short",
            riff(&[fmt(), chunk_stating(b"LIST", 4, text), data.clone()]),
        ),
        (
            "a first chunk that is too long",
            riff(&[chunk_stating(b"JUNK", 1 << 20, text), fmt(), data.clone()]),
        ),
        ("zeros between chunks", riff(&[fmt(), vec![0; 77], data.clone()])),
        ("its format behind its audio", riff(&[data.clone(), fmt()])),
        ("a second audio chunk", riff(&[fmt(), data.clone(), chunk(b"data", &[9; 8])])),
        ("an empty audio chunk before", riff(&[fmt(), chunk(b"data", b""), data.clone()])),
        ("a wrong length in front", wrong_riff),
        (
            "an ID3v2 tag in front",
            [b"ID3\x03\0\0\0\0\0\x04data", &riff(&[fmt(), data.clone()])[..]].concat(),
        ),
        ("an ID3v1 tag behind", [&riff(&[fmt(), data.clone()])[..], b"TAG", &[32; 125]].concat()),
        ("half a chunk behind", riff(&[fmt(), data.clone(), b"LIS".to_vec()])),
        (
            "a chunk behind that is too long",
            riff(&[fmt(), data, chunk_stating(b"LIST", long, text)]),
        ),
    ];
    for (what, file) in files {
        assert_eq!(mono(&file), (expected(), vec![]), "{what}");
    }
}

#[test]
fn format_chunks_of_any_length_are_read() {
    for len in [14, 16, 17, 18, 20, 22, 40, 41, 50, 2000] {
        let mut content = format(PCM, 1, 16);
        content.resize(len, 0);
        let file = riff(&[chunk(b"fmt ", &content), chunk(b"data", &audio())]);
        assert_eq!(mono(&file), (expected(), vec![]), "{len} bytes");
    }
    let extensible = riff(&[chunk(b"fmt ", &format(0xfffe, 1, 16)), chunk(b"data", &audio())]);
    assert_eq!(mono(&extensible), (expected(), vec![]), "without its extension");
    // Bits of which only the extension speaks.
    let mut content = format(0xfffe, 1, 0);
    content[12] = 0;
    content.extend(b"\x16\0\x10\0\0\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    let extended = riff(&[chunk(b"fmt ", &content), chunk(b"data", &audio())]);
    assert_eq!(mono(&extended), (expected(), vec![]), "with nothing but its extension");
    let mut content = format(PCM, 1, 16);
    content.truncate(13);
    let file = riff(&[chunk(b"fmt ", &content), chunk(b"data", &audio())]);
    assert_eq!(kind_of(&file), LoadErrorKind::Corrupt);
    assert_eq!(kind_of(&riff(&[chunk(b"data", &audio())])), LoadErrorKind::Corrupt);
    assert_eq!(kind_of(&riff(&[fmt()])), LoadErrorKind::Corrupt);
}

#[test]
fn a_wrong_size_of_frames_does_not_matter() {
    for align in [0, 1, 4, 200] {
        let mut content = format(PCM, 1, 16);
        content[12] = align;
        let file = riff(&[chunk(b"fmt ", &content), chunk(b"data", &audio())]);
        assert_eq!(mono(&file), (expected(), vec![]), "{align}");
    }
}

#[test]
fn audio_of_unknown_length_lasts_to_the_end_and_is_told() {
    for stated in [0, u32::MAX, 0x7fff_f000] {
        let file = riff(&[fmt(), chunk_stating(b"data", stated, &audio())]);
        assert_eq!(mono(&file), (expected(), vec![WarningCode::LengthEstimated]), "{stated}");
    }
    let file = riff(&[fmt(), chunk(b"data", b""), chunk(b"LIST", b"INFO")]);
    assert_eq!(kind_of(&file), LoadErrorKind::Empty, "what follows is no audio");
    assert_eq!(kind_of(&riff(&[fmt(), chunk(b"data", b"")])), LoadErrorKind::Empty);
}

#[test]
fn audio_that_claims_more_than_there_is_is_told_as_cut_short() {
    for stated in [42_u32, 60, 1 << 20, 0xffff_fff0] {
        let file = riff(&[fmt(), chunk_stating(b"data", stated, &audio())]);
        let (planes, warnings) = decode(&file).expect("must load");
        assert_eq!(planes, [expected()]);
        assert_eq!(warnings[0].code, WarningCode::Truncated, "{stated}");
        let numbers = [("frames", 20.0), ("stated_frames", f64::from(stated / 2))];
        assert_eq!(warnings[0].numbers, numbers);
    }
    // A part of a frame at the end is nothing that anyone lost.
    let file = riff(&[fmt(), chunk_stating(b"data", 41, &audio())]);
    assert_eq!(mono(&file), (expected(), vec![]));
    let file = riff(&[fmt(), chunk(b"data", &[&audio()[..], b"\x07"].concat())]);
    assert_eq!(mono(&file), (expected(), vec![]));
}

#[test]
fn what_is_no_audio_of_a_known_kind_is_refused_by_name() {
    let file = riff(&[chunk(b"fmt ", &format(0x0022, 1, 0)), chunk(b"data", &audio())]);
    let error = decode(&file).expect_err("TrueSpeech is not read");
    assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
    assert!(error.full_message().contains("0x0022"), "{}", error.full_message());
    let mut other = riff(&[fmt(), chunk(b"data", &audio())]);
    other[8..12].copy_from_slice(b"AVI ");
    assert_eq!(kind_of(&other), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn thousands_of_chunks_come_to_an_end() {
    let many = chunk(b"junk", b"").repeat(100_000);
    let file = riff(&[fmt(), many, chunk(b"data", &audio())]);
    assert_eq!(kind_of(&file), LoadErrorKind::Corrupt);
}
