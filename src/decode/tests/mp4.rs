//! MP4 and QuickTime files built here after ISO/IEC 14496-12, around PCM of known values.

use std::path::Path;

use super::{decode, kind_of, open_bytes};
use crate::error::{LoadErrorKind, WarningCode};
use crate::job::{LoadJob, LoadOptions, Step};
use crate::resample::Workbench;
use crate::source::Source;

/// A box.
fn bx(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(8 + content.len()).expect("test boxes are small");
    [&len.to_be_bytes()[..], kind, content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Value of frame `frame`: 16 bits, none twice.
fn value(frame: usize) -> i16 {
    i16::try_from(frame).expect("few frames") - 5_000
}

fn audio(frames: std::ops::Range<usize>) -> Vec<u8> {
    frames.flat_map(|frame| value(frame).to_le_bytes()).collect()
}

fn planes(frames: std::ops::Range<usize>) -> Vec<Vec<f32>> {
    vec![frames.map(|frame| f32::from(value(frame)) / 32_768.0).collect()]
}

/// A movie whose ticks are frames of 8 kHz, with one track of `sowt`.
struct Movie {
    handler: &'static [u8; 4],
    kind: &'static [u8; 4],
    timescale: u32,
    edits: Vec<u8>,
    /// First chunk of a run, and packets in each.
    spans: Vec<(u32, u32)>,
    /// Where chunks lie behind the start of the audio.
    chunks: Vec<u32>,
    frames: u32,
    more: Vec<u8>,
    is_64: bool,
}

impl Default for Movie {
    fn default() -> Self {
        Self {
            handler: b"soun",
            kind: b"sowt",
            timescale: 8_000,
            edits: Vec::new(),
            spans: vec![(1, 1_000)],
            chunks: vec![0],
            frames: 1_000,
            more: Vec::new(),
            is_64: false,
        }
    }
}

impl Movie {
    fn trak(&self, audio_at: u32) -> Vec<u8> {
        let tkhd = bx(b"tkhd", &words(&[1, 0, 0, 7, 0, 0, 0]));
        let mdhd = bx(b"mdhd", &words(&[0, 0, 0, self.timescale, self.frames, 0]));
        let hdlr = bx(b"hdlr", &[&words(&[0, 0])[..], self.handler, &[0; 12]].concat());
        // Index of the data, version and so on; one channel of 16 bits at 8 kHz.
        let entry = [&[0; 7][..], &[1], &[0; 8], &[0, 1, 0, 16], &[0; 4], &words(&[8_000 << 16])];
        let stsd = bx(b"stsd", &[words(&[0, 1]), bx(self.kind, &entry.concat())].concat());
        let stts = bx(b"stts", &words(&[0, 1, self.frames, 1]));
        let stsz = bx(b"stsz", &words(&[0, 2, self.frames]));
        let spans = self.spans.iter().flat_map(|(first, each)| words(&[*first, *each, 1]));
        let count = u32::try_from(self.spans.len()).expect("few spans");
        let stsc = bx(b"stsc", &[words(&[0, count]), spans.collect()].concat());
        let count = u32::try_from(self.chunks.len()).expect("few chunks");
        let offsets = self.chunks.iter().map(|at| audio_at + at);
        let offsets = match self.is_64 {
            true => bx(
                b"co64",
                &[words(&[0, count]), offsets.flat_map(|at| words(&[0, at])).collect()].concat(),
            ),
            false => {
                bx(b"stco", &[words(&[0, count]), words(&offsets.collect::<Vec<_>>())].concat())
            }
        };
        let stbl = bx(b"stbl", &[stsd, stts, stsz, stsc, offsets].concat());
        let mdia = bx(b"mdia", &[mdhd, hdlr, bx(b"minf", &stbl)].concat());
        bx(b"trak", &[tkhd, self.edits.clone(), mdia].concat())
    }

    fn moov(&self, audio_at: u32) -> Vec<u8> {
        let mvhd = bx(b"mvhd", &words(&[0, 0, 0, 8_000, self.frames]));
        bx(b"moov", &[mvhd, self.trak(audio_at), self.more.clone()].concat())
    }

    /// The index behind `audio`.
    fn file(&self, audio: &[u8]) -> Vec<u8> {
        let start = [bx(b"ftyp", b"qt  \0\0\0\0"), bx(b"wide", b"")].concat();
        let at = u32::try_from(start.len() + 8).expect("small");
        [start, bx(b"mdat", audio), self.moov(at)].concat()
    }
}

/// Durations and media times.
fn edits(entries: &[(u32, u32)]) -> Vec<u8> {
    let mut list = words(&[0, u32::try_from(entries.len()).expect("few entries")]);
    for (duration, media_time) in entries {
        list.extend(words(&[*duration, *media_time, 0x1_0000]));
    }
    bx(b"edts", &bx(b"elst", &list))
}

#[track_caller]
fn holds(file: &[u8], expected: std::ops::Range<usize>) {
    let (got, warnings) = decode(file).expect("a good file");
    let warned = warnings.iter().any(|warning| warning.code != WarningCode::LengthEstimated);
    assert_eq!((got, warned), (planes(expected), false));
}

#[test]
fn the_index_may_lie_behind_or_in_front_of_the_audio_or_be_large() {
    let all = audio(0..1_000);
    holds(&Movie::default().file(&all), 0..1_000);
    holds(&Movie { is_64: true, ..Movie::default() }.file(&all), 0..1_000);
    let len = u32::try_from(Movie::default().moov(0).len()).expect("small");
    let in_front = |mdat: &[u8], header: u32| [&Movie::default().moov(len + header), mdat].concat();
    holds(&in_front(&bx(b"mdat", &all), 8), 0..1_000);
    // To the end of the file, and with 64 bits of length.
    holds(&in_front(&[&b"\0\0\0\0mdat"[..], &all].concat(), 8), 0..1_000);
    let long = [&b"\0\0\0\x01mdat"[..], &2_016_u64.to_be_bytes(), &all].concat();
    holds(&in_front(&long, 16), 0..1_000);
}

fn title_of(file: &[u8]) -> Option<String> {
    let options = LoadOptions { sample_rate: None, max_sample_bytes: None };
    let mut job = LoadJob::new(Source::Memory(file.into()), options);
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("a good file") {
            return sample.metadata.as_ref()?.tags.get("title").map(str::to_owned);
        }
    }
}

#[test]
fn boxes_that_nobody_knows_may_come_first() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/aac.m4a");
    let plain = std::fs::read(path).expect("the fixture is there");
    let expected = decode(&plain).expect("a good file");
    let title = bx(b"\xa9nam", &bx(b"data", &[&words(&[1, 0])[..], b"Some"].concat()));
    let title = bx(b"udta", &bx(b"meta", &[words(&[0]), bx(b"ilst", &title)].concat()));
    let titled = Movie { more: title, ..Movie::default() }.file(&audio(0..1_000));
    let table = plain.windows(4).position(|kind| kind == b"stco").expect("a table") + 8;
    let word = |at| u32::from_be_bytes(plain[at..at + 4].try_into().expect("four bytes"));
    let places = (table + 4..).step_by(4).take(word(table) as usize);
    for front in [bx(b"xxxx", &[0; 24]), [bx(b"prfl", &[7; 300]), bx(b"A b1", b"")].concat()] {
        let mut moved = plain.clone();
        let len = u32::try_from(front.len()).expect("small");
        for at in places.clone() {
            moved[at..at + 4].copy_from_slice(&(word(at) + len).to_be_bytes());
        }
        let file = [&front[..], &moved].concat();
        assert_eq!(open_bytes(&file).expect("a good file").info().container, "mp4");
        assert_eq!(decode(&file).expect("a good file"), expected);
        assert_eq!(title_of(&[&front[..], &titled].concat()).as_deref(), Some("Some"));
        // Of others, nothing is known to be behind them.
        let odd = [&front[..], &bx(b"\x01\x02\x03\x04", &[0; 4]), &moved].concat();
        assert_eq!(kind_of(&odd), LoadErrorKind::UnsupportedFormat);
    }
}

