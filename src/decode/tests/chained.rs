//! Streams that follow one another in an Ogg file, and pages whose position is wrong.

use std::path::Path;

use super::{decode, open_bytes};
use crate::decode::{Cut, Uncut, Wanted};
use crate::error::{LoadErrorKind, LoadWarning, WarningCode};
use crate::testing::{ogg_pages as pages, with_checksum};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

/// `page` with a serial number and the checksum that fits it.
fn with_serial(mut page: Vec<u8>, serial: u32) -> Vec<u8> {
    page[14..18].copy_from_slice(&serial.to_le_bytes());
    with_checksum(page)
}

fn with_serials(file: &[u8], serial: u32) -> Vec<u8> {
    pages(file).into_iter().flat_map(|page| with_serial(page, serial)).collect()
}

#[test]
fn what_has_pictures_alone_has_no_audio() {
    let theora = crate::testing::ogg_page(b"\x80theora\x03\x02\x01");
    let error = decode(&theora).expect_err("no audio");
    assert_eq!(error.to_string(), "has no audio track");
    assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn junk_of_any_length_may_follow_the_last_page() {
    for name in ["vorbis.ogg", "flac_16.oga", "opus.opus"] {
        let file = fixture(name);
        let (alone, warnings) = decode(&file).expect("a good file");
        for (junk, len) in [(0, 1_000), (0, 65_000), (0, 65_307), (0, 200_000), (b'O', 70_000)] {
            let (planes, with_junk) = decode(&[&file[..], &vec![junk; len]].concat()).expect(name);
            assert!(planes == alone, "{name} before {len} bytes");
            assert_eq!(with_junk.len(), warnings.len(), "{name} before {len} bytes: {with_junk:?}");
        }
    }
    // As many beginnings of pages as are looked at, on more than one page's length.
    let false_page = [&b"OggS\0"[..], &[0; 395]].concat();
    let file = fixture("vorbis.ogg");
    let (alone, _) = decode(&file).expect("a good file");
    let (planes, _) = decode(&[file, false_page.repeat(255)].concat()).expect("few enough");
    assert!(planes == alone);
    // Each beginning would be checked like a page of 8 KB: a minute for each 4 MB.
    let file = [fixture("vorbis.ogg"), b"OggS\0".repeat(20_000)].concat();
    let error = decode(&file).expect_err("too many to look at");
    assert_eq!(error.kind(), LoadErrorKind::Corrupt, "{error}");
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

/// A page of some segments of another one, with a position and a number of its own.
fn part(page: &[u8], segments: std::ops::Range<usize>, position: u64, number: u32) -> Vec<u8> {
    let lens = &page[27..27 + usize::from(page[26])];
    let place = |segment| -> usize {
        27 + lens.len() + lens[..segment].iter().map(|len| usize::from(*len)).sum::<usize>()
    };
    let mut part = page[..27].to_vec();
    // Of its flags only that the stream ends.
    part[5] = if segments.end == lens.len() { page[5] & 4 } else { 0 };
    part[6..14].copy_from_slice(&position.to_le_bytes());
    part[18..22].copy_from_slice(&number.to_le_bytes());
    part[26] = u8::try_from(segments.len()).expect("few");
    part.extend(&lens[segments.clone()]);
    part.extend(&page[place(segments.start)..place(segments.end)]);
    with_checksum(part)
}

/// `vorbis.ogg` with its audio on four pages, of which the second ends at `position`. Its first
/// packets have 0, 128, 576 and then 1,024 frames each, as `ffprobe -show_packets` says.
fn on_four_pages(position: u64) -> Vec<u8> {
    let mut pages = pages(&fixture("vorbis.ogg"));
    let audio = pages.pop().expect("a page of audio");
    let last = usize::from(audio[26]);
    pages.push(part(&audio, 0..5, 2_752, 2));
    pages.push(part(&audio, 5..8, position, 3));
    pages.push(part(&audio, 8..11, 8_896, 4));
    pages.push(part(&audio, 11..last, 11_025, 5));
    pages.concat()
}

#[test]
fn a_page_whose_position_is_off_loses_and_adds_nothing() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    for position in
        [5_824, 5_825, 5_823, 5_824 + 448, 5_824 + 1_105, 5_824 + 3_000, 5_824 - 448, 5_824 - 1_500]
    {
        let (planes, warnings) = decode(&on_four_pages(position)).expect("a good file");
        assert!(planes == whole, "{position}: {} of {}", planes[0].len(), whole[0].len());
        assert!(warnings.is_empty(), "{position}: {warnings:?}");
    }
}

#[test]
fn a_last_page_whose_position_is_off_as_others_are_cuts_nothing_short() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    for (off, warns) in [(2_000, false), (0, true)] {
        let mut pages = pages(&on_four_pages(5_824 + off));
        let last = pages.last_mut().expect("four of them");
        last[6..14].copy_from_slice(&(11_025_u64 + 2_000).to_le_bytes());
        *last = with_checksum(last.clone());
        let (planes, warnings) = decode(&pages.concat()).expect("a good file");
        assert!(planes[0].starts_with(&whole[0]), "{off}");
        assert_eq!(!warnings.is_empty(), warns, "{off}: {warnings:?}");
    }
}

