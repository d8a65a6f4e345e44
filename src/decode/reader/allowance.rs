//! How much a load may take of its source: far more than any file needs, and still an end to what
//! goes round in circles.
//!
//! A format reader that a file leads in a circle asks for bytes again and again; at some time it
//! gets no more of them, and comes to its end. Where it goes round without asking, only its
//! thread can be given up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{LoadError, LoadErrorKind};
use crate::source::Pulse;

/// Bytes that may be read for each byte of the source. Opening reads a file twice at most, decoding
/// once; an MP4 whose tracks lie one behind the other makes its reader throw away what it read
/// ahead at each change between them, which costs the greediest files five times their length.
const READ_PER_BYTE: u64 = 16;
/// Bytes that may be read of any source besides.
const READ_BESIDES: u64 = 64 << 20;
/// What a read or seek counts for besides its bytes, so that those that bring none end too: a
/// million of them for a small file.
const CALL_BYTES: u64 = 64;
/// Longest time of one step outside the source. Steps take about 1 ms, openings of files of many
/// gigabytes seconds on a machine that does ten other things. A slow disk or network does not
/// count: that is the source's time.
const MAX_STEP_TIME: Duration = Duration::from_secs(30);
/// What counts at most of the time between two looks: who goes round in a circle asks all the time,
/// and a process that was stopped meanwhile has done nothing.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// What is left for a load.
#[derive(Debug)]
pub(super) struct Allowance {
    most_bytes: u64,
    /// What had been taken when it was granted.
    granted_at: AtomicU64,
    created: Instant,
    /// When the step at hand began, later by what does not count, in ns since `created`.
    step_began_ns: AtomicU64,
    /// When it was looked at last, likewise.
    looked_ns: AtomicU64,
    /// Time that was spent in the source by then, in ns.
    source_ns: AtomicU64,
}

impl Allowance {
    /// Of a source of so many bytes, from now on: what was taken before is somebody else's, or was
    /// until it was opened once more.
    pub(super) fn new(byte_len: u64, pulse: &Pulse) -> Self {
        Self {
            most_bytes: byte_len.saturating_mul(READ_PER_BYTE).saturating_add(READ_BESIDES),
            granted_at: AtomicU64::new(taken(pulse)),
            created: Instant::now(),
            step_began_ns: AtomicU64::new(0),
            looked_ns: AtomicU64::new(0),
            source_ns: AtomicU64::new(0),
        }
    }

    /// A step begins at `begin`; before it, `in_source` was spent in the source.
    pub(super) fn begin_step(&self, begin: Instant, in_source: Duration) {
        // Relaxed: whoever steps a load is the one who reads.
        self.step_began_ns.store(self.since_created(begin), Ordering::Relaxed);
        self.looked_ns.store(self.since_created(begin), Ordering::Relaxed);
        self.source_ns.store(ns(in_source), Ordering::Relaxed);
    }

    /// Forgets what was taken so far.
    pub(super) fn grant(&self, pulse: &Pulse) {
        // Relaxed: whoever steps a load is the one who reads.
        self.granted_at.store(taken(pulse), Ordering::Relaxed);
    }

    /// Whether the source may be asked at `now`.
    ///
    /// # Errors
    /// `corrupt` beyond what any file needs.
    pub(super) fn check(
        &self,
        now: Instant,
        in_source: Duration,
        pulse: &Pulse,
    ) -> Result<(), LoadError> {
        // Relaxed, as below.
        if taken(pulse).saturating_sub(self.granted_at.load(Ordering::Relaxed)) > self.most_bytes {
            return Err(corrupt("it would have to be read again and again"));
        }
        let now_ns = self.since_created(now);
        let pause_ns = now_ns.saturating_sub(self.looked_ns.swap(now_ns, Ordering::Relaxed));
        let uncounted_ns = pause_ns.saturating_sub(ns(MAX_PAUSE));
        let began_ns = self.step_began_ns.fetch_add(uncounted_ns, Ordering::Relaxed);
        let step_ns = now_ns.saturating_sub(began_ns.saturating_add(uncounted_ns));
        let source_ns = ns(in_source).saturating_sub(self.source_ns.load(Ordering::Relaxed));
        if step_ns.saturating_sub(source_ns) > ns(MAX_STEP_TIME) {
            return Err(corrupt("a part of it takes longer than 30 s to decode"));
        }
        Ok(())
    }

    fn since_created(&self, time: Instant) -> u64 {
        ns(time.saturating_duration_since(self.created))
    }
}

/// What a load took of its source.
fn taken(pulse: &Pulse) -> u64 {
    pulse.bytes().saturating_add(pulse.beats().saturating_mul(CALL_BYTES))
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn corrupt(message: &str) -> LoadError {
    LoadError::new(LoadErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(result: Result<(), LoadError>) -> Option<LoadErrorKind> {
        result.err().map(|error| error.kind())
    }

    #[test]
    fn what_is_read_again_and_again_ends() {
        let (pulse, now) = (Pulse::default(), Instant::now());
        pulse.beat(1 << 40);
        let allowance = Allowance::new(100 << 20, &pulse);
        for _ in 0..16 {
            pulse.beat(100 << 20);
        }
        assert_eq!(kind(allowance.check(now, Duration::ZERO, &pulse)), None);
        pulse.beat(65 << 20);
        let failure = kind(allowance.check(now, Duration::ZERO, &pulse));
        assert_eq!(failure, Some(LoadErrorKind::Corrupt));
    }

    #[test]
    fn only_time_outside_the_source_counts_and_each_step_has_its_own() {
        let pulse = Pulse::default();
        let allowance = Allowance::new(1, &pulse);
        let second = Duration::from_secs(1);
        let at = |seconds| allowance.created + second * seconds;
        let check = |now, in_source| kind(allowance.check(at(now), second * in_source, &pulse));
        // It asks all the time.
        assert!((0..=30).all(|now| check(now, 0).is_none()));
        assert_eq!(check(31, 0), Some(LoadErrorKind::Corrupt));
        allowance.begin_step(at(100), Duration::ZERO);
        assert_eq!(check(3_600, 3_480), None, "a disk that sleeps");
        allowance.begin_step(at(3_600), second * 3_480);
        assert!((3_600..=3_630).all(|now| check(now, 3_480).is_none()));
        assert_eq!(check(3_631, 3_480), Some(LoadErrorKind::Corrupt));
        assert_eq!(check(3_631, 3_482), None);
    }

    #[test]
    fn time_in_which_the_process_was_stopped_does_not_count() {
        let pulse = Pulse::default();
        let allowance = Allowance::new(1, &pulse);
        let at = |seconds| allowance.created + Duration::from_secs(seconds);
        let check = |now| kind(allowance.check(at(now), Duration::ZERO, &pulse));
        assert_eq!([check(10), check(3_600), check(3_600 + 86_400)], [None; 3]);
        // With the three times two seconds of before.
        assert!((1..=24).all(|second| check(90_000 + second).is_none()));
        assert_eq!(check(90_025), Some(LoadErrorKind::Corrupt));
    }
}
