//! What has to leave a folder that is too full.
//!
//! Cards and results take a thousandth of what samples take: they stay as long as they have no more
//! than a quarter of the room. Of both, what was used longest ago leaves first. But of what was
//! used within a quarter of an hour, what was used last does: a set that is larger than the room
//! would push itself out from its start on, and find nothing at all the next time.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// For how long something is not given up for what comes after it: longer than most sets take to
/// load, and shorter than one is worked with.
const KEPT: Duration = Duration::from_secs(900);

/// A file of the cache.
#[derive(Debug)]
pub(super) struct Seen {
    /// When it was used last.
    pub(super) used: SystemTime,
    /// What it takes of the disk.
    pub(super) bytes: u64,
    pub(super) path: PathBuf,
    pub(super) is_sample: bool,
}

/// The order in which files leave: those of long ago, the oldest first, then the newest first.
fn turn(seen: &Seen, now: SystemTime) -> (bool, Duration) {
    let ago = now.duration_since(seen.used).unwrap_or(Duration::ZERO);
    match ago < KEPT {
        true => (true, ago),
        false => (false, seen.used.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
    }
}

/// Gives `found` to `remove`, which says whether it is gone, until what is left takes `room` bytes at
/// most; what is left then.
pub(super) fn clear(
    found: Vec<Seen>,
    room: u64,
    now: SystemTime,
    mut remove: impl FnMut(PathBuf) -> bool,
) -> u64 {
    let (mut samples, mut rest): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|seen| seen.is_sample);
    for files in [&mut samples, &mut rest] {
        files.sort_by_cached_key(|seen| turn(seen, now));
    }
    let [of_samples, mut of_rest] = [&samples, &rest]
        .map(|files| files.iter().fold(0_u64, |sum, seen| sum.saturating_add(seen.bytes)));
    for seen in rest {
        if of_rest <= room / 4 || of_samples.saturating_add(of_rest) <= room {
            break;
        }
        if remove(seen.path) {
            of_rest = of_rest.saturating_sub(seen.bytes);
        }
    }
    let mut left = of_samples.saturating_add(of_rest);
    for seen in samples {
        if left <= room {
            break;
        }
        if remove(seen.path) {
            left = left.saturating_sub(seen.bytes);
        }
    }
    left
}
