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
        Self::of(values, pages::map)
    }

    /// The same for what may soon be given up again: then all of it is the system's at once.
    pub(super) fn apart(values: usize) -> Result<Self, LoadError> {
        Self::of(values, pages::map_apart)
    }

    fn of(values: usize, map: fn(usize) -> Option<NonNull<f32>>) -> Result<Self, LoadError> {
        let layout = Self::layout(values)?;
        if layout.size() == 0 {
            return Ok(Self { start: NonNull::dangling(), values: 0, mapped: false });
        }
        if let Some(start) = map(layout.size()) {
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

pub(super) fn too_large(values: usize) -> LoadError {
    LoadError::new(LoadErrorKind::TooLarge, format!("no memory for {values} values"))
}
