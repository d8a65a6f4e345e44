//! What all targets share: which panics are defects, and the limits of every input.
//!
//! libFuzzer's hook aborts at the first panic. Here one in our own code does; one in a dependency is
//! caught, as a decoder's thread does it, and told once per place.

#[path = "../../tests/mutate/memory.rs"]
mod memory;
#[path = "../../tests/support/ogg.rs"]
#[allow(dead_code, reason = "tests make pages, too")]
mod ogg;
#[path = "../../tests/support/panics.rs"]
mod panics;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::abort;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

pub use ogg::repair_ogg_checksums;
use panics::Panic;

/// Most time of the processor that one input may take. By the clock it takes longer on a machine
/// that does other things, and with the instruments of a fuzzer.
const MAX_TIME: Duration = Duration::from_secs(2);
/// Most bytes of the heap that one input may hold at once; as in `tests/mutate.rs`.
const MAX_PEAK_BYTES: usize = 192 << 20;
/// What is told of at all.
const WORTH_TELLING_NS: u64 = 50_000_000;
const WORTH_TELLING_BYTES: u64 = 16 << 20;

static PANICS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
static SLOWEST_NS: AtomicU64 = AtomicU64::new(WORTH_TELLING_NS);
static GREATEST_BYTES: AtomicU64 = AtomicU64::new(WORTH_TELLING_BYTES);

/// Feeds `input` to `work`. Ends the process with a message when that panics in our own code,
/// takes too long or too much memory.
///
/// With `HOTCUE_FUZZ_PANIC=text` also when it panics at a place that contains `text`, so that such
/// an input can be made smaller.
pub fn run(input: &[u8], work: impl FnOnce(&[u8])) {
    let begin = processor_time();
    let (result, peak) = memory::peak_of(|| panics::caught(|| work(input)));
    let time = processor_time().saturating_sub(begin);
    if let Err(panic) = result {
        panicked(input, &panic);
    }
    tell_record(&SLOWEST_NS, u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), "ns");
    tell_record(&GREATEST_BYTES, peak as u64, "bytes");
    if time > MAX_TIME {
        eprintln!("==== too slow: {time:?}");
        abort();
    }
    if peak > MAX_PEAK_BYTES {
        eprintln!("==== takes too much memory: {peak} bytes");
        abort();
    }
}

fn panicked(input: &[u8], panic: &Panic) {
    if !panic.is_foreign {
        eprintln!("==== our own panic at {}: {}\n{}", panic.place, panic.message, panic.backtrace);
        abort();
    }
    if std::env::var("HOTCUE_FUZZ_PANIC").is_ok_and(|text| panic.place.contains(&text)) {
        eprintln!("==== the panic that was asked for at {}: {}", panic.place, panic.message);
        abort();
    }
    let mut panics = PANICS.lock().expect("one thread");
    let count = panics.entry(panic.place.clone()).or_default();
    *count += 1;
    if count.is_power_of_two() {
        eprintln!("==== {count} panics of a dependency at {}: {}", panic.place, panic.message);
    }
    if *count == 1 {
        keep(&panic.place, input);
    }
}

/// Keeps the first input that made a dependency panic at `place`.
fn keep(place: &str, input: &[u8]) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/artifacts/panics"));
    let name: String = place
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    let path = folder.join(name.trim_start_matches('-'));
    if !path.exists() && fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input)).is_err()
    {
        eprintln!("==== cannot write {}", path.display());
    }
}

fn tell_record(record: &AtomicU64, value: u64, unit: &str) {
    let before = record.load(Relaxed);
    if value > before {
        record.store(value, Relaxed);
        // Not at each step of a slow climb.
        if value > before + before / 16 {
            eprintln!("==== record: {value} {unit}");
        }
    }
}

/// Time that this thread has spent on a processor.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every system that libFuzzer runs on; `time` is valid to write.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A target: `$name` of `hotcue::fuzzing`, or any other function of bytes. With `ogg`, most
/// inputs get their checksums right, else nothing behind them is ever reached.
#[macro_export]
macro_rules! target {
    ($work:expr) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::run(data, $work));
    };
    (ogg $work:expr) => {
        $crate::target!($work);
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            let size = libfuzzer_sys::fuzzer_mutate(data, size, max_size);
            if seed % 4 != 0 {
                $crate::repair_ogg_checksums(&mut data[..size]);
            }
            size
        });
    };
}
