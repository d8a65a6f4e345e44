//! The memory behind a sample: the one place of the core with `unsafe`.
#![allow(
    unsafe_code,
    reason = "readers share planes with the one writer; measured need: no copy at publication, \
              no lock in the audio callback. Held by the loom model in tests.rs"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc, realloc};
use std::ptr::NonNull;
use std::slice;

use crate::error::{LoadError, LoadErrorKind};

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
}

// SAFETY: a block is plain memory that it owns alone; `Storage` decides who touches what part.
unsafe impl Send for Block {}
// SAFETY: shared access goes through `Storage::plane`, which hands out only what is published.
unsafe impl Sync for Block {}

impl Block {
    fn zeroed(values: usize) -> Result<Self, LoadError> {
        let layout = Self::layout(values)?;
        if layout.size() == 0 {
            return Ok(Self { start: NonNull::dangling(), values: 0 });
        }
        // SAFETY: the layout has a size above 0. Zeroed memory is valid `f32`.
        let start = unsafe { alloc_zeroed(layout) }.cast::<f32>();
        let start = NonNull::new(start).ok_or_else(|| too_large(values))?;
        Ok(Self { start, values })
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
        if let (true, Ok(layout)) = (self.values > 0, Self::layout(self.values)) {
            // SAFETY: allocated with this very layout, and freed only here.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

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
}

impl Storage {
    /// Planes of zeroed, untouched memory.
    pub(super) fn with_capacity(channels: usize, frames: usize) -> Result<Self, LoadError> {
        let values = channels.checked_mul(frames).ok_or_else(|| too_large(usize::MAX))?;
        let block = Block::zeroed(values)?;
        Ok(Self { block, channels, capacity_frames: frames, state: AtomicUsize::new(0) })
    }

    /// Finished planes with the content of `planes`.
    pub(super) fn from_planes(planes: Vec<Vec<f32>>) -> Result<Self, LoadError> {
        let frames = planes.first().map_or(0, Vec::len);
        if planes.iter().any(|plane| plane.len() != frames) {
            return Err(LoadError::new(LoadErrorKind::Corrupt, "planes of different lengths"));
        }
        let mut storage = Self::with_capacity(planes.len(), frames)?;
        for (channel, plane) in planes.iter().enumerate() {
            storage.spare_mut(channel, frames).copy_from_slice(plane);
        }
        storage.publish_mut(frames);
        storage.finish();
        Ok(storage)
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
        // SAFETY: `ready <= capacity` always. Values below `ready` were written before the
        // release that this thread's acquire saw, and no one writes them again: writers only
        // ever receive the part behind `ready` (`spare`, `spare_mut`).
        unsafe { slice::from_raw_parts(self.plane_start(channel), ready) }
    }

    fn plane_start(&self, channel: usize) -> *mut f32 {
        assert!(channel < self.channels, "a sample has no such channel");
        // SAFETY: the block holds `channels * capacity_frames` values, so the start of a plane
        // lies inside it, or at its end where the planes are empty.
        unsafe { self.block.start.as_ptr().add(channel * self.capacity_frames) }
    }

    /// The next `frames` values of one plane behind the published part, for the one writer.
    ///
    /// # Safety
    /// The caller is the only writer of this storage, keeps one slice per channel at most, and
    /// lets go of it before it publishes.
    ///
    /// # Panics
    /// When fewer than `frames` are left.
    #[allow(clippy::mut_from_ref, reason = "the one writer's part is disjoint from all readers'")]
    pub(super) unsafe fn spare(&self, channel: usize, frames: usize) -> &mut [f32] {
        let ready = self.ready_frames();
        assert!(frames <= self.capacity_frames - ready, "writing past the end of a sample");
        // SAFETY: in bounds by the assertion; not published, so no reader has it, and by this
        // function's contract no other writer either.
        unsafe { slice::from_raw_parts_mut(self.plane_start(channel).add(ready), frames) }
    }

    /// As `spare`, while nobody shares the storage.
    fn spare_mut(&mut self, channel: usize, frames: usize) -> &mut [f32] {
        // SAFETY: `&mut self` proves that there is no other writer.
        unsafe { self.spare(channel, frames) }
    }

    /// Makes the next `frames` visible. Called by the one writer only.
    pub(super) fn publish(&self, frames: usize) {
        // Relaxed: only this thread ever stores. Release: the values go first.
        let ready = self.state.load(Ordering::Relaxed);
        debug_assert!(ready & FINISHED == 0 && ready + frames <= self.capacity_frames);
        self.state.store(ready + frames, Ordering::Release);
    }

    fn publish_mut(&mut self, frames: usize) {
        self.publish(frames);
    }

    /// Says that no frame will follow. Called by the one writer only.
    pub(super) fn finish(&self) {
        let ready = self.state.load(Ordering::Relaxed);
        self.state.store(ready | FINISHED, Ordering::Release);
    }

    /// Changes the capacity while nobody shares the storage; never below what is published.
    /// Growing copies what is published into fresh, untouched memory; shrinking moves the
    /// planes together.
    pub(super) fn resize(&mut self, frames: usize) -> Result<(), LoadError> {
        let ready = self.ready_frames();
        let frames = frames.max(ready);
        if frames > self.capacity_frames {
            let mut grown = Self::with_capacity(self.channels, frames)?;
            for channel in 0..self.channels {
                grown.spare_mut(channel, ready).copy_from_slice(self.plane(channel));
            }
            self.block = grown.block;
        } else {
            for channel in 1..self.channels {
                let from = self.plane_start(channel);
                // SAFETY: both ends lie in this block, as `frames <= capacity_frames`, and
                // `&mut self` proves that nobody reads. The target ends at or before the next
                // plane's start, so no plane is overwritten before it is moved.
                unsafe {
                    from.sub(channel * (self.capacity_frames - frames)).copy_from(from, ready)
                }
            }
            self.block.shrink(self.channels * frames)?;
        }
        self.capacity_frames = frames;
        Ok(())
    }
}
