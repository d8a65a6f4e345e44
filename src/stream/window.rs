//! The seam between the thread that reads a file and the audio callback that plays it.
//!
//! A window holds consecutive frames of one sample in a ring, frame `n` at place `n % capacity`. Who
//! feeds it moves it along; who reads it says where it is and which way it goes (its *wish*), and
//! takes what is there. Neither ever waits for the other: the reader copies frames out, then looks
//! whether they were still the right ones. A value is one atomic, read and written without order,
//! which costs what a plain one costs; order is made once for all of them.
//!
//! Frames are known by their number in the sample, and a number's values are the same whenever they
//! are decoded. So nothing has to be said of seeks and loops but where the reader is by now.

use std::ops::Range;
use std::sync::{Arc, Weak};

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

/// How often a reader looks again that was disturbed: the window is moved elsewhere seldom, and not
/// twice within microseconds.
const TRIALS: u32 = if cfg!(loom) { 1 } else { 3 };

/// Where a reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The frame that it reads next.
    pub frame: u64,
    /// Whether those before it come next.
    pub backwards: bool,
}

#[derive(Debug)]
struct Shared {
    channels: usize,
    capacity: usize,
    /// Bits of `f32`, planar.
    values: Box<[AtomicU32]>,
    /// Twice the frame, and one if it goes backwards.
    wish: AtomicU64,
    /// Odd while the window moves elsewhere. As long as it stays the same, both ends go one way.
    epoch: AtomicU64,
    start: AtomicU64,
    end: AtomicU64,
    /// The reader does not go on for want of what is not there.
    waits: AtomicBool,
    /// Nothing more comes.
    failed: AtomicBool,
}

/// Makes the two ends of a window of `capacity` frames of `channels` channels.
///
/// # Panics
/// When `capacity` is no power of two.
pub(super) fn window(channels: usize, capacity: usize) -> (WindowWriter, WindowReader) {
    assert!(capacity.is_power_of_two(), "places are found by masking");
    let shared = Arc::new(Shared {
        channels,
        capacity,
        values: (0..channels * capacity).map(|_| AtomicU32::new(0)).collect(),
        wish: AtomicU64::new(0),
        epoch: AtomicU64::new(0),
        start: AtomicU64::new(0),
        end: AtomicU64::new(0),
        waits: AtomicBool::new(true),
        failed: AtomicBool::new(false),
    });
    let writer = WindowWriter { shared: Arc::clone(&shared), range: 0..0, is_rising: true };
    (writer, WindowReader { shared })
}

impl Shared {
    fn value(&self, channel: usize, frame: u64) -> &AtomicU32 {
        // The remainder is below the capacity.
        let place = usize::try_from(frame % self.capacity as u64).unwrap_or(0);
        &self.values[channel * self.capacity + place]
    }
}

/// The end of who feeds the window: one thread at a time.
#[derive(Debug)]
pub(super) struct WindowWriter {
    shared: Arc<Shared>,
    /// What is in it.
    range: Range<u64>,
    /// Which way it went last.
    is_rising: bool,
}

impl WindowWriter {
    /// Where the reader is.
    pub(super) fn wish(&self) -> Wish {
        // Relaxed: a number by itself. Whatever it was a moment ago will do.
        let wish = self.shared.wish.load(Ordering::Relaxed);
        Wish { frame: wish >> 1, backwards: wish & 1 == 1 }
    }

    /// Whether the reader waits where it is.
    pub(super) fn is_waited_for(&self) -> bool {
        // Relaxed: as the wish.
        self.shared.waits.load(Ordering::Relaxed)
    }

    /// The frames that are there.
    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// How many there can be.
    pub(super) fn capacity(&self) -> u64 {
        self.shared.capacity as u64
    }

