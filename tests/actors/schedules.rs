//! Random schedules on real threads, checked against the contract and against a model.
//!
//! Several callers submit, with analyses, cancel, supersede, unload, push, play, switch outputs and
//! shut down at random, on sources that work, fail, panic, stall or break off. The callers' choices
//! follow from the seed; how their threads interleave does not. A failure prints the seed, the calls
//! and all events.

mod caller;
mod model;
mod sources;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::mock::{MockHandle, mock};
use hotcue::output::{DeviceError, DeviceErrorKind, OutputRequest};
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_tests::{Random, long_form};

use caller::{Caller, Done};
use sources::Material;

/// Slots that all callers share; beyond them each caller has slots of its own.
const SHARED_SLOTS: u32 = 3;
const OWN_SLOTS: u32 = 3;
const CALLERS: u32 = 3;
const CALLS: usize = 60;
const SLOTS: u32 = SHARED_SLOTS + CALLERS * OWN_SLOTS;

/// `HOTCUE_SEED` runs one schedule again.
#[test]
fn promises_hold_under_random_schedules() {
    let material = Material::new();
    let one = std::env::var("HOTCUE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None if long_form() => 0..6_000,
        None => 0..240,
    };
    for seed in seeds {
        run(seed, &material);
    }
}

/// One engine's life.
fn run(seed: u64, material: &Material) {
    let mut random = Random::new(seed);
    let engine = AudioEngine::new(EngineConfig {
        output: "offline".to_owned(),
        slots: SLOTS as usize,
        workers: Some(1 + random.below(3)),
        max_queued: if random.one_in(4) { 4 } else { 1_000 },
        ..EngineConfig::default()
    })
    .expect("a valid configuration");
    let device = match random.below(4) {
        0 => {
            let (output, device) = mock(&OutputRequest::default());
            engine.run_on(output).expect("a mock starts");
            Some(device)
        }
        _ => {
            engine.run().expect("the engine starts");
            None
        }
    };
    // Whoever takes the lowest free slot may take one that another caller calls its own.
    let claims = random.one_in(3);
    // At a random moment of half of the schedules; else when all callers are done.
    let ends_early = random.one_in(2).then(|| random.below(CALLS));
    let events = Mutex::new(Vec::new());
    let calls: Vec<Mutex<Vec<Done>>> = (0..CALLERS).map(|_| Mutex::default()).collect();
    let checked = panic::catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            let (engine, device) = (&engine, device.as_ref());
            let mut threads = Vec::new();
            for (number, done) in (0..).zip(&calls) {
                let random = random.fork();
                let caller = Caller::new(number, random, engine, material, claims, done);
                threads.push(scope.spawn(move || caller.run(CALLS)));
            }
            let stage = random.fork();
            threads.push(scope.spawn(move || play_the_stage(stage, engine, device, ends_early)));
            // Read along, or of a busy queue the oldest `started` may go.
            while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                let soon = Instant::now() + Duration::from_millis(1);
                lock(&events).extend(engine.events().wait(soon));
            }
        });
        model::check(&engine, &calls, &mut lock(&events));
    }));
    if let Err(failure) = checked {
        let mut log = String::new();
        for (number, calls) in calls.iter().enumerate() {
            for call in lock(calls).iter() {
                log.push_str(&format!("caller {number}: {call:?}\n"));
            }
        }
        for event in lock(&events).iter() {
            log.push_str(&format!("{event:?}\n"));
        }
        // A test's own output: what a failure is to be understood by.
        #[allow(clippy::print_stderr, reason = "a failing test tells what happened")]
        {
            eprintln!("{log}seed {seed} fails; HOTCUE_SEED={seed} runs it again");
        }
        panic::resume_unwind(failure);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The device's part, and perhaps the end.
fn play_the_stage(
    mut random: Random,
    engine: &AudioEngine,
    device: Option<&MockHandle>,
    ends_early: Option<usize>,
) {
    for act in 0..CALLS {
        if ends_early == Some(act) {
            return engine.shut_down();
        }
        if let Some(device) = device {
            device.pull(64);
            if random.one_in(80) {
                device.lose(DeviceError::new(DeviceErrorKind::Invalidated, "unplugged"));
            }
        }
        if random.one_in(40) {
            let output = if random.one_in(2) { "null" } else { "offline" };
            caller::allow_the_end(engine.set_output(output));
        }
        random.dawdle();
    }
}
