//! The promises under random schedules on the real actors, all on one thread, under a virtual
//! clock: a seed is a whole interleaving.

mod checks;
mod device;
mod disk;
mod log;
mod model;
mod world;

use hotcue_tests::long_form;

/// Schedules of each thread.
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("HOTCUE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None if long_form() => 0..100_000,
        None => 0..2_000,
    }
}

/// `HOTCUE_SEED` runs one schedule again.
#[test]
fn promises_hold_under_a_virtual_clock() {
    for seed in seeds() {
        if let Err((failure, entries)) = world::run(seed) {
            // A test's own output: what a failure is to be understood by.
            #[allow(clippy::print_stderr, reason = "a failing test tells what happened")]
            {
                eprintln!("{}", log::text(&entries));
            }
            panic!("{failure}\nseed {seed} fails; HOTCUE_SEED={seed} runs it again");
        }
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
