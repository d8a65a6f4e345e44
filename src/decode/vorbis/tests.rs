//! Headers put together bit by bit.

use std::io::Cursor;
use std::path::Path;

use super::{Residues, check, check_ogg, root, unlace};
use crate::error::LoadErrorKind;
use crate::testing::{ogg_pages, with_checksum};

#[derive(Default)]
struct Writer(Vec<bool>);

impl Writer {
    fn put(&mut self, value: u64, width: u32) -> &mut Self {
        self.0.extend((0..width).map(|bit| bit < 64 && value >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| {
            bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at)
        };
        self.0.chunks(8).map(byte).collect()
    }
}

fn ident(channels: u8) -> Vec<u8> {
    let mut ident = b"\x01vorbis\0\0\0\0".to_vec();
    ident.push(channels);
    ident.resize(30, 0);
    ident
}

/// A setup of one codebook, which `book` writes behind its mark, and one floor with points at
/// `points`, of 8 bits.
fn setup(book: impl Fn(&mut Writer), points: [u8; 2]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.put(0, 8).put(0x56_4342, 24);
    book(&mut writer);
    writer.put(0, 6).put(0, 16).put(0, 6).put(1, 16);
    // One partition of class 0, which has two dimensions and no subclasses.
    writer.put(1, 5).put(0, 4).put(1, 3).put(0, 2).put(0, 8).put(0, 2).put(8, 4);
    writer.put(u64::from(points[0]), 8).put(u64::from(points[1]), 8);
    // One residue of type 1, with one class and a book for its third pass.
    writer.put(0, 6).put(1, 16).put(0, 72).put(0, 6).put(0, 8).put(4, 3).put(0, 1).put(0, 8);
    [b"\x05vorbis", writer.bytes().as_slice()].concat()
}

fn plain_book(writer: &mut Writer) {
    // Two entries with lengths of 1, no vectors.
    writer.put(1, 16).put(2, 24).put(0, 1).put(0, 1).put(0, 5).put(0, 5).put(0, 4);
}

fn is_refused(setup: &[u8]) -> bool {
    let result = check(&ident(2), setup);
    assert!(result.as_ref().err().is_none_or(|error| error.kind() == LoadErrorKind::Corrupt));
    result.is_err()
}

#[test]
fn good_headers_pass_and_cut_ones_do_not() {
    let good = setup(plain_book, [3, 200]);
    assert!(!is_refused(&good));
    for len in 0..good.len() {
        assert!(is_refused(&good[..len]), "{len} bytes");
    }
    let vectors = |writer: &mut Writer| {
        // Nine entries of two dimensions: three numbers of four bits.
        writer.put(2, 16).put(9, 24).put(1, 1).put(0, 5).put(9, 4).put(1, 4);
        writer.put(0, 32).put(0, 32).put(3, 4).put(0, 1).put(0, 12);
    };
    assert!(!is_refused(&setup(vectors, [3, 200])));
}

#[test]
fn vectors_side_by_side_are_recognised() {
    let setup = setup(plain_book, [3, 200]);
    assert_eq!(check(&ident(1), &setup).expect("good headers"), Residues::Plain);
    assert_eq!(check(&ident(2), &setup).expect("good headers"), Residues::SideBySide);
}

#[test]
fn points_that_coincide_are_refused() {
    assert!(is_refused(&setup(plain_book, [7, 7])));
    assert!(is_refused(&setup(plain_book, [0, 7])), "the first point is always there");
}

#[test]
fn tables_of_gigabytes_are_refused() {
    // All entries in one run, which takes 24 bits.
    let many = |writer: &mut Writer| {
        writer.put(1, 16).put(0xff_ffff, 24).put(1, 1).put(0, 5).put(0xff_ffff, 24).put(0, 4);
    };
    assert!(is_refused(&setup(many, [3, 200])));
    let wide = |writer: &mut Writer| {
        writer.put(0xffff, 16).put(0xffff, 24).put(1, 1).put(0, 5).put(0xffff, 16).put(1, 4);
        writer.put(0, 32).put(0, 32).put(0, 4).put(0, 1).put(0, 1);
    };
    assert!(is_refused(&setup(wide, [3, 200])));
}

#[test]
fn roots_are_whole_or_refused() {
    for (entries, dimensions, expected) in [
        (9, 2, Some(3)),
        (10, 2, Some(3)),
        (8, 2, Some(2)),
        (81, 4, Some(3)),
        (6561, 8, Some(3)),
        (1, 5, Some(1)),
        (0, 2, Some(0)),
        (7, 0, None),
        (5, 40, None),
    ] {
        assert_eq!(root(entries, dimensions), expected, "{entries} {dimensions}");
    }
}

#[test]
fn headers_in_ogg_are_checked_and_those_of_others_are_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vorbis.ogg");
    let mut file = Cursor::new(std::fs::read(path).expect("the fixture is there"));
    assert!(check_ogg(&mut file).expect("memory can be read").is_ok());
    assert_eq!(file.position(), 0);
    let mut other = Cursor::new(b"OggS, but nothing else".to_vec());
    assert!(check_ogg(&mut other).expect("memory can be read").is_ok());
}

#[test]
fn a_damaged_page_does_not_make_a_file_count_wrongly() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/long/vorbis.ogg");
    let file = std::fs::read(path).expect("the fixture is there");
    let numbering = |file: Vec<u8>| {
        let positions = check_ogg(&mut Cursor::new(file)).expect("memory can be read");
        positions.expect("good headers").numbering
    };
    assert_eq!(numbering(file.clone()), None, "by libvorbis, which counts rightly");
    let pages = ogg_pages(&file);
    let mut at = pages[..3].concat().len();
    // Not of the last one, whose end may be cut.
    for page in &pages[3..pages.len() - 1] {
        let first = at + 27 + usize::from(page[26]);
        // Of the first packet that begins there, or what goes on: the bit of its mode. With the checksum
        // that fits, its page would count wrongly; with its own, it is none.
        let mut damaged = file.clone();
        damaged[first + usize::from(page[27])] ^= 2;
        assert_eq!(numbering(damaged.clone()), None, "at {at}");
        let repaired = with_checksum(damaged[at..at + page.len()].to_vec());
        damaged[at..at + page.len()].copy_from_slice(&repaired);
        assert!(numbering(damaged).is_some(), "at {at}");
        at += page.len();
    }
}

#[test]
fn three_headers_are_told_apart() {
    let (ident, setup) = (ident(2), setup(plain_book, [3, 200]));
    let comment = vec![3; 300];
    let lens = [2, 30, 255, 45];
    let private = [&lens[..], &ident, &comment, &setup].concat();
    assert_eq!(unlace(&private).expect("good headers"), [ident, setup].concat());
    for len in 0..lens.len() + 330 {
        assert!(unlace(&private[..len]).is_err(), "{len} bytes");
    }
}
