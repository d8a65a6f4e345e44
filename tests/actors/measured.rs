//! The short forms of what `make soak`, `make promises` and `make streams` measure: the same program,
//! in a process of its own, with bounds that a busy machine and an unoptimised build keep.

use std::process::{Command, Output};

/// Slower growth, in kB/min, is not told from a warm-up in ten seconds.
const ALLOWED: &str = "allow=200000";

fn measure(words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_measure")).args(words).output();
    let Output { status, stdout, stderr } = output.expect("it is there");
    let text =
        format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(matches!(status.code(), Some(0 | 1)), "{words:?}: {status}\n{text}");
    (status.success(), text)
}

#[test]
fn random_calls_lose_no_event_and_leave_nothing_behind() {
    let (well, text) = measure(&["soak", "0.17", ALLOWED]);
    assert!(well, "{text}");
}

// Elsewhere nothing says how much memory there is.
#[cfg(target_os = "linux")]
#[test]
fn a_planted_leak_is_found() {
    let (well, text) = measure(&["soak", "0.17", ALLOWED, "leak=1000000"]);
    assert!(!well && text.contains("GROWS"), "{text}");
}

#[test]
fn promises_about_time_hold_at_least_roughly() {
    let (well, text) = measure(&["promises", "short", "times=20"]);
    assert!(well, "{text}");
}

#[test]
fn eight_voices_stream_hours_beside_200_loads_faster_than_they_should() {
    let (well, text) = measure(&["stream", "short", "times=5"]);
    assert!(well, "{text}");
}
