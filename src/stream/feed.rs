//! Keeps a voice's window filled.

use std::ops::Range;
use std::sync::Arc;

use super::cursor::Cursor;
use super::planes::Planes;
use super::reader::StreamReader;
use super::sample::StreamedSample;
use super::window::{WindowWriter, Wish, window};
use super::{REACH_FRAMES, WINDOW_FRAMES};
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::{Collector, Pictures};
use crate::resample::Workbench;
use crate::source::Pulse;

/// Frames that are kept behind a voice, so that what turns round finds something there.
const BEHIND_FRAMES: u64 = 4096;
/// Frames that are read at once backwards: each time a place has to be sought.
const BACK_FRAMES: u64 = 16_384;
/// Room that has to be there forwards before any more is read.
const ROOM_FRAMES: u64 = 4096;

/// Reads a streamed sample ahead of one voice, as a value that is stepped by whoever holds it.
///
/// It needs nobody but the voice's [`StreamReader`] to say where to go: wherever that is, forwards
/// or backwards, after a seek or a jump, the next steps bring the frames there.
pub struct StreamFeed {
    sample: Arc<StreamedSample>,
    writer: WindowWriter,
    pulse: Arc<Pulse>,
    cursor: Option<Cursor>,
    /// What was read and is not in the window yet.
    planes: Planes,
    /// Those of `planes`, if they are to come before what is in the window.
    back: Option<Range<u64>>,
    /// The cursor does not stand where it stopped.
    is_elsewhere: bool,
    failure: Option<LoadError>,
}

/// What a feed has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Nothing,
    /// Begin anew at a frame.
    Move(u64),
    /// Go on at the end of the window, with so many frames at most.
    Append(usize),
    /// Put so many frames before its start.
    Prepend(usize),
}

impl StreamedSample {
    /// The two ends of one voice. The reader finds the head there at once; all else comes by steps
    /// of the feed.
    pub fn voice(self: &Arc<Self>) -> (StreamFeed, StreamReader) {
        self.voice_with(WINDOW_FRAMES)
    }

    pub(super) fn voice_with(self: &Arc<Self>, capacity: usize) -> (StreamFeed, StreamReader) {
        let (writer, reader) = window(self.spec.channels, capacity);
        let feed = StreamFeed {
            sample: Arc::clone(self),
            writer,
            pulse: Arc::default(),
            cursor: None,
            planes: Planes::new(self.spec.channels),
            back: None,
            is_elsewhere: true,
            failure: None,
        };
        (feed, StreamReader { sample: Arc::clone(self), window: reader })
    }
}

impl StreamFeed {
    /// What has been had of the source; its `stop` ends the feed at its next read.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Whether the voice is gone, and with it the need for a feed.
    pub fn is_over(&self) -> bool {
        self.writer.is_alone()
    }

    /// Whether it has nothing to do until the voice goes on.
    pub fn is_full(&self) -> bool {
        self.failure.is_some() || self.task() == Task::Nothing
    }

    /// Frames that the voice can play before it runs dry: at its speed, its deadline. `u64::MAX`
    /// where all that it can come to is there.
    pub fn ahead_frames(&self) -> u64 {
        let Wish { frame, backwards } = self.writer.wish();
        let (range, anchored) = (self.writer.range(), self.sample.anchored(frame));
        if backwards {
            let start = if range.contains(&frame) { range.start } else { anchored.start };
            let start = self.sample.anchored(start.saturating_sub(1)).start.min(start);
            return if start == 0 { u64::MAX } else { frame.saturating_sub(start) };
        }
        let behind = anchored.end;
        let end = if range.contains(&behind) { range.end } else { behind };
        match self.sample.frames() {
            Some(frames) if end >= frames => u64::MAX,
            _ => end - frame,
        }
    }

