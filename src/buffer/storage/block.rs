//! One block of memory, from the system or from the allocator.
#![allow(unsafe_code, reason = "see storage.rs, whose part this is")]

use std::alloc::{Layout, alloc_zeroed, dealloc, realloc};
use std::ptr::NonNull;

use super::pages;
use crate::error::{LoadError, LoadErrorKind};

/// Memory of a number of values, zeroed at first, never moved while shared.
#[derive(Debug)]
pub(super) struct Block {
    start: NonNull<f32>,
    values: usize,
    /// Whether these are pages of its own; else the allocator's.
    mapped: bool,
}

// SAFETY: a block is plain memory that it owns alone; `Storage` decides who touches what part.
unsafe impl Send for Block {}
// SAFETY: shared access goes through `Storage::plane`, which hands out only what is published.
unsafe impl Sync for Block {}

impl Block {
    pub(super) fn zeroed(values: usize) -> Result<Self, LoadError> {
        let layout = Self::layout(values)?;
        if layout.size() == 0 {
            return Ok(Self { start: NonNull::dangling(), values: 0, mapped: false });
        }
        if layout.size() >= pages::SMALLEST_BYTES
            && let Some(start) = pages::map(layout.size())
        {
            prefer_large_pages(start, layout.size());
            return Ok(Self { start, values, mapped: true });
        }
        // SAFETY: the layout has a size above 0. Zeroed memory is valid `f32`.
        let start = unsafe { alloc_zeroed(layout) }.cast::<f32>();
        let start = NonNull::new(start).ok_or_else(|| too_large(values))?;
        Ok(Self { start, values, mapped: false })
    }

    pub(super) fn as_ptr(&self) -> *mut f32 {
        self.start.as_ptr()
    }

    /// Whether what is given back of it goes to the system.
    pub(super) fn is_mapped(&self) -> bool {
        self.mapped
    }

    fn layout(values: usize) -> Result<Layout, LoadError> {
        Layout::array::<f32>(values).map_err(|_| too_large(values))
    }

    /// Gives back what lies behind the first `values`.
    pub(super) fn shrink(&mut self, values: usize) -> Result<(), LoadError> {
        debug_assert!(values <= self.values, "a block only shrinks in place");
        if values == self.values {
            return Ok(());
        }
        if values == 0 {
            *self = Self::zeroed(values)?;
            return Ok(());
        }
        let (old, new) = (Self::layout(self.values)?, Self::layout(values)?);
        if self.mapped {
            // SAFETY: a mapping of `old` bytes, of which `&mut self` proves that nobody reads.
            unsafe { pages::unmap_from(self.start, new.size(), old.size()) };
            self.values = values;
            return Ok(());
        }
        // SAFETY: `start` came from this allocator with layout `old`; the new size is above 0
        // and, by `Layout::array`, does not overflow `isize`.
        let start = unsafe { realloc(self.start.as_ptr().cast(), old, new.size()) }.cast::<f32>();
        self.start = NonNull::new(start).ok_or_else(|| too_large(values))?;
        self.values = values;
        Ok(())
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match Self::layout(self.values) {
            // SAFETY: a mapping of so many bytes, given back only here.
            Ok(layout) if self.mapped => unsafe {
                pages::unmap_from(self.start, 0, layout.size());
            },
            Ok(layout) if self.values > 0 => {
                // SAFETY: allocated with this very layout, and freed only here.
                unsafe { dealloc(self.start.as_ptr().cast(), layout) };
            }
            _ => {}
        }
    }
}

/// Asks for memory in large pages: most of the time that it takes to load uncompressed audio is
/// the system's, which hands out and clears pages one by one as they are first written.
#[cfg(target_os = "linux")]
fn prefer_large_pages(start: NonNull<f32>, bytes: usize) {
    /// What large pages waste at the end must not matter.
    const MIN_BYTES: usize = 4 << 20;
    const PAGE_BYTES: usize = 4096;
    if bytes < MIN_BYTES {
        return;
    }
    let skipped = start.addr().get().next_multiple_of(PAGE_BYTES) - start.addr().get();
    // SAFETY: the range lies inside a block that was just allocated. The advice changes neither
    // content nor address; where the system does not take it, nothing is lost.
    unsafe {
        libc::madvise(
            start.as_ptr().byte_add(skipped).cast(),
            bytes - skipped,
            libc::MADV_HUGEPAGE,
        );
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_large_pages(_: NonNull<f32>, _: usize) {}

pub(super) fn too_large(values: usize) -> LoadError {
    LoadError::new(LoadErrorKind::TooLarge, format!("no memory for {values} values"))
}
