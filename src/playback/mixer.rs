//! Slots, voices and the mix.

use super::PlaybackConfig;
use super::buffers::{BufferIndex, BufferTable};
use super::messages::{ControlMessage, EndReason, PlaybackEvent, Retrigger, VoiceParams};
use super::ramp::Ramp;
use super::ring::{EventTx, Loan};
use super::scratch::{BLOCK_FRAMES, Scratch};
use super::shared::PlaybackShared;
use super::voice::{Phase, Segment, Voice, sane};
use std::sync::Arc;

/// Everything that sounds, and the clock it sounds by.
#[derive(Debug)]
pub(super) struct Mixer {
    /// What each slot plays.
    slots: Box<[Option<BufferIndex>]>,
    buffers: BufferTable,
    /// `max_voices`, and as many again for those on their way out.
    voices: Box<[Voice]>,
    max_voices: usize,
    next_sequence: u64,
    /// The play that is being taken, until it is a voice or over: a panic must not lose it.
    taking: Option<(u64, u32)>,
    /// Length of every fade that has no other.
    ramp_frames: u32,
    /// The shortest fade that a stop may ask for.
    min_fade_frames: u32,
    volume: Ramp,
    speed: f32,
    clock_frames: u64,
    scratch: Box<Scratch>,
    events_tx: EventTx,
    shared: Arc<PlaybackShared>,
    #[cfg(test)]
    pub(super) panic_on_play_of: Option<u64>,
    #[cfg(test)]
    pub(super) panic_at_frame: Option<u64>,
}

impl Mixer {
    pub(super) fn new(
        config: &PlaybackConfig,
        buffers: BufferTable,
        events_tx: EventTx,
        shared: Arc<PlaybackShared>,
    ) -> Self {
        Self {
            slots: (0..config.slots).map(|_| None).collect(),
            buffers,
            voices: (0..2 * config.max_voices).map(|_| Voice::free()).collect(),
            max_voices: config.max_voices,
            next_sequence: 0,
            taking: None,
            // 5 ms: short enough to feel immediate, long enough not to click.
            ramp_frames: (config.sample_rate / 200).max(1),
            min_fade_frames: (config.sample_rate / 1000).max(1),
            volume: Ramp::at(1.0),
            speed: 1.0,
            clock_frames: 0,
            scratch: Scratch::new(),
            events_tx,
            shared,
            #[cfg(test)]
            panic_on_play_of: None,
            #[cfg(test)]
            panic_at_frame: None,
        }
    }

    /// Obeys one command.
    pub(super) fn obey(&mut self, message: ControlMessage<Loan>) {
        use ControlMessage as M;
        let ramp = self.ramp_frames;
        match message {
            M::LoadSample { slot, sample } => self.load(slot, sample),
            M::UnloadSample { slot } => self.unload(slot),
            M::Play { voice, slot, params } => self.play(voice, slot, &params),
            M::StopVoice { voice, fade_frames } => {
                let fade = fade_frames.max(self.min_fade_frames);
                self.release_where(EndReason::Stopped, fade, |v| v.id == voice);
            }
            M::StopSample { slot } => {
                self.release_where(EndReason::Stopped, ramp, |v| v.slot == slot);
            }
            M::StopAll => self.release_where(EndReason::Stopped, ramp, |_| true),
            M::PauseVoice { voice } => self.each(|v| v.id == voice, Voice::pause),
            M::ResumeVoice { voice } => self.each(|v| v.id == voice, Voice::resume),
            M::SeekVoice { voice, frame } => self.each(|v| v.id == voice, |v| v.seek(frame)),
            M::PauseSample { slot } => self.each(|v| v.slot == slot, Voice::pause),
            M::ResumeSample { slot } => self.each(|v| v.slot == slot, Voice::resume),
            M::SeekSample { slot, frame } => self.each(|v| v.slot == slot, |v| v.seek(frame)),
            M::SetVoice { voice, volume, pan, speed, looped } => self.each(
                |v| v.id == voice,
                |v| {
                    volume.into_iter().for_each(|volume| v.set_volume(volume, ramp));
                    pan.into_iter().for_each(|pan| v.set_pan(pan, ramp));
                    speed.into_iter().for_each(|speed| v.set_speed(speed));
                    looped.into_iter().for_each(|looped| v.set_looped(looped));
                },
            ),
            M::SetVolume { volume } => {
                if let Some(volume) = sane(volume, 0.0, 4.0) {
                    if self.voices.iter().all(Voice::is_silent) {
                        self.volume.jump(volume);
                    } else {
                        self.volume.go(volume, ramp);
                    }
                }
            }
            M::SetSpeed { speed } => self.speed = sane(speed, -4.0, 4.0).unwrap_or(self.speed),
        }
    }

