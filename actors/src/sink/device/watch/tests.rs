//! What is taken for a fault, and what is not.

use std::time::Duration;

use actix_rt::time::Instant;

use super::{Fault, Watch};

const TICK: Duration = Duration::from_millis(20);

/// Looks every 20 ms for `seconds`, at a device that has asked for `frames(t)` and taken `cpu(t)`
/// by the time `t`; gives the faults and when they were found.
fn faults(
    seconds: u32,
    frames: impl Fn(f64) -> Option<u64>,
    cpu: impl Fn(f64) -> f64,
) -> Vec<(Fault, f64)> {
    let start = Instant::now();
    let mut watch = Watch::new(start);
    (0..seconds * 50)
        .filter_map(|tick| {
            let now = start + TICK * tick;
            let time = f64::from(tick) / 50.0;
            let idle_cpu = || Some(Duration::from_secs_f64(cpu(time)));
            watch.look(frames(time), idle_cpu, now).map(|fault| (fault, time))
        })
        .collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "frames of seconds")]
fn in_time(time: f64) -> Option<u64> {
    Some((time * 48_000.0) as u64)
}

#[test]
fn a_device_that_plays_in_time_has_no_fault() {
    assert_eq!(faults(60, in_time, |time| 0.02 * time), []);
    // Nor has an output that another clock drives, whatever it says.
    assert_eq!(faults(60, |_| None, |time| time), []);
}

#[test]
fn two_seconds_at_once_are_no_stall_and_four_are() {
    let in_steps = |step: f64| move |time: f64| in_time((time / step).floor() * step + 1.0);
    assert_eq!(faults(60, in_steps(2.0), |_| 0.0), []);
    let found = faults(10, in_steps(4.0), |_| 0.0);
    let (fault, at) = found[0];
    assert!(fault == Fault::Stalled && (3.0..3.1).contains(&at), "{found:?}");
}

#[test]
fn a_device_that_never_begins_has_longer() {
    assert_eq!(faults(6, |_| Some(0), |_| 0.0), []);
    assert_eq!(faults(7, |_| Some(0), |_| 0.0)[0].0, Fault::Stalled);
}

#[test]
fn a_thread_that_spins_is_found_within_three_seconds_and_said_once() {
    let found = faults(60, in_time, |time| 0.9 * time);
    assert!(found.len() == 1 && found[0].0 == Fault::Spinning, "{found:?}");
    assert!(found[0].1 <= 3.0, "{found:?}");
    // One busy second is none.
    assert_eq!(faults(60, in_time, |time| time.clamp(20.0, 21.0)), []);
}

#[test]
fn a_device_is_not_to_blame_for_a_time_in_which_the_process_was_stopped() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut watch = Watch::new(start);
    let mut look = |frames, ms| watch.look(Some(frames), || None, at(ms));
    assert_eq!(look(480, 20), None);
    // For a minute; what is looked at first is what was there before.
    assert_eq!(look(480, 60_020), None);
    assert_eq!(look(960, 60_040), None);
    // One that does not go on after that has stopped all the same.
    for ms in (60_060..=63_040).step_by(20) {
        assert_eq!(look(960, ms), None, "{ms} ms");
    }
    assert_eq!(look(960, 63_060), Some(Fault::Stalled));
}
