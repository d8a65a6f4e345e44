//! WAV, AIFF, CAF and AU.

use super::{be, chunk, cover_of, le, loaded, said, tags_of, wav_with};
use crate::metadata::{Acid, Instrument, LoopKind, TempoSource};

/// A `smpl` chunk of this unity note and loops of (kind, first, last, count).
fn smpl(note: u32, fraction: u32, loops: &[[u32; 4]]) -> Vec<u8> {
    let count = u32::try_from(loops.len()).expect("few");
    let mut words = vec![0, 0, 20_833, note, fraction, 0, 0, count, 0];
    for [kind, first, last, count] in loops {
        words.extend([0, *kind, *first, *last, 0, *count]);
    }
    chunk(b"smpl", &le(&words), false)
}

fn cue(points: &[[u32; 3]]) -> Vec<u8> {
    let mut words = vec![u32::try_from(points.len()).expect("few")];
    for [id, position, offset] in points {
        words.extend([*id, *position, u32::from_le_bytes(*b"data"), 0, 0, *offset]);
    }
    chunk(b"cue ", &le(&words), false)
}

fn acid(flags: u32, root: u16, beats: u32, bpm: f32) -> Vec<u8> {
    let root = [&flags.to_le_bytes()[..], &root.to_le_bytes(), &[0; 6]].concat();
    let rest = [&le(&[beats])[..], &[4, 0, 3, 0], &bpm.to_le_bytes()].concat();
    chunk(b"acid", &[root, rest].concat(), false)
}

#[test]
fn a_plain_file_has_none() {
    assert_eq!(loaded(&wav_with(b"", b""), None), None);
}

#[test]
fn loops_of_a_sampler_end_behind_their_last_frame() {
    let loops = [[0, 100, 199, 0], [1, 10, 20, 3], [2, 0, 999, 0], [0, 5, 5, 0]];
    let file = wav_with(b"", &smpl(57, 1 << 31, &loops));
    let metadata = loaded(&file, None).expect("some");
    assert_eq!((metadata.root_key, metadata.root_cents), (Some(57), Some(50.0)));
    let found: Vec<_> =
        metadata.loops.iter().map(|l| (l.kind, l.start_frame, l.end_frame, l.count)).collect();
    assert_eq!(
        found,
        [
            (LoopKind::Forward, 100, 200, 0),
            (LoopKind::PingPong, 10, 21, 3),
            (LoopKind::Backward, 0, 1_000, 0),
            (LoopKind::Forward, 5, 6, 0),
        ]
    );
    assert_eq!(metadata.loops[0].end_sec, 200.0 / 48_000.0);
}

#[test]
fn positions_move_with_the_rate_and_are_rounded_each_on_its_own() {
    // 1 / 48,000 · 44,100 = 0.91875; 100: 91.875; 200: 183.75; 999: 917.8.
    let file = wav_with(&cue(&[[7, 1, 1], [8, 999, 999]]), &smpl(60, 0, &[[0, 100, 199, 0]]));
    let metadata = loaded(&file, Some(44_100)).expect("some");
    assert_eq!((metadata.loops[0].start_frame, metadata.loops[0].end_frame), (92, 184));
    assert_eq!(metadata.loops[0].start_sec, 100.0 / 48_000.0, "exact, not the rounded frame's");
    let cues: Vec<_> = metadata.cues.iter().map(|cue| (cue.id, cue.frame)).collect();
    assert_eq!(cues, [(7, 1), (8, 918)]);
    // Halves go up: 1 at 48 kHz is 0.5 at 24.
    let metadata = loaded(&file, Some(24_000)).expect("some");
    assert_eq!(metadata.cues[0].frame, 1);
}

#[test]
fn what_lies_beyond_the_audio_is_cut_or_left_out() {
    let loops = [[0, 900, 5_000, 0], [0, 1_000, 1_001, 0], [0, 30, 20, 0], [0, 0, u32::MAX, 0]];
    let cues = cue(&[[1, 1_000, 1_000], [2, 1_001, 1_001], [3, 5, 5]]);
    let metadata = loaded(&wav_with(&cues, &smpl(60, 0, &loops)), None).expect("some");
    let found: Vec<_> = metadata.loops.iter().map(|l| (l.start_frame, l.end_frame)).collect();
    assert_eq!(found, [(900, 1_000), (0, 1_000)]);
    let cues: Vec<_> = metadata.cues.iter().map(|cue| (cue.id, cue.frame)).collect();
    assert_eq!(cues, [(3, 5), (1, 1_000)], "in the order of their places");
}

