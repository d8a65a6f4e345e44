//! Many streams beside many loads, in made-up time: every step takes a millisecond.

use std::collections::VecDeque;

use super::super::{StreamFeed, StreamReader, Wish};
use super::{Both, fixtures, memory};
use crate::job::{LoadJob, LoadOptions, Step};
use crate::resample::Workbench;

const STREAMS: usize = 8;
const LOADS: usize = 200;
const WORKERS: usize = 2;
/// How much faster than they should the voices play.
const TIMES: u64 = 20;
/// Frames that the callback takes at once.
const CALLBACK: u64 = 128;

struct Voice {
    feed: StreamFeed,
    reader: StreamReader,
    at: u64,
}

/// The one whose deadline is nearest.
fn most_urgent(voices: &mut [Voice]) -> Option<&mut Voice> {
    let waiting = voices.iter_mut().filter(|voice| !voice.feed.is_full());
    waiting.min_by_key(|voice| voice.feed.due_frames())
}

#[test]
fn eight_streams_at_twenty_times_the_speed_never_run_dry_beside_loads() {
    let files = fixtures("long");
    let (name, file) = files.iter().find(|(name, _)| name == "mp3_cbr.mp3").expect("a fixture");
    let both = Both::new(name, file, 48_000).expect("a sound file");
    both.scan();
    let mut voices: Vec<Voice> = (0..STREAMS as u64)
        .map(|number| {
            let (feed, reader) = both.sample.voice();
            reader.set_waits(false);
            // They turn round at their ends, each at another time.
            let at = number * 1_000;
            Voice { feed, reader, at }
        })
        .collect();
    let small = fixtures("");
    let mut loads: VecDeque<LoadJob> = (0..LOADS)
        .map(|number| LoadJob::new(memory(&small[number % small.len()].1), LoadOptions::default()))
        .collect();
    let (mut bench, mut ended, mut block) = (Workbench::default(), 0, [[0.0; 128]; 2]);
    let mut due = 0;
    for ms in 0..10_000 {
        for _ in 0..WORKERS {
            if let Some(voice) = most_urgent(&mut voices) {
                voice.feed.step(&mut bench).expect("the same file");
            } else if let Some(load) = loads.front_mut()
                && !matches!(load.step(&mut bench), Ok(Step::Working))
            {
                loads.pop_front();
                ended += 1;
            }
        }
        due += 48 * TIMES;
        while due >= CALLBACK {
            due -= CALLBACK;
            for (number, voice) in voices.iter_mut().enumerate() {
                if voice.at + CALLBACK > both.frames() {
                    voice.at = 0;
                }
                voice.reader.set_wish(Wish { frame: voice.at, backwards: false });
                let [left, right] = &mut block;
                let is_there = voice.reader.read(voice.at, &mut [left, right]);
                assert!(is_there, "stream {number} ran dry at {} after {ms} ms", voice.at);
                voice.at += CALLBACK;
            }
        }
        if ended == LOADS {
            return;
        }
    }
    panic!("{ended} loads of {LOADS} ended");
}

#[test]
fn a_voice_that_soon_runs_dry_comes_before_one_that_waits() {
    let files = fixtures("long");
    let (name, file) = files.iter().find(|(name, _)| name == "mp3_cbr.mp3").expect("a fixture");
    let both = Both::new(name, file, 48_000).expect("a sound file");
    let head = both.sample.head().ready_frames() as u64;
    let (waiting, waits) = both.sample.voice();
    waits.set_wish(Wish { frame: head, backwards: false });
    let (sounding, sounds) = both.sample.voice();
    sounds.set_waits(false);
    for (left, sounding_first) in [(1_000, true), (10_000, true), (30_000, false)] {
        sounds.set_wish(Wish { frame: head - left, backwards: false });
        assert_eq!(sounding.ahead_frames(), left);
        let is_first = sounding.due_frames() < waiting.due_frames();
        assert_eq!(is_first, sounding_first, "{left} frames before it runs dry");
    }
}
