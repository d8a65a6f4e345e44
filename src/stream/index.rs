//! Where in a stream one may enter it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::decode::Mark;

/// Marks of one file, noted by whoever passes through it from its start.
///
/// Never more than [`MOST_MARKS`](Self::MOST_MARKS), 1 MB: beyond that every second one is dropped.
#[derive(Debug)]
pub(super) struct SeekIndex {
    marks: Mutex<Marks>,
}

#[derive(Debug)]
struct Marks {
    /// By frame.
    noted: Vec<Mark>,
    /// Frames that lie between two of them at least.
    spacing_frames: u64,
}

impl SeekIndex {
    /// Nine hours at two marks a second.
    const MOST_MARKS: usize = 1 << 15;

    /// An empty one; marks will be half a second apart.
    pub(super) fn new(sample_rate: u32) -> Self {
        let spacing_frames = u64::from(sample_rate / 2).max(1);
        let marks = Marks { noted: Vec::new(), spacing_frames };
        Self { marks: Mutex::new(marks) }
    }

    /// What those of a stream of so many seconds come to; they grow by doubling.
    pub(super) fn most_bytes(seconds: u64) -> usize {
        let marks = usize::try_from(seconds.saturating_mul(2)).unwrap_or(usize::MAX);
        marks.min(Self::MOST_MARKS).next_power_of_two() * size_of::<Mark>()
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a mark at `frame` would be far enough from the last one.
    pub(super) fn wants(&self, frame: u64) -> bool {
        let marks = self.lock();
        marks.noted.last().is_none_or(|last| frame >= last.frame + marks.spacing_frames)
    }

    /// Notes a mark behind all others.
    pub(super) fn note(&self, mark: Mark) {
        let mut marks = self.lock();
        if marks.noted.last().is_some_and(|last| last.frame >= mark.frame) {
            return;
        }
        if marks.noted.len() == Self::MOST_MARKS {
            let mut number = 0;
            marks.noted.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            marks.spacing_frames *= 2;
        }
        marks.noted.push(mark);
    }

    /// The last mark at or before `frame`, with which one need not look any further; None where
    /// nobody has been there yet.
    pub(super) fn before(&self, frame: u64) -> Option<Mark> {
        let marks = self.lock();
        if frame > marks.noted.last()?.frame + 2 * marks.spacing_frames {
            return None;
        }
        let next = marks.noted.partition_point(|mark| mark.frame <= frame);
        next.checked_sub(1).map(|at| marks.noted[at])
    }

    /// The last mark of all that lies before `frame`.
    pub(super) fn last_before(&self, frame: u64) -> Option<Mark> {
        let marks = self.lock();
        let next = marks.noted.partition_point(|mark| mark.frame < frame);
        next.checked_sub(1).map(|at| marks.noted[at])
    }

    /// Bytes held.
    pub(super) fn byte_len(&self) -> usize {
        self.lock().noted.capacity() * size_of::<Mark>()
    }
}