#[test]
fn chunks_are_read_in_their_order_wherever_they_lie() {
    let movie =
        Movie { spans: vec![(1, 300), (3, 400)], chunks: vec![1_400, 0, 600], ..Movie::default() };
    let all = [audio(300..600), audio(600..1_000), audio(0..300)].concat();
    holds(&movie.file(&all), 0..1_000);
}

#[test]
fn an_edit_cuts_at_both_ends() {
    let cut = |list: &[(u32, u32)]| {
        Movie { edits: edits(list), ..Movie::default() }.file(&audio(0..1_000))
    };
    holds(&cut(&[(500, 100)]), 100..600);
    // Silence in front is not music; a duration of 0, or one that says too much, means all.
    holds(&cut(&[(77, u32::MAX), (500, 100)]), 100..600);
    holds(&cut(&[(0, 100)]), 100..1_000);
    holds(&cut(&[(5_000, 100)]), 100..1_000);
    holds(&cut(&[(1_000, 0)]), 0..1_000);
}

#[test]
fn several_edits_follow_one_another_in_any_order() {
    let list = edits(&[(100, 700), (50, u32::MAX), (200, 100), (10, 300)]);
    let file = Movie { edits: list, ..Movie::default() }.file(&audio(0..1_000));
    let (got, _) = decode(&file).expect("a good file");
    assert_eq!(got, [[planes(700..800), planes(100..300), planes(300..310)].concat().concat()]);
}

