//! The memory behind a sample: the one place of the core with `unsafe`.
#![allow(
    unsafe_code,
    reason = "readers share planes with the one writer; measured need: no copy at publication, \
              no lock in the audio callback. Held by the loom model in tests/model.rs"
)]

mod moving;
mod pages;

use std::alloc::{Layout, alloc_zeroed, dealloc, realloc};
use std::ptr::NonNull;
use std::slice;

use crate::error::{LoadError, LoadErrorKind};
use moving::move_values;

#[cfg(loom)]
use super::tests::model::Watch;
#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// Top bit of the state word: no frame will follow.
const FINISHED: usize = 1 << (usize::BITS - 1);

/// Memory of a number of values, zeroed at first, never moved while shared.
#[derive(Debug)]
struct Block {
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
    fn zeroed(values: usize) -> Result<Self, LoadError> {
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

    fn layout(values: usize) -> Result<Layout, LoadError> {
        Layout::array::<f32>(values).map_err(|_| too_large(values))
    }

    /// Gives back what lies behind the first `values`.
    fn shrink(&mut self, values: usize) -> Result<(), LoadError> {
        debug_assert!(values <= self.values, "a block only shrinks in place");
        if values == 0 || self.values == 0 {
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

fn too_large(values: usize) -> LoadError {
    LoadError::new(LoadErrorKind::TooLarge, format!("no memory for {values} values"))
}

/// All planes of one sample, and how much of them is published. Plane `c` starts at value
/// `c * capacity_frames` of one block, so that the whole is one array of channels × frames.
#[derive(Debug)]
pub(super) struct Storage {
    block: Block,
    channels: usize,
    capacity_frames: usize,
    /// Published frames; `FINISHED` is set with the last store.
    state: AtomicUsize,
    /// Tells loom who touches which frame: into plain memory it cannot see.
    #[cfg(loom)]
    watch: Watch,
}

impl Storage {
    /// Planes of zeroed, untouched memory.
    pub(super) fn with_capacity(channels: usize, frames: usize) -> Result<Self, LoadError> {
        let values = channels.checked_mul(frames).ok_or_else(|| too_large(usize::MAX))?;
        let block = Block::zeroed(values)?;
        Ok(Self {
            block,
            channels,
            capacity_frames: frames,
            state: AtomicUsize::new(0),
            #[cfg(loom)]
            watch: Watch::new(frames),
        })
    }

    pub(super) fn capacity_frames(&self) -> usize {
        self.capacity_frames
    }

    pub(super) fn ready_frames(&self) -> usize {
        // Acquire: pairs with the release in `publish`, so the values below are visible too.
        self.state.load(Ordering::Acquire) & !FINISHED
    }

    pub(super) fn is_finished(&self) -> bool {
        self.state.load(Ordering::Acquire) & FINISHED != 0
    }

    /// The published part of one plane.
    pub(super) fn plane(&self, channel: usize) -> &[f32] {
        let ready = self.ready_frames();
        #[cfg(loom)]
        self.watch.read(0..ready);
        // SAFETY: `ready <= capacity_frames` always (`publish`, `resize`). Values below `ready`
        // were written before the release that this thread's acquire saw, and no one writes them
        // again: `write` gives out only what lies behind. They stay where they are as long as
        // the slice lives: what moves or frees them takes `&mut self`.
        unsafe { slice::from_raw_parts(self.plane_start(channel), ready) }
    }

    /// The start of the block, with leave to read all of it.
    pub(super) fn as_ptr(&self) -> *const f32 {
        self.block.start.as_ptr()
    }

    fn plane_start(&self, channel: usize) -> *mut f32 {
        assert!(channel < self.channels, "a sample has no such channel");
        // SAFETY: the block holds `channels * capacity_frames` values, so the start of a plane
        // lies inside it, or at its end where the planes are empty.
        unsafe { self.block.start.as_ptr().add(channel * self.capacity_frames) }
    }

    /// Lets `fill` write the next `frames` values of one plane, behind the published part.
    ///
    /// # Safety
    /// While this runs, nobody else writes to this storage, publishes or finishes.
    ///
    /// # Panics
    /// When fewer than `frames` are left.
    pub(super) unsafe fn write(
        &self,
        channel: usize,
        frames: usize,
        fill: impl FnOnce(&mut [f32]),
    ) {
        let ready = self.ready_frames();
        assert!(frames <= self.capacity_frames - ready, "writing past the end of a sample");
        #[cfg(loom)]
        let _watched = self.watch.write(ready..ready + frames);
        // SAFETY: in bounds by the assertion, and initialised, as blocks are zeroed. Not
        // published, so no reader has it, and by this function's contract no other writer; the
        // slice cannot outlive `fill`.
        fill(unsafe { slice::from_raw_parts_mut(self.plane_start(channel).add(ready), frames) });
    }

    /// Makes the next `frames` visible. Called by the one writer only.
    ///
    /// # Panics
    /// When fewer than `frames` are left: readers would leave the block.
    pub(super) fn publish(&self, frames: usize) {
        // Relaxed: the one writer alone stores, and when it moves to another thread, that move
        // synchronises.
        let state = self.state.load(Ordering::Relaxed);
        assert!(state & FINISHED == 0, "publishing after the end of a sample");
        assert!(frames <= self.capacity_frames - state, "publishing past the end of a sample");
        // Release: pairs with the acquire in `ready_frames`. The values go first.
        self.state.store(state + frames, Ordering::Release);
    }

    /// Says that no frame will follow. Called by the one writer only.
    pub(super) fn finish(&self) {
        // Relaxed and Release as in `publish`.
        let state = self.state.load(Ordering::Relaxed);
        self.state.store(state | FINISHED, Ordering::Release);
    }

    /// Changes the capacity while nobody shares the storage; never below what is published.
    /// Growing moves what is published into fresh, untouched memory; shrinking moves the planes
    /// together. Nothing is there twice but a few MB, where the system lets go of what was moved.
    /// When it fails, the content stays.
    pub(super) fn resize(&mut self, frames: usize) -> Result<(), LoadError> {
        let ready = self.ready_frames();
        let frames = frames.max(ready);
        if frames > self.capacity_frames {
            let grown = Self::with_capacity(self.channels, frames)?;
            for channel in 0..self.channels {
                let plane = self.plane_start(channel);
                // SAFETY: nobody else has `grown`, and `&mut self` proves that nobody has this.
                // Two blocks do not overlap, and the old one is dropped right after.
                unsafe {
                    grown.write(channel, ready, |target| {
                        move_values(plane, target.as_mut_ptr(), ready);
                    });
                }
            }
            self.block = grown.block;
            self.capacity_frames = frames;
            #[cfg(loom)]
            {
                self.watch = grown.watch;
            }
        } else {
            for channel in 1..self.channels {
                let from = self.plane_start(channel);
                // SAFETY: both ends lie in this block, as `frames <= capacity_frames`, and
                // `&mut self` proves that nobody reads. The target ends at or before the next
                // plane's start, so no plane is overwritten before it is moved.
                unsafe {
                    let to = from.sub(channel * (self.capacity_frames - frames));
                    move_values(from, to, ready);
                }
            }
            // The planes have moved, whether or not the memory behind them can be given back.
            self.capacity_frames = frames;
            self.block.shrink(self.channels * frames)?;
        }
        Ok(())
    }
}
