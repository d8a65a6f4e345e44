//! Slots, voices and the mix.
//!
//! Each voice is added to its bus, the buses to the master; that is scaled, limited and metered.

mod commands;
mod places;
mod voices;

use std::sync::Arc;

use super::agenda::Agenda;
use super::buffers::{BufferIndex, BufferTable};
use super::bus::{BUSES, Bus, scale};
use super::events::{EndReason, PlaybackEvent};
use super::limiter::Limiter;
use super::material::Material;
use super::meter::Meter;
use super::params::LoopSpan;
use super::playheads::{Playhead, VoiceState};
use super::ramp::Ramp;
use super::ring::EventTx;
use super::scratch::{BLOCK_FRAMES, Lane, Scratch};
use super::shared::PlaybackShared;
use super::voice::{Common, Phase, Segment, Voice};
use super::{FADES_PER_SEC, PlaybackConfig};
use voices::Voices;

/// Everything that sounds, and the clock it sounds by.
#[derive(Debug)]
pub(super) struct Mixer {
    /// What each slot plays.
    slots: Box<[Option<Slot>]>,
    buffers: BufferTable,
    /// `max_voices`, and at least as many again for those on their way out.
    voices: Voices,
    max_voices: usize,
    next_sequence: u64,
    /// The play that is being taken, until it is a voice or over: a panic must not lose it.
    taking: Option<(u64, u32)>,
    /// Length of every fade that has no other.
    ramp_frames: u32,
    /// The shortest fade that may be asked for.
    min_fade_frames: u32,
    buses: Box<[Bus]>,
    master: Box<[Lane]>,
    volume: Ramp,
    speed: f64,
    limiter: Limiter,
    meter: Meter,
    clock_frames: u64,
    agenda: Agenda,
    scratch: Box<Scratch>,
    events_tx: EventTx,
    event_capacity: usize,
    shared: Arc<PlaybackShared>,
    #[cfg(test)]
    pub(super) panic_on_play_of: Option<u64>,
    #[cfg(any(test, feature = "testing"))]
    pub(super) panic_at_frame: Option<u64>,
}

/// What a slot plays.
#[derive(Clone, Copy, Debug)]
struct Slot {
    buffer: BufferIndex,
    own_loop: Option<LoopSpan>,
}

impl Mixer {
    pub(super) fn new(
        config: &PlaybackConfig,
        buffers: BufferTable,
        events_tx: EventTx,
        shared: Arc<PlaybackShared>,
    ) -> Self {
        let outputs = config.output_channels;
        let meter_frames = config.meter_frames.max(1);
        Self {
            slots: vec![None; config.slots].into(),
            buffers,
            voices: Voices::new(places(config.max_voices)),
            max_voices: config.max_voices,
            next_sequence: 0,
            taking: None,
            // 5 ms: short enough to feel immediate, long enough not to click.
            ramp_frames: (config.sample_rate / FADES_PER_SEC).max(1),
            min_fade_frames: (config.sample_rate / 1000).max(1),
            buses: (0..BUSES).map(|_| Bus::new(outputs, meter_frames)).collect(),
            master: vec![[0.0; BLOCK_FRAMES]; outputs].into(),
            volume: Ramp::at(1.0),
            speed: 1.0,
            limiter: Limiter::new(outputs, config.sample_rate),
            meter: Meter::new(meter_frames),
            clock_frames: 0,
            agenda: Agenda::new(),
            scratch: Scratch::new(),
            events_tx,
            event_capacity: config.event_capacity,
            shared,
            #[cfg(test)]
            panic_on_play_of: None,
            #[cfg(any(test, feature = "testing"))]
            panic_at_frame: None,
        }
    }

    /// Channels of the mix.
    pub(super) fn outputs(&self) -> usize {
        self.master.len()
    }

    /// Mixes for another number of channels from now on. Not realtime-safe.
    pub(super) fn set_outputs(&mut self, outputs: usize) {
        self.master = vec![[0.0; BLOCK_FRAMES]; outputs].into();
        self.buses.iter_mut().for_each(|bus| bus.set_outputs(outputs));
        self.limiter.set_outputs(outputs);
    }

