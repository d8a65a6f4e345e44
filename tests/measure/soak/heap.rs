//! What the allocator has given out: tells what is lost from what the allocator keeps in reserve.

/// Bytes of the heap in use, by all threads; None where the allocator does not tell.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub(super) fn heap_bytes() -> Option<u64> {
    use tikv_jemalloc_ctl::{epoch, stats};
    // Its figures are those of the last epoch.
    epoch::advance().ok()?;
    u64::try_from(stats::allocated::read().ok()?).ok()
}

/// Bytes of the heap in use, by all threads; None where the allocator does not tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
pub(super) fn heap_bytes() -> Option<u64> {
    None
}
