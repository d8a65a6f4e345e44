//! Moving a plane without having it twice: what is copied is given back to the system at once.
#![allow(unsafe_code, reason = "see storage.rs, whose part this is")]

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
use super::pages::page_bytes;

/// Values that are copied before their old place is given back: 4 MB.
const PIECE_VALUES: usize = 1 << 20;

/// Moves `values` values from `from` to `to`, piece by piece. What lies at `from` afterwards is
/// any value.
///
/// # Safety
/// Both are `values` initialised values that nobody else touches meanwhile, and do not overlap.
pub(super) unsafe fn move_values(from: *mut f32, to: *mut f32, values: usize) {
    for start in (0..values).step_by(PIECE_VALUES) {
        let end = values.min(start + PIECE_VALUES);
        // SAFETY: within both by the caller's word. What is moved may become any value; `end` may
        // be one past the last one.
        unsafe {
            to.add(start).copy_from_nonoverlapping(from.add(start), end - start);
            forget(from.add(start), from.add(end));
        }
    }
}

/// Gives back to the system the whole pages between two values. What lies between is any value from
/// then on.
///
/// # Safety
/// Both are of one block. Nobody else touches what lies between, and nobody wants it any more.
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(super) unsafe fn forget(start: *mut f32, end: *mut f32) {
    let Some(page) = page_bytes() else { return };
    let (first, last) = (start.addr().next_multiple_of(page), end.addr() & !(page - 1));
    if last > first {
        // SAFETY: whole pages of private memory that the caller has given up. They stay mapped
        // and valid, as zeros. Failing leaves them as they are, which does no harm either.
        unsafe {
            let (start, bytes) = (start.with_addr(first).cast(), last - first);
            // Before 5.18 the system did not let go of what a program has locked.
            if libc::madvise(start, bytes, libc::MADV_DONTNEED_LOCKED) != 0 {
                libc::madvise(start, bytes, libc::MADV_DONTNEED);
            }
        }
    }
}

/// Elsewhere the old place is there until all of it goes.
///
/// # Safety
/// None is needed.
#[cfg(not(all(target_os = "linux", not(any(loom, miri)))))]
pub(super) unsafe fn forget(_start: *mut f32, _end: *mut f32) {}