#[test]
fn what_begins_at_the_end_is_left_out_at_any_rate() {
    // 459.375 frames, of which there are 460: the nearest one to the end is not the last.
    let loops = [[0, 1_000, 1_000, 0], [0, 1_000, 2_000, 0], [0, 999, 999, 0]];
    let file = wav_with(b"", &smpl(60, 0, &loops));
    let metadata = loaded(&file, Some(22_050)).expect("some");
    let found: Vec<_> = metadata.loops.iter().map(|l| (l.start_frame, l.end_frame)).collect();
    assert_eq!(found, []);
    let loops = [[0, 1_000, 1_000, 0], [0, 998, 999, 0]];
    let metadata = loaded(&wav_with(b"", &smpl(60, 0, &loops)), Some(22_050)).expect("some");
    let found: Vec<_> = metadata.loops.iter().map(|l| (l.start_frame, l.end_frame)).collect();
    assert_eq!(found, [(458, 459)]);
}

fn labelled_cues() -> Vec<u8> {
    let text = |id: &[u8; 4], cue: u32, text: &[u8]| {
        chunk(id, &[&cue.to_le_bytes()[..], text, b"\0"].concat(), false)
    };
    let region = [&le(&[2, 50])[..], b"rgn ", &[0; 8], b"from ltxt\0"].concat();
    let list = [
        b"adtl".to_vec(),
        text(b"labl", 1, b"Verse"),
        text(b"note", 1, b"loud"),
        text(b"labl", 2, "Stra\u{df}e".as_bytes()),
        chunk(b"ltxt", &region, false),
        text(b"labl", 3, b"caf\xe9 \x96 \x80"),
    ]
    .concat();
    let points = cue(&[[1, 0, 10], [2, 0, 100], [3, 0, 20]]);
    [points, chunk(b"LIST", &list, false)].concat()
}

/// A WAV file with much that is known.
pub(super) fn wav() -> Vec<u8> {
    let info = [&b"INFO"[..], &chunk(b"INAM", b"abc", false), &chunk(b"ITRK", b"3/12", false)];
    let before = [
        acid(2 | 4, 48, 8, 174.5),
        chunk(b"inst", &[62, 0xf6, 0xfd, 10, 90, 1, 127], false),
        smpl(57, 1 << 31, &[[0, 100, 199, 0], [1, 10, 20, 3]]),
    ];
    let behind = [
        labelled_cues(),
        chunk(b"LIST", &info.concat(), false),
        chunk(b"id3 ", TAG, false),
        chunk(b"bext", &[b'x'; 602], false),
    ];
    let whole = wav_with(&before.concat(), &behind.concat());
    // Without most of its audio, which takes time and says nothing.
    whole.windows(4).position(|name| name == b"data").map_or_else(
        || whole.clone(),
        |at| {
            let audio = chunk(b"data", &[1; 20], false);
            [&whole[..at], &audio, &whole[at + 2_008..]].concat()
        },
    )
}

const TAG: &[u8] = b"ID3\x03\0\0\0\0\0\x1dAPIC\0\0\0\x13\0\0\0image/png\0\x03\0\x89PNG!!";

#[test]
fn cues_have_labels_notes_and_lengths() {
    let file = wav_with(b"", &labelled_cues());
    let metadata = loaded(&file, None).expect("some");
    let cues: Vec<_> = metadata
        .cues
        .iter()
        .map(|cue| (cue.frame, cue.end_frame, cue.label.as_str(), cue.note.as_str()))
        .collect();
    assert_eq!(
        cues,
        [(10, None, "Verse", "loud"), (20, None, "café – €", ""), (100, Some(150), "Straße", ""),]
    );
}

