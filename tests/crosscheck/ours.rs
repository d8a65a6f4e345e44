//! Loads a file here, with a deadline, and whatever happens.

use std::cell::RefCell;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::{LoadError, LoadOptions, LoadedSample, Source};
use hotcue_tests::loading;

/// In real time, on a machine that does much else; what a load takes is told apart.
const DEADLINE: Duration = Duration::from_secs(60);

/// What came of a load.
pub(crate) enum Outcome {
    Loaded(Box<LoadedSample>),
    Refused(LoadError),
    /// With what the panic said, and where.
    Panicked(String),
    TimedOut,
}

/// What came of a load, and how long it worked, in milliseconds.
pub(crate) struct Ours {
    pub(crate) outcome: Outcome,
    pub(crate) ms: f64,
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics are told in the report, not on the terminal.
pub(crate) fn keep_panics_quiet() {
    panic::set_hook(Box::new(|info| PANIC.set(Some(info.to_string().replace('\n', " ")))));
}

/// Loads `path` at its own rate. A load that does not return in time is left behind.
pub(crate) fn load(path: &Path) -> Ours {
    let (tx, rx) = mpsc::channel();
    let source = Source::Path(path.to_path_buf());
    thread::spawn(move || {
        let begin = Instant::now();
        let loaded = panic::catch_unwind(AssertUnwindSafe(|| {
            loading::load(source, LoadOptions::default(), DEADLINE)
        }));
        let ms = cpu_ms().unwrap_or_else(|| begin.elapsed().as_secs_f64() * 1e3);
        let outcome = match loaded {
            Ok(Ok(sample)) => Outcome::Loaded(Box::new(sample)),
            Ok(Err(_)) if begin.elapsed() >= DEADLINE => Outcome::TimedOut,
            Ok(Err(error)) => Outcome::Refused(error),
            Err(_) => Outcome::Panicked(PANIC.take().unwrap_or_default()),
        };
        // Nobody listens any more when this comes too late.
        tx.send(Ours { outcome, ms }).ok();
    });
    let timed_out = Ours { outcome: Outcome::TimedOut, ms: DEADLINE.as_secs_f64() * 1e3 };
    rx.recv_timeout(DEADLINE + Duration::from_secs(5)).unwrap_or(timed_out)
}

/// What the calling thread has worked so far; None where the system does not say.
fn cpu_ms() -> Option<f64> {
    let times = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(times.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}