#[test]
fn an_edit_list_of_64_bits_is_read_too() {
    let mut list = words(&[0x0100_0000, 2]);
    for (duration, time) in [(10_u64, u64::MAX), (400, 200)] {
        list.extend(
            [&duration.to_be_bytes()[..], &time.to_be_bytes(), &words(&[0x1_0000])].concat(),
        );
    }
    let list = bx(b"edts", &bx(b"elst", &list));
    holds(&Movie { edits: list, ..Movie::default() }.file(&audio(0..1_000)), 200..600);
}

/// What iTunes notes of `delay` and `frames`.
fn comment(delay: u32, frames: u32) -> Vec<u8> {
    let text = format!(" 00000000 {delay:08X} 0000037C {frames:016X} 00000000");
    let comment = [
        bx(b"mean", b"\0\0\0\0com.apple.iTunes"),
        bx(b"name", b"\0\0\0\0iTunSMPB"),
        bx(b"data", &[words(&[1, 0]), text.into_bytes()].concat()),
    ];
    let ilst = bx(b"ilst", &bx(b"----", &comment.concat()));
    bx(b"udta", &bx(b"meta", &[words(&[0]), ilst].concat()))
}

#[test]
fn the_itunes_comment_counts_where_the_edit_list_says_nothing() {
    let all = audio(0..1_000);
    let with = |list: &[(u32, u32)]| Movie {
        more: comment(112, 345),
        edits: if list.is_empty() { Vec::new() } else { edits(list) },
        ..Movie::default()
    };
    holds(&with(&[]).file(&all), 112..457);
    holds(&with(&[(1_000, 0)]).file(&all), 112..457);
    holds(&with(&[(500, 200)]).file(&all), 200..700);
    // A count that the file cannot keep.
    holds(&Movie { more: comment(112, 5_000), ..Movie::default() }.file(&all), 112..1_000);
}

#[test]
fn the_audio_need_not_be_the_first_track_nor_the_first_be_known() {
    let all = audio(0..1_000);
    let at = |movie: &Movie| {
        let other = Movie { handler: b"vide", ..Movie::default() }.trak(0);
        let unknown = Movie { kind: b"what", ..Movie::default() }.trak(0);
        let start = bx(b"ftyp", b"qt  \0\0\0\0");
        let trak = movie.trak(u32::try_from(start.len() + 8).expect("small"));
        [start, bx(b"mdat", &all), bx(b"moov", &[other, unknown, trak].concat())].concat()
    };
    holds(&at(&Movie::default()), 0..1_000);
    let file = Movie { kind: b"what", ..Movie::default() }.file(&all);
    assert_eq!(kind_of(&file), LoadErrorKind::UnsupportedFormat);
    let file = Movie { handler: b"vide", ..Movie::default() }.file(&all);
    assert_eq!(kind_of(&file), LoadErrorKind::UnsupportedFormat);
}

