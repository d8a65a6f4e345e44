//! Files with a hole in the middle: what follows keeps its time, and every repair is told.

use std::path::Path;
use std::sync::Arc;

use super::decode;
use crate::decode::symphonia::{PacketKind, packet_codec};
use crate::error::{LoadWarning, WarningCode};
use crate::resample::Workbench;
use crate::source::Source;
use crate::stream::{Excerpt, ExcerptStep};
use crate::testing::{FLOAT, PCM, ogg_pages, wav};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(path).expect("the fixture is there")
}

fn number(warning: &LoadWarning, name: &str) -> f64 {
    let found = warning.numbers.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} in {warning:?}")).1
}

/// The frames of both that differ, first and last, where the lengths are equal.
fn difference(sound: &[Vec<f32>], damaged: &[Vec<f32>]) -> (usize, usize) {
    let differs = |frame: &usize| sound.iter().zip(damaged).any(|(a, b)| a[*frame] != b[*frame]);
    assert_eq!(sound[0].len(), damaged[0].len(), "what follows keeps its time");
    let mut frames = (0..sound[0].len()).filter(differs);
    let first = frames.next().expect("something is damaged");
    (first, frames.next_back().unwrap_or(first))
}

#[test]
fn a_lost_flac_frame_becomes_silence_of_its_length() {
    let whole = fixture("flac_16.flac");
    let (sound, warnings) = decode(&whole).expect("good file");
    assert_eq!(warnings, []);
    // The second of blocks of 4,608: by its sync code and number.
    let block = |number: u8| {
        let header = |bytes: &[u8]| bytes[..2] == [0xff, 0xf8] && bytes[4] == number;
        whole.windows(5).position(header).expect("the file has three blocks")
    };
    let (second, third) = (block(1), block(2));
    let mut overwritten = whole.clone();
    overwritten[second + 20..third].fill(0x55);
    let cut = [&whole[..second], &whole[third..]].concat();
    for file in [overwritten, cut] {
        let (planes, warnings) = decode(&file).expect("two blocks are there");
        assert!(planes.iter().all(|plane| plane[4608..9216].iter().all(|value| *value == 0.0)));
        let (first, last) = difference(&sound, &planes);
        assert!(first >= 4608 && last < 9216, "{first} to {last}");
        let [warning] = warnings.as_slice() else { panic!("one warning, not {warnings:?}") };
        assert_eq!(warning.code, WarningCode::DecodeErrors);
        assert_eq!((number(warning, "packets"), number(warning, "frames")), (1.0, 4608.0));
    }
}

#[test]
fn undecodable_aac_becomes_silence_of_its_length() {
    let whole = fixture("aac.m4a");
    let (sound, _) = decode(&whole).expect("good file");
    let data = whole.windows(4).position(|name| name == b"mdat").expect("MP4 has its data") + 4;
    // Also at the start, where no packet has said yet how long packets are.
    for at in [data, data + 1_000] {
        let mut damaged = whole.clone();
        damaged[at..at + 400].fill(0x55);
        let (planes, warnings) = decode(&damaged).expect("most of it is there");
        let warning = warnings.iter().find(|warning| warning.code == WarningCode::DecodeErrors);
        let warning = warning.unwrap_or_else(|| panic!("no decode_errors in {warnings:?}"));
        // The first 1,024 frames of the file are none of the music.
        let unheard = if at == data { 1.0 } else { 0.0 };
        let packets = number(warning, "packets");
        assert!(packets > unheard);
        assert_eq!(number(warning, "frames"), (packets - unheard) * 1024.0);
        assert_eq!(number(warning, "packets_left_out"), 0.0);
        assert_eq!(sound[0].len(), planes[0].len());
        // Not bit by bit: noise that the codec makes up has lost its seed.
        let end = planes[0].len() - 2048..;
        let energy = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>();
        let signal = energy(&mut sound[0][end.clone()].iter().copied());
        let pairs = sound[0][end.clone()].iter().zip(&planes[0][end]);
        let noise = energy(&mut pairs.map(|(a, b)| a - b));
        assert!(noise < signal / 1000.0, "what follows keeps its time: {noise} of {signal}");
    }
}

