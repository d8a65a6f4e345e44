//! How much memory one sample may have.
#![allow(unsafe_code, reason = "asks the C library")]

use std::fs;
use std::sync::OnceLock;

/// Where Linux says how much a container may have, by the version of its control groups.
const LIMITS: [&str; 2] =
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// The most bytes of one sample: three quarters of the memory that there is. Memory is not refused
/// where there is too little: once it is used, the system ends a program, and not always this one.
/// None where nobody says how much there is.
pub(super) fn most_bytes() -> Option<u64> {
    static MOST: OnceLock<Option<u64>> = OnceLock::new();
    *MOST.get_or_init(|| {
        let limit = |path: &&str| fs::read_to_string(path).ok()?.trim().parse().ok();
        let limits = LIMITS.iter().filter_map(limit);
        limits.chain(machine_bytes()).min().map(|bytes: u64| bytes / 4 * 3)
    })
}

/// The memory of the machine.
#[cfg(unix)]
fn machine_bytes() -> Option<u64> {
    // SAFETY: it takes a number and gives one.
    let asked = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    asked(libc::_SC_PHYS_PAGES)?.checked_mul(asked(libc::_SC_PAGESIZE)?)
}

#[cfg(not(unix))]
fn machine_bytes() -> Option<u64> {
    None
}
