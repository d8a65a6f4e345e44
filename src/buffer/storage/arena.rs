//! Blocks of less than a few MB side by side, so that large pages serve them as well. Only places are
//! handed out here, one behind the other; each block gives its own pages back to the system, which
//! lets go of a large page when all of it was given back, or memory is short.
#![allow(unsafe_code, reason = "see storage.rs, whose part this is")]

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use super::pages;

/// What is asked of the system at a time. It begins at a multiple of this.
const ARENA_BYTES: usize = 16 << 20;

/// Blocks of more than that fill large pages of their own.
pub(super) const MOST_BYTES: usize = ARENA_BYTES / 4;

/// Where the next block begins. No lock: one that another thread holds while the process forks
/// would be held for ever in the child. The whole state is in the pointer: at the start of an arena
/// no block has been there before, so that is the end of the one below, and of none at first.
static NEXT: AtomicPtr<f32> = AtomicPtr::new(ptr::null_mut());

/// Zeroed, untouched memory of `bytes`, a number of whole pages, at most [`MOST_BYTES`]; None where
/// the system has no arena to give.
pub(super) fn take(bytes: usize) -> Option<NonNull<f32>> {
    // Acquire: what the system did for the thread that has asked for the arena comes first.
    let mut next = NEXT.load(Ordering::Acquire);
    loop {
        let left = next.addr().next_multiple_of(ARENA_BYTES) - next.addr();
        let fresh = if left < bytes { Some(map()?) } else { None };
        let start = fresh.map_or(next, NonNull::as_ptr);
        // AcqRel: hands on what was acquired, or mapped right here.
        match NEXT.compare_exchange(
            next,
            start.wrapping_byte_add(bytes),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => {
                if let Some(rest) = NonNull::new(next).filter(|_| fresh.is_some()) {
                    // SAFETY: what is left of the arena before, which nobody can be given any more.
                    unsafe { pages::unmap_from(rest, 0, left) };
                }
                return NonNull::new(start);
            }
            Err(moved) => {
                next = moved;
                if let Some(fresh) = fresh {
                    // SAFETY: nobody else has seen it.
                    unsafe { pages::unmap_from(fresh, 0, ARENA_BYTES) };
                }
            }
        }
    }
}

/// A fresh arena.
fn map() -> Option<NonNull<f32>> {
    // Of twice the size a part begins at a multiple of it. It is nobody's to read or write yet, which
    // costs nothing where memory is counted, or locked, as it is mapped.
    let start = pages::reserve(2 * ARENA_BYTES, libc::PROT_NONE)?;
    let before = start.addr().get().next_multiple_of(ARENA_BYTES) - start.addr().get();
    // SAFETY: inside the mapping: the arena, and what lies before and behind it. Nobody else knows of it.
    unsafe {
        let arena = start.byte_add(before);
        pages::unmap_from(start, 0, before);
        pages::unmap_from(arena, ARENA_BYTES, 2 * ARENA_BYTES - before);
        let writable = libc::PROT_READ | libc::PROT_WRITE;
        if libc::mprotect(arena.as_ptr().cast(), ARENA_BYTES, writable) != 0 {
            pages::unmap_from(arena, 0, ARENA_BYTES);
            return None;
        }
        pages::prefer_large(arena, ARENA_BYTES);
        Some(arena)
    }
}
