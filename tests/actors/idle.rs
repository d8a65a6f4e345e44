//! What an engine does that has nothing to do.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue::playback::PlaybackEvent;
use hotcue_actors::{EngineConfig, PlayOptions, PlaybackNotice};
use hotcue_tests::{PATIENCE, sine, wait_until, wav_bytes};

use crate::{alone, running};

/// How often the thread of this name has gone to sleep so far, by the system's account.
fn sleeps(thread: &str) -> u64 {
    let tasks =
        fs::read_dir("/proc/self/task").expect("Linux").map(|task| task.expect("one").path());
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let task = tasks.into_iter().find(|task| read(task.join("comm")).trim() == thread);
    let status = read(task.expect("it runs").join("status"));
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.expect("of every task").trim().parse().expect("a number")
}

#[test]
fn an_idle_engine_looks_round_ten_times_a_second_until_something_comes() {
    alone("idle::an_idle_engine_looks_round_ten_times_a_second_until_something_comes", || {
        let engine = running(EngineConfig { output: "null".into(), ..EngineConfig::default() });
        let second = || {
            let (before, begin) = (sleeps("hotcue-sink"), Instant::now());
            thread::sleep(Duration::from_secs(1));
            (sleeps("hotcue-sink") - before) as f64 / begin.elapsed().as_secs_f64()
        };
        // One that never slept would spin, and be counted least.
        wait_until("it has come to rest", || (5.0..25.0).contains(&second()));
        let tone = wav_bytes(48_000, 1, 480, sine(440.0, 48_000));
        let ticket = engine.load_sample_async(Some(0), Source::Memory(Arc::from(tone)), 0);
        ticket.expect("accepted").wait(Some(PATIENCE)).expect("an end").expect("a sound file");
        engine.play_sample(0, PlayOptions::default()).expect("it runs").expect("it is there");
        wait_until("the voice is told of", || {
            let notice = engine.poll_playback_events();
            matches!(notice, Some(PlaybackNotice::Voice(PlaybackEvent::Ended { .. })))
        });
    });
}
