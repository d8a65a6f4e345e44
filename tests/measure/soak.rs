//! `measure soak`: an engine under random calls for minutes, of which nothing may be left.
//!
//! Several threads load, reload, play, unload, cancel, reprioritise, pin and push at random, on
//! good files, broken ones and sources that fail, panic and stall, within a memory budget that
//! evicts. Every event is held against the contract. What the process takes is sampled; after the
//! warm-up its slope must be indistinguishable from 0, and when all is quiet there are as many
//! threads and descriptors as before.

mod caller;
mod heap;
mod material;
mod reader;
mod report;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::{Random, descriptor_count, resident_bytes, thread_count, wait_until};

use caller::{Caller, Done};
use heap::heap_bytes;
use material::Material;
use reader::Reader;
use report::{AtRest, Found, Record};

pub(super) const SLOTS: usize = 24;
const CALLERS: usize = 4;
const WORKERS: usize = 3;
const BUDGET: u64 = 12 << 20;
/// What one load may take at most: the 30 s of silence.
const LARGEST: u64 = 30 * 48_000 * 4 + (1 << 20);
/// The share of the time that is not measured: allocators and tables grow to what they need.
const WARM_UP: f64 = 0.15;
/// One load of so many stalls, once measured and while warming up. Its decoder is replaced, and a
/// thread that takes another's place takes memory from another of the C library's arenas (up to
/// eight for each core); all of them have to have served a decoder before nothing is new any more.
const STALLS_ONE_IN: usize = 2_000;
const STALLS_AT_FIRST_ONE_IN: usize = 400;
/// How often what is open at rest is counted.
const LOOKS: usize = 20;
/// At most so much between two samples.
const SLOWEST: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Soak {
    /// How long, in minutes.
    pub(crate) minutes: f64,
    /// What is let go as too slow to be told in a short time, in kB/min; 0 for half an hour.
    pub(crate) allowed: f64,
    /// Memory that is lost on purpose, in kB/min.
    pub(crate) leak: f64,
}

impl Soak {
    /// Understands `MINUTES [allow=KB_PER_MIN] [leak=KB_PER_MIN]`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text} is no number"));
        let mut soak = Self::default();
        for word in words {
            match word.split_once('=') {
                Some(("allow", text)) => soak.allowed = number(text)?,
                Some(("leak", text)) => soak.leak = number(text)?,
                Some(_) => return Err(format!("what is {word}?")),
                None => soak.minutes = number(word)?,
            }
        }
        if soak.minutes > 0.0 { Ok(soak) } else { Err("for how many minutes?".to_owned()) }
    }
}