    /// Mixes into `out`, interleaved, and moves the clock on.
    pub(super) fn mix(&mut self, out: &mut [f32]) {
        let outputs = self.outputs();
        let mut rest = out;
        while !rest.is_empty() {
            #[cfg(any(test, feature = "testing"))]
            if self.panic_at_frame.take_if(|frame| *frame <= self.clock_frames).is_some() {
                panic!("planted");
            }
            self.obey_due();
            let frames = (rest.len() / outputs).min(self.frames_till_due());
            let (block, tail) = rest.split_at_mut(frames * outputs);
            for index in 0..self.voices.len() {
                self.mix_voice(index, frames);
            }
            self.finish_block(block, frames);
            self.clock_frames += frames as u64;
            rest = tail;
        }
        self.publish();
    }

    /// Publishes what has changed with a block or with commands: clock, voices, where they are.
    pub(super) fn publish(&self) {
        self.shared.set_clock(self.clock_frames);
        let common = self.common();
        let (mut voices, mut jumping) = (0, 0);
        for voice in self.voices.iter() {
            if voice.phase != Phase::Free
                && let Some(Material::Stream(reader)) = self.buffers.get(voice.buffer)
            {
                let (first, master) = self.told_first(voice);
                let common = Common { speed: master, ..common };
                voice.tell(reader, common, self.next_jump(voice), first);
                jumping += u32::from(voice.fades_before_it_jumps() || self.may_jump_soon(voice));
            }
            voices += u32::from(voice.phase != Phase::Free);
        }
        let playheads = self.voices.iter().map(|voice| {
            let begin = voice.origin(self.buffers.get(voice.buffer), common);
            playhead(voice, begin, self.clock_frames)
        });
        self.shared.show_playheads(self.clock_frames, playheads);
        self.shared.set_voices(voices);
        self.shared.set_jumping_streams(jumping);
        self.shared.set_limiter_frames(self.limiter.latency_frames());
    }

    /// Frames rendered so far.
    pub(super) fn clock_frames(&self) -> u64 {
        self.clock_frames
    }

    /// After a panic: no voice is left, slots keep their samples, the clock moves on to where the
    /// block ends.
    pub(super) fn recover(&mut self, block_end: u64) {
        self.clock_frames = block_end;
        for index in 0..self.voices.len() {
            let Voice { id, slot, phase, .. } = self.voices[index];
            self.voices.free(index);
            self.agenda.forget(id);
            if phase != Phase::Free {
                self.report_end(id, slot, self.clock_frames, EndReason::Failed);
            }
        }
        if let Some((id, slot)) = self.taking {
            self.report_end(id, slot, self.clock_frames, EndReason::Failed);
        }
        self.buses.iter_mut().for_each(Bus::discard);
        self.buffers.recount(self.slots.iter().flatten().map(|slot| slot.buffer));
        self.publish();
    }

    fn common(&self) -> Common {
        Common { speed: self.speed, ramp_frames: self.ramp_frames, now: self.clock_frames }
    }

    /// Adds one voice to its bus.
    fn mix_voice(&mut self, index: usize, frames: usize) {
        let common = self.common();
        let voice = &mut self.voices[index];
        if voice.phase != Phase::Started {
            return;
        }
        let Some(sample) = self.buffers.get(voice.buffer) else { return };
        let bus = &mut self.buses[voice.bus];
        let was_starved = voice.is_starving();
        let (mut done, mut looped_at) = (0, None);
        let end = loop {
            if done == frames {
                // At once: what starts at the very next frame is not to find it still sounding.
                break voice.is_over(sample).then(|| voice.end_reason());
            }
            let common = Common { now: common.now + done as u64, ..common };
            match voice.next_segment(sample, common, frames - done) {
                Segment::Silence(length) if done + length == frames => break None,
                Segment::Silence(length) => done += length,
                Segment::End(reason) => break Some(reason),
                Segment::Sound(length) => {
                    let added = self.scratch.add_voice(voice, sample, common, length, bus, done);
                    looped_at = added.looped_at.or(looped_at);
                    done += added.frames;
                    if added.frames < length && !voice.jumps_at_its_end() {
                        break Some(voice.end_reason());
                    }
                }
            }
        };
        if voice.is_starving() && !was_starved {
            self.shared.count_underrun();
        }
        let Voice { id, slot, .. } = *voice;
        if let Some(frame) = looped_at {
            let (rounds, frame) = (voice.rounds(), self.clock_frames + frame as u64);
            self.report_loop(PlaybackEvent::Looped { voice: id, slot, frame, rounds });
        }
        if let Some(reason) = end {
            self.end(index, self.clock_frames + done as u64, reason);
        }
    }

