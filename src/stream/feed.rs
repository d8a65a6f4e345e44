//! Keeps a voice's window filled.

mod tasks;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::cursor::Cursor;
use super::planes::Planes;
use super::reader::{StreamReader, held_end, held_start};
use super::sample::StreamedSample;
use super::window::{WindowWatch, WindowWriter, Wish, window};
use super::{EDGE_FRAMES, JUMP_FRAMES, window_frames};
use crate::error::LoadError;
use crate::resample::Workbench;
use crate::source::Pulse;
use tasks::{Task, Work};

/// A voice that can play on for less than this, 0.3 s at 48 kHz, soon runs dry.
const SOON_FRAMES: u64 = 16_384;

/// Reads a streamed sample ahead of one voice, as a value that is stepped by whoever holds it.
///
/// It needs nobody but the voice's [`StreamReader`] to say where to go: wherever that is, forwards
/// or backwards, after a seek or a jump, the next steps bring the frames there.
pub struct StreamFeed {
    sample: Arc<StreamedSample>,
    writer: WindowWriter,
    /// Of where the voice jumps to next.
    jump: WindowWriter,
    /// Of what lies round the place that it jumps from.
    edge: WindowWriter,
    pulse: Arc<Pulse>,
    cursor: Option<Cursor>,
    /// What was read and is not in a window yet.
    planes: Planes,
    /// What `planes` are for; None where the cursor is to be put somewhere.
    under_way: Option<UnderWay>,
    failure: Option<LoadError>,
}

/// Tells whether the voice of a feed is gone.
#[derive(Debug)]
pub struct StreamWatch(WindowWatch);

impl StreamWatch {
    /// Whether it is.
    pub fn is_over(&self) -> bool {
        self.0.is_alone()
    }
}

/// What the cursor reads for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnderWay {
    work: Work,
    /// Those of `planes`, if they are to come before what is in the window.
    back: Option<Range<u64>>,
}

impl StreamedSample {
    /// The two ends of one voice. The reader finds the head there at once; all else comes by steps
    /// of the feed.
    pub fn voice(self: &Arc<Self>) -> (StreamFeed, StreamReader) {
        self.voice_with(window_frames(self.spec.channels))
    }

    pub(super) fn voice_with(self: &Arc<Self>, capacity: usize) -> (StreamFeed, StreamReader) {
        let (writer, reader) = window(self.spec.channels, capacity);
        let (jump, jump_reader) = window(self.spec.channels, JUMP_FRAMES.min(capacity));
        let (edge, edge_reader) = window(self.spec.channels, EDGE_FRAMES);
        let feed = StreamFeed {
            sample: Arc::clone(self),
            writer,
            jump,
            edge,
            pulse: Arc::default(),
            cursor: None,
            planes: Planes::new(self.spec.channels),
            under_way: None,
            failure: None,
        };
        let sample = Arc::clone(self);
        (feed, StreamReader::new(sample, [reader, jump_reader, edge_reader]))
    }

    /// Bytes of the windows of one voice.
    pub fn voice_bytes(&self) -> usize {
        let channels = self.spec.channels;
        (window_frames(channels) + JUMP_FRAMES + EDGE_FRAMES) * channels * size_of::<f32>()
    }
}