    /// Whether the reader is gone.
    pub(super) fn is_alone(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Tells whether the reader is gone, wherever the writer is.
    pub(super) fn watch(&self) -> WindowWatch {
        WindowWatch(Arc::downgrade(&self.shared))
    }

    /// Says that nothing more comes.
    pub(super) fn fail(&self) {
        // Relaxed: a flag by itself.
        self.shared.failed.store(true, Ordering::Relaxed);
    }

    /// Empties the window; frames are to follow from `frame` on, or before it.
    pub(super) fn move_to(&mut self, frame: u64) {
        self.change(frame..frame);
    }

    /// Appends frames, and drops as many at the start as there is no room for.
    pub(super) fn append(&mut self, planes: &[&[f32]]) {
        let Some(frames) = self.fitting(planes) else { return };
        if !self.is_rising {
            self.is_rising = true;
            self.change(self.range());
        }
        let end = self.range.end + frames;
        let start = self.range.start.max(end.saturating_sub(self.capacity()));
        // Relaxed, and the fence: whoever sees one of the new values sees that the old ones, in
        // whose places they are, are gone.
        self.shared.start.store(start, Ordering::Relaxed);
        fence(Ordering::Release);
        self.put(self.range.end, planes);
        // Release: the values go first.
        self.shared.end.store(end, Ordering::Release);
        self.range = start..end;
    }

    /// Puts frames before those that are there, and drops as many at the end as there is no room
    /// for.
    pub(super) fn prepend(&mut self, planes: &[&[f32]]) {
        let Some(frames) = self.fitting(planes).filter(|frames| *frames <= self.range.start) else {
            return;
        };
        if self.is_rising {
            self.is_rising = false;
            self.change(self.range());
        }
        let start = self.range.start - frames;
        let end = self.range.end.min(start + self.capacity());
        // As in `append`.
        self.shared.end.store(end, Ordering::Relaxed);
        fence(Ordering::Release);
        self.put(start, planes);
        self.shared.start.store(start, Ordering::Release);
        self.range = start..end;
    }

    /// How many frames are in `planes`, if that is no more than there can be.
    fn fitting(&self, planes: &[&[f32]]) -> Option<u64> {
        let frames = planes.first().map_or(0, |plane| plane.len());
        (planes.len() == self.shared.channels && (1..=self.shared.capacity).contains(&frames))
            .then_some(frames as u64)
    }

    fn put(&self, from: u64, planes: &[&[f32]]) {
        for (channel, plane) in planes.iter().enumerate() {
            for (frame, value) in (from..).zip(*plane) {
                // Relaxed: ordered by the fence before and the release after all of them.
                self.shared.value(channel, frame).store(value.to_bits(), Ordering::Relaxed);
            }
        }
    }

    /// Begins another epoch, with `range` in the window.
    fn change(&mut self, range: Range<u64>) {
        let shared = &self.shared;
        // Relaxed: only this thread writes it.
        let epoch = shared.epoch.load(Ordering::Relaxed);
        shared.epoch.store(epoch + 1, Ordering::Relaxed);
        // Release: whoever sees one of the ends, or a value written after this, sees that it is
        // another epoch.
        fence(Ordering::Release);
        shared.start.store(range.start, Ordering::Relaxed);
        shared.end.store(range.end, Ordering::Relaxed);
        // Release: the ends go first.
        shared.epoch.store(epoch + 2, Ordering::Release);
        self.range = range;
    }
}

/// Looks at a window from beside it.
#[derive(Debug)]
pub(super) struct WindowWatch(Weak<Shared>);

impl WindowWatch {
    /// Whether no more than one end is left.
    pub(super) fn is_alone(&self) -> bool {
        self.0.strong_count() <= 1
    }
}

/// The end of who plays: realtime-safe.
#[derive(Debug)]
pub(super) struct WindowReader {
    shared: Arc<Shared>,
}

impl WindowReader {
    /// Says where it is.
    pub(super) fn set_wish(&self, wish: Wish) {
        // Relaxed: see `WindowWriter::wish`.
        self.shared.wish.store(wish.frame << 1 | u64::from(wish.backwards), Ordering::Relaxed);
    }

    /// Says whether it waits where it is, as it does until it says something else.
    pub(super) fn set_waits(&self, waits: bool) {
        // Relaxed: see `WindowWriter::is_waited_for`.
        self.shared.waits.store(waits, Ordering::Relaxed);
    }

    /// Whether nothing more comes.
    pub(super) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// The frames that are there now; those far behind the wish may be gone a moment later.
    pub(super) fn range(&self) -> Range<u64> {
        (0..TRIALS).find_map(|_| self.look().map(|(_, range)| range)).unwrap_or(0..0)
    }

    /// The epoch and what is there in it; None while the window moves elsewhere.
    fn look(&self) -> Option<(u64, Range<u64>)> {
        // Acquire: pairs with the release in `change`, so that the ends are not older than that;
        // and with those of `append` and `prepend`, so that the values of the frames are there.
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        let end = self.shared.end.load(Ordering::Acquire);
        let start = self.shared.start.load(Ordering::Acquire);
        let range = start..end.max(start);
        (epoch.is_multiple_of(2) && self.is_still(epoch)).then_some((epoch, range))
    }

    /// Whether the window has not moved elsewhere since `epoch` was read.
    fn is_still(&self, epoch: u64) -> bool {
        // Acquire: what was read before this was not written after a change that the load misses.
        fence(Ordering::Acquire);
        self.shared.epoch.load(Ordering::Relaxed) == epoch
    }

    /// Copies the frames from `from` on to `place` in `planes`, one per channel. False if they are
    /// not all there; what is there in `planes` then means nothing.
    pub(super) fn read(&self, from: u64, planes: &mut [&mut [f32]], place: Range<usize>) -> bool {
        (0..TRIALS).any(|_| self.try_read(from, planes, place.clone()))
    }

    fn try_read(&self, from: u64, planes: &mut [&mut [f32]], place: Range<usize>) -> bool {
        let wanted = from..from + place.len() as u64;
        let holds = |range: &Range<u64>| range.start <= wanted.start && wanted.end <= range.end;
        let Some((epoch, range)) = self.look() else { return false };
        if !holds(&range) {
            return false;
        }
        for (channel, plane) in planes.iter_mut().enumerate() {
            for (frame, value) in (from..).zip(&mut plane[place.clone()]) {
                // Relaxed: ordered by the acquires in `look` and here.
                let bits = self.shared.value(channel, frame).load(Ordering::Relaxed);
                *value = f32::from_bits(bits);
            }
        }
        // Acquire: had one of the values been written over, the ends would show that its frame is
        // gone. They come before the epoch: what they are in another one says nothing of this.
        fence(Ordering::Acquire);
        let start = self.shared.start.load(Ordering::Relaxed);
        let end = self.shared.end.load(Ordering::Relaxed);
        holds(&(start..end)) && self.is_still(epoch)
    }
}