#[test]
fn bytes_that_the_mp3_reader_skips_are_told() {
    let whole = fixture("mp3_cbr.mp3");
    let (_, warnings) = decode(&whole).expect("good file");
    assert_eq!(warnings, []);
    // Many times over, for a file that is read in several blocks; the tag's frame comes first.
    let frame = whole.windows(2).rposition(|sync| sync == [0xff, 0xfb]).expect("a frame");
    let one = &whole[frame..];
    let audio = one.repeat(400);
    let (middle, hole) = (audio.len() / 2, one.len() / 3);
    let damaged = [&audio[..middle], &audio[middle + hole..]].concat();
    for (file, skips) in [(audio, false), (damaged, true)] {
        let (_, warnings) = decode(&file).expect("frames of MPEG audio");
        let skipped = warnings
            .iter()
            .find(|warning| warning.code == WarningCode::DecodeErrors)
            .map_or(0.0, |warning| number(warning, "skipped_bytes"));
        assert_eq!(skipped > 0.0, skips, "{warnings:?}");
    }
}

#[test]
fn only_what_lies_beyond_full_scale_by_more_than_rounding_is_clipped() {
    let clipped = |values: &[f32]| {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let (_, warnings) = decode(&wav(FLOAT, 32, 1, 48_000, &data)).expect("good file");
        warnings.into_iter().find(|warning| warning.code == WarningCode::Clipped)
    };
    assert_eq!(clipped(&[1.0, -1.0, 0.5]), None);
    assert_eq!(clipped(&[1.000_001, -1.000_01]), None);
    let warning = clipped(&[0.1, 1.5, -2.0, 1.0]).expect("two values are beyond");
    assert_eq!(warning.numbers, [("values", 2.0), ("peak", 2.0)]);
    let loudest: Vec<u8> = [i16::MIN, i16::MAX].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(decode(&wav(PCM, 16, 1, 48_000, &loudest)).expect("good file").1, []);
}

#[test]
fn what_cannot_be_decoded_first_in_matroska_is_silence_of_its_length() {
    let whole = fixture("mp3.mka");
    let (sound, _) = decode(&whole).expect("good file");
    // MPEG-1, Layer III, 128 kbit/s at 44.1 kHz.
    let frame = whole.windows(3).position(|bytes| bytes == [0xff, 0xfb, 0x90]);
    let frame = frame.expect("it holds MPEG frames");
    let mut damaged = whole.clone();
    damaged[frame..frame + 4].fill(0x55);
    let (planes, warnings) = decode(&damaged).expect("most of it is there");
    let (first, last) = difference(&sound, &planes);
    // The next frames want bits that lie in it.
    assert!(first < 1_152 && last < 4 * 1_152, "{first} to {last}");
    let warning = warnings.iter().find(|warning| warning.code == WarningCode::DecodeErrors);
    let warning = warning.unwrap_or_else(|| panic!("no decode_errors in {warnings:?}"));
    assert!(number(warning, "frames") >= 1_152.0);
    assert_eq!(number(warning, "packets_left_out"), 0.0);
}

/// The first channel of 2,000 frames from frame `start` on.
fn part(file: &[u8], rate: u32, start: usize) -> Vec<f32> {
    let sec = |frames: usize| frames as f64 / f64::from(rate);
    let source = Source::Memory(Arc::from(file));
    let mut excerpt = Excerpt::new(source, Some(rate), sec(start), Some(sec(2_000)));
    let mut bench = Workbench::default();
    loop {
        if let ExcerptStep::Done(part) = excerpt.step(&mut bench).expect("most of it is there") {
            return part.plane(0).to_vec();
        }
    }
}

#[test]
fn a_part_behind_a_lost_page_of_opus_is_what_the_whole_has_there() {
    // Of a second each.
    let mut pages = ogg_pages(&fixture("stream/opus.opus"));
    let position = u64::from_le_bytes(*pages[4][6..].first_chunk().expect("a header"));
    pages[4][22] ^= 1;
    let file = pages.concat();
    let (whole, warnings) = decode(&file).expect("most of it is there");
    assert_eq!(number(&warnings[0], "frames"), 48_000.0);
    let end = usize::try_from(position).expect("short") - 312;
    assert!(whole[0][end - 48_000..end].iter().all(|value| *value == 0.0));
    for behind in [0, 480, 5_000] {
        let start = end + behind;
        let pairs = part(&file, 48_000, start).into_iter().zip(&whole[0][start..]);
        let most = pairs.fold(0.0_f32, |most, (part, whole)| most.max((part - whole).abs()));
        assert!(most < 1e-4, "{behind}: {most}");
    }
}