/// Lets everybody come to an end, also when somebody panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs it, prints what was found, and says whether all is well. `svg` is where the picture goes.
pub(crate) fn run(soak: &Soak, svg: Option<&Path>) -> Result<bool, String> {
    let material = Material::new().map_err(|error| error.to_string())?;
    let engine = AudioEngine::new(EngineConfig {
        output: "null".to_owned(),
        slots: SLOTS,
        workers: Some(WORKERS),
        memory_budget: Some(BUDGET),
        max_queued: 100,
        ..EngineConfig::default()
    })
    .map_err(|error| error.to_string())?;
    engine.run().map_err(|error| error.to_string())?;
    let (done, over) = (Done::default(), AtomicBool::new(false));
    let mut reader = Reader::default();
    let record = Mutex::new(Record::default());
    let total = Duration::from_secs_f64(soak.minutes * 60.0);
    let warm = total.mul_f64(WARM_UP);
    let (before, after) = thread::scope(|scope| {
        let (engine, done, over, reader, record) = (&engine, &done, &over, &mut reader, &record);
        let _ends = Ends(over);
        scope.spawn(move || {
            let _ends = Ends(over);
            reader.run(engine, done, over);
        });
        scope.spawn(move || watch(engine, record, soak, over));
        let here = || lock(record).points.len();
        churn(engine, &material, done, (1, STALLS_AT_FIRST_ONE_IN), warm, over)?;
        let before = settle(engine)?;
        let begin = here();
        churn(engine, &material, done, (2, STALLS_ONE_IN), total - warm, over)?;
        let end = here();
        lock(record).measured = begin..end;
        let after = settle(engine)?;
        Ok::<_, String>((before, after))
    })?;
    let stats = engine.stats();
    engine.shut_down();
    let record = record.into_inner().map_err(|_| "the watch has failed".to_owned())?;
    let found = Found { record, before, after, stats, reader, done };
    found.report(soak, svg)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Calls for `time`.
fn churn(
    engine: &AudioEngine,
    material: &Material,
    done: &Done,
    (seed, stalls_one_in): (u64, usize),
    time: Duration,
    over: &AtomicBool,
) -> Result<(), String> {
    let (begin, rest) = (Instant::now(), AtomicBool::new(false));
    thread::scope(|scope| {
        let mut random = Random::new(seed);
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let caller = Caller::new(random.fork(), engine, material, done, stalls_one_in);
                let rest = &rest;
                scope.spawn(move || {
                    let _ends = Ends(rest);
                    caller.run(rest)
                })
            })
            .collect();
        while begin.elapsed() < time
            && !over.load(Ordering::Acquire)
            && !rest.load(Ordering::Acquire)
        {
            thread::sleep(Duration::from_millis(20));
        }
        rest.store(true, Ordering::Release);
        for caller in callers {
            match caller.join() {
                Ok(result) => result.map_err(|error| error.to_string())?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

/// Empties the engine, lets all come to rest, and says what the process has open then.
fn settle(engine: &AudioEngine) -> Result<AtRest, String> {
    for id in 0..u32::try_from(SLOTS).unwrap_or(0) {
        engine.unload_sample(id).map_err(|error| error.to_string())?;
    }
    engine.stop_all(0.005).map_err(|error| error.to_string())?;
    wait_until("all is quiet", || {
        let stats = engine.stats();
        let held = stats.samples as u64 + stats.sample_bytes + stats.reserved_bytes;
        held == 0 && stats.live == 0 && stats.voices == 0
    });
    // Decoders that were replaced while they were inside a slow read come out of it by and by.
    thread::sleep(Duration::from_secs(3));
    // The thread that watches opens files of the system meanwhile: what is there at every look
    // stays.
    let least = |count: fn() -> Option<usize>| {
        let looks = (0..LOOKS).map(|_| {
            thread::sleep(Duration::from_millis(3));
            count().unwrap_or(0)
        });
        looks.min().unwrap_or(0)
    };
    Ok(AtRest {
        threads: least(thread_count),
        descriptors: least(descriptor_count),
        heap_bytes: heap_bytes(),
    })
}

fn watch(engine: &AudioEngine, record: &Mutex<Record>, soak: &Soak, over: &AtomicBool) {
    let _ends = Ends(over);
    let begin = Instant::now();
    let every = Duration::from_secs_f64(soak.minutes * 60.0 / 300.0).min(SLOWEST);
    // All of it from the start: the record itself must not grow.
    lock(record).points.reserve(2_000);
    lock(record).heap.reserve(2_000);
    for number in 0_u32.. {
        let due = every * number;
        while begin.elapsed() < due {
            if over.load(Ordering::Acquire) {
                return;
            }
            let stats = engine.stats();
            let mut record = lock(record);
            record.most_bytes = record.most_bytes.max(stats.sample_bytes + stats.reserved_bytes);
            drop(record);
            thread::sleep(due.saturating_sub(begin.elapsed()).min(Duration::from_millis(10)));
        }
        let bytes = resident_bytes().expect("the system tells what the process takes");
        let mut record = lock(record);
        let minutes = begin.elapsed().as_secs_f64() / 60.0;
        record.points.push((minutes, bytes as f64 / 1e6));
        record.heap.push((minutes, heap_bytes().unwrap_or(0) as f64 / 1e6));
        record.most_threads = record.most_threads.max(thread_count().unwrap_or(0));
        record.most_descriptors = record.most_descriptors.max(descriptor_count().unwrap_or(0));
        drop(record);
        lose(soak.leak * 1e3 * every.as_secs_f64() / 60.0);
    }
}

/// The planted leak: shows that the slope is seen.
fn lose(bytes: f64) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small size")]
    let lost = vec![1_u8; bytes as usize];
    std::mem::forget(std::hint::black_box(lost));
}
