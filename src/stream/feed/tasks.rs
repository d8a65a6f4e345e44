//! What a feed has to do next.

use std::ops::Range;

use super::StreamFeed;
use crate::playback::{BLOCK_FRAMES, FADES_PER_SEC, FASTEST};
use crate::stream::REACH_FRAMES;
use crate::stream::reader::{held_end, held_start};
use crate::stream::window::{WindowWriter, Wish};

/// What is kept behind a voice at most, as a share of a window.
const BEHIND_SHARE: u64 = 3;
/// A frame that no file has: on the way there its end is found.
const BEYOND_ALL: u64 = 1 << 50;
/// Frames that are read at once backwards: each time a place has to be sought.
const BACK_FRAMES: u64 = 16_384;
/// Room that has to be there forwards before any more is read.
const ROOM_FRAMES: u64 = 4096;
/// So many frames ahead a window has at least before anything is read of where the voice jumps to,
/// as a share of all that it can have: a seek there and back is not for a few frames.
const ENOUGH: u64 = 4;

/// Which window is worked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// The one that goes along with the voice.
    Window,
    /// The one of where it jumps to.
    Jump,
    /// The one of where it jumps from.
    Edge,
}

impl Work {
    /// Its window.
    pub(super) fn of<'a>(
        self,
        window: &'a mut WindowWriter,
        jump: &'a mut WindowWriter,
        edge: &'a mut WindowWriter,
    ) -> &'a mut WindowWriter {
        match self {
            Self::Window => window,
            Self::Jump => jump,
            Self::Edge => edge,
        }
    }
}

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Begin anew at a frame.
    Move(u64),
    /// Go on at its end, with so many frames at most.
    Append(usize),
    /// Put so many frames before its start.
    Prepend(usize),
}

impl StreamFeed {
    /// What is to be done for where the voice is now, and for where it goes; None if that is nothing.
    pub(super) fn task(&self) -> Option<(Work, Task)> {
        let Wish { mut frame, backwards } = self.writer.wish();
        if self.seeks_length() {
            frame = BEYOND_ALL;
        }
        let length = self.sample.frames().unwrap_or(u64::MAX);
        let jump = self.task_beside(&self.jump, length);
        // What is held of a jump that was made goes with the next one: a voice is not to lean on it.
        let stays = !matches!(jump, Some(Task::Move(_)));
        let beside = [if stays { self.jump.range() } else { 0..0 }];
        let task = match backwards {
            true => self.task_backwards(frame, length, &beside),
            false => self.task_forwards(frame, length, &beside),
        };
        let [jumped] = beside;
        let held = [self.writer.range(), jumped, self.edge.range()];
        let is_urgent = self.ahead_by(&held) < self.writer.capacity() / ENOUGH;
        let task = task.map(|task| (Work::Window, task));
        if task.is_some() && is_urgent {
            return task;
        }
        let edge = || self.task_beside(&self.edge, length).map(|task| (Work::Edge, task));
        jump.map(|jump| (Work::Jump, jump)).or_else(edge).or(task)
    }

    fn task_forwards(&self, frame: u64, length: u64, beside: &[Range<u64>]) -> Option<Task> {
        let Range { start, end } = self.writer.range();
        // From memory one needs what comes behind it.
        let needed = held_end(&self.sample, beside, frame.saturating_sub(REACH_FRAMES));
        if needed >= length {
            return None;
        }
        let first = held_end(&self.sample, beside, frame.saturating_sub(self.behind_frames()));
        let first = first.min(needed);
        if start > needed || first > end {
            return Some(Task::Move(first));
        }
        let room = first.max(start) + self.writer.capacity() - end;
        let has_room = end < length && room >= ROOM_FRAMES;
        has_room.then(|| Task::Append(usize::try_from(room).unwrap_or(usize::MAX)))
    }

    fn task_backwards(&self, frame: u64, length: u64, beside: &[Range<u64>]) -> Option<Task> {
        let Range { start, end } = self.writer.range();
        let needed = held_start(&self.sample, beside, (frame + REACH_FRAMES).min(length));
        if needed == 0 {
            return None;
        }
        let last = (frame + self.behind_frames()).min(length).max(needed);
        if start > last || needed > end {
            return Some(Task::Move(last));
        }
        let room = start + self.writer.capacity() - end.min(last);
        let frames = self.back_frames(&self.writer);
        let has_room = held_start(&self.sample, &[], start) > 0 && room >= frames;
        has_room.then(|| Task::Prepend(usize::try_from(frames).unwrap_or(usize::MAX)))
    }

    /// Frames that are kept behind the voice, so that it finds them there when it turns round: what
    /// the fastest reads in a block and a fade, before anything is read for it.
    fn behind_frames(&self) -> u64 {
        let fade = u64::from(self.sample.spec.sample_rate / FADES_PER_SEC);
        let way = u64::from(FASTEST) * (BLOCK_FRAMES as u64 + fade);
        (way + REACH_FRAMES).min(self.writer.capacity() / BEHIND_SHARE)
    }

    /// Frames to be put before those of `writer` at once.
    fn back_frames(&self, writer: &WindowWriter) -> u64 {
        BACK_FRAMES.min(writer.capacity() / 4).min(writer.range().start)
    }

    /// What is held beside the window is as much as there is room for, from where it was asked for
    /// on.
    fn task_beside(&self, writer: &WindowWriter, length: u64) -> Option<Task> {
        let Wish { frame, backwards } = writer.wish();
        let Range { start, end } = writer.range();
        let capacity = writer.capacity();
        if backwards {
            let last =
                held_start(&self.sample, &[], frame.saturating_add(REACH_FRAMES).min(length));
            if last == 0 || frame >= last + capacity || frame == u64::MAX {
                return None;
            }
            if end != last {
                return Some(Task::Move(last));
            }
            let frames = self.back_frames(writer);
            let has_room = end - start + frames <= capacity && start > 0;
            return has_room.then(|| Task::Prepend(usize::try_from(frames).unwrap_or(usize::MAX)));
        }
        let first = held_end(&self.sample, &[], frame.saturating_sub(REACH_FRAMES));
        if first >= length || first >= frame + capacity {
            return None;
        }
        if start != first {
            return Some(Task::Move(first));
        }
        let room = capacity - (end - start);
        let has_room = end < length && room > 0;
        has_room.then(|| Task::Append(usize::try_from(room).unwrap_or(usize::MAX)))
    }
}
