//! What files may not do.

use super::{Metadata, be, chunk, chunks, cover_of, id3, le, said, streams, wav_with};

#[test]
fn counts_are_not_believed() {
    let smpl = chunk(b"smpl", &le(&[0, 0, 0, 60, 0, 0, 0, u32::MAX, 0]), false);
    let cue = chunk(b"cue ", &le(&[u32::MAX, 1, 2, 3]), false);
    let metadata = said(&wav_with(&[smpl, cue].concat(), b""));
    assert_eq!((metadata.loops.len(), metadata.cues.len()), (0, 0));
    let comments = [&b"fLaC\x84\0\0\x0c"[..], &le(&[u32::MAX, u32::MAX, u32::MAX])].concat();
    assert!(said(&comments).tags.is_empty());
    let ape = [&b"\xff\xfb"[..], &[0; 40], b"APETAGEX", &le(&[2_000, 60, u32::MAX, 0, 0, 0])];
    assert!(said(&ape.concat()).tags.is_empty());
    let nested = [&be(&[16])[..], b"ftyp\0\0\0\0\0\0\0\0", &be(&[1]), b"moov", &[0xff; 8]].concat();
    assert!(said(&nested).tags.is_empty());
}

#[test]
fn loops_cues_and_texts_are_bounded() {
    let one = [0, 0, 0, 9, 0, 0_u32];
    let count = 5_000_u32;
    let mut words = vec![0, 0, 0, 60, 0, 0, 0, count, 0];
    words.extend(one.iter().cycle().take(6 * 5_000));
    let smpl = chunk(b"smpl", &le(&words), false);
    let mut points = vec![70_000_u32];
    points.extend((0..70_000_u32).flat_map(|id| [id, 0, 0, 0, 0, id % 500]));
    let cue = chunk(b"cue ", &le(&points), false);
    let text = "x".repeat(60_000);
    let texts = (0..40_u8).map(|n| format!("{n}{text}"));
    let info: Vec<u8> = texts.flat_map(|text| chunk(b"ICMT", text.as_bytes(), false)).collect();
    let info = chunk(b"LIST", &[b"INFO".to_vec(), info].concat(), false);
    let metadata = said(&wav_with(b"", &[smpl, cue, info].concat()));
    assert_eq!((metadata.loops.len(), metadata.cues.len()), (1_024, 65_536));
    let text: usize = metadata.tags.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!((900_000..=1 << 20).contains(&text), "{text} bytes");
}

/// Every reader, with every byte of a file wrong in turn, and with the file cut short everywhere.
#[test]
fn no_byte_of_any_file_makes_a_reader_panic() {
    let files = [
        chunks::wav(),
        chunks::aiff(),
        chunks::caf(),
        id3::version_3(),
        id3::chapter(),
        id3::unsynchronised(),
        id3::behind(),
        streams::full_flac(),
        streams::opus(),
        streams::mp4(),
        streams::matroska(),
    ];
    for (number, whole) in files.iter().enumerate() {
        assert_ne!(said(whole), Metadata::default(), "file {number} says something");
        for at in 0..whole.len() {
            said(&whole[..at]);
            for value in [0, 0x7f, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                said(&damaged);
                cover_of(&damaged);
            }
        }
    }
}
