//! Large blocks as pages of their own, straight from the system. An allocator may keep what it
//! is given back, for each thread: then memory that a budget has freed is missing to others.
//!
//! The system is asked for large pages, of 2 MB on most machines: most of the time that it takes to
//! load what need not be decoded is the system's, which hands out and clears pages one by one.
#![allow(unsafe_code, reason = "see storage.rs, whose part this is")]

use std::ptr::NonNull;

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
use super::{arena, moving::forget};

/// Zeroed, untouched pages of at least `bytes`; None for what is small, and where the system has
/// none to give.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) fn map(bytes: usize) -> Option<NonNull<f32>> {
    /// Of fewer, too much of the last one would be wasted, ...
    const FEWEST_PAGES: usize = 4;
    /// ... unless pages are large, as of some ARM systems.
    const LARGE_BYTES: usize = 128 << 10;
    let page = page_bytes()?;
    if bytes < (FEWEST_PAGES * page).min(LARGE_BYTES) {
        return None;
    }
    let beside_others =
        if bytes <= arena::MOST_BYTES { arena::take(bytes.next_multiple_of(page)) } else { None };
    beside_others.or_else(|| map_apart(bytes))
}

/// The same, in no large page together with other blocks: of one that others are in nothing goes
/// before memory is short, or all of it.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) fn map_apart(bytes: usize) -> Option<NonNull<f32>> {
    /// Each is a mapping of its own, of which a process has only so many. From here on allocators
    /// do the same, until they have seen larger blocks come and go.
    const SMALLEST_BYTES: usize = 128 << 10;
    if bytes < SMALLEST_BYTES {
        return None;
    }
    let start = reserve(bytes, libc::PROT_READ | libc::PROT_WRITE)?;
    if bytes > arena::MOST_BYTES {
        // SAFETY: all of the mapping that was just made.
        unsafe { prefer_large(start, bytes) };
    }
    Some(start)
}

/// A fresh mapping of `bytes` with such a protection.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) fn reserve(bytes: usize, protection: libc::c_int) -> Option<NonNull<f32>> {
    let alone = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: asks for fresh memory anywhere; nothing that exists is touched.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, alone, -1, 0) };
    if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
}

/// Asks for `bytes` from `start` on to come in large pages, as far as they fill such.
///
/// # Safety
/// These are pages of a mapping that the caller owns.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) unsafe fn prefer_large(start: NonNull<f32>, bytes: usize) {
    // SAFETY: by the caller's word. The advice changes neither content nor address; where the system
    // does not take it, nothing is lost.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
}

/// Elsewhere the allocator gives all.
#[cfg(not(all(target_os = "linux", not(any(loom, miri)))))]
pub(super) fn map(_bytes: usize) -> Option<NonNull<f32>> {
    None
}

/// As [`map`].
#[cfg(not(all(target_os = "linux", not(any(loom, miri)))))]
pub(super) fn map_apart(_bytes: usize) -> Option<NonNull<f32>> {
    None
}

/// Gives back the whole pages of a mapping behind its first `keep` bytes; with 0 all of it.
///
/// # Safety
/// `start` came from [`map`], [`map_apart`] or [`reserve`], `bytes` is what is left of it, and nobody touches what goes.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) unsafe fn unmap_from(start: NonNull<f32>, keep: usize, bytes: usize) {
    let Some(page) = page_bytes() else { return };
    let (keep, bytes) = (keep.next_multiple_of(page), bytes.next_multiple_of(page));
    if bytes > keep {
        // SAFETY: whole pages of a mapping that the caller owns and has given up.
        unsafe {
            let (first, end) = (start.as_ptr().byte_add(keep), start.as_ptr().byte_add(bytes));
            if libc::munmap(first.cast(), bytes - keep) != 0 {
                // To take a part out of the middle makes two mappings of one, and a process has only
                // so many. The addresses are lost then, but not the memory.
                forget(first, end);
            }
        }
    }
}

/// Elsewhere there is no mapping to give back.
///
/// # Safety
/// None is needed.
#[cfg(not(all(target_os = "linux", not(any(loom, miri)))))]
pub(super) unsafe fn unmap_from(_start: NonNull<f32>, _keep: usize, _bytes: usize) {}

/// Has the system set memory aside for values of a mapping that are about to be written: all at once,
/// as it takes longer to do that for each page when it is first touched.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) fn populate(values: &mut [f32]) {
    /// Of less than that there are few pages.
    const LEAST_BYTES: usize = 64 << 10;
    let bytes = size_of_val(values);
    let Some(page) = page_bytes().filter(|_| bytes >= LEAST_BYTES) else { return };
    let before = values.as_ptr().addr() % page;
    // SAFETY: a mapping begins at a page, so that these are pages of the one that `values` lie in; what
    // they hold stays as it is. Where the system does not know this advice, it does as ever.
    unsafe {
        let start = values.as_mut_ptr().byte_sub(before);
        libc::madvise(start.cast(), before + bytes, libc::MADV_POPULATE_WRITE);
    }
}

/// Elsewhere the system does as it does.
#[cfg(not(all(target_os = "linux", not(any(loom, miri)))))]
pub(super) fn populate(_values: &mut [f32]) {}

/// Bytes of a page, a power of two.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) fn page_bytes() -> Option<usize> {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).ok().filter(|page| page.is_power_of_two())
}