/// A fragment of `frames`, whose data lies right behind it.
fn fragment(frames: std::ops::Range<usize>, flags: u32, start: Option<u32>) -> Vec<u8> {
    let count = u32::try_from(frames.len()).expect("few");
    let tfdt = start.map_or(Vec::new(), |start| bx(b"tfdt", &words(&[0, start])));
    let traf = |offset: u32| {
        let head = bx(b"mfhd", &words(&[0, 1]));
        let run = bx(b"trun", &words(&[1, count, offset]));
        let other = bx(b"traf", &bx(b"tfhd", &words(&[flags, 9])));
        let ours = [bx(b"tfhd", &words(&[flags, 7])), tfdt.clone(), run].concat();
        bx(b"moof", &[head, other, bx(b"traf", &ours)].concat())
    };
    let len = u32::try_from(traf(0).len()).expect("small");
    [traf(len + 8), bx(b"mdat", &audio(frames))].concat()
}

fn fragmented(edits: Vec<u8>, fragments: &[Vec<u8>]) -> Vec<u8> {
    // One tick and two bytes by default.
    let trex = |id| bx(b"trex", &words(&[0, id, 1, 1, 2, 0]));
    let mvex = bx(b"mvex", &[trex(9), trex(7)].concat());
    let movie = Movie { frames: 0, chunks: Vec::new(), more: mvex, edits, ..Movie::default() };
    [movie.moov(0), bx(b"sidx", &[0; 40]), fragments.concat()].concat()
}

#[test]
fn fragments_are_read_one_after_another() {
    let parts = [fragment(0..400, 0x2_0000, None), fragment(400..1_000, 0, None)];
    holds(&fragmented(Vec::new(), &parts), 0..1_000);
    holds(&fragmented(edits(&[(0, 300)]), &parts), 300..1_000);
    holds(&fragmented(edits(&[(500, 300)]), &parts), 300..800);
}

#[test]
fn a_box_of_a_wrong_length_does_not_hide_the_fragments_behind_it() {
    let parts: Vec<_> = [0..300, 300..600, 600..1_000]
        .map(|frames| fragment(frames, 0x2_0000, None))
        .into_iter()
        .collect();
    let whole = fragmented(Vec::new(), &parts);
    let middle = whole.len() - parts[1..].concat().len();
    let audio = middle + parts[1].len() - 8 - 600;
    let with = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + 4].copy_from_slice(bytes);
        file
    };
    let word = |at: usize| u32::from_be_bytes(whole[at..at + 4].try_into().expect("four bytes"));
    for at in [middle, audio] {
        for wrong in [word(at) + 1, word(at) + 700, 0x00ff_ffff] {
            holds(&with(at, &wrong.to_be_bytes()), 0..1_000);
        }
    }
    holds(&with(audio, &(word(audio) - 1).to_be_bytes()), 0..1_000);
    // One that is none any more, or ends within what it says, is lost, and nothing else.
    for damaged in [with(middle + 4, b"xxxx"), with(middle, &(word(middle) - 1).to_be_bytes())] {
        let (got, _) = decode(&damaged).expect("a good file");
        assert_eq!(got, [[planes(0..300), planes(600..1_000)].concat().concat()]);
    }
}

#[test]
fn boxes_of_kinds_that_nobody_knows_may_stand_between_fragments() {
    // So many that none of them may be searched for.
    let parts: Vec<_> = (0..500)
        .flat_map(|part| {
            let begin = 2 * part;
            [bx(b"abst", &[0; 8]), fragment(begin..begin + 2, 0x2_0000, None)]
        })
        .collect();
    holds(&fragmented(Vec::new(), &parts), 0..1_000);
}

#[test]
fn an_edit_that_names_all_of_the_index_goes_on_into_the_fragments() {
    // The index holds the first 400 frames, as of recorders that write it before they are done.
    let with = |list: &[(u32, u32)]| {
        let trex = bx(b"mvex", &bx(b"trex", &words(&[0, 7, 1, 1, 2, 0])));
        let edits = if list.is_empty() { Vec::new() } else { edits(list) };
        let movie = Movie { frames: 400, more: trex, edits, ..Movie::default() };
        let at = u32::try_from(movie.moov(0).len() + 8).expect("small");
        let fragment = fragment(400..1_000, 0x2_0000, Some(400));
        [movie.moov(at), bx(b"mdat", &audio(0..400)), fragment].concat()
    };
    holds(&with(&[]), 0..1_000);
    holds(&with(&[(400, 0)]), 0..1_000);
    holds(&with(&[(300, 100)]), 100..1_000);
    // Of one that counts what is left out, too.
    holds(&with(&[(400, 100)]), 100..1_000);
    holds(&with(&[(0, 100)]), 100..1_000);
    holds(&with(&[(200, 100)]), 100..300);
    holds(&with(&[(700, 100)]), 100..800);
}