    /// Does about 1 ms of work; false when there is nothing to do, be it for the moment.
    ///
    /// # Errors
    /// Those of the source; `io` also when it is another file by now. Further steps say the same.
    pub fn step(&mut self, bench: &mut Workbench) -> Result<bool, LoadError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = self.work(bench);
        self.failure = result.as_ref().err().cloned();
        result
    }

    fn work(&mut self, bench: &mut Workbench) -> Result<bool, LoadError> {
        let range = self.writer.range();
        match self.task() {
            Task::Nothing => return Ok(false),
            Task::Move(frame) => {
                self.writer.move_to(frame);
                self.is_elsewhere = true;
            }
            Task::Append(room) => {
                self.seek_to(range.end, None, bench)?;
                if self.planes.frames() == 0 {
                    self.read_on()?;
                }
                let frames = self.planes.frames().min(room);
                self.writer.append(&self.planes.first(frames)[..self.sample.spec.channels]);
                self.planes.drop_first(frames);
            }
            Task::Prepend(frames) => {
                let start = range.start - frames as u64;
                self.seek_to(start, Some(start..range.start), bench)?;
                let more = self.read_on()?;
                if self.planes.frames() >= frames {
                    self.writer.prepend(&self.planes.first(frames)[..self.sample.spec.channels]);
                    self.is_elsewhere = true;
                } else if !more {
                    // It is shorter than was thought.
                    self.writer.move_to(self.sample.frames().unwrap_or(0));
                    self.is_elsewhere = true;
                }
            }
        }
        Ok(true)
    }

    /// Has the cursor read on; false at the end.
    fn read_on(&mut self) -> Result<bool, LoadError> {
        let Some(cursor) = &mut self.cursor else { return Ok(false) };
        let more = cursor.step(&self.sample.index, &mut self.planes)?;
        if let Some(length) = cursor.length().filter(|_| !more) {
            self.sample.set_frames(length);
        }
        Ok(more)
    }

    /// Puts the cursor to `frame`, unless it is on its way already; what comes is to go to `back`, or
    /// else to the end of the window.
    fn seek_to(
        &mut self,
        frame: u64,
        back: Option<Range<u64>>,
        bench: &mut Workbench,
    ) -> Result<(), LoadError> {
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            None => {
                let rate = Some(self.sample.spec.sample_rate);
                let mut found = Collector::new(Pictures::Note);
                let pulse = Arc::clone(&self.pulse);
                let cursor = Cursor::open(&self.sample.source, pulse, rate, &mut found, bench)?;
                if cursor.opened() != self.sample.opened {
                    let message = "the file changed while it was played";
                    return Err(LoadError::new(LoadErrorKind::Io, message));
                }
                self.cursor.insert(cursor)
            }
        };
        let is_on_its_way = !self.is_elsewhere
            && match &back {
                Some(back) => self.back.as_ref() == Some(back),
                None => {
                    let waiting = self.planes.frames() as u64;
                    self.back.is_none() && cursor.position() == frame + waiting
                }
            };
        if !is_on_its_way {
            self.planes.truncate(0);
            cursor.seek(frame, &self.sample.index, &mut self.planes)?;
            (self.back, self.is_elsewhere) = (back, false);
        }
        Ok(())
    }

    /// What is to be done for where the voice is now.
    fn task(&self) -> Task {
        let Wish { frame, backwards } = self.writer.wish();
        let length = self.sample.frames().unwrap_or(u64::MAX);
        if backwards {
            self.task_backwards(frame, length)
        } else {
            self.task_forwards(frame, length)
        }
    }

    fn task_forwards(&self, frame: u64, length: u64) -> Task {
        let Range { start, end } = self.writer.range();
        // From memory one needs what comes behind it.
        let needed = self.sample.anchored(frame.saturating_sub(REACH_FRAMES)).end;
        if needed >= length {
            return Task::Nothing;
        }
        let first = self.sample.anchored(frame.saturating_sub(BEHIND_FRAMES)).end.min(needed);
        if start > needed || first > end {
            return Task::Move(first);
        }
        let room = first.max(start) + self.writer.capacity() - end;
        if end >= length || room < ROOM_FRAMES {
            return Task::Nothing;
        }
        Task::Append(usize::try_from(room).unwrap_or(usize::MAX))
    }

    fn task_backwards(&self, frame: u64, length: u64) -> Task {
        let Range { start, end } = self.writer.range();
        let before = |frame: u64| self.sample.anchored(frame.saturating_sub(1)).start.min(frame);
        let needed = before((frame + REACH_FRAMES).min(length));
        if needed == 0 {
            return Task::Nothing;
        }
        let last = (frame + BEHIND_FRAMES).min(length).max(needed);
        if start > last || needed > end {
            return Task::Move(last);
        }
        let room = start + self.writer.capacity() - end.min(last);
        let frames = BACK_FRAMES.min(self.writer.capacity() / 4).min(start);
        if before(start) == 0 || room < frames {
            return Task::Nothing;
        }
        Task::Prepend(usize::try_from(frames).unwrap_or(usize::MAX))
    }
}