#[test]
fn a_stream_without_an_end_is_as_long_as_its_last_page_says() {
    let mut pages = pages(&on_four_pages(5_824));
    let last = pages.last_mut().expect("four of them");
    last[5] &= !4;
    *last = with_checksum(last.clone());
    let file = pages.concat();
    let other = with_serials(&fixture("vorbis.ogg"), 77);
    for (file, frames) in [(file.clone(), Some(11_025)), ([file, other].concat(), None)] {
        let decoder = open_bytes(&file).expect("a good file");
        let info = decoder.info();
        assert_eq!(info.frames, frames);
        assert!(!info.length_stated && (info.frames_estimated || frames.is_none()));
    }
}

#[test]
fn what_a_lost_page_held_is_silent() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    let mut pages = pages(&on_four_pages(5_824));
    pages.remove(3);
    let (planes, warnings) = decode(&pages.concat()).expect("the rest");
    assert_eq!(planes[0].len(), whole[0].len());
    assert!(planes[0][..2_752] == whole[0][..2_752]);
    // A page's position is that of its end: only behind the next page is it known what is missing.
    assert!(planes[0][5_824..8_896].iter().all(|value| *value == 0.0));
    // From the second packet of the last page, which has its neighbour.
    assert!(planes[0][9_920..] == whole[0][9_920..]);
    assert_eq!(warnings[0].code, WarningCode::DecodeErrors);
}

#[test]
fn what_a_lost_page_before_the_last_held_is_silent() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    let mut pages = pages(&on_four_pages(5_824));
    *pages[4].last_mut().expect("some audio") ^= 1;
    let damaged = pages.concat();
    pages.remove(4);
    // The last packet is cut by 943 frames, which nothing tells where the page is gone.
    for (file, cut) in [(damaged, 0), (pages.concat(), 943)] {
        let (planes, warnings) = decode(&file).expect("the rest");
        assert_eq!(planes[0].len(), whole[0].len());
        assert!(planes[0][..5_824] == whole[0][..5_824]);
        assert!(planes[0][5_824..8_896 - cut].iter().all(|value| *value == 0.0));
        // The first packet of the last page overlaps with one that is lost.
        let rest = &whole[0][9_920..];
        assert!(planes[0][9_920 - cut..].starts_with(rest), "{cut}");
        assert_eq!(warnings[0].code, WarningCode::DecodeErrors);
        let numbers = [("packets", 1.0), ("frames", 3_072.0 - cut as f64)];
        assert_eq!(warnings[0].numbers[..2], numbers);
    }
}

