//! Forwards, backwards, round loops.

use super::excerpts::counted_wrongly;
use super::{Both, StreamScan, fixtures};
use crate::testing::ramp_wav;

/// Long fixtures, and a file that is merely copied.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = fixtures("long");
    files.push(("ramp".to_owned(), ramp_wav(400_000, 44_100)));
    files
}

#[test]
fn played_from_start_to_end_it_is_the_whole_file() {
    for (name, file) in files() {
        for rate in [44_100, 48_000, 44_101] {
            let mut both = Both::new(&name, &file, rate).expect("a sound file");
            let (mut feed, reader) = both.sample.voice();
            let frames = both.frames();
            both.forwards(&mut feed, &reader, 0, frames);
            assert_eq!(both.sample.frames(), Some(frames), "{name}");
            assert!(feed.is_full());
        }
    }
}

#[test]
fn short_and_odd_files_are_the_whole_file_too() {
    let mut streamed = 0;
    for (name, file) in fixtures("") {
        for rate in [48_000, 44_100] {
            let Ok(mut both) = Both::new(&name, &file, rate) else { continue };
            let (mut feed, reader) = both.sample.voice_with(1 << 14);
            let frames = both.frames();
            both.forwards(&mut feed, &reader, 0, frames);
            both.scan();
            streamed += 1;
        }
    }
    assert!(streamed > 100, "{streamed}");
}

