//! Several loads that do not fit beside each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{NoRoom, PER_FRAME, Rig, deliver, refusal};

#[test]
fn loads_wait_for_each_other_and_fail_only_by_themselves() {
    let rig = Rig::new();
    let first = rig.reserved(60);
    assert!(matches!(rig.reserve(60), Err(NoRoom::WaitForOthers)));
    refusal(rig.reserve(101));
    let mut second = rig.budget.reserve();
    assert!(matches!(second.grow_to(60 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    // On its way to its slot it still comes free by itself, and in it at once.
    let delivery = deliver(60, first);
    assert!(matches!(second.grow_to(60 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    rig.put(0, &delivery);
    assert!(matches!(second.grow_to(60 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    drop(delivery);
    assert!(second.grow_to(60 * PER_FRAME).is_ok());
    assert_eq!(rig.evicted(), [(0, 240)]);
}

#[test]
fn what_would_not_fit_even_alone_does_not_wait() {
    let rig = Rig::new();
    rig.load(0, 50);
    rig.table.pin(0, true);
    let _other = rig.reserved(20);
    refusal(rig.reserve(60));
    assert!(matches!(rig.reserve(40), Err(NoRoom::WaitForOthers)));
}

#[test]
fn of_growing_loads_that_block_each_other_the_oldest_goes_on() {
    let rig = Rig::new();
    let (mut older, mut younger) = (rig.reserved(50), rig.reserved(50));
    assert!(matches!(older.grow_to(60 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    assert!(matches!(younger.grow_to(60 * PER_FRAME), Err(NoRoom::StartOver)));
    drop(younger);
    assert!(older.grow_to(60 * PER_FRAME).is_ok());

    // The younger asks first: it waits for a load that runs, and hears when that waits too.
    let mut younger = rig.reserved(40);
    assert!(matches!(younger.grow_to(50 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    assert!(matches!(older.grow_to(70 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    assert!(matches!(younger.grow_to(50 * PER_FRAME), Err(NoRoom::StartOver)));
    drop(younger);
    assert!(older.grow_to(70 * PER_FRAME).is_ok());
}

#[test]
fn a_more_urgent_load_overtakes_one_that_waits() {
    let rig = Rig::new();
    let _running = rig.reserved(60);
    let mut large = rig.budget.reserve();
    assert!(matches!(large.grow_to(80 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    let mut small = rig.budget.reserve();
    assert!(matches!(small.grow_to(10 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    small.is_of(1);
    assert!(small.grow_to(10 * PER_FRAME).is_ok());
    // Now the large one is as urgent, as it says when it asks again.
    large.is_of(1);
    assert!(matches!(large.grow_to(80 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    let mut other = rig.budget.reserve();
    other.is_of(1);
    assert!(matches!(other.grow_to(10 * PER_FRAME), Err(NoRoom::WaitForOthers)));
}

#[test]
fn a_load_does_not_overtake_an_older_one_that_waits() {
    let rig = Rig::new();
    let mut running = rig.reserved(60);
    let mut large = rig.budget.reserve();
    assert!(matches!(large.grow_to(80 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    let mut small = rig.budget.reserve();
    assert!(matches!(small.grow_to(10 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    refusal(rig.reserve(101));
    assert!(running.grow_to(70 * PER_FRAME).is_ok(), "what runs goes on");
    drop(running);
    assert!(matches!(small.grow_to(10 * PER_FRAME), Err(NoRoom::WaitForOthers)));
    assert!(large.grow_to(80 * PER_FRAME).is_ok());
    assert!(small.grow_to(10 * PER_FRAME).is_ok());
}

/// A load that takes so long hangs; all of them together may take longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Threads load samples that grow, all of which fit alone but few together.
#[test]
fn no_load_fails_or_hangs_because_of_another() {
    const LOADS: usize = 1_500;
    let limit = 100 * PER_FRAME as u64;
    let rig = Rig::of(8, limit);
    let done = AtomicUsize::new(0);
    let (mut started_over, mut waited) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..4_usize {
            let (rig, done, started_over, waited) = (&rig, &done, &started_over, &waited);
            scope.spawn(move || {
                for load in 0..LOADS {
                    let frames = 20 + (load * 31 + worker * 17) % 80;
                    let mut reservation = rig.budget.reserve();
                    let mut have = 0;
                    let begin = Instant::now();
                    while have < frames {
                        assert!(begin.elapsed() < PATIENCE, "load {load} of {worker} hangs");
                        let wanted = (have + 10).min(frames);
                        match reservation.grow_to(wanted * PER_FRAME) {
                            Ok(()) => {
                                have = wanted;
                                // As a decoder does with its other work: the others get on too.
                                std::thread::yield_now();
                            }
                            Err(NoRoom::WaitForOthers) => {
                                waited.fetch_add(1, Ordering::Relaxed);
                                std::thread::yield_now();
                            }
                            Err(NoRoom::StartOver) => {
                                started_over.fetch_add(1, Ordering::Relaxed);
                                reservation = rig.budget.reserve();
                                have = 0;
                            }
                            Err(NoRoom::Never(error)) => panic!("load {load} of {worker}: {error}"),
                        }
                    }
                    let delivery = deliver(frames, reservation);
                    rig.put(u32::try_from(worker * 2 + load % 2).expect("few"), &delivery);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            // One load may overdraw what is evicted, by itself at most.
            let (mut seen, mut since) = (0, Instant::now());
            while seen < 4 * LOADS && since.elapsed() < PATIENCE {
                let now = done.load(Ordering::Relaxed);
                if now > seen {
                    (seen, since) = (now, Instant::now());
                }
                let (in_slots, elsewhere) = rig.bytes();
                assert!(in_slots + elsewhere <= 2 * limit, "{in_slots} and {elsewhere}");
                std::thread::yield_now();
            }
        });
    });
    assert_eq!(done.into_inner(), 4 * LOADS);
    assert!(*waited.get_mut() > 0 && *started_over.get_mut() > 0, "they never met");
    assert!(!rig.evicted().is_empty());
}