#[test]
fn what_a_damaged_first_page_held_is_silent() {
    let cases = [
        (on_four_pages(5_824), 2_752, 2_752 + 1_024),
        (fixture("stream/opus.opus"), 48_000 - 312, 96_000),
    ];
    for (case, (file, held, settled)) in cases.into_iter().enumerate() {
        let (whole, _) = decode(&file).expect("a good file");
        let mut pages = pages(&file);
        let position = |page: &[u8]| page[6..14].iter().any(|byte| *byte != 0);
        let first = pages.iter().position(|page| position(page)).expect("a page of audio");
        *pages[first].last_mut().expect("some audio") ^= 1;
        let (planes, warnings) = decode(&pages.concat()).expect("the rest");
        assert_eq!(planes[0].len(), whole[0].len(), "{case}");
        assert!(planes[0][..held].iter().all(|value| *value == 0.0), "{case}");
        let rest = planes[0][settled..].iter().zip(&whole[0][settled..]);
        let off = rest.map(|(heard, value)| (heard - value).abs()).fold(0.0, f32::max);
        assert!(off < 1e-3, "{case}: {off}");
        assert_eq!(warnings[0].code, WarningCode::DecodeErrors, "{case}");
    }
    // Of FLAC the one page of audio that there is.
    let mut flac = fixture("flac_16.oga");
    *flac.last_mut().expect("some audio") ^= 1;
    assert_eq!(decode(&flac).expect_err("nothing is left").kind(), LoadErrorKind::Corrupt);
}

/// Pages of `file` with those of a stream of pictures between them, which begins before it or not.
fn with_pictures(file: &[u8], is_first: bool) -> Vec<Vec<u8>> {
    let begin = with_serial(crate::testing::ogg_page(b"\x80theora\x03\x02\x01"), 5);
    let mut picture = begin.clone();
    (picture[5], picture[6]) = (0, 64);
    let picture = with_checksum(picture);
    let mut pages = pages(file);
    pages.insert(usize::from(!is_first), begin);
    let own = pages.split_off(2);
    pages.extend(own.into_iter().flat_map(|page| [picture.clone(), page]));
    pages
}

#[test]
fn a_damaged_first_page_is_found_behind_those_of_pictures() {
    let cases = [(on_four_pages(5_824), 2_752), (fixture("stream/opus.opus"), 48_000 - 312)];
    for (case, (file, held)) in cases.into_iter().enumerate() {
        let (whole, _) = decode(&file).expect("a good file");
        for is_first in [true, false] {
            let mut pages = with_pictures(&file, is_first);
            let (planes, warnings) = decode(&pages.concat()).expect("a good file");
            assert!(planes == whole && warnings.is_empty(), "{case}: {warnings:?}");
            let of_audio = |page: &[u8]| page[14] != 5 && page[6..14].iter().any(|byte| *byte != 0);
            let first = pages.iter().position(|page| of_audio(page)).expect("a page of audio");
            // Of pictures, the one before it.
            *pages[first - 1].last_mut().expect("a picture") ^= 1;
            let (planes, warnings) = decode(&pages.concat()).expect("all of it");
            assert!(planes == whole && warnings.is_empty(), "{case}: {warnings:?}");
            *pages[first].last_mut().expect("some audio") ^= 1;
            let (planes, warnings) = decode(&pages.concat()).expect("the rest");
            assert_eq!(planes[0].len(), whole[0].len(), "{case}");
            assert!(planes[0][..held].iter().all(|value| *value == 0.0), "{case}");
            assert_eq!(warnings[0].code, WarningCode::DecodeErrors, "{case}");
        }
    }
}

