//! The promises under random schedules on the real actors, all on one thread, under a virtual
//! clock: a seed is a whole interleaving.

mod checks;
mod device;
mod disk;
mod dying;
mod hangs;
mod log;
mod lost;
mod model;
mod overtaken;
mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use hotcue_tests::long_form;

/// Runs a scene on one thread, whose clock goes on whenever all wait.
fn under_a_virtual_clock<T>(scene: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without a driver");
    tokio::task::LocalSet::new().block_on(&runtime, scene)
}

/// `HOTCUE_SEED` runs one schedule again, or with `from..until` that many.
fn seeds() -> Range<u64> {
    let asked = std::env::var("HOTCUE_SEED").ok();
    let number = |text: &str| text.parse().expect("HOTCUE_SEED is a number, or from..until");
    match asked.as_deref().map(|asked| asked.split_once("..").ok_or(asked)) {
        Some(Ok((from, until))) => number(from)..number(until),
        Some(Err(seed)) => number(seed)..number(seed) + 1,
        None if long_form() => 0..100_000,
        None => 0..2_000,
    }
}

#[test]
fn promises_hold_under_a_virtual_clock() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let failed = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return None;
                }
                if let Err(failure) = world::run(seed) {
                    // The others need not go on.
                    next.store(seeds.end, Ordering::Relaxed);
                    return Some((seed, failure));
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ends = threads.into_iter().map(|thread| thread.join().expect("it catches panics"));
        ends.flatten().min_by_key(|(seed, _)| *seed)
    });
    if let Some((seed, (failure, entries))) = failed {
        // A test's own output: what a failure is to be understood by.
        #[allow(clippy::print_stderr, reason = "a failing test tells what happened")]
        {
            eprintln!("{}", log::text(&entries));
        }
        panic!("{failure}\nseed {seed} fails; HOTCUE_SEED={seed} runs it again");
    }
}

#[test]
fn a_seed_is_the_whole_interleaving() {
    for seed in 0..50 {
        let texts = [(); 2].map(|()| match world::run(seed) {
            Ok(entries) | Err((_, entries)) => log::text(&entries),
        });
        assert!(texts[0] == texts[1], "seed {seed} went two ways:\n{}\n{}", texts[0], texts[1]);
    }
}
