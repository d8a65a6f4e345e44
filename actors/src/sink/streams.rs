//! Plays of slots that hold a stream.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::playback::ControlMessage;
use hotcue::{StreamedSample, Wish};

use super::AudioSinkActor;
use crate::looks::LastLook;
use crate::messages::Play;
use crate::playback::DropReason;
use crate::sample::Sample;
use crate::streaming::Streams;

/// Frames that an offline output renders at a time while streams play: between two of these their
/// feeds come to rest, so that what is heard does not depend on who was quicker.
const OFFLINE_FRAMES: usize = 256;
/// So long a render waits for sources that give no sign of life, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_micros(200);
/// So long it waits at a time, and then answers with what it has: whoever asked may want to stop, and
/// others want something of the sink.
const HOLD: Duration = Duration::from_millis(50);

/// What the callback's slots stream, in the order of what was sent to it.
#[derive(Debug)]
pub(super) struct SlotStreams {
    streams: Arc<Streams>,
    by_slot: HashMap<u32, Arc<StreamedSample>>,
    /// A wait that goes on with the next render.
    wait: Option<Wait>,
}

impl SlotStreams {
    pub(super) fn new(streams: Arc<Streams>) -> Self {
        Self { streams, by_slot: HashMap::new(), wait: None }
    }

    /// The callback's slot holds `sample` from now on, or nothing.
    pub(super) fn holds(&mut self, slot: u32, sample: Option<&Sample>) {
        match sample.and_then(Sample::stream) {
            Some(stream) => drop(self.by_slot.insert(slot, Arc::clone(stream))),
            None => drop(self.by_slot.remove(&slot)),
        }
    }

    /// Has a stream looked at as a whole.
    pub(super) fn scan(&self, sample: &Sample) {
        sample.stream().into_iter().for_each(|stream| self.streams.scan(stream));
    }

    pub(super) fn look(&self) {
        self.streams.watch();
    }

    /// Whether nothing streams.
    pub(super) fn is_idle(&self) -> bool {
        self.streams.is_idle()
    }

    /// Waits until every feed has done what there is to do, but not for longer than `until`; false if
    /// the wait is still to go on. A source that has given no sign of life for too long is not waited
    /// for again before it gives one.
    fn rest(&mut self, until: Instant) -> bool {
        while self.streams.is_hungry() {
            let (beats, now) = (self.streams.beats(), Instant::now());
            let wait = self.wait.get_or_insert_with(|| Wait::new(beats, now));
            if wait.is_over(beats, now) {
                self.streams.give_up();
                self.wait = None;
                continue;
            }
            if now >= until {
                return false;
            }
            self.streams.call();
            std::thread::sleep(LOOK);
        }
        self.wait = None;
        true
    }
}

/// How long one has waited for sources that give no sign of life.
#[derive(Debug)]
struct Wait {
    since: Instant,
    looked: LastLook,
    beats: u64,
}

impl Wait {
    fn new(beats: u64, now: Instant) -> Self {
        Self { since: now, looked: LastLook::at(now), beats }
    }

    /// Whether that is long enough, with so many signs of life so far.
    fn is_over(&mut self, beats: u64, now: Instant) -> bool {
        self.since += self.looked.look(now);
        if mem::replace(&mut self.beats, beats) != beats {
            self.since = now;
        }
        now.saturating_duration_since(self.since) >= PATIENCE
    }
}

impl AudioSinkActor {
    /// The command for a play; None where it cannot be, which was said then.
    pub(super) fn command_of(&mut self, play: Play) -> Option<ControlMessage> {
        let Play { slot, voice, params, normalize } = play;
        let Some(sample) = self.slots.by_slot.get(&slot) else {
            return Some(ControlMessage::Play { voice, slot, params });
        };
        let backwards = params.speed < 0.0;
        let start = match params.start_frame {
            0 if backwards => sample.frames().unwrap_or(0).min(params.end_frame),
            frame => frame,
        };
        let sample = Arc::clone(sample);
        let stream =
            |sink: &Self| sink.slots.streams.voice(&sample, Wish { frame: start, backwards });
        let found = stream(self).or_else(|| {
            // Voices that are over may yet have to come home.
            self.collect();
            stream(self)
        });
        match found {
            Some(stream) => Some(ControlMessage::PlayStream { voice, slot, stream, params }),
            None => {
                self.drop_play(
                    &Play { slot, voice, params, normalize },
                    DropReason::TooManyStreams,
                );
                None
            }
        }
    }

    /// Renders on an offline output, each stream having what it needs, and no event being lost. Fewer
    /// frames, or none, where a source keeps it waiting.
    pub(super) fn render(&mut self, frames: usize) -> Option<Vec<f32>> {
        let until = Instant::now() + HOLD;
        let mut rendered = Vec::new();
        let mut left = frames;
        // What was commanded shows whether a voice jumps.
        if !self.device.run_commands() {
            return None;
        }
        loop {
            while !self.slots.is_idle() {
                if !self.slots.rest(until) {
                    return Some(rendered);
                }
                // Where a length was found out meanwhile, voices know better where they begin, and may
                // wait for what is there. From here on none is, but of what was given up.
                self.device.run_commands();
                if !self.slots.streams.is_hungry() {
                    break;
                }
            }
            let jumping = self.controller.shared().jumping_streams() > 0;
            let part = left.min(if jumping { 1 } else { OFFLINE_FRAMES });
            rendered.extend(self.device.render(part)?);
            self.collect();
            left -= part;
            if left == 0 {
                return Some(rendered);
            }
        }
    }
}
