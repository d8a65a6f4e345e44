//! For programs that bring an allocator of their own.
#![allow(unsafe_code, reason = "an allocator; measured need, see the type")]

use std::alloc::{GlobalAlloc, Layout};

/// Up to here zeroes are written: a processor does so in less time than the system takes to hand
/// out the pages, and what is larger is often never touched as a whole.
const MOST_WRITTEN_BYTES: usize = 1 << 20;

/// An allocator that clears memory by writing zeroes into it, but large blocks.
///
/// jemalloc clears a block that it had before by giving its pages back to the system, which then
/// hands out each of them again, cleared, when it is first touched. Readers and decoders ask for
/// cleared buffers for each file; of a short one that takes a third of its load.
///
/// ```
/// # use std::alloc::System;
/// #[global_allocator]
/// static ALLOCATOR: hotcue::Clearing<System> = hotcue::Clearing(System);
///
/// assert_eq!(vec![0_u8; 100_000], [0; 100_000]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Clearing<A>(pub A);

// SAFETY: what keeps the contract of `GlobalAlloc` is `A`'s; zeroes are added to it where they are
// promised.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Clearing<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.realloc(start, layout, new_size) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST_WRITTEN_BYTES {
            // SAFETY: the caller's promise.
            return unsafe { self.0.alloc_zeroed(layout) };
        }
        // SAFETY: the caller's promise.
        let start = unsafe { self.0.alloc(layout) };
        if !start.is_null() {
            // SAFETY: a block of so many bytes that nobody else has yet.
            unsafe { start.write_bytes(0, layout.size()) };
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;
    use std::slice;

    use super::*;

    /// Leaves dirt in what it gives out, but where it is asked not to.
    struct Dirty;

    // SAFETY: `System`'s; what `alloc` returns may hold anything.
    unsafe impl GlobalAlloc for Dirty {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            let start = unsafe { System.alloc(layout) };
            // SAFETY: as many bytes as were just allocated.
            unsafe { start.write_bytes(0xa5, layout.size()) };
            start
        }

        unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(start, layout) }
        }
    }

    #[test]
    fn what_is_to_be_clear_is_clear() {
        let allocator = Clearing(Dirty);
        for size in [1, 24, 65_536, MOST_WRITTEN_BYTES, MOST_WRITTEN_BYTES + 1] {
            let layout = Layout::from_size_align(size, 8).expect("a small layout");
            // SAFETY: the size is above 0; freed with the same layout, after the last use.
            unsafe {
                let start = allocator.alloc_zeroed(layout);
                assert!(slice::from_raw_parts(start, size).iter().all(|byte| *byte == 0), "{size}");
                allocator.dealloc(start, layout);
                let start = allocator.alloc(layout);
                assert_eq!(start.read(), 0xa5, "only what is asked for is cleared");
                allocator.dealloc(start, layout);
            }
        }
    }
}