#[test]
fn cues_of_writers_that_know_no_offset_are_where_their_order_says() {
    let metadata = said(&wav_with(b"", &cue(&[[1, 40, 0], [2, 80, 0]])));
    let cues: Vec<_> = metadata.cues.iter().map(|cue| cue.frame).collect();
    assert_eq!(cues, [40, 80]);
}

#[test]
fn acid_tells_tempo_only_of_loops() {
    let metadata = said(&wav_with(&acid(2 | 4, 48, 8, 174.5), b""));
    let expected = Acid {
        one_shot: false,
        root_is_set: true,
        stretch: true,
        disk_based: false,
        root_key: 48,
        beats: 8,
        meter: (3, 4),
        bpm: 174.5,
    };
    assert_eq!(metadata.acid, Some(expected));
    assert_eq!((metadata.one_shot, metadata.beats), (Some(false), Some(8)));
    assert_eq!((metadata.root_key, metadata.meter), (Some(48), Some((3, 4))));
    let tempo = metadata.tempo.expect("a loop has one");
    assert_eq!((tempo.bpm, tempo.source), (174.5, TempoSource::Acid));

    let metadata = said(&wav_with(&acid(1, 60, 0, 120.0), b""));
    assert_eq!((metadata.one_shot, metadata.tempo, metadata.root_key), (Some(true), None, None));
    let metadata = said(&wav_with(&acid(0, 60, 0, f32::NAN), b""));
    assert_eq!(metadata.tempo, None);
}

#[test]
fn an_instrument_says_what_smpl_does_not() {
    let inst = chunk(b"inst", &[62, 0xf6, 0xfd, 10, 90, 1, 127], false);
    let metadata = said(&wav_with(&inst, b""));
    let instrument = Instrument { keys: (10, 90), velocities: (1, 127), gain_db: -3 };
    assert_eq!(metadata.instrument, Some(instrument));
    // It is to be tuned 10 cents down: it sounds 10 too high.
    assert_eq!((metadata.root_key, metadata.root_cents), (Some(62), Some(10.0)));
    let metadata = said(&wav_with(&inst, &smpl(64, 0, &[])));
    assert_eq!(metadata.root_key, Some(64), "the sampler's comes first");
    let metadata = said(&wav_with(&inst, &smpl(0, 0, &[])));
    assert_eq!(metadata.root_key, Some(62), "0 is none");
}

