//! What the allocator has given out: tells what is lost from what the allocator keeps in reserve.

/// Bytes of the heap in use, by all threads; None where the C library does not tell.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn heap_bytes() -> Option<u64> {
    #[allow(unsafe_code, reason = "the C library's own figures; there is no safe way to them")]
    // SAFETY: takes nothing and returns plain numbers; safe from any thread.
    let figures = unsafe { libc::mallinfo2() };
    // In the arenas, and in mappings of their own.
    u64::try_from(figures.uordblks + figures.hblkhd).ok()
}

/// Bytes of the heap in use, by all threads; None where the C library does not tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn heap_bytes() -> Option<u64> {
    None
}
