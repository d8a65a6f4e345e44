//! The box walker, on boxes built here after ISO/IEC 14496-12.

use std::io::Cursor;

use crate::decode::mp4::{Start, audio_start};

fn bx(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(8 + content.len()).expect("test boxes are small");
    [&len.to_be_bytes()[..], kind, content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn track(handler: &[u8; 4], timescale: u32, edits: &[u8]) -> Vec<u8> {
    let mdhd = bx(b"mdhd", &words(&[0, 0, 0, timescale, 1000, 0]));
    let hdlr = bx(b"hdlr", &[&words(&[0, 0])[..], handler, &[0; 12]].concat());
    bx(b"trak", &[edits, &bx(b"mdia", &[mdhd, hdlr].concat())].concat())
}

fn edit_list(entries: &[(u32, u32)]) -> Vec<u8> {
    let mut list = words(&[0, u32::try_from(entries.len()).expect("few entries")]);
    for (duration, media_time) in entries {
        list.extend(words(&[*duration, *media_time, 0x0001_0000]));
    }
    bx(b"edts", &bx(b"elst", &list))
}

fn file(moov: &[Vec<u8>]) -> Vec<u8> {
    [bx(b"ftyp", b"M4A \0\0\0\0"), bx(b"mdat", &[7; 100]), bx(b"moov", &moov.concat())].concat()
}

fn start(file: &[u8]) -> Option<Start> {
    audio_start(&mut Cursor::new(file)).expect("memory can be read")
}

#[test]
fn the_first_edit_that_is_not_empty_says_where_audio_starts() {
    let edits = edit_list(&[(10, u32::MAX), (20, 1024)]);
    let moov = [track(b"vide", 600, &edit_list(&[(5, 3)])), track(b"soun", 44_100, &edits)];
    assert_eq!(start(&file(&moov)), Some(Start { frames: 1024, timescale: 44_100 }));
}

#[test]
fn an_edit_list_of_64_bits_is_read_too() {
    let mut list = words(&[0x0100_0000, 1]);
    list.extend(20_u64.to_be_bytes());
    list.extend(2112_u64.to_be_bytes());
    list.extend(words(&[0x0001_0000]));
    let moov = [track(b"soun", 48_000, &bx(b"edts", &bx(b"elst", &list)))];
    assert_eq!(start(&file(&moov)), Some(Start { frames: 2112, timescale: 48_000 }));
}

#[test]
fn the_itunes_comment_counts_where_there_is_no_edit_list() {
    let text = b" 00000000 00000840 0000037C 000000000000AC44 00000000";
    let comment = [
        bx(b"mean", b"\0\0\0\0com.apple.iTunes"),
        bx(b"name", b"\0\0\0\0iTunSMPB"),
        bx(b"data", &[&words(&[1, 0])[..], text].concat()),
    ];
    let ilst = bx(b"ilst", &bx(b"----", &comment.concat()));
    let meta = bx(b"meta", &[&words(&[0])[..], &ilst].concat());
    let moov = [track(b"soun", 44_100, b""), bx(b"udta", &meta)];
    assert_eq!(start(&file(&moov)), Some(Start { frames: 0x840, timescale: 44_100 }));
}

#[test]
fn without_either_nothing_is_known() {
    assert_eq!(start(&file(&[track(b"soun", 44_100, b"")])), None);
    assert_eq!(start(&file(&[track(b"vide", 600, &edit_list(&[(5, 3)]))])), None);
}

#[test]
fn damage_anywhere_is_no_error_and_no_panic() {
    let whole = file(&[track(b"soun", 44_100, &edit_list(&[(20, 1024)]))]);
    for at in 0..whole.len() {
        start(&whole[..at]);
        for byte in [0, 1, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            start(&damaged);
        }
    }
}