#[test]
fn broadcast_waves_say_when_and_how_loud() {
    let mut bext = vec![0; 602];
    bext[..5].copy_from_slice(b"drums");
    bext[256..261].copy_from_slice(b"F\xfcr m");
    bext[320..338].copy_from_slice(b"2024-02-2913:14:15");
    bext[338..346].copy_from_slice(&le(&[0x8000_0000, 1]));
    bext[346] = 2;
    bext[348..352].copy_from_slice(b"UMID");
    for (at, value) in [(412, -2_301_i16), (414, 550), (416, -100), (418, i16::MAX), (420, 0)] {
        bext[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    let found = said(&wav_with(&chunk(b"bext", &bext, false), b"")).broadcast.expect("one");
    assert_eq!((found.description.as_str(), found.originator.as_str()), ("drums", "Für m"));
    assert_eq!((found.date.as_str(), found.time.as_str()), ("2024-02-29", "13:14:15"));
    assert_eq!(found.time_reference_frames, (1 << 32) + (1 << 31));
    assert_eq!(found.time_reference_sec, ((1_u64 << 32) + (1 << 31)) as f64 / 48_000.0);
    assert_eq!(found.umid.len(), 32);
    assert_eq!((found.loudness_lufs, found.loudness_range_lu), (Some(-23.01), Some(5.5)));
    assert_eq!((found.max_true_peak_dbtp, found.max_momentary_lufs), (Some(-1.0), None));
    assert_eq!(found.max_short_term_lufs, Some(0.0));
    bext[346] = 1;
    let found = said(&wav_with(&chunk(b"bext", &bext, false), b"")).broadcast.expect("one");
    assert_eq!(found.loudness_lufs, None, "version 1 had other things there");
}

#[test]
fn info_is_read_also_without_padding_and_id3_comes_before() {
    // "INAM" has three bytes, and no fourth to pad them.
    let unpadded = [b"INFOINAM\x03\0\0\0abc".to_vec(), chunk(b"ITRK", b"3/12", false)].concat();
    let metadata = said(&wav_with(&chunk(b"LIST", &unpadded, false), b""));
    let expected = [("title", "abc"), ("track_number", "3"), ("track_total", "12")];
    assert_eq!(tags_of(&metadata), expected);
    // Sound Forge pads with what it had there before.
    for padding in [0, 1, b'z', 0xff] {
        let padded = [&b"INFOINAM\x03\0\0\0abc"[..], &[padding], &chunk(b"ITRK", b"3/12", false)];
        let metadata = said(&wav_with(&chunk(b"LIST", &padded.concat(), false), b""));
        assert_eq!(tags_of(&metadata), expected, "padded with {padding}");
    }
    let cut_off = b"INFOINAM\x03\0\0\0abcITRK\x64\0\0\x003/12";
    let metadata = said(&wav_with(&chunk(b"LIST", cut_off, false), b""));
    assert_eq!(tags_of(&metadata), expected, "cut off, and without padding");

    let info =
        [&b"INFO"[..], &chunk(b"INAM", b"from info", false), &chunk(b"IXYZ", b"own\0\0", false)];
    let id3 = b"ID3\x03\0\0\0\0\0\x10TIT2\0\0\0\x06\0\0\0title";
    let file = wav_with(&chunk(b"LIST", &info.concat(), false), &chunk(b"id3 ", id3, false));
    assert_eq!(tags_of(&said(&file)), [("title", "title"), ("ixyz", "own")]);
}

#[test]
fn big_endian_and_long_files_say_the_same() {
    let words = be(&[0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 10, 19, 0, 0]);
    let format = [&be(&[0x0001_0001, 48_000, 96_000])[..], &[0, 2, 0, 16]].concat();
    let body = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format, true),
        chunk(b"smpl", &words, true),
        chunk(b"data", &[0; 200], true),
    ];
    let metadata = loaded(&chunk(b"RIFX", &body.concat(), true), None).expect("some");
    assert_eq!((metadata.loops[0].start_frame, metadata.loops[0].end_frame), (10, 20));
}

/// A mono AIFF of 16 bits and 1,000 frames at 48 kHz.
fn aiff_with(chunks: &[u8]) -> Vec<u8> {
    let common = [&[0, 1][..], &be(&[1_000]), &[0, 16], b"\x40\x0e\xbb\x80\0\0\0\0\0\0"].concat();
    let sound = [&[0; 8][..], &[1; 2_000]].concat();
    let body = [
        b"AIFF".to_vec(),
        chunk(b"COMM", &common, true),
        chunks.to_vec(),
        chunk(b"SSND", &sound, true),
    ];
    chunk(b"FORM", &body.concat(), true)
}

/// One with all that is known.
pub(super) fn aiff() -> Vec<u8> {
    let mark = |id: u8, at: u32, name: &[u8]| {
        let len = u8::try_from(name.len()).expect("short");
        let padding: &[u8] = if name.len().is_multiple_of(2) { b"\0" } else { b"" };
        [&[0, id][..], &be(&[at]), &[len], name, padding].concat()
    };
    let marks = [vec![0, 3], mark(1, 100, b"start"), mark(2, 600, b"end!"), mark(9, 20, b"")];
    let inst = [61, 5, 0, 127, 1, 126, 0xff, 0xfa, 0, 2, 0, 1, 0, 2, 0, 1, 0, 9, 0, 1];
    let comments = [&[0, 2][..], &[0, 0, 0, 0, 0, 2, 0, 3], b"why\0", &[0; 6], &[0, 2], b"hi"];
    aiff_with(
        &[
            chunk(b"INST", &inst, true),
            chunk(b"MARK", &marks.concat(), true),
            chunk(b"COMT", &comments.concat(), true),
            chunk(b"NAME", b"n", true),
            chunk(b"AUTH", b"au", true),
            chunk(b"(c) ", b"1999 me", true),
        ]
        .concat(),
    )
}

