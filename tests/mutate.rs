//! Thousands of broken files: none may hang, take memory beyond reason, give an unsound sample,
//! or panic in code of ours.
//!
//! Every input follows from its number alone. `HOTCUE_MUTATION=number` makes only that one, and
//! leaves it in the folder for temporary files.
#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]
#![allow(clippy::print_stderr, reason = "says which input it was when the process has to end")]

mod mutate {
    mod bombs;
    mod known;
    pub(crate) mod memory;
    pub(crate) mod mutation;
}

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::{LoadError, LoadOptions, LoadedSample, Source};
use hotcue_tests::loading::load;
use hotcue_tests::{fixtures, long_form, panics};
use mutate::memory::peak_of;
use mutate::mutation::{Random, broken};

const INPUTS: u64 = 10_000;
const INPUTS_LONG: u64 = 200_000;
/// A fixture takes milliseconds; this is room for a machine that does ten other things.
const DEADLINE: Duration = Duration::from_secs(10);
/// The limit of every second load.
const MAX_SAMPLE_BYTES: u64 = 1 << 20;
/// What a load may hold at once: readers' buffers, codecs' tables, transforms between two rates
/// without a common divisor, and of a codec that can pack much into little, room for as much as
/// its header states. Of 800,000 inputs the greediest took 74 MB.
const MAX_PEAK_BYTES: usize = 192 << 20;

static CURRENT: AtomicU64 = AtomicU64::new(0);

/// Ends the process when one input takes too long: a thread that hangs cannot be stopped.
fn watch() {
    thread::spawn(|| {
        let mut seen = (u64::MAX, Instant::now());
        loop {
            thread::sleep(Duration::from_millis(100));
            let current = CURRENT.load(Ordering::Relaxed);
            if seen.0 != current {
                seen = (current, Instant::now());
            } else if seen.1.elapsed() > DEADLINE {
                eprintln!("input {current} hangs");
                std::process::abort();
            }
        }
    });
}

/// The names and contents of all fixtures that are not empty, always in the same order.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = std::fs::read_dir(fixtures())
        .expect("the fixtures are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|kind| kind != "tsv"))
        .map(|path| {
            let bytes = std::fs::read(&path).expect("a fixture can be read");
            (path.file_name().expect("a file has a name").to_string_lossy().into_owned(), bytes)
        })
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    seeds.sort();
    assert!(seeds.len() > 50, "only {} fixtures", seeds.len());
    seeds
}

/// Input `number`, and what it was made of.
fn input(number: u64, seeds: &[(String, Vec<u8>)]) -> (String, Vec<u8>) {
    let mut random = Random::new(number);
    let (name, original) = &seeds[random.below(seeds.len())];
    let (_, other) = &seeds[random.below(seeds.len())];
    (format!("{number}, of {name}"), broken(original, other, &mut random))
}

type Outcome = Result<Result<LoadedSample, LoadError>, panics::Panic>;

/// Loads one input; also the most memory that it held. Every second one is limited.
fn attempt(number: u64, bytes: Vec<u8>) -> (Outcome, usize, LoadOptions) {
    let options = LoadOptions {
        sample_rate: number.is_multiple_of(3).then_some(48_000),
        max_sample_bytes: number.is_multiple_of(2).then_some(MAX_SAMPLE_BYTES),
    };
    let source = Source::Memory(bytes.into());
    let (outcome, peak) = peak_of(|| panics::caught(|| load(source, options, DEADLINE)));
    (outcome, peak, options)
}

/// Why a sample is unsound, if it is.
fn unsound(sample: &LoadedSample, options: LoadOptions) -> Option<&'static str> {
    let buffer = &sample.buffer;
    let values = buffer.ready_frames() * buffer.channels();
    let planes: Vec<&[f32]> = (0..buffer.channels()).map(|channel| buffer.plane(channel)).collect();
    let checks = [
        (buffer.frames().is_some_and(|frames| frames > 0), "is empty"),
        (buffer.spec().validate().is_ok(), "has a rate or channels outside the limits"),
        (
            planes.iter().all(|plane| plane.iter().all(|value| value.is_finite())),
            "holds values that are no numbers",
        ),
        (
            options.max_sample_bytes.is_none_or(|max| (values * size_of::<f32>()) as u64 <= max),
            "is larger than its limit",
        ),
    ];
    checks.iter().find(|(holds, _)| !holds).map(|(_, what)| *what)
}

/// What all inputs of one kind of file came to.
#[derive(Default)]
struct Row {
    inputs: u64,
    opened: u64,
    slowest: Duration,
    peak: usize,
}

/// For a person: what was done, per kind of file.
fn table(rows: &BTreeMap<String, Row>, panics: &BTreeMap<String, u64>) -> String {
    let mut text = "kind\tinputs\topened\tslowest ms\tpeak MiB\n".to_owned();
    for (kind, row) in rows {
        let Row { inputs, opened, slowest, peak } = row;
        let line = format!("{kind}\t{inputs}\t{opened}\t{}\t{}\n", slowest.as_millis(), peak >> 20);
        text.push_str(&line);
    }
    for (place, count) in panics {
        text.push_str(&format!("{count} ended in a panic at {place}\n"));
    }
    text
}

#[test]
fn broken_files_never_hang_take_all_memory_or_panic_in_our_code() {
    watch();
    let only = std::env::var("HOTCUE_MUTATION").ok().and_then(|number| number.parse().ok());
    let numbers = match only {
        Some(number) => number..number + 1,
        None => 0..if long_form() { INPUTS_LONG } else { INPUTS },
    };
    let seeds = seeds();
    let mut failures = Vec::new();
    let mut panics: BTreeMap<String, u64> = BTreeMap::new();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for number in numbers {
        let (name, bytes) = input(number, &seeds);
        if only.is_some() {
            let path = std::env::temp_dir().join(format!("mutation-{number}"));
            std::fs::write(&path, &bytes).expect("the folder for temporary files can be written");
        }
        CURRENT.store(number, Ordering::Relaxed);
        let begin = Instant::now();
        let (outcome, peak, options) = attempt(number, bytes);
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind).to_owned();
        let row = rows.entry(kind).or_default();
        row.inputs += 1;
        row.slowest = row.slowest.max(begin.elapsed());
        row.peak = row.peak.max(peak);
        match outcome {
            Err(panic) => {
                if !panic.is_foreign {
                    let panics::Panic { place, message, backtrace, .. } = &panic;
                    failures.push(format!("{name}: panics at {place}: {message}\n{backtrace}"));
                }
                *panics.entry(panic.place).or_default() += 1;
            }
            Ok(Err(_)) => {}
            Ok(Ok(sample)) => {
                row.opened += 1;
                failures.extend(unsound(&sample, options).map(|what| format!("{name}: {what}")));
            }
        }
        if peak > MAX_PEAK_BYTES {
            failures.push(format!("{name}: takes {peak} bytes"));
        }
    }
    let table = table(&rows, &panics);
    eprint!("{table}");
    let target = fixtures().join("../../target");
    std::fs::create_dir_all(&target).expect("the folder for what is made can be written");
    std::fs::write(target.join("mutations.tsv"), table).expect("it can be written");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
