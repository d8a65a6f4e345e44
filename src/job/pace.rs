//! How long a load will still take: from its own speed so far, and before that shows, from the
//! speed of loads before it.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

/// Kinds of work that are remembered: many more than a program has.
const MAX_LEARNED: usize = 128;
/// Values below which a load says nothing about speed: 0.2 s of stereo.
const MIN_LEARNED_VALUES: u64 = 16_384;
/// How often a load looks for what is known while others have hold of it: each has it for less than
/// a microsecond.
const TRIES: usize = 100;
/// For how long a load seems to have run at the speed that was known before, when it begins.
const TRUST_IN_LEARNED_NS: f64 = 10e6;
/// The same where nothing was known but a default.
const TRUST_IN_DEFAULT_NS: f64 = 2e6;

/// A kind of work whose speed is worth remembering.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// Decoding, per container, codec and bits of a value.
    Decode { container: String, codec: String, bits: Option<u32> },
    /// Changing the rate from one to another, in Hz.
    Resample { from: u32, to: u32 },
}

impl Work {
    /// Nanoseconds per value before anything is learned: the order of magnitude of one core of
    /// 2020, and only what the first load of a kind starts with.
    fn default_ns(&self) -> f64 {
        match self {
            // Packet by packet, elsewhere all in one.
            Self::Decode { container, codec, .. } if codec.starts_with("pcm_") => {
                if matches!(container.as_str(), "mkv" | "mp4") { 14.0 } else { 5.0 }
            }
            Self::Decode { codec, .. } if codec == "alac" => 38.0,
            Self::Decode { codec, .. } if codec == "aac" => 20.0,
            Self::Decode { .. } => 13.0,
            Self::Resample { from, to } => 5.0 * (f64::from(*to) / f64::from(*from)).max(1.0),
        }
    }
}

/// Nanoseconds per value of each kind; the one used last stands at the end.
type Learned = Vec<(Work, f64)>;

static LEARNED: Mutex<Learned> = Mutex::new(Vec::new());

/// What is known, unless it cannot be had soon. In a process that was forked while a thread of its
/// parent had hold of it, it never can; loads there begin with the defaults and wait for nobody.
fn soon(learned: &Mutex<Learned>) -> Option<MutexGuard<'_, Learned>> {
    for _ in 0..TRIES {
        match learned.try_lock() {
            Ok(learned) => return Some(learned),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}

fn known_ns(work: &Work) -> Option<f64> {
    let learned = soon(&LEARNED)?;
    learned.iter().rev().find(|(known, _)| known == work).map(|(_, ns)| *ns)
}

/// Remembers that `values` values of `work` took `time`.
pub(super) fn learn(work: Work, values: u64, time: Duration) {
    if values < MIN_LEARNED_VALUES {
        return;
    }
    let ns = time.as_nanos() as f64 / values as f64;
    let Some(mut learned) = soon(&LEARNED) else { return };
    let before = learned.iter().position(|(known, _)| *known == work).map(|at| learned.remove(at));
    // Halfway: follows a machine that changes its speed, and forgets a single hiccup.
    let ns = before.map_or(ns, |(_, before)| (before + ns) / 2.0);
    if learned.len() >= MAX_LEARNED {
        learned.remove(0);
    }
    learned.push((work, ns));
}

/// What one load has done and has to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    /// Values (frames × channels) decoded since the first frame was found.
    pub(super) values_done: u64,
    pub(super) values_left: u64,
    /// Time spent on them, without that in the source.
    pub(super) worked: Duration,
    /// Bytes read since the source was opened.
    pub(super) bytes_done: u64,
    pub(super) bytes_left: u64,
    /// Time spent in reading them.
    pub(super) reading: Duration,
}

/// The pace of one load.
///
/// It is a mean of all that was done, in which each part counts by how late it was: in the second
/// half of the time, three times as much as in the first. Loads seldom keep their speed. What makes
/// them slower, another program or memory that the system has to find, mostly lasts; and what is
/// peculiar to their first moments is over.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds of work, and values that came of them, each part times `worked_ns` then.
    weighted_ns: f64,
    weighted_values: f64,
    /// Nanoseconds of work so far, those of former loads included that it begins with.
    worked_ns: f64,
    trusted_ns: f64,
    values: u64,
}

impl Pace {
    /// For a load that decodes and, if `resample` is there, resamples.
    pub(super) fn new(decode: &Work, resample: Option<&Work>) -> Self {
        let parts = || std::iter::once(decode).chain(resample);
        let expected_ns: f64 =
            parts().map(|work| known_ns(work).unwrap_or_else(|| work.default_ns())).sum();
        let is_known = parts().all(|work| known_ns(work).is_some());
        let trusted_ns = if is_known { TRUST_IN_LEARNED_NS } else { TRUST_IN_DEFAULT_NS };
        let weighted_ns = trusted_ns * trusted_ns / 2.0;
        Self {
            weighted_ns,
            weighted_values: weighted_ns / expected_ns.max(0.01),
            worked_ns: trusted_ns,
            trusted_ns,
            values: 0,
        }
    }

    /// Takes in that by now `values` values are done, for which the load worked for `worked`.
    fn went_on(&mut self, values: u64, worked: Duration) {
        let before_ns = self.worked_ns;
        self.worked_ns = before_ns.max(self.trusted_ns + worked.as_nanos() as f64);
        // Meanwhile, on average.
        let weight = (before_ns + self.worked_ns) / 2.0;
        self.weighted_ns += (self.worked_ns - before_ns) * weight;
        self.weighted_values += values.saturating_sub(self.values) as f64 * weight;
        self.values = values;
    }