#[test]
fn aiff_loops_lie_between_markers() {
    let file = aiff();
    let metadata = loaded(&file, None).expect("some");
    let loops: Vec<_> =
        metadata.loops.iter().map(|l| (l.kind, l.start_frame, l.end_frame, l.is_release)).collect();
    let expected = [(LoopKind::PingPong, 100, 600, false), (LoopKind::Forward, 20, 100, true)];
    assert_eq!(loops, expected);
    let cues: Vec<_> = metadata
        .cues
        .iter()
        .map(|cue| (cue.id, cue.frame, cue.label.as_str(), cue.note.as_str()))
        .collect();
    assert_eq!(cues, [(9, 20, "", ""), (1, 100, "start", ""), (2, 600, "end!", "why")]);
    assert_eq!((metadata.root_key, metadata.root_cents), (Some(61), Some(-5.0)));
    let instrument = Instrument { keys: (0, 127), velocities: (1, 126), gain_db: -6 };
    assert_eq!(metadata.instrument, Some(instrument));
    let expected = [("comment", "hi"), ("title", "n"), ("artist", "au"), ("copyright", "1999 me")];
    assert_eq!(tags_of(&metadata), expected);
}

#[test]
fn an_apple_loop_has_a_tempo_by_its_beats() {
    let basc = [&be(&[1, 4])[..], &[0, 57, 0, 1, 0, 4, 0, 4, 0, 0], &[0; 66]].concat();
    let metadata = loaded(&aiff_with(&chunk(b"basc", &basc, true)), None).expect("some");
    // 4 beats in 1,000 frames at 48 kHz would be 11,520 a minute, which is no tempo.
    assert_eq!((metadata.tempo, metadata.beats, metadata.key()), (None, Some(4), Some("Am")));
    assert_eq!((metadata.one_shot, metadata.root_key), (Some(false), Some(57)));
    let found = crate::metadata::Audio {
        source_rate: 10,
        sample_rate: 10,
        frames: 20,
        source_frames: None,
        is_guess: false,
    };
    let mut collector = super::Collector::new(super::Pictures::Note);
    collector.apple_beats = Some(4);
    let tempo = collector.placed_in(found).and_then(|metadata| metadata.tempo).expect("one");
    assert_eq!((tempo.bpm, tempo.source), (120.0, TempoSource::AppleLoop));
}

/// A CAF file with all that is known.
pub(super) fn caf() -> Vec<u8> {
    let caf_chunk = |id: &[u8; 4], content: &[u8]| {
        [id, &(content.len() as u64).to_be_bytes()[..], content].concat()
    };
    let marker = |kind: &[u8; 4], frame: f64, id: u32| {
        [kind, &frame.to_be_bytes()[..], &be(&[id]), &[0xff; 8], &[0; 4]].concat()
    };
    let description = [&48_000_f64.to_be_bytes()[..], b"lpcm", &be(&[0, 2, 1, 1, 16])];
    let info = [&be(&[2])[..], b"title\0T\0key signature\0Gm\0"].concat();
    let strings = [&be(&[2, 4, 0, 0, 5, 0, 3])[..], b"four\0", b"five\0"].concat();
    let strings = {
        let mut fixed = strings;
        fixed[27] = 5;
        fixed
    };
    let marks = [&be(&[0, 1])[..], &marker(b"mark", 12.0, 4)].concat();
    let region = |id: u32, flags: u32, from: f64, to: f64| {
        let ends = [marker(b"rbeg", from, 0), marker(b"rend", to, 0)].concat();
        [be(&[id, flags, 2]), ends].concat()
    };
    let regions = [be(&[0, 2]), region(5, 0, 30.0, 40.0), region(6, 1 | 2, 100.0, 200.0)].concat();
    let inst =
        [&59.5_f32.to_be_bytes()[..], &[0, 127, 0, 127], &(-2_f32).to_be_bytes(), &be(&[0; 4])];
    [
        b"caff\0\x01\0\0".to_vec(),
        caf_chunk(b"desc", &description.concat()),
        caf_chunk(b"info", &info),
        caf_chunk(b"strg", &strings),
        caf_chunk(b"mark", &marks),
        caf_chunk(b"regn", &regions),
        caf_chunk(b"inst", &inst.concat()),
        caf_chunk(b"data", &[0; 2_004]),
    ]
    .concat()
}