#[test]
fn of_streams_side_by_side_the_first_is_played_whatever_its_number() {
    let names = ["long/vorbis.ogg", "long/vorbis_mono.ogg", "flac_16.oga", "stream/opus.opus"];
    for first in names {
        for second in names.iter().filter(|second| **second != first) {
            let (alone, _) = decode(&fixture(first)).expect("a good file");
            for serial in [1, 3] {
                let one = pages(&with_serials(&fixture(first), 2));
                let two = pages(&with_serials(&fixture(second), serial));
                let pairs = one.iter().zip(&two).flat_map(|(one, two)| [&one[..], two]);
                let rest = one.iter().skip(two.len()).chain(two.iter().skip(one.len()));
                let file: Vec<&[u8]> = pairs.chain(rest.map(Vec::as_slice)).collect();
                let file = file.concat();
                let (planes, _) = decode(&file).expect("two streams");
                assert!(planes == alone, "{first} beside {second}");
                // symphonia 0.6.1 would not come back.
                let mut decoder = open_bytes(&file).expect("two streams");
                assert!(decoder.seeker().is_none() || first.ends_with("opus"), "{second}");
            }
        }
    }
}

#[test]
fn a_stream_whose_positions_run_ahead_ends_where_its_last_page_says() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    // What the last packet holds beyond the end is cut off; a hundred frames of it less.
    let file = on_four_pages(5_824);
    let mut pages = pages(&file);
    let audio = pages.len() - 4;
    for (number, page) in pages.iter_mut().enumerate().skip(audio + 1) {
        let position = u64::from_le_bytes(*page[6..].first_chunk().expect("a header"));
        // Not believed to be missing, as a packet may have as many.
        let ahead = if number == audio + 1 { 60 } else { 100 };
        page[6..14].copy_from_slice(&(position + ahead).to_le_bytes());
        *page = with_checksum(page.clone());
    }
    let (planes, warnings) = decode(&pages.concat()).expect("a good file");
    assert_eq!(planes[0].len(), whole[0].len() + 100);
    assert!(planes[0].starts_with(&whole[0]));
    assert_eq!(warnings, []);
}

/// The first channel of `file`, decoded in stretches, and the warnings.
fn in_stretches(file: &[u8]) -> (Vec<f32>, Vec<LoadWarning>) {
    const FRAMES: u64 = 10_000;
    let mut decoder = open_bytes(file).expect("a good file");
    let (mut plane, mut start) = (Vec::new(), 0);
    loop {
        let end = start + FRAMES;
        let wanted = Wanted { frames: start..end, counted_from: start, next_from: end };
        let splitter = decoder.splitter().expect("Vorbis in Ogg can be cut");
        let (mut stretch, is_last) = match splitter.cut(&wanted) {
            Ok(Cut { stretch, is_last, .. }) => (stretch, is_last),
            Err(Uncut::Odd) => panic!("something is odd behind frame {start}"),
            Err(Uncut::Failed(error)) => panic!("{error}"),
        };
        let before = plane.len();
        while let Some(chunk) = stretch.next_chunk().expect("sound packets") {
            plane.extend_from_slice(chunk.planes()[0]);
        }
        splitter.count((plane.len() - before) as u64, stretch.tally());
        start = end;
        if is_last {
            return (plane, decoder.warnings());
        }
    }
}

#[test]
fn a_stream_whose_positions_run_ahead_ends_there_in_stretches_too() {
    let file = fixture("long/vorbis.ogg");
    let (whole, _) = decode(&file).expect("a good file");
    assert!(in_stretches(&file) == (whole[0].clone(), Vec::new()));
    let mut pages = pages(&file);
    let last = pages.len() - 1;
    // Behind the first page of audio; two more hold headers. The last one cuts its last packet.
    for (number, page) in pages.iter_mut().enumerate().skip(3) {
        let position = u64::from_le_bytes(*page[6..].first_chunk().expect("a header"));
        let ahead = if number == last { 50 } else { 60 };
        page[6..14].copy_from_slice(&(position + ahead).to_le_bytes());
        *page = with_checksum(page.clone());
    }
    let file = pages.concat();
    let (ahead, warnings) = decode(&file).expect("a good file");
    assert_eq!((ahead[0].len(), warnings.len()), (whole[0].len() + 50, 0), "{warnings:?}");
    let (plane, warnings) = in_stretches(&file);
    assert_eq!(warnings, []);
    assert!(plane == ahead[0], "{} of {}", plane.len(), ahead[0].len());
}