    /// How much longer the load will take.
    pub(super) fn remaining(&mut self, at: &Position) -> Duration {
        self.went_on(at.values_done, at.worked);
        let ns_per_value = self.weighted_ns / self.weighted_values;
        let ns_per_byte = at.reading.as_nanos() as f64 / at.bytes_done.max(1) as f64;
        let ns = at.values_left as f64 * ns_per_value + at.bytes_left as f64 * ns_per_byte;
        Duration::try_from_secs_f64(ns / 1e9).unwrap_or(Duration::MAX)
    }
}

/// `done` as a percentage of `done + remaining`.
pub(super) fn percent(done: Duration, remaining: Duration) -> f32 {
    let all = done.saturating_add(remaining).as_secs_f32();
    if all > 0.0 { done.as_secs_f32() / all * 100.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::{Learned, Pace, Position, Work, learn, percent, soon};

    fn decode(codec: &str) -> Work {
        Work::Decode { container: "wav".to_owned(), codec: codec.to_owned(), bits: None }
    }

    fn remaining_ms(pace: &mut Pace, at: Position) -> u128 {
        pace.remaining(&at).as_millis()
    }

    #[test]
    fn the_first_load_of_a_kind_soon_goes_by_its_own_speed() {
        let mut pace = Pace::new(&decode("never heard of"), None);
        // 100 ns per value: nothing that anybody would have expected.
        let worked = Duration::from_millis(100);
        let at = Position {
            values_done: 1_000_000,
            values_left: 9_000_000,
            worked,
            ..Position::default()
        };
        assert!((780..=920).contains(&remaining_ms(&mut pace, at)), "{pace:?}");
    }

    #[test]
    fn the_second_load_of_a_kind_knows_from_the_start() {
        learn(decode("second"), 10_000_000, Duration::from_secs(1));
        let mut pace = Pace::new(&decode("second"), None);
        let start = Position { values_left: 10_000_000, ..Position::default() };
        assert_eq!(remaining_ms(&mut pace, start), 1000);
        // Twice as slow, say on another core: half of each.
        learn(decode("second"), 10_000_000, Duration::from_secs(2));
        let mut pace = Pace::new(&decode("second"), None);
        assert_eq!(remaining_ms(&mut pace, start), 1500);
    }

    #[test]
    fn a_load_that_has_become_slower_is_expected_to_stay_so() {
        let mut pace = Pace::new(&decode("slower"), None);
        // 100 ms at 10 ns per value, then 100 ms at 20. With each part weighted by its time, t:
        // ns per value = (∫ t dt, 0..200) / (∫ t/10 dt, 0..100 + ∫ t/20 dt, 100..200)
        //              = 20,000 / (500 + 750) = 16.
        let at = |ms: u64| Position {
            values_done: 100_000 * ms.min(100) + 50_000 * ms.saturating_sub(100),
            values_left: 10_000_000,
            worked: Duration::from_millis(ms),
            ..Position::default()
        };
        for ms in 1..200 {
            pace.remaining(&at(ms));
        }
        assert!((158..=162).contains(&remaining_ms(&mut pace, at(200))), "{pace:?}");
    }

    #[test]
    fn decoding_and_resampling_are_learned_apart() {
        let resample = Work::Resample { from: 12_345, to: 54_321 };
        learn(decode("apart"), 1_000_000, Duration::from_millis(10));
        learn(resample.clone(), 1_000_000, Duration::from_millis(30));
        let mut pace = Pace::new(&decode("apart"), Some(&resample));
        let start = Position { values_left: 1_000_000, ..Position::default() };
        assert_eq!(remaining_ms(&mut pace, start), 40);
    }

    #[test]
    fn a_slow_source_takes_its_own_time_for_the_bytes_left() {
        learn(decode("slow source"), 1_000_000, Duration::from_millis(10));
        let mut pace = Pace::new(&decode("slow source"), None);
        let at = Position {
            values_left: 1_000_000,
            bytes_done: 1_000,
            bytes_left: 9_000,
            reading: Duration::from_millis(100),
            ..Position::default()
        };
        assert_eq!(remaining_ms(&mut pace, at), 910);
    }

    #[test]
    fn a_few_values_teach_nothing() {
        learn(decode("tiny"), 10, Duration::from_secs(1));
        let mut pace = Pace::new(&decode("tiny"), None);
        let start = Position { values_left: 1_000_000, ..Position::default() };
        assert!(remaining_ms(&mut pace, start) < 100, "{pace:?}");
    }

    #[test]
    fn nobody_waits_for_a_thread_that_a_fork_left_behind() {
        let learned = Mutex::new(Learned::new());
        let held = learned.lock().expect("nobody panicked");
        assert!(soon(&learned).is_none());
        drop(held);
        assert!(soon(&learned).is_some());
    }

    #[test]
    fn percent_is_the_share_of_the_whole() {
        let ms = Duration::from_millis;
        assert_eq!(percent(ms(1), ms(3)), 25.0);
        assert_eq!(percent(ms(0), ms(0)), 0.0);
        assert!(percent(ms(5), Duration::MAX) < 1e-6);
    }
}
