//! Files made to hurt: what no accident makes, or not often.

use super::{decode, kind_of};
use crate::error::LoadErrorKind;
use crate::testing::ramp_wav;

/// An ID3v2.3 tag that holds `frames`.
fn id3(frames: &[u8]) -> Vec<u8> {
    let len = frames.len();
    let size = [21, 14, 7, 0].map(|shift| (len >> shift & 0x7f).to_le_bytes()[0]);
    [b"ID3\x03\0\0", &size[..], frames].concat()
}

/// Chapters in chapters, `depth` of them.
fn nested_chapters(depth: usize) -> Vec<u8> {
    // Written from the innermost outwards, and therefore backwards.
    let mut backwards: Vec<u8> = Vec::new();
    for _ in 0..depth {
        backwards.extend([0; 17]);
        let len = u32::try_from(backwards.len()).expect("test files are small");
        backwards.extend([0, 0]);
        backwards.extend(len.to_le_bytes());
        backwards.extend(b"PAHC");
    }
    backwards.reverse();
    backwards
}

#[test]
fn chapters_in_chapters_do_not_exhaust_the_stack() {
    // Each is 27 bytes: a header, an empty name with its end, four times and places.
    let file = [id3(&nested_chapters(5_000)), ramp_wav(100, 48_000)].concat();
    let (planes, warnings) = decode(&file).expect("a good file behind a tag");
    assert_eq!((planes[0].len(), warnings.len()), (100, 0));
}

#[test]
fn an_id3v2_tag_that_claims_more_than_the_file_is_no_reason_to_refuse_it() {
    let mut file = [id3(&[0; 100]), ramp_wav(100, 48_000)].concat();
    file[6..10].fill(0x7f);
    // The content cannot be found any more, but whoever looks for it must come to an end.
    assert!(matches!(kind_of(&file), LoadErrorKind::UnsupportedFormat | LoadErrorKind::Corrupt));
}

#[test]
fn text_that_speaks_of_formats_is_no_audio_file() {
    for word in [&b"caff"[..], b"caff\0\x01\0\0", b"OggS", b"ftyp"] {
        for before in [7, 500, 5_000] {
            let words = b"words ".repeat(1_000);
            let text = [&words[..before], word, &words].concat();
            let error = decode(&text).expect_err("it is text");
            assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
            assert_eq!(error.to_string(), "not an audio file of a supported format");
        }
    }
}

/// A chunk of AIFF or CAF with a length of four or eight bytes.
fn chunk(kind: &[u8; 4], length_bytes: usize, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_be_bytes();
    [kind, &length[8 - length_bytes..], content].concat()
}

#[test]
fn a_header_with_thousands_of_channels_is_refused_before_room_is_made_for_them() {
    // 8 kHz as an 80-bit float.
    let rate = b"\x40\x0b\xfa\0\0\0\0\0\0\0";
    let common =
        [&65_535_u16.to_be_bytes()[..], &[0, 0, 0, 1], &16_u16.to_be_bytes(), rate].concat();
    let sound = chunk(b"SSND", 4, &vec![0; 8 + 2 * 65_535]);
    let form = [b"AIFF", &chunk(b"COMM", 4, &common)[..], &sound].concat();
    assert_eq!(kind_of(&chunk(b"FORM", 4, &form)), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn a_header_with_endless_packets_is_no_reason_to_make_room_for_them() {
    let caf = |frames_per_packet: u32| {
        let mut description = 48_000_f64.to_be_bytes().to_vec();
        description.extend(b"lpcm\0\0\0\0");
        // Bytes and frames per packet, channels, bits.
        description.extend([2, frames_per_packet, 1, 16].map(u32::to_be_bytes).concat());
        let data = chunk(b"data", 8, &[0; 4 + 20]);
        [b"caff\0\x01\0\0", &chunk(b"desc", 8, &description)[..], &data].concat()
    };
    assert_eq!(decode(&caf(1)).expect("a good file").0[0].len(), 10);
    // Of linear audio, packets say nothing.
    assert_eq!(decode(&caf(u32::MAX)).expect("a good file").0[0].len(), 10);
}

#[test]
fn chapters_in_chapters_of_an_aiff_file_do_not_exhaust_the_stack() {
    let rate = b"\x40\x0e\xbb\x80\0\0\0\0\0\0";
    let common = [&[0, 1, 0, 0, 0, 10, 0, 16][..], rate].concat();
    let sound = chunk(b"SSND", 4, &[0; 8 + 20]);
    // Twice, and one behind a chunk of an odd length.
    let mut tag = id3(&nested_chapters(5_000));
    tag.resize(tag.len().next_multiple_of(2), 0);
    let tag = chunk(b"ID3 ", 4, &tag);
    let odd = [chunk(b"ANNO", 4, b"odd"), vec![0]].concat();
    let form = [b"AIFF", &chunk(b"COMM", 4, &common)[..], &tag, &odd, &tag, &sound].concat();
    let (planes, warnings) = decode(&chunk(b"FORM", 4, &form)).expect("a good file");
    assert_eq!((planes, warnings.len()), (vec![vec![0.0; 10]], 0));
}
