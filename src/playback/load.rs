//! How much of its time the callback takes.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Buckets of the distribution, eight per octave: each is 9 % wide.
const BUCKETS: usize = 128;
const BUCKETS_PER_OCTAVE: f32 = 8.0;
/// The lower edge of the first bucket: 2⁻¹².
const LOWEST_OCTAVE: f32 = -12.0;

/// What share of the time that its blocks last the callback has worked, 1.0 being all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CallbackLoad {
    /// Of all blocks together.
    pub mean: f32,
    /// 99 of 100 blocks took no more; to 9 %.
    pub p99: f32,
    /// Of the slowest block.
    pub max: f32,
}

/// Adds up what the callback reports; any thread reads.
#[derive(Debug)]
pub(super) struct LoadCounter {
    worked_ns: AtomicU64,
    lasted_ns: AtomicU64,
    /// The bits of a value that is not negative order as it does.
    max: AtomicU32,
    buckets: [AtomicU32; BUCKETS],
}

impl Default for LoadCounter {
    fn default() -> Self {
        Self {
            worked_ns: AtomicU64::new(0),
            lasted_ns: AtomicU64::new(0),
            max: AtomicU32::new(0),
            buckets: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

// Relaxed: a reader may see one block in one figure and not yet in another.
impl LoadCounter {
    /// Counts a block of `frames` frames that took `worked`. Realtime-safe.
    pub(super) fn count(&self, worked: Duration, frames: usize, sample_rate: u32) {
        let lasted = frames as f64 / f64::from(sample_rate);
        #[allow(clippy::cast_possible_truncation, reason = "a share in f32 is enough")]
        let load = (worked.as_secs_f64() / lasted) as f32;
        let bucket = (load.log2() - LOWEST_OCTAVE) * BUCKETS_PER_OCTAVE;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and makes 0 of what is below"
        )]
        let (bucket, worked_ns, lasted_ns) =
            (bucket as usize, worked.as_nanos() as u64, (lasted * 1e9) as u64);
        self.worked_ns.fetch_add(worked_ns, Ordering::Relaxed);
        self.lasted_ns.fetch_add(lasted_ns, Ordering::Relaxed);
        self.max.fetch_max(load.to_bits(), Ordering::Relaxed);
        self.buckets[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far; zero before the first block.
    pub(super) fn read(&self) -> CallbackLoad {
        let lasted = self.lasted_ns.load(Ordering::Relaxed);
        if lasted == 0 {
            return CallbackLoad::default();
        }
        #[allow(clippy::cast_possible_truncation, reason = "a share in f32 is enough")]
        let mean = (self.worked_ns.load(Ordering::Relaxed) as f64 / lasted as f64) as f32;
        let max = f32::from_bits(self.max.load(Ordering::Relaxed));
        let counts = self.buckets.each_ref().map(|bucket| bucket.load(Ordering::Relaxed));
        let blocks: u64 = counts.iter().copied().map(u64::from).sum();
        let mut below = 0;
        let bucket = counts.iter().position(|count| {
            below += u64::from(*count);
            below * 100 >= blocks * 99
        });
        let edge = bucket.unwrap_or(0) as f32 + 1.0;
        let p99 = (edge / BUCKETS_PER_OCTAVE + LOWEST_OCTAVE).exp2().min(max);
        CallbackLoad { mean, p99, max }
    }
}