#[test]
fn a_stream_cut_out_of_a_longer_one_begins_with_its_first_fragment() {
    let parts = [fragment(0..400, 0, Some(90_000)), fragment(400..1_000, 0, Some(90_400))];
    holds(&fragmented(Vec::new(), &parts), 0..1_000);
}

#[test]
fn what_fragments_leave_out_has_no_length_and_parts_lie_where_they_are_heard() {
    let parts = |starts: [u32; 2]| {
        let parts =
            [fragment(0..400, 0, Some(starts[0])), fragment(400..1_000, 0, Some(starts[1]))];
        fragmented(Vec::new(), &parts)
    };
    for starts in [[0, 400], [90_000, 90_400], [0, 5_000], [90_000, 95_000]] {
        let file = parts(starts);
        let mut decoder = open_bytes(&file).expect("a good file");
        assert_eq!(decoder.info().frames, Some(1_000), "{starts:?}");
        for frame in [0, 1, 399, 400, 401, 999] {
            let seeker = decoder.seeker().expect("PCM can be entered anywhere");
            let mark = seeker.find(frame).expect("it is in memory").expect("the runs say where");
            assert_eq!(seeker.go_to(&mark).expect("it is in memory"), frame, "{starts:?}");
            let chunk = decoder.next_chunk().expect("it is in memory").expect("a frame at least");
            let at = usize::try_from(frame).expect("small");
            let expected = planes(at..at + chunk.frames());
            assert_eq!(chunk.planes(), expected, "{starts:?}, {frame}");
        }
    }
}

#[test]
fn a_run_that_is_cut_off_before_it_says_where_its_data_lies_is_none() {
    let parts = [fragment(0..400, 0x2_0000, None), fragment(400..1_000, 0x2_0000, None)];
    let file = fragmented(Vec::new(), &parts);
    let run = file.windows(4).rposition(|kind| kind == b"trun").expect("two runs") + 4;
    for cut in 0..12 {
        holds(&file[..run + cut], 0..400);
    }
}

#[test]
fn a_file_cut_short_decodes_up_to_the_cut_with_a_warning() {
    let len = u32::try_from(Movie::default().moov(0).len()).expect("small");
    let file = [Movie::default().moov(len + 8), bx(b"mdat", &audio(0..1_000))].concat();
    let (got, warnings) = decode(&file[..file.len() - 2 * 300 - 1]).expect("699 frames");
    assert_eq!(got, planes(0..699));
    assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [WarningCode::Truncated]);
    // Without its index it is nothing.
    let file = Movie::default().file(&audio(0..1_000));
    assert_eq!(kind_of(&file[..1_500]), LoadErrorKind::Corrupt);
}

#[test]
fn lies_anywhere_are_no_panic_and_cost_no_memory() {
    let list = edits(&[(100, 700), (50, u32::MAX), (200, 100)]);
    let plain =
        Movie { more: comment(1, 2), edits: list.clone(), ..Movie::default() }.file(&audio(0..20));
    let parts = [fragment(0..10, 0x2_0000, Some(3)), fragment(10..20, 0, None)];
    for whole in [plain, fragmented(list, &parts)] {
        for at in 0..whole.len() {
            // Whatever comes of it, it comes.
            decode(&whole[..at]).ok();
            for byte in [0, 1, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                decode(&damaged).ok();
            }
            if let Some(word) = whole.get(at..at + 4) {
                let mut damaged = whole.clone();
                damaged[at..at + 4].fill(0xff);
                decode(&damaged).ok();
                let larger = u32::from_be_bytes(word.try_into().expect("four bytes")) | 0x4000_0000;
                damaged[at..at + 4].copy_from_slice(&larger.to_be_bytes());
                decode(&damaged).ok();
            }
        }
    }
}

