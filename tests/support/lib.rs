//! What the tests share: files to load, events to collect, conditions to wait for.

mod contract;
mod files;
pub mod loading;
pub mod manifest;
mod ogg;
pub mod panics;
mod random;
mod sources;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::SampleBuffer;
use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisStep};

pub use contract::{Contract, collect_until_ended, collect_until_heard};
pub use files::{TempDir, noise, sine, wav_bytes};
pub use ogg::{ogg_page, repair_ogg_checksums};
pub use random::Random;
pub use sources::{
    BlockingSource, CountedSource, FaultySource, Gate, OpenReaders, PanickingSource, PausingSource,
};

/// Far longer than anything here takes; a test that reaches it has hung.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds; panics with `what` after [`PATIENCE`].
///
/// # Panics
/// When it never holds.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "still waiting for: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The committed fixtures.
pub fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Whether the long form of a check was asked for (`make nightly`).
pub fn long_form() -> bool {
    std::env::var_os("HOTCUE_LONG").is_some()
}

/// The processor time of each step of analyses: the least of some runs, which do the same, as a
/// busy machine only adds to it.
///
/// # Panics
/// Where the system does not say, as [`thread_cpu`].
pub fn step_times(sample: &Arc<SampleBuffer>, kinds: &[AnalysisKind]) -> Vec<Duration> {
    const RUNS: usize = 3;
    let mut least: Vec<Duration> = Vec::new();
    for _ in 0..RUNS {
        let mut job = AnalysisJob::new(Arc::clone(sample), kinds);
        let mut at = 0;
        loop {
            let begin = thread_cpu();
            let step = job.step();
            let time = thread_cpu() - begin;
            match least.get_mut(at) {
                Some(least) => *least = time.min(*least),
                None => least.push(time),
            }
            at += 1;
            if step == AnalysisStep::Finished {
                break;
            }
        }
    }
    least
}

/// Processor time that this thread has taken; where the system does not say so, the time that has
/// passed.
///
/// # Panics
/// Where the system should say so and does not.
pub fn thread_cpu() -> Duration {
    #[cfg(unix)]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[allow(unsafe_code, reason = "the standard library has no such clock")]
        // SAFETY: `time` is a timespec that outlives the call.
        let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
        // Of other widths on 32-bit systems.
        let secs = u64::try_from(time.tv_sec).expect("no time before the start");
        let nanos = u32::try_from(time.tv_nsec).expect("less than a second");
        Duration::new(secs, nanos)
    }
    #[cfg(not(unix))]
    {
        static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }
}

/// Threads of this process; None where the system does not say.
pub fn thread_count() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// Open file descriptors of this process; None where the system does not say.
pub fn descriptor_count() -> Option<usize> {
    std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

/// Bytes of this process that are in memory; None where the system does not say.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The README's Rust code compiles, as does that of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/howto/rust.md")]
struct HowTo;