#[test]
fn what_a_whole_load_refuses_is_refused() {
    for name in ["garbage.mp3", "empty.wav", "no_frames.wav", "truncated_header.flac"] {
        let file = std::fs::read(super::fixture_folder(name)).expect("a fixture");
        let mut whole = crate::LoadJob::new(super::memory(&file), Default::default());
        let mut opening = super::StreamOpening::new(super::memory(&file), None);
        let mut bench = crate::Workbench::default();
        let whole = loop {
            match whole.step(&mut bench) {
                Ok(crate::Step::Working) => {}
                Ok(crate::Step::Done(_)) => panic!("{name} loads"),
                Err(error) => break error,
            }
        };
        let error = loop {
            match opening.step(&mut bench) {
                Ok(super::StreamStep::Working) => {}
                Ok(super::StreamStep::Ready(_)) => panic!("{name} opens"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), whole.kind(), "{name}");
    }
}

#[test]
fn played_backwards_it_is_the_whole_file() {
    for (name, file) in files() {
        for rate in [44_100, 48_000] {
            let mut both = Both::new(&name, &file, rate).expect("a sound file");
            both.scan();
            let (mut feed, reader) = both.sample.voice();
            let frames = both.frames();
            both.backwards(&mut feed, &reader, frames, 0);
        }
    }
}

#[test]
fn loops_and_turns_go_on_where_they_lead() {
    for (name, file) in files() {
        let mut both = Both::new(&name, &file, 48_000).expect("a sound file");
        both.scan();
        let (mut feed, reader) = both.sample.voice();
        let (start, end) = (both.frames() / 5, both.frames() * 4 / 5);
        for _ in 0..3 {
            both.forwards(&mut feed, &reader, start, end);
        }
        both.backwards(&mut feed, &reader, end, start);
        both.forwards(&mut feed, &reader, start, end);
        // Here and there, as somebody scratches.
        let step = end / 20;
        for turn in 2..20 {
            let (low, high) = (end - step * turn, end - step * (turn - 1));
            both.forwards(&mut feed, &reader, low, high);
            both.backwards(&mut feed, &reader, high, low - step / 2);
        }
    }
}

#[test]
fn without_a_pass_before_it_the_end_is_found_backwards_too() {
    let mut both = Both::new("ramp", &ramp_wav(200_000, 44_100), 48_000).expect("a sound file");
    let (mut feed, reader) = both.sample.voice();
    reader.set_wish(super::Wish { frame: both.frames() + 100_000, backwards: true });
    while feed.step(&mut both.bench).expect("the same file") {}
    assert_eq!(both.sample.frames(), Some(both.frames()));
    let frames = both.frames();
    both.backwards(&mut feed, &reader, frames, 100_000);
}

#[test]
fn where_a_voice_jumps_to_is_there_before_it_does() {
    for (name, file) in files() {
        let mut both = Both::new(&name, &file, 48_000).expect("a sound file");
        both.scan();
        // Far from each other, and behind the head.
        let (start, end) = (60_000, both.frames());
        let (mut feed, reader) = both.sample.voice_with(1 << 14);
        for round in 0..3 {
            reader.set_jump(super::Wish { frame: start, backwards: false }, Some(end));
            both.forwards(&mut feed, &reader, end - 20_000, end);
            while feed.step(&mut both.bench).expect("the same file") {}
            assert!(reader.frames_from(start) >= 16_000, "{name}, round {round}");
        }
        // All that is there is used before anything more is read.
        let frames = reader.frames_from(start).min(both.frames() - start);
        both.forwards(&mut feed, &reader, start, start + frames);
        reader.set_jump(super::Wish { frame: end, backwards: true }, Some(start));
        both.backwards(&mut feed, &reader, start + 20_000, start);
        while feed.step(&mut both.bench).expect("the same file") {}
        assert!(reader.frames_before(end) >= 1 << 13, "{name}");
        both.backwards(&mut feed, &reader, end, end - 40_000);
    }
}

#[test]
fn behind_a_voice_there_is_what_it_reads_when_it_turns_round() {
    for rate in [8_000, 48_000, 192_000, 384_000] {
        let mut both = Both::new("ramp", &ramp_wav(900_000, rate), rate).expect("a sound file");
        both.scan();
        let (mut feed, reader) = both.sample.voice();
        // In a block and a fade of 5 ms, at 16 times the speed.
        let way = 16 * (256 + u64::from(rate) / 200) + 8;
        for (frame, backwards) in [(850_000, true), (600_000, true), (650_000, false)] {
            reader.set_wish(super::Wish { frame, backwards });
            while feed.step(&mut both.bench).expect("the same file") {}
            let both_ways = reader.frames_from(frame).min(reader.frames_before(frame));
            assert!(both_ways >= way, "{both_ways} frames round {frame} at {rate} Hz");
        }
    }
}

#[test]
fn a_length_that_was_counted_stays() {
    for ahead in [0, 700, 1_500] {
        let mut both = Both::new("joined", &counted_wrongly(ahead), 44_100).expect("a sound file");
        let frames = both.frames();
        let (mut feed, reader) = both.sample.voice();
        // By what pages say, as long as nobody has counted.
        reader.set_wish(super::Wish { frame: frames - 60_000, backwards: false });
        while reader.frames_from(frames - 60_000) == 0 {
            assert!(feed.step(&mut both.bench).expect("the same file"));
        }
        both.scan();
        while feed.step(&mut both.bench).expect("the same file") {}
        assert_eq!(both.sample.frames(), Some(frames), "{ahead} too much");
        assert_eq!(reader.frames_from(frames - 60_000), 60_000, "{ahead} too much");
    }
}

#[test]
fn who_waits_for_an_end_that_nobody_looks_for_finds_it() {
    let (_, file) = files().into_iter().find(|(name, _)| name == "mp3_no_tag.mp3").expect("there");
    let mut both = Both::new("mp3", &file, 48_000).expect("a sound file");
    let scan = StreamScan::new(&both.sample);
    let (mut feed, reader) = both.sample.voice();
    reader.set_wish(super::Wish { frame: 1, backwards: true });
    assert!(!feed.step(&mut both.bench).expect("the same file"), "the scan will find it");
    drop(scan);
    while feed.step(&mut both.bench).expect("the same file") {}
    assert_eq!(both.sample.frames(), Some(both.frames()));
}
