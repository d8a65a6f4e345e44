//! The memory behind a sample.
#![allow(
    unsafe_code,
    reason = "readers share planes with the one writer; measured need: no copy at publication, \
              no lock in the audio callback. Held by the loom model in tests/model.rs"
)]

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
mod arena;
mod block;
mod moving;
mod pages;
#[cfg(all(test, target_os = "linux", not(any(loom, miri))))]
mod tests;

use std::slice;

use crate::error::LoadError;
use block::{Block, too_large};
use moving::{forget, move_values};

#[cfg(loom)]
use super::tests::model::Watch;
#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// Values that are moved when a sample ends, at most: 4 MB, which takes about as long as a step of a
/// load.
const MOST_MOVED_VALUES: usize = 1 << 20;

/// Top bit of the state word: no frame will follow.
const FINISHED: usize = 1 << (usize::BITS - 1);

/// All planes of one sample, and how much of them is published. Plane `c` starts at value
/// `c * capacity_frames` of one block.
#[derive(Debug)]
pub(super) struct Storage {
    block: Block,
    channels: usize,
    capacity_frames: usize,
    /// Frames of each plane that memory is set aside for: fewer than from one plane to the next
    /// where they were trimmed, but not moved. A figure for others, nothing of ours rests on it.
    held_frames: std::sync::atomic::AtomicUsize,
    /// Published frames; `FINISHED` is set with the last store.
    state: AtomicUsize,
    /// Tells loom who touches which frame: into plain memory it cannot see.
    #[cfg(loom)]
    watch: Watch,
}

impl Storage {
    /// Planes of zeroed, untouched memory.
    pub(super) fn with_capacity(channels: usize, frames: usize) -> Result<Self, LoadError> {
        Self::of(channels, frames, Block::zeroed)
    }

    fn of(
        channels: usize,
        frames: usize,
        block: fn(usize) -> Result<Block, LoadError>,
    ) -> Result<Self, LoadError> {
        let values = channels.checked_mul(frames).ok_or_else(|| too_large(usize::MAX))?;
        let block = block(values)?;
        Ok(Self {
            block,
            channels,
            capacity_frames: frames,
            held_frames: frames.into(),
            state: AtomicUsize::new(0),
            #[cfg(loom)]
            watch: Watch::new(frames),
        })
    }

    pub(super) fn capacity_frames(&self) -> usize {
        self.capacity_frames
    }

    pub(super) fn held_frames(&self) -> usize {
        self.held_frames.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Nothing behind what is published is ever going to be touched. Of pages of its own that is
    /// memory which does not exist; what the allocator gave is there all the same.
    pub(super) fn hold_ready_only(&self) {
        if self.block.is_mapped() {
            self.held_frames.store(self.ready_frames(), std::sync::atomic::Ordering::Relaxed);
        }
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
        // SAFETY: `ready <= capacity_frames` always (`publish`, `trim`). Values below `ready`
        // were written before the release that this thread's acquire saw, and no one writes them
        // again: `write` gives out only what lies behind. They stay where they are as long as
        // the slice lives: what moves or frees them takes `&mut self`.
        unsafe { slice::from_raw_parts(self.plane_start(channel), ready) }
    }

    /// The start of the block, with leave to read all of it.
    pub(super) fn as_ptr(&self) -> *const f32 {
        self.block.as_ptr()
    }

    fn plane_start(&self, channel: usize) -> *mut f32 {
        assert!(channel < self.channels, "a sample has no such channel");
        // SAFETY: the block holds `channels * capacity_frames` values, so the start of a plane
        // lies inside it, or at its end where the planes are empty.
        unsafe { self.block.as_ptr().add(channel * self.capacity_frames) }
    }

    /// Lets `fill` write the next `frames` values of one plane, behind the published part.
    ///
    /// # Safety
    /// While this runs, nobody else writes to these frames, publishes or finishes.
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
        // SAFETY: the caller's promise.
        unsafe { self.write_at(channel, ready, frames, fill) };
    }

    /// Lets `fill` write the `frames` values of one plane from frame `at` on, which are behind the
    /// published part.
    ///
    /// # Safety
    /// While this runs, nobody else writes to these frames, and nobody publishes any of them.
    ///
    /// # Panics
    /// When they are published already, or are not all there.
    pub(super) unsafe fn write_at(
        &self,
        channel: usize,
        at: usize,
        frames: usize,
        fill: impl FnOnce(&mut [f32]),
    ) {
        assert!(at >= self.ready_frames(), "writing what is published");
        assert!(
            at <= self.capacity_frames && frames <= self.capacity_frames - at,
            "writing past the end of a sample"
        );
        #[cfg(loom)]
        let _watched = self.watch.write(at..at + frames);
        // SAFETY: in bounds by the assertion, and initialised, as blocks are zeroed. Not
        // published, so no reader has it, and by this function's contract no other writer; the
        // slice cannot outlive `fill`.
        let target =
            unsafe { slice::from_raw_parts_mut(self.plane_start(channel).add(at), frames) };
        if self.block.is_mapped() {
            pages::populate(target);
        }
        fill(target);
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

    /// Makes room for `frames` frames while nobody shares the storage, if there is less: moves what
    /// is published into fresh, untouched memory. Nothing is there twice but a few MB, where the
    /// system lets go of what was moved. When it fails, the content stays.
    pub(super) fn grow(&mut self, frames: usize) -> Result<(), LoadError> {
        if frames <= self.capacity_frames {
            return Ok(());
        }
        let ready = self.ready_frames();
        // What has grown may grow again.
        let grown = Self::of(self.channels, frames, Block::apart)?;
        for channel in 0..self.channels {
            let plane = self.plane_start(channel);
            // SAFETY: nobody else has `grown`, and `&mut self` proves that nobody has this. Two
            // blocks do not overlap, and the old one is dropped right after.
            unsafe {
                grown.write(channel, ready, |target| {
                    move_values(plane, target.as_mut_ptr(), ready);
                });
            }
        }
        self.block = grown.block;
        self.capacity_frames = frames;
        self.held_frames = frames.into();
        #[cfg(loom)]
        {
            self.watch = grown.watch;
        }
        Ok(())
    }

    /// Gives back what was set aside beyond what is published, while nobody shares the storage.
    ///
    /// A few MB of planes are moved together. More of them stay where they are, and only the
    /// pages between them go: moving them would take up to a quarter of the time of a load, all
    /// of it at the end.
    pub(super) fn trim(&mut self) -> Result<(), LoadError> {
        let (ready, capacity) = (self.ready_frames(), self.capacity_frames);
        let others = self.channels - 1;
        self.held_frames = ready.into();
        if self.block.is_mapped() && others * ready > MOST_MOVED_VALUES {
            for channel in 0..others {
                let plane = self.plane_start(channel);
                // SAFETY: from the end of what is published to the next plane, all of it in this
                // block. Nobody reads that, and by `&mut self` nobody writes.
                unsafe { forget(plane.add(ready), plane.add(capacity)) };
            }
            return self.block.shrink(others * capacity + ready);
        }
        for channel in 1..self.channels {
            let from = self.plane_start(channel);
            // SAFETY: both ends lie in this block, as `ready <= capacity`, and `&mut self` proves
            // that nobody reads. The target ends at or before the next plane's start, so no plane
            // is overwritten before it is moved.
            unsafe { from.sub(channel * (capacity - ready)).copy_from(from, ready) };
        }
        // The planes have moved, whether or not the memory behind them can be given back.
        self.capacity_frames = ready;
        self.block.shrink(self.channels * ready)
    }
}
