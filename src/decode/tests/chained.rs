//! Streams that follow one another in an Ogg file.

use std::path::Path;

use super::decode;
use crate::error::{LoadErrorKind, WarningCode};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

/// The pages of `file` (RFC 3533, section 6).
fn pages(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut pages, mut rest) = (Vec::new(), file);
    while !rest.is_empty() {
        assert!(rest.starts_with(b"OggS"));
        let segments = usize::from(rest[26]);
        let content: usize = rest[27..27 + segments].iter().map(|len| usize::from(*len)).sum();
        let (page, behind) = rest.split_at(27 + segments + content);
        pages.push(page.to_vec());
        rest = behind;
    }
    pages
}

/// `page` with a serial number and the checksum that fits it.
fn with_serial(mut page: Vec<u8>, serial: u32) -> Vec<u8> {
    page[14..18].copy_from_slice(&serial.to_le_bytes());
    page[22..26].fill(0);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 0 { 0 } else { 0x04c1_1db7 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

fn with_serials(file: &[u8], serial: u32) -> Vec<u8> {
    pages(file).into_iter().flat_map(|page| with_serial(page, serial)).collect()
}

#[test]
fn all_streams_of_a_chain_are_played() {
    for name in ["vorbis.ogg", "vorbis_quad.ogg", "flac_16.oga"] {
        let one = fixture(name);
        let (alone, _) = decode(&one).expect("a good file");
        let chain = [one.clone(), with_serials(&one, 77), with_serials(&one, 78)];
        let (planes, _) = decode(&chain.concat()).expect("a good chain");
        for (plane, alone) in planes.iter().zip(&alone) {
            assert!(*plane == alone.repeat(3), "{name}: {} of {}", plane.len(), 3 * alone.len());
        }
    }
}

#[test]
fn a_chain_is_played_up_to_where_its_channels_change() {
    let mono = with_serials(&fixture("vorbis_mono.ogg"), 77);
    let (alone, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    let (planes, warnings) = decode(&[fixture("vorbis.ogg"), mono].concat()).expect("its start");
    assert!(planes == alone, "{} frames of {}", planes[0].len(), alone[0].len());
    assert_eq!(warnings[0].code, WarningCode::Truncated);
    assert!(warnings[0].message.contains("2 channels to 22050 Hz, 1 channels"), "{warnings:?}");
}

#[test]
fn headers_of_a_later_stream_are_checked_like_those_of_the_first() {
    let one = fixture("vorbis.ogg");
    let (alone, _) = decode(&one).expect("a good file");
    let setup = one.windows(7).position(|bytes| bytes == b"\x05vorbis").expect("a setup") + 7;
    // A codebook of 2^24 entries of 65,535 dimensions, which is then all there is.
    let mut bomb = one.clone();
    assert_eq!(bomb[setup + 1..setup + 4], *b"BCV");
    bomb[setup + 4..setup + 9].fill(0xff);
    assert_eq!(decode(&with_serials(&bomb, 7)).expect_err("a bomb").kind(), LoadErrorKind::Corrupt);
    let (planes, warnings) = decode(&[one, with_serials(&bomb, 77)].concat()).expect("the first");
    assert_eq!(planes, alone);
    assert!(warnings.iter().any(|warning| warning.code == WarningCode::Truncated), "{warnings:?}");
}
