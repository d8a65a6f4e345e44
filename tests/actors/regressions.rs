//! What other loaders got wrong, held by name.
//!
//! Elsewhere, under the promise or part that it belongs to: a stale completion, a reload refused,
//! the old sample lost, an unload's ghost (`slots`, `sharing`); a superseded load without an end
//! (`direct_messages`, `schedules`); a panic's spinner (`worker_panic`); a full ring (`outputs`);
//! a silently patched file (`golden`); the last owner in the callback, unbounded draining
//! (`realtime`); guessed progress (`measure`); event fields that drift (the Python tests).

use std::sync::Arc;

use hotcue::Source;
use hotcue_tests::{PATIENCE, TempDir, thread_count, wav_bytes};

use crate::{alone, offline};

#[test]
fn regression_a_thread_per_load() {
    alone("regressions::regression_a_thread_per_load", || {
        let content: Arc<[u8]> = Arc::from(wav_bytes(44_100, 1, 44_100, |_, _| 0.25));
        let engine = offline(2);
        let load = |id| engine.load_sample_async(Some(id), Source::Memory(content.clone()), 0);
        load(0).expect("accepted").wait(Some(PATIENCE)).expect("it ends").expect("it loads");
        // On a system that does not say, both are None.
        let before = thread_count();
        let tickets: Vec<_> = (0..500).map(|id| load(id).expect("accepted")).collect();
        let mut most = before;
        for ticket in tickets {
            most = most.max(thread_count());
            ticket.wait(Some(PATIENCE)).expect("it ends").expect("it loads");
        }
        // A decoder that gets no core for a while has another beside it.
        let allowed = before.map(|before| before + 10);
        assert!(most <= allowed, "{most:?} of {before:?} threads while 500 loads are under way");
    });
}

#[test]
fn regression_three_times_peak_memory() {
    alone("regressions::regression_three_times_peak_memory", || {
        let folder = TempDir::new();
        // Resampled, so that every page of the result is written to.
        let path = folder.silent_wav("long.wav", 44_100, 600);
        let engine = offline(1);
        let idle = peak_bytes();
        let ticket = engine.load_sample_async(Some(0), Source::Path(path), 0).expect("accepted");
        let sample = ticket.wait(Some(PATIENCE)).expect("it ends").expect("it loads");
        let result = sample.buffer().byte_len() as f64;
        // On a system that does not say, both are None.
        assert_eq!(idle.is_some(), cfg!(target_os = "linux"));
        if let (Some(idle), Some(peak)) = (idle, peak_bytes()) {
            let taken = (peak - idle) as f64;
            assert!(taken <= 1.15 * result + 8e6, "{taken} bytes for a sample of {result}");
            assert!(taken > 0.9 * result, "the measure sees the sample");
        }
    });
}

/// The most memory this process has had so far.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}