    /// Makes the master of the buses, and of the master what leaves.
    fn finish_block(&mut self, block: &mut [f32], frames: usize) {
        let Self { buses, master, .. } = self;
        master.iter_mut().for_each(|plane| plane[..frames].fill(0.0));
        for (index, bus) in buses.iter_mut().enumerate() {
            bus.finish(frames, master);
            if let Some(levels) = bus.meter.finished() {
                self.shared.set_bus_levels(index, &levels);
            }
        }
        scale(&mut self.volume, frames, master);
        self.limiter.apply(frames, master, self.ramp_frames);
        self.meter.measure(frames, master);
        if let Some(levels) = self.meter.finished() {
            self.shared.set_master_levels(&levels, self.limiter.take_lowest());
        }
        let outputs = master.len();
        for (output, plane) in master.iter().enumerate() {
            let targets = block.iter_mut().skip(output).step_by(outputs);
            targets.zip(plane).for_each(|(target, value)| *target = *value);
        }
    }

    fn end(&mut self, index: usize, frame: u64, reason: EndReason) {
        let Voice { id, slot, buffer, .. } = self.voices[index];
        self.voices.free(index);
        self.agenda.forget(id);
        self.buffers.release(buffer);
        self.report_end(id, slot, frame, reason);
    }

    fn report_start(&mut self, voice: u64, slot: u32) {
        self.report(PlaybackEvent::Started { voice, slot, frame: self.clock_frames });
    }

    fn report_end(&mut self, voice: u64, slot: u32, frame: u64, reason: EndReason) {
        if self.taking == Some((voice, slot)) {
            self.taking = None;
        }
        self.shared.count_ended_play(slot);
        self.report(PlaybackEvent::Ended { voice, slot, frame, reason });
    }

    /// Leaves half of the ring to what happens once per voice.
    fn report_loop(&mut self, event: PlaybackEvent) {
        if self.events_tx.slots() * 2 > self.event_capacity {
            self.report(event);
        } else {
            self.shared.count_dropped_event();
        }
    }

    fn report(&mut self, event: PlaybackEvent) {
        if self.events_tx.push(event).is_err() {
            self.shared.count_dropped_event();
        }
    }
}

/// Places for voices, of which `max_voices` are not on their way out. Of few many more may be: all
/// that began within 5 ms.
pub(super) fn places(max_voices: usize) -> usize {
    max_voices + max_voices.max(32)
}

/// What is shown of a voice, which is to begin at a frame of its sample, if that has to be said.
fn playhead(voice: &Voice, begin: Option<u64>, clock_frame: u64) -> Option<Playhead> {
    let state = match voice.phase {
        Phase::Free => return None,
        Phase::Waiting { .. } => VoiceState::Waiting,
        Phase::Started if voice.releasing().is_some() => VoiceState::Stopping,
        Phase::Started if voice.is_paused() => VoiceState::Paused,
        Phase::Started => VoiceState::Playing,
    };
    let Voice { id, slot, .. } = *voice;
    // Between the last frame of a round and the first of the next, backwards.
    let position_frames = begin.map_or_else(|| voice.position().max(0.0), |frame| frame as f64);
    Some(Playhead { voice: id, slot, position_frames, state, clock_frame })
}
