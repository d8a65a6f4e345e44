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

/// One channel's memory: `capacity` values, zeroed at first, never moved while shared.
#[derive(Debug)]
struct Plane {
    start: NonNull<f32>,
    capacity: usize,
}

// SAFETY: a plane is plain memory that it owns alone; `Storage` decides who touches what part.
unsafe impl Send for Plane {}
// SAFETY: shared access goes through `Storage::plane`, which hands out only what is published.
unsafe impl Sync for Plane {}

impl Plane {
    fn zeroed(capacity: usize) -> Result<Self, LoadError> {
        let layout = Self::layout(capacity)?;
        if layout.size() == 0 {
            return Ok(Self { start: NonNull::dangling(), capacity: 0 });
        }
        // SAFETY: the layout has a size above 0. Zeroed memory is valid `f32`.
        let start = unsafe { alloc_zeroed(layout) }.cast::<f32>();
        let start = NonNull::new(start).ok_or_else(|| too_large(capacity))?;
        Ok(Self { start, capacity })
    }

    fn layout(capacity: usize) -> Result<Layout, LoadError> {
        Layout::array::<f32>(capacity).map_err(|_| too_large(capacity))
    }

    /// Changes the capacity; the first `min(old, new)` values stay, further ones are zeroed.
    fn resize(&mut self, capacity: usize) -> Result<(), LoadError> {
        if self.capacity == 0 || capacity == 0 {
            *self = Self::zeroed(capacity)?;
            return Ok(());
        }
        let old = Self::layout(self.capacity)?;
        let new = Self::layout(capacity)?;
        // SAFETY: `start` came from this allocator with layout `old`; the new size is above 0
        // and, by `Layout::array`, does not overflow `isize`.
        let start = unsafe { realloc(self.start.as_ptr().cast(), old, new.size()) }.cast::<f32>();
        self.start = NonNull::new(start).ok_or_else(|| too_large(capacity))?;
        if capacity > self.capacity {
            // SAFETY: `old..capacity` lies inside the new allocation, and nobody else has it.
            unsafe {
                self.start.as_ptr().add(self.capacity).write_bytes(0, capacity - self.capacity);
            }
        }
        self.capacity = capacity;
        Ok(())
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if let (true, Ok(layout)) = (self.capacity > 0, Self::layout(self.capacity)) {
            // SAFETY: allocated with this very layout, and freed only here.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

fn too_large(frames: usize) -> LoadError {
    LoadError::new(LoadErrorKind::TooLarge, format!("no memory for {frames} frames"))
}

/// All planes of one sample, and how much of them is published.
#[derive(Debug)]
pub(super) struct Storage {
    planes: Box<[Plane]>,
    capacity_frames: usize,
    /// Published frames; `FINISHED` is set with the last store.
    state: AtomicUsize,
}

impl Storage {
    /// Planes of zeroed, untouched memory.
    pub(super) fn with_capacity(channels: usize, frames: usize) -> Result<Self, LoadError> {
        let planes = (0..channels).map(|_| Plane::zeroed(frames)).collect::<Result<_, _>>()?;
        Ok(Self { planes, capacity_frames: frames, state: AtomicUsize::new(0) })
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
        let plane = &self.planes[channel];
        // SAFETY: `ready <= capacity` always. Values below `ready` were written before the
        // release that this thread's acquire saw, and no one writes them again: writers only
        // ever receive the part behind `ready` (`spare`, `spare_mut`).
        unsafe { slice::from_raw_parts(plane.start.as_ptr(), ready) }
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
        let plane = &self.planes[channel];
        // SAFETY: in bounds by the assertion; not published, so no reader has it, and by this
        // function's contract no other writer either.
        unsafe { slice::from_raw_parts_mut(plane.start.as_ptr().add(ready), frames) }
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
    pub(super) fn resize(&mut self, frames: usize) -> Result<(), LoadError> {
        let frames = frames.max(self.ready_frames());
        for plane in &mut self.planes {
            plane.resize(frames)?;
        }
        self.capacity_frames = frames;
        Ok(())
    }
}