#[test]
fn caf_has_strings_markers_regions_and_an_instrument() {
    let file = caf();
    let metadata = loaded(&file, None).expect("some");
    assert_eq!(tags_of(&metadata), [("title", "T"), ("key", "Gm")]);
    let cues: Vec<_> =
        metadata.cues.iter().map(|cue| (cue.frame, cue.end_frame, cue.label.as_str())).collect();
    assert_eq!(cues, [(12, None, "four"), (30, Some(40), "five")]);
    assert_eq!((metadata.loops[0].start_frame, metadata.loops[0].end_frame), (100, 200));
    assert_eq!((metadata.root_key, metadata.root_cents), (Some(60), Some(-50.0)));
}

/// CAF with so many markers, whose labels are all `text`.
fn of_one_label(count: u32, text: &[u8]) -> Vec<u8> {
    let caf_chunk = |id: &[u8; 4], content: &[u8]| {
        [id, &(content.len() as u64).to_be_bytes()[..], content].concat()
    };
    let entries: Vec<u8> = (0..count).flat_map(|id| be(&[id, 0, 0])).collect();
    let strings = [be(&[count]), entries, text.to_vec()].concat();
    let marker =
        |id: u32| [&b"mark"[..], &1_f64.to_be_bytes(), &be(&[id]), &[0xff; 8], &[0; 4]].concat();
    let marks = [be(&[0, count]), (0..count).flat_map(marker).collect()].concat();
    let description = [&48_000_f64.to_be_bytes()[..], b"lpcm", &be(&[0, 2, 1, 1, 16])];
    let file = [
        b"caff\0\x01\0\0".to_vec(),
        caf_chunk(b"desc", &description.concat()),
        caf_chunk(b"strg", &strings),
        caf_chunk(b"mark", &marks),
        caf_chunk(b"data", &[0; 2_004]),
    ];
    file.concat()
}

#[test]
fn a_long_label_is_cut_between_characters() {
    for (text, kept) in [("é".repeat(3_000), 2_048), ("é".repeat(2_049), 2_048)] {
        let label = |text: &str| {
            loaded(&of_one_label(1, text.as_bytes()), None).expect("some").cues[0].label.clone()
        };
        assert_eq!(label(&text), "é".repeat(kept));
        assert_eq!(label(&format!("a{text}")), format!("a{}", "é".repeat(kept - 1)));
    }
    let clefs = "𝄞".repeat(2_000);
    for before in 0..4 {
        let text = "a".repeat(before) + &clefs;
        let metadata = loaded(&of_one_label(1, text.as_bytes()), None).expect("some");
        let kept = (4_096 - before) / 4;
        assert_eq!(metadata.cues[0].label, "a".repeat(before) + &"𝄞".repeat(kept));
    }
}

#[test]
fn labels_that_are_all_the_same_long_text_take_no_memory() {
    let metadata = loaded(&of_one_label(20_000, &[b'a'; 100_000]), None).expect("some");
    assert_eq!(metadata.cues.len(), 20_000);
    let (mut all, mut longest) = (0, 0);
    for cue in &metadata.cues {
        all += cue.label.capacity();
        longest = longest.max(cue.label.len());
    }
    assert_eq!(longest, 4_096);
    assert!(all <= 1 << 20, "{all} bytes of labels");
}

#[test]
fn au_files_have_an_annotation() {
    let head =
        [&b".snd"[..], &be(&[36, 200, 3, 48_000, 1]), b"take five\0\0\0", &[0; 200]].concat();
    assert_eq!(tags_of(&said(&head)), [("comment", "take five")]);
}

#[test]
fn a_picture_in_a_chunk_is_found_where_it_is() {
    let file = wav_with(b"", &chunk(b"id3 ", TAG, false));
    assert!(said(&file).has_cover);
    assert_eq!(cover_of(&file), Some(("image/png".to_owned(), b"\x89PNG!!"[..].to_vec())));
    let kept = loaded(&file, None).and_then(|metadata| metadata.kept_cover.clone());
    assert_eq!(kept.expect("memory cannot be read again").bytes, b"\x89PNG!!");
}