    /// Mixes into `out`, interleaved, silent before, and moves the clock on.
    pub(super) fn mix(&mut self, out: &mut [f32], outputs: usize) {
        let mut rest = out;
        while !rest.is_empty() {
            #[cfg(test)]
            assert!(self.panic_at_frame.is_none_or(|frame| self.clock_frames < frame), "planted");
            self.start_due();
            let frames = (rest.len() / outputs).min(self.frames_to_next_start());
            let (block, tail) = rest.split_at_mut(frames * outputs);
            for index in 0..self.voices.len() {
                self.mix_voice(index, block, outputs);
            }
            self.finish_block(block, outputs);
            self.clock_frames += frames as u64;
            rest = tail;
        }
        self.publish();
    }

    /// Publishes the clock and the number of voices.
    pub(super) fn publish(&self) {
        self.shared.set_clock(self.clock_frames);
        let voices = self.voices.iter().filter(|voice| voice.phase != Phase::Free).count();
        self.shared.set_voices(u32::try_from(voices).unwrap_or(u32::MAX));
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
            self.voices[index].phase = Phase::Free;
            if phase != Phase::Free {
                self.report_end(id, slot, self.clock_frames, EndReason::Failed);
            }
        }
        if let Some((id, slot)) = self.taking {
            self.report_end(id, slot, self.clock_frames, EndReason::Failed);
        }
        self.buffers.recount(self.slots.iter().flatten().copied());
        self.publish();
    }

    fn load(&mut self, slot: u32, sample: Loan) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return self.buffers.refuse(sample);
        };
        let replaced = std::mem::replace(place, self.buffers.insert(sample));
        if let Some(replaced) = replaced {
            self.buffers.release(replaced);
        }
    }

    fn unload(&mut self, slot: u32) {
        self.release_where(EndReason::Unloaded, self.ramp_frames, |voice| voice.slot == slot);
        if let Some(buffer) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.buffers.release(buffer);
        }
    }

    fn play(&mut self, id: u64, slot: u32, params: &VoiceParams) {
        self.taking = Some((id, slot));
        #[cfg(test)]
        assert_ne!(self.panic_on_play_of, Some(id), "planted");
        let Some(&Some(buffer)) = self.slots.get(slot as usize) else {
            return self.report_end(id, slot, self.clock_frames, EndReason::NoSample);
        };
        let at_frame = params.at_frame.filter(|frame| *frame > self.clock_frames);
        if at_frame.is_none() && !self.retrigger(slot, params.retrigger) {
            return self.report_end(id, slot, self.clock_frames, EndReason::Ignored);
        }
        let Some(index) = self.make_room() else {
            return self.report_end(id, slot, self.clock_frames, EndReason::Stolen);
        };
        let phase = at_frame.map_or(Phase::Started, |at_frame| Phase::Waiting { at_frame });
        self.buffers.hold(buffer);
        self.voices[index] = Voice::new(id, slot, buffer, self.next_sequence, params, phase);
        self.taking = None;
        self.next_sequence += 1;
        if phase == Phase::Started {
            self.report_start(id, slot);
        }
    }

    /// Starts the voices whose frame the clock has reached, in the order they were sent.
    fn start_due(&mut self) {
        let now = self.clock_frames;
        let due =
            |voice: &Voice| matches!(voice.phase, Phase::Waiting { at_frame } if at_frame <= now);
        // Ends: each turn starts or ends one that is due.
        while let Some(index) = self.weakest(due, |_| (false, 0.0)) {
            let Voice { id, slot, retrigger, .. } = self.voices[index];
            if self.retrigger(slot, retrigger) {
                self.voices[index].phase = Phase::Started;
                self.report_start(id, slot);
            } else {
                self.end(index, self.clock_frames, EndReason::Ignored);
            }
        }
    }

    /// How far to mix until a waiting voice starts; a block at most.
    fn frames_to_next_start(&self) -> usize {
        let starts = self.voices.iter().filter_map(|voice| match voice.phase {
            Phase::Waiting { at_frame } => usize::try_from(at_frame - self.clock_frames).ok(),
            Phase::Free | Phase::Started => None,
        });
        starts.fold(BLOCK_FRAMES, usize::min)
    }

    /// Does to the slot's voices what a new one asks for; says whether the new one sounds.
    fn retrigger(&mut self, slot: u32, retrigger: Retrigger) -> bool {
        let busy = self.voices.iter().any(|voice| voice.slot == slot && voice.is_active());
        match retrigger {
            Retrigger::Overlap => true,
            Retrigger::Ignore => !busy,
            Retrigger::Restart | Retrigger::Toggle => {
                let sounding = |voice: &Voice| voice.slot == slot && voice.is_active();
                self.release_where(EndReason::Stopped, self.ramp_frames, sounding);
                retrigger == Retrigger::Restart || !busy
            }
        }
    }

    /// Finds a place for a voice, and takes it from another if `max_voices` are there: from the
    /// quietest that has started, the oldest among equals; if none has, from the oldest that
    /// waits. It fades. A voice in a long fade is still one of `max_voices`; should every place
    /// be in its last 5 ms already, the quietest is cut off.
    fn make_room(&mut self) -> Option<usize> {
        let ramp = self.ramp_frames;
        let leaves = |voice: &Voice| voice.ends_within(ramp);
        let counts = |voice: &Voice| voice.phase != Phase::Free && !leaves(voice);
        let taken = self.voices.iter().filter(|voice| counts(voice)).count();
        if taken >= self.max_voices {
            let order = |voice: &Voice| (voice.phase != Phase::Started, voice.level());
            let victim = self.weakest(counts, order)?;
            self.release(victim, EndReason::Stolen, self.ramp_frames);
        }
        if let Some(free) = self.voices.iter().position(|voice| voice.phase == Phase::Free) {
            return Some(free);
        }
        let fading = self.weakest(leaves, |voice| (false, voice.level()))?;
        self.end(fading, self.clock_frames, EndReason::Stolen);
        Some(fading)
    }

    /// The voice that comes first by `order`, then by age, among those that `filter` lets through.
    fn weakest(
        &self,
        filter: impl Fn(&Voice) -> bool,
        order: impl Fn(&Voice) -> (bool, f32),
    ) -> Option<usize> {
        let candidates = self.voices.iter().enumerate().filter(|(_, voice)| filter(voice));
        let weakest = candidates.min_by(|(_, a), (_, b)| {
            let (a_late, a_level) = order(a);
            let (b_late, b_level) = order(b);
            let by_order = a_late.cmp(&b_late).then(a_level.total_cmp(&b_level));
            by_order.then(a.sequence.cmp(&b.sequence))
        });
        weakest.map(|(index, _)| index)
    }

    fn each(&mut self, filter: impl Fn(&Voice) -> bool, change: impl Fn(&mut Voice)) {
        let voices = self.voices.iter_mut().filter(|voice| voice.is_taken() && filter(voice));
        voices.for_each(change);
    }

    fn release_where(&mut self, reason: EndReason, fade: u32, filter: impl Fn(&Voice) -> bool) {
        for index in 0..self.voices.len() {
            let voice = &self.voices[index];
            if voice.phase != Phase::Free && filter(voice) {
                self.release(index, reason, fade);
            }
        }
    }

    /// Fades a voice; one that is silent ends at once. One that fades already is in no less of a
    /// hurry, and keeps its reason.
    fn release(&mut self, index: usize, reason: EndReason, fade_frames: u32) {
        let voice = &mut self.voices[index];
        voice.release(reason, fade_frames);
        if let Some(reason) = voice.releasing().filter(|_| voice.is_silent()) {
            self.end(index, self.clock_frames, reason);
        }
    }

    /// Adds one voice to a block.
    fn mix_voice(&mut self, index: usize, block: &mut [f32], outputs: usize) {
        let voice = &mut self.voices[index];
        if voice.phase != Phase::Started {
            return;
        }
        let Some(sample) = self.buffers.get(voice.buffer) else { return };
        let frames = block.len() / outputs;
        let mut done = 0;
        let end = loop {
            let left = frames - done;
            if left == 0 {
                return;
            }
            match voice.next_segment(sample, self.speed, left, self.ramp_frames) {
                Segment::Silence => return,
                Segment::End(reason) => break reason,
                Segment::Sound { frames, speed } => {
                    let out = &mut block[done * outputs..];
                    done += self.scratch.add_voice(voice, sample, speed, frames, out, outputs);
                }
            }
        };
        self.end(index, self.clock_frames + done as u64, end);
    }

    /// Applies the master volume and takes the peak.
    fn finish_block(&mut self, block: &mut [f32], outputs: usize) {
        let mut peak = [0.0_f32; 2];
        for frame in block.chunks_exact_mut(outputs) {
            let volume = self.volume.next();
            for value in frame.iter_mut() {
                *value *= volume;
            }
            let right = frame.get(1).or_else(|| frame.first());
            for (peak, value) in peak.iter_mut().zip([frame.first(), right]) {
                *peak = value.map_or(*peak, |value| peak.max(value.abs()));
            }
        }
        self.shared.raise_peak(peak);
    }

    fn end(&mut self, index: usize, frame: u64, reason: EndReason) {
        let Voice { id, slot, buffer, .. } = self.voices[index];
        self.voices[index].phase = Phase::Free;
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

    fn report(&mut self, event: PlaybackEvent) {
        if self.events_tx.push(event).is_err() {
            self.shared.count_dropped_event();
        }
    }
}