#[test]
fn behind_the_end_there_is_nothing_however_one_comes_there() {
    for frame in [0, 998, 999, 1_000, 1_001, u64::MAX / 2] {
        let mut decoder =
            open_bytes(&Movie::default().file(&audio(0..1_000))).expect("a sound movie");
        let seeker = decoder.seeker().expect("PCM can be entered anywhere");
        let mark = seeker.find(frame).expect("it is in memory").expect("the tables say where");
        let at = seeker.go_to(&mark).expect("it is in memory");
        assert_eq!(at, frame.min(999));
        let chunk = decoder.next_chunk().expect("it is in memory").expect("a frame at least");
        assert_eq!(at + chunk.frames() as u64, 1_000);
    }
}

#[test]
fn the_last_packet_of_alac_in_caf_says_how_long_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alac_24.caf");
    let mut file = std::fs::read(path).expect("the fixture is there");
    let table = file.windows(4).position(|id| id == b"pakt").expect("a packet table") + 12;
    // All frames of its one packet, of which there are 2,205, and none that fill it up: so ffmpeg
    // counts.
    file[table + 8..table + 24].copy_from_slice(&[words(&[0, 4_096]), words(&[0, 0])].concat());
    let info = open_bytes(&file).expect("a good file").info().clone();
    assert_eq!((info.frames, info.frames_counted), (Some(2_205), true));
    let (planes, warnings) = decode(&file).expect("a good file");
    assert_eq!((planes[0].len(), warnings), (2_205, Vec::new()));
}

/// A file of ALAC with packets of 4,096, 4,096 and 3,808 frames, and an edit that names all.
fn alac() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alac_24.m4a");
    let mut file = std::fs::read(path).expect("the fixture is there");
    let edit = place_of(&file, b"elst") + 8;
    file[edit..edit + 4].fill(0);
    file
}

/// Where the content of the only box of this kind begins.
fn place_of(file: &[u8], kind: &[u8; 4]) -> usize {
    file.windows(4).position(|found| found == kind).expect("it is there") + 4
}

#[test]
fn the_last_packet_of_alac_says_how_long_it_is() {
    let mut file = alac();
    let expected = decode(&file).expect("a good file");
    assert_eq!((expected.0[0].len(), expected.1.as_slice()), (12_000, &[][..]));
    // As many ticks as all others have.
    let last = place_of(&file, b"stts") + 20;
    file[last..last + 4].copy_from_slice(&4_096_u32.to_be_bytes());
    assert_eq!(open_bytes(&file).expect("a good file").info().frames, Some(12_000));
    assert_eq!(decode(&file).expect("a good file"), expected);
    // What is not there is missed nevertheless.
    let table = place_of(&file, b"stts") + 4;
    file[table..table + 12].copy_from_slice(&words(&[2, 3, 4_096]));
    let (_, warnings) = decode(&file).expect("a good file");
    assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [WarningCode::Truncated]);
}

#[test]
fn a_packet_without_a_frame_is_silence_between_those_that_have_some() {
    let mut file = alac();
    let (whole, _) = decode(&file).expect("a good file");
    let second = place_of(&file, b"mdat") + 0x18b9;
    // The end of a packet (Apple's reference decoder, `ID_END`).
    file[second] = 0xe0;
    let (got, warnings) = decode(&file).expect("a good file");
    for (got, whole) in got.iter().zip(&whole) {
        let expected = [&whole[..4_096], &[0.0; 4_096], &whole[8_192..]].concat();
        assert_eq!(*got, expected);
    }
    assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [WarningCode::DecodeErrors]);
}

#[test]
fn packets_of_an_absurd_length_are_not_believed() {
    let mut file = alac();
    let ticks = place_of(&file, b"stts") + 12;
    file[ticks..ticks + 4].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    assert_eq!(open_bytes(&file).expect("a good file").info().frames, Some(3 * 131_072));
}

#[test]
fn a_caf_file_that_was_cut_off_before_its_packet_table_says_so() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alac_24.caf");
    let file = std::fs::read(path).expect("the fixture is there");
    let (table, audio) = (place_of(&file, b"pakt") - 4, place_of(&file, b"data") - 4);
    // As of writers that put the table behind the audio.
    let cut = [&file[..table], &file[audio..audio + 1_000]].concat();
    let error = decode(&cut).expect_err("no packet has a length");
    assert_eq!(error.kind(), LoadErrorKind::Corrupt);
    assert!(error.to_string().contains("packet table"), "{error}");
}