/// `file` with `by` added to the positions of its pages of audio, as if cut out of a longer one.
fn moved(file: &[u8], by: i64) -> Vec<u8> {
    let moved = |mut page: Vec<u8>| {
        let position = u64::from_le_bytes(*page[6..].first_chunk().expect("a header"));
        // Those of headers are 0.
        if position > 0 {
            let position = position.checked_add_signed(by).expect("a small step");
            page[6..14].copy_from_slice(&position.to_le_bytes());
        }
        with_checksum(page)
    };
    pages(file).into_iter().flat_map(moved).collect()
}

/// The length that `file` states.
fn stated(file: &[u8]) -> Option<u64> {
    open_bytes(file).expect("a good file").info().frames
}

#[test]
fn a_stream_cut_out_of_a_longer_one_has_its_own_length() {
    let files = [on_four_pages(5_824), fixture("flac_16.oga")];
    for (case, file) in files.iter().enumerate() {
        let (whole, _) = decode(file).expect("a good file");
        let moved = moved(file, 1 << 40);
        let (planes, warnings) = decode(&moved).expect("a good file");
        assert!(planes == whole, "{case}: {} of {}", planes[0].len(), whole[0].len());
        assert!(warnings.is_empty(), "{case}: {warnings:?}");
        assert_eq!(stated(&moved), Some(whole[0].len() as u64), "{case}");
    }
}

#[test]
fn a_first_page_that_ends_before_0_as_it_says_cuts_nothing() {
    let (whole, _) = decode(&fixture("vorbis.ogg")).expect("a good file");
    let mut pages = pages(&fixture("vorbis.ogg"));
    let audio = pages.pop().expect("a page of audio");
    pages.push(part(&audio, 0..1, 104_u64.wrapping_neg(), 2));
    pages.push(part(&audio, 1..5, 2_752 - 104, 3));
    pages.push(part(&audio, 5..8, 5_824, 4));
    pages.push(part(&audio, 8..usize::from(audio[26]), 11_025, 5));
    let file = pages.concat();
    let (planes, warnings) = decode(&file).expect("a good file");
    assert!(planes == whole, "{} of {}", planes[0].len(), whole[0].len());
    assert_eq!(warnings, []);
    assert_eq!(stated(&file), Some(whole[0].len() as u64));
}

#[test]
fn a_first_page_that_says_less_than_it_holds_cuts_the_start() {
    let file = on_four_pages(5_824);
    let (whole, _) = decode(&file).expect("a good file");
    // Within the second packet and the last one of the page, and all but a frame of it.
    for cut in [1, 100, 2_000, 2_751] {
        let file = moved(&file, -cut);
        let cut = usize::try_from(cut).expect("positive");
        let (planes, warnings) = decode(&file).expect("a good file");
        for (plane, whole) in planes.iter().zip(&whole) {
            assert!(*plane == whole[cut..], "{cut}: {} of {}", plane.len(), whole.len());
        }
        assert!(warnings.is_empty(), "{cut}: {warnings:?}");
        assert_eq!(stated(&file), Some((whole[0].len() - cut) as u64));
    }
    // Where the stream ends on that page, it is its end that is cut.
    let one_page = moved(&fixture("vorbis.ogg"), -1_000);
    let (planes, _) = decode(&one_page).expect("a good file");
    assert!(planes[0] == whole[0][..whole[0].len() - 1_000]);
    // No page holds as many frames as this one would cut off.
    let mut pages = pages(&file);
    let headers = pages.len() - 4;
    pages[headers][6..14].copy_from_slice(&(u64::MAX << 40).to_le_bytes());
    pages[headers] = with_checksum(pages[headers].clone());
    assert!(decode(&pages.concat()).expect("a file with one bad page").0 == whole);
}