#[test]
fn behind_any_lost_page_of_vorbis_the_end_is_where_it_was() {
    let pages = ogg_pages(&fixture("long/vorbis.ogg"));
    let (whole, _) = decode(&pages.concat()).expect("a good file");
    let end = whole[0].len() - 2_000..;
    // Behind two of headers, up to the last one.
    for lost in 2..pages.len() - 1 {
        let mut pages = pages.clone();
        *pages[lost].last_mut().expect("some audio") ^= 1;
        let file = pages.concat();
        let (planes, warnings) = decode(&file).expect("the rest");
        let code = warnings.first().map(|warning| warning.code);
        assert_eq!((planes[0].len(), code), (whole[0].len(), Some(WarningCode::DecodeErrors)));
        // How long the first packet behind it was, on the last page nothing tells for sure.
        if lost + 2 < pages.len() {
            let pairs = planes[0][end.clone()].iter().zip(&whole[0][end.clone()]);
            let off = pairs.map(|(value, whole)| (value - whole).abs()).fold(0.0, f32::max);
            assert!(off < 1e-6, "{lost}: {off}");
        }
        let part = part(&file, 44_100, end.start);
        let pairs = part.iter().zip(&planes[0][end.clone()]);
        let off = pairs.map(|(part, value)| (part - value).abs()).fold(0.0, f32::max);
        assert!(off < 1e-6, "{lost}: {off} in a part");
    }
}

#[test]
fn what_a_cut_stream_of_mpeg_lacks_at_its_start_is_silent_and_no_fault() {
    // A block group and a block become what EBML calls void.
    let whole = fixture("mp3.mka");
    let mut cut = whole.clone();
    let is_frame = |bytes: &[u8]| bytes[..2] == [0xff, 0xfb] && bytes[2] & 0xfd == 0x90;
    let frames: Vec<usize> = (0..whole.len() - 3).filter(|at| is_frame(&whole[*at..])).collect();
    for (at, id) in [(frames[0] - 10, 0xa0), (frames[1] - 7, 0xa3)] {
        assert_eq!(cut[at], id);
        cut[at] = 0xec;
    }
    let (whole, _) = decode(&whole).expect("a good file");
    let (planes, warnings) = decode(&cut).expect("a good file");
    assert!(warnings.iter().all(|it| it.code != WarningCode::DecodeErrors), "{warnings:?}");
    assert_eq!(planes[0].len(), whole[0].len() - 2 * 1_152);
    // The next frame overlaps with the silent one.
    let sound = 2 * 1_152;
    let pairs = planes[0][sound..].iter().zip(&whole[0][sound + 2 * 1_152..]);
    let off = pairs.map(|(part, whole)| (part - whole).abs()).fold(0.0, f32::max);
    assert!(off < 1e-6, "{off}");
}

#[test]
fn only_the_first_packets_of_mpeg_may_lack_what_was_before_them() {
    let file = fixture("mp3_cbr.mp3");
    // MPEG-1, Layer III, 128 kbit/s at 44.1 kHz: 417 bytes, or 418.
    let (mut frames, mut rest) = (Vec::new(), &file[..]);
    while let [0xff, 0xfb, third, ..] = rest {
        let (frame, behind) = rest.split_at(417 + usize::from(third >> 1 & 1));
        frames.push(frame);
        rest = behind;
    }
    let mut codec = packet_codec(PacketKind::Mp3, &[], 44_100, 2).expect("a decoder");
    // The first holds a tag. The third and those behind it begin in others before them.
    assert_eq!(codec.decode(frames[3]).ok(), Some(1_152));
    assert_eq!(codec.planes().len(), 2);
    assert!(codec.planes().iter().flatten().all(|value| *value == 0.0));
    assert_eq!(codec.decode(frames[4]).ok(), Some(1_152));
    assert!(codec.planes().iter().flatten().any(|value| *value != 0.0));
    assert!(codec.decode(&[0xff; 417]).is_err());
    assert!(codec.decode(frames[10]).is_err(), "wants 511 bytes");
}