impl fmt::Debug for StreamFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamFeed")
            .field("sample", &self.sample)
            .field("writer", &self.writer)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Drop for StreamFeed {
    /// Nothing comes any more to a voice that goes on.
    fn drop(&mut self) {
        self.writer.fail();
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

    /// Tells whether the voice is gone, also while another thread steps the feed.
    pub fn watch(&self) -> StreamWatch {
        StreamWatch(self.writer.watch())
    }

    /// Whether it has nothing to do until the voice goes on.
    pub fn is_full(&self) -> bool {
        self.failure.is_some() || self.task().is_none()
    }

    /// Whether the voice waits for the length of the sample to be known, at whose end it begins.
    pub fn waits_for_length(&self) -> bool {
        let backwards = self.writer.wish().backwards && self.writer.is_waited_for();
        backwards && self.failure.is_none() && self.sample.frames().is_none()
    }

    /// Whether nobody else finds that out. At an end that is not known, a voice waits at the start.
    fn seeks_length(&self) -> bool {
        self.writer.wish().frame <= 1 && self.waits_for_length() && !self.sample.is_scanned()
    }

    /// Frames after which the voice wants more, at its speed: of several feeds, the one with the
    /// fewest is to be stepped. A voice that waits cannot run dry any more: those that soon would
    /// come before it.
    pub fn due_frames(&self) -> u64 {
        let waits = if self.writer.is_waited_for() { SOON_FRAMES } else { 0 };
        self.ahead_frames().saturating_add(waits)
    }

    /// Frames that the voice can play before it runs dry. `u64::MAX` where all that it can come to
    /// is there.
    pub fn ahead_frames(&self) -> u64 {
        self.ahead_by(&[self.writer.range(), self.jump.range(), self.edge.range()])
    }

    /// As [`ahead_frames`](Self::ahead_frames), of what these windows hold.
    fn ahead_by(&self, held: &[Range<u64>]) -> u64 {
        let Wish { frame, backwards } = self.writer.wish();
        if backwards {
            let start = held_start(&self.sample, held, frame);
            return if start == 0 { u64::MAX } else { frame - start };
        }
        let end = held_end(&self.sample, held, frame);
        match self.sample.frames() {
            Some(frames) if end >= frames => u64::MAX,
            _ => end - frame,
        }
    }

    /// Ends it with `failure`, for whoever had a step of it panic.
    pub fn fail(&mut self, failure: LoadError) {
        self.failure = Some(failure);
        self.writer.fail();
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
        if let Err(error) = &result {
            self.fail(error.clone());
        }
        result
    }

    fn work(&mut self, bench: &mut Workbench) -> Result<bool, LoadError> {
        let Some((work, task)) = self.task() else { return Ok(false) };
        let channels = self.sample.spec.channels;
        let range = self.window(work).range();
        match task {
            Task::Move(frame) => {
                self.window(work).move_to(frame);
                self.under_way = None;
            }
            Task::Append(room) => {
                self.seek_to(range.end, UnderWay { work, back: None }, bench)?;
                if self.planes.frames() == 0 {
                    self.read_on()?;
                }
                let frames = self.planes.frames().min(room);
                let planes = self.planes.first(frames);
                work.of(&mut self.writer, &mut self.jump, &mut self.edge)
                    .append(&planes[..channels]);
                self.planes.drop_first(frames);
                if frames > 0 && self.sample.frames() == Some(range.end + frames as u64) {
                    self.sample.origin.check()?;
                }
            }
            Task::Prepend(frames) => {
                let start = range.start - frames as u64;
                let back = Some(start..range.start);
                self.seek_to(start, UnderWay { work, back }, bench)?;
                let more = self.read_on()?;
                let writer = work.of(&mut self.writer, &mut self.jump, &mut self.edge);
                if self.planes.frames() >= frames {
                    writer.prepend(&self.planes.first(frames)[..channels]);
                    self.under_way = None;
                } else if !more {
                    // It is shorter than was thought.
                    writer.move_to(self.sample.frames().unwrap_or(0));
                    self.under_way = None;
                }
            }
        }
        Ok(true)
    }

    fn window(&mut self, work: Work) -> &mut WindowWriter {
        work.of(&mut self.writer, &mut self.jump, &mut self.edge)
    }

    /// Has the cursor read on; false at the end.
    fn read_on(&mut self) -> Result<bool, LoadError> {
        let Some(cursor) = &mut self.cursor else { return Ok(false) };
        let more = cursor.step(&self.sample.index, &mut self.planes)?;
        let Some(length) = cursor.length().filter(|_| !more) else { return Ok(more) };
        match self.sample.origin.check() {
            Ok(()) => self.sample.set_frames(length, cursor.has_counted()),
            // What was read is heard first; the next call comes here again.
            Err(_) if self.planes.frames() > 0 => return Ok(false),
            Err(error) => return Err(error),
        }
        if self.sample.frames().is_some_and(|frames| length < frames) {
            // Not where it took itself to be.
            cursor.go_from_start();
            self.under_way = None;
            return Ok(true);
        }
        self.sample.learn_seams(cursor);
        Ok(false)
    }

    /// Puts the cursor to `frame`, unless it is on its way already with what `next` is.
    fn seek_to(
        &mut self,
        frame: u64,
        next: UnderWay,
        bench: &mut Workbench,
    ) -> Result<(), LoadError> {
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            None => {
                let rate = Some(self.sample.spec.sample_rate);
                let pulse = Arc::clone(&self.pulse);
                let cursor = Cursor::open_again(&self.sample.origin, pulse, rate, bench)?;
                self.cursor.insert(cursor)
            }
        };
        let waiting = self.planes.frames() as u64;
        let is_on_its_way = self.under_way.as_ref() == Some(&next)
            && (next.back.is_some() || cursor.position() == frame + waiting);
        if !is_on_its_way {
            self.sample.origin.check()?;
            self.planes.truncate(0);
            cursor.seek(frame, &self.sample.index, &mut self.planes)?;
            self.under_way = Some(next);
        }
        Ok(())
    }
}
