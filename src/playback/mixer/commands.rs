//! What each command does.

use super::super::events::EndReason;
use super::super::messages::ControlMessage as M;
use super::super::params::{LoopSpan, Looping, Retrigger, VoiceParams};
use super::super::ring::{Command, Loan};
use super::super::scratch::BLOCK_FRAMES;
use super::super::voice::{Common, Jump, Phase, Stop, Then, Voice, sane};
use super::{Mixer, Slot};

impl Mixer {
    /// Obeys one command, now or at its frame.
    pub(in super::super) fn obey(&mut self, message: Command) {
        let frame = match message {
            // With time to fade before it jumps, and to come back.
            M::SeekVoice { .. } | M::SeekSample { .. } => message
                .change_frame()
                .map(|frame| frame.saturating_sub(2 * u64::from(self.ramp_frames))),
            _ => message.change_frame(),
        };
        match frame.filter(|frame| *frame > self.clock_frames) {
            None => self.obey_now(message),
            // For one that is over, or was refused, there is nothing to keep.
            Some(_) if message.voice().is_some_and(|voice| !self.has_voice(voice)) => {}
            Some(frame) => {
                let changed = match message {
                    M::SetVoice { voice, .. } => Some(voice),
                    _ => None,
                };
                self.keep(frame, message);
                changed.into_iter().for_each(|voice| self.tell_jump(voice, frame));
            }
        }
    }

    /// Has a jump that has begun already heed the speed and the loop that were told for `frame`,
    /// until it has landed.
    fn tell_jump(&mut self, id: u64, frame: u64) {
        for index in 0..self.voices.len() {
            let voice = &self.voices[index];
            let until = voice.lands_at().filter(|until| voice.id == id && *until >= frame);
            let Some(until) = until else { continue };
            let Then { speed, looping, .. } = self.then(voice, until);
            self.voices[index].land_with(speed, looping);
        }
    }

    /// Keeps a command until `frame`, if there is room.
    fn keep(&mut self, frame: u64, command: Command) {
        if !self.agenda.add(frame, command) {
            self.shared.count_dropped_change();
        }
    }

    fn has_voice(&self, id: u64) -> bool {
        self.voices.iter().any(|voice| voice.phase != Phase::Free && voice.id == id)
    }

    fn obey_now(&mut self, message: Command) {
        let (ramp, shortest) = (self.ramp_frames, self.min_fade_frames);
        let fade = |frames: Option<u32>| frames.map_or(ramp, |frames| frames.max(shortest));
        match message {
            M::LoadSample { slot, sample, own_loop } => self.load(slot, sample, own_loop),
            M::UnloadSample { slot } => self.unload(slot),
            M::Play { voice, slot, params } => self.play(voice, slot, &params),
            M::PlayStream { voice, slot, stream, params } => {
                self.play_stream(voice, slot, stream, &params);
            }
            M::StopVoice { voice, fade_frames, at_frame } => {
                if at_frame.is_some_and(|frame| frame > self.clock_frames) {
                    // Also of one that fades already: what is to come may still shorten that.
                    let voices = self.voices.iter_mut().filter(|it| it.id == voice);
                    voices.for_each(|it| it.stop = None);
                }
                self.stop(fade_frames, at_frame, |v| v.id == voice);
            }
            M::StopSample { slot, fade_frames, at_frame } => {
                self.stop(fade_frames, at_frame, |v| v.slot == slot);
            }
            M::StopAll { fade_frames, at_frame } => self.stop(fade_frames, at_frame, |_| true),
            M::PauseVoice { voice, .. } => self.each(|v| v.id == voice, Voice::pause),
            M::ResumeVoice { voice, .. } => self.each(|v| v.id == voice, Voice::resume),
            M::SeekVoice { voice, frame, at_frame } => {
                self.seek(frame, at_frame, |v| v.id == voice);
            }
            M::PauseSample { slot, .. } => self.each(|v| v.slot == slot, Voice::pause),
            M::ResumeSample { slot, .. } => self.each(|v| v.slot == slot, Voice::resume),
            M::SeekSample { slot, frame, at_frame } => {
                self.seek(frame, at_frame, |v| v.slot == slot);
            }
            M::SetVoice { voice, volume, pan, speed, looping, fade_frames, .. } => {
                let fade = fade(fade_frames);
                self.each(
                    |v| v.id == voice,
                    |v| {
                        volume.into_iter().for_each(|volume| v.set_volume(volume, fade));
                        pan.into_iter().for_each(|pan| v.set_pan(pan, fade));
                        speed.into_iter().for_each(|speed| v.set_speed(speed));
                    },
                );
                looping.into_iter().for_each(|looping| self.set_loop(voice, looping));
            }
            M::SetBus { bus, volume, muted, fade_frames, .. } => {
                let fade = fade(fade_frames);
                let silent = self.is_silent(|voice| voice.bus == bus as usize);
                if let Some(bus) = self.buses.get_mut(bus as usize) {
                    bus.set(volume, muted, silent, fade);
                }
            }
            M::PauseBus { bus, .. } => self.hold_bus(bus, true),
            M::ResumeBus { bus, .. } => self.hold_bus(bus, false),
            M::SetLimiter { on } => {
                let silent = self.is_silent(|_| true);
                self.limiter.set(on, silent);
            }
            M::SetVolume { volume, fade_frames, .. } => {
                let fade = fade(fade_frames);
                if let Some(volume) = sane(volume, 0.0, 4.0) {
                    let silent = self.is_silent(|_| true);
                    self.volume.change(volume, silent, fade);
                }
            }
            M::SetSpeed { speed, .. } => self.speed = sane(speed, -4.0, 4.0).unwrap_or(self.speed),
            M::CancelChanges { voice } => {
                self.agenda.forget(voice);
                let of_voice = |told: &&mut Voice| told.is_taken() && told.id == voice;
                self.voices.iter_mut().filter(of_voice).for_each(Voice::land_as_it_is);
            }
        }
    }

    fn load(&mut self, slot: u32, sample: Loan, own_loop: Option<LoopSpan>) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return self.buffers.refuse(sample);
        };
        let loaded = self.buffers.insert(sample).map(|buffer| Slot { buffer, own_loop });
        if let Some(replaced) = std::mem::replace(place, loaded) {
            self.buffers.release(replaced.buffer);
        }
    }

    fn unload(&mut self, slot: u32) {
        self.release_where(EndReason::Unloaded, self.ramp_frames, |voice| voice.slot == slot);
        if let Some(unloaded) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.buffers.release(unloaded.buffer);
        }
    }

    fn play(&mut self, id: u64, slot: u32, params: &VoiceParams) {
        self.taking = Some((id, slot));
        #[cfg(test)]
        assert_ne!(self.panic_on_play_of, Some(id), "planted");
        match self.slots.get(slot as usize) {
            Some(&Some(sample)) => self.start(id, slot, sample, params),
            _ => self.report_end(id, slot, self.clock_frames, EndReason::NoSample),
        }
    }

    /// A voice on a reader of its own, which is the voice's alone.
    fn play_stream(&mut self, id: u64, slot: u32, stream: Loan, params: &VoiceParams) {
        self.taking = Some((id, slot));
        let held = self.slots.get(slot as usize).copied().flatten();
        let buffer = self.buffers.insert(stream);
        match (held, buffer) {
            (Some(Slot { own_loop, .. }), Some(buffer)) => {
                self.start(id, slot, Slot { buffer, own_loop }, params);
            }
            _ => self.report_end(id, slot, self.clock_frames, EndReason::NoSample),
        }
        buffer.into_iter().for_each(|buffer| self.buffers.release(buffer));
    }

    /// Makes a voice of a play that is being taken, or ends it.
    fn start(&mut self, id: u64, slot: u32, sample: Slot, params: &VoiceParams) {
        let Slot { buffer, own_loop } = sample;
        let at_frame = params.at_frame.filter(|frame| *frame > self.clock_frames);
        let phase = at_frame.map_or(Phase::Started, |at_frame| Phase::Waiting { at_frame });
        if at_frame.is_none() {
            // Sent before it, and for this very frame.
            self.start_due();
        }
        if at_frame.is_none() && !self.make_way(slot, params.retrigger, params.choke) {
            return self.report_end(id, slot, self.clock_frames, EndReason::Ignored);
        }
        let Some(index) = self.make_room(at_frame) else {
            return self.report_end(id, slot, self.clock_frames, EndReason::Stolen);
        };
        self.buffers.hold(buffer);
        let mut voice = Voice::new(id, slot, buffer, self.next_sequence, params, own_loop, phase);
        voice.hold(self.buses[voice.bus].paused);
        self.voices.put(index, voice);
        self.taking = None;
        self.next_sequence += 1;
        if phase == Phase::Started {
            self.report_start(id, slot);
        }
    }

    /// Has voices jump, with what else they are told up to that frame.
    fn seek(&mut self, frame: u64, at_frame: Option<u64>, filter: impl Fn(&Voice) -> bool) {
        for index in 0..self.voices.len() {
            let voice = &self.voices[index];
            if !voice.is_taken() || !filter(voice) {
                continue;
            }
            let jump = Jump::at(frame, at_frame, self.clock_frames, self.ramp_frames);
            let then = jump.at_frame.map_or_else(Then::default, |until| self.then(voice, until));
            match jump.at_frame.filter(|frame| *frame > self.clock_frames) {
                // It is heard where it is until then, and moved while it is not heard.
                Some(at_frame) if then.paused == Some(true) => {
                    let command = M::SeekVoice { voice: voice.id, frame, at_frame: None };
                    self.keep(at_frame, command);
                }
                None if jump.at_frame.is_none() && voice.is_under_way(self.clock_frames) => {}
                _ => self.voices[index].seek(Jump { then, ..jump }),
            }
        }
    }

    /// What a voice is told up to a frame to come.
    fn then(&self, voice: &Voice, until: u64) -> Then {
        let (id, of_slot) = (voice.id, voice.slot);
        let speed = |command: &Command| match *command {
            M::SetVoice { voice, speed, .. } if voice == id => speed,
            _ => None,
        };
        let looping = |command: &Command| match *command {
            M::SetVoice { voice, looping, .. } if voice == id => looping,
            _ => None,
        };
        let paused = |command: &Command| match *command {
            M::PauseVoice { voice, .. } if voice == id => Some(true),
            M::ResumeVoice { voice, .. } if voice == id => Some(false),
            M::PauseSample { slot, .. } if slot == of_slot => Some(true),
            M::ResumeSample { slot, .. } if slot == of_slot => Some(false),
            _ => None,
        };
        Then {
            speed: self.agenda.last_up_to(until, speed),
            looping: self.agenda.last_up_to(until, looping),
            paused: self.agenda.last_up_to(until, paused),
        }
    }

    /// What a voice that has not begun is told up to where it does, and the speed of all there.
    /// What is kept from it begins at the next frame at which it may be let go on.
    pub(super) fn told_first(&self, voice: &Voice) -> (Then, f64) {
        let common = self.common();
        if voice.has_begun() {
            return (Then::default(), common.speed);
        }
        let of_all = |command: &Command| match *command {
            M::SetSpeed { speed, .. } => sane(speed, -4.0, 4.0),
            _ => None,
        };
        let told = |until: u64| {
            let speed = self.agenda.last_up_to(until, of_all).unwrap_or(common.speed);
            (self.then(voice, until), speed)
        };
        let begins_at = match voice.phase {
            Phase::Waiting { at_frame } => at_frame,
            Phase::Free | Phase::Started => self.clock_frames,
        };
        let (then, speed) = told(begins_at);
        let lets_go_on = |command: &Command| match *command {
            M::SetVoice { voice: id, speed: Some(_), .. } | M::ResumeVoice { voice: id, .. } => {
                id == voice.id
            }
            M::ResumeSample { slot, .. } => slot == voice.slot,
            M::ResumeBus { bus, .. } => bus as usize == voice.bus,
            M::SetSpeed { .. } => true,
            _ => false,
        };
        let is_at_rest = voice.is_at_rest(Common { speed, ..common }, then);
        let next = self.agenda.find(lets_go_on).filter(|_| is_at_rest);
        next.map_or((then, speed), |(frame, _)| told(frame.max(begins_at)))
    }

    /// The next jump of a voice that is to come at a frame.
    pub(super) fn next_jump(&self, voice: &Voice) -> Option<Jump> {
        let (_, command) = self.agenda.find(|command| match *command {
            M::SeekVoice { voice: id, .. } => id == voice.id,
            M::SeekSample { slot, .. } => slot == voice.slot,
            _ => false,
        })?;
        match *command {
            M::SeekVoice { frame, at_frame, .. } | M::SeekSample { frame, at_frame, .. } => {
                let then = at_frame.map_or_else(Then::default, |until| self.then(voice, until));
                Some(Jump { frame, at_frame, then })
            }
            _ => None,
        }
    }

    /// Whether a voice may begin to jump within a block.
    pub(super) fn may_jump_soon(&self, voice: &Voice) -> bool {
        let next = self.agenda.find(|command| match *command {
            M::SeekVoice { voice: id, .. } | M::SetVoice { voice: id, looping: Some(_), .. } => {
                id == voice.id
            }
            M::SeekSample { slot, .. } => slot == voice.slot,
            _ => false,
        });
        next.is_some_and(|(frame, _)| frame <= self.clock_frames + BLOCK_FRAMES as u64)
    }

    /// Stops and starts the voices whose frame the clock has reached, and obeys what was to wait
    /// until now.
    pub(super) fn obey_due(&mut self) {
        self.stop_and_start_due();
        while let Some(command) = self.agenda.take_due(self.clock_frames) {
            self.obey_now(command);
        }
    }

    fn stop_and_start_due(&mut self) {
        let now = self.clock_frames;
        for index in 0..self.voices.len() {
            if let Some(stop) = self.voices[index].stop.take_if(|stop| stop.at_frame <= now) {
                self.release(index, EndReason::Stopped, stop.fade_frames);
            }
        }
        self.start_due();
    }

    /// Starts the voices whose frame the clock has reached, in the order they were sent.
    fn start_due(&mut self) {
        let now = self.clock_frames;
        let due =
            |voice: &Voice| matches!(voice.phase, Phase::Waiting { at_frame } if at_frame <= now);
        // Ends: each turn starts or ends one that is due.
        while let Some(index) = self.weakest(due, |_| 0.0) {
            let Voice { id, slot, retrigger, choke, .. } = self.voices[index];
            if self.make_way(slot, retrigger, choke) {
                self.voices[index].phase = Phase::Started;
                self.report_start(id, slot);
            } else {
                self.end(index, self.clock_frames, EndReason::Ignored);
            }
        }
    }

    /// How far to mix until a voice is to be stopped or started, or something else is due; a block
    /// at most.
    pub(super) fn frames_till_due(&self) -> usize {
        let due = self.voices.iter().flat_map(|voice| {
            let start = match voice.phase {
                Phase::Waiting { at_frame } => Some(at_frame),
                Phase::Free | Phase::Started => None,
            };
            [start, voice.stop.map(|stop| stop.at_frame)]
        });
        let till = |frame: u64| usize::try_from(frame - self.clock_frames).ok();
        due.flatten()
            .chain(self.agenda.next_frame())
            .filter_map(till)
            .fold(BLOCK_FRAMES, usize::min)
    }

    /// Does to the voices that sound what a new one asks for; says whether the new one sounds.
    fn make_way(&mut self, slot: u32, retrigger: Retrigger, choke: Option<u32>) -> bool {
        let of_slot = |voice: &Voice| voice.slot == slot && voice.is_active();
        let busy = self.voices.iter().any(of_slot);
        if matches!(retrigger, Retrigger::Restart | Retrigger::Toggle) {
            self.release_where(EndReason::Stopped, self.ramp_frames, of_slot);
        }
        let sounds = match retrigger {
            Retrigger::Overlap | Retrigger::Restart => true,
            Retrigger::Ignore | Retrigger::Toggle => !busy,
        };
        if sounds && choke.is_some() {
            let of_group = |voice: &Voice| voice.choke == choke && voice.is_active();
            self.release_where(EndReason::Choked, self.ramp_frames, of_group);
        }
        sounds
    }

    fn set_loop(&mut self, id: u64, looping: Looping) {
        let common = self.common();
        let of_id = |voice: &&mut Voice| voice.is_taken() && voice.id == id;
        if let Some(voice) = self.voices.iter_mut().find(of_id)
            && let Some(sample) = self.buffers.get(voice.buffer)
        {
            voice.set_loop(looping, sample, common);
        }
    }

    /// Pauses a bus or lets it go on, with whatever is heard through it.
    fn hold_bus(&mut self, bus: u32, paused: bool) {
        let Some(place) = self.buses.get_mut(bus as usize) else { return };
        place.paused = paused;
        let voices = self.voices.iter_mut().filter(|voice| voice.bus == bus as usize);
        voices.for_each(|voice| voice.hold(paused));
    }

    fn stop(&mut self, fade_frames: u32, at_frame: Option<u64>, filter: impl Fn(&Voice) -> bool) {
        let fade_frames = fade_frames.max(self.min_fade_frames);
        match at_frame.filter(|frame| *frame > self.clock_frames) {
            None => self.release_where(EndReason::Stopped, fade_frames, filter),
            Some(at_frame) => {
                // Of those that fade already, too: their fade may be the longer one.
                let voices = self.voices.iter_mut();
                let voices = voices.filter(|voice| voice.phase != Phase::Free && filter(voice));
                voices.for_each(|voice| voice.stop_by(Stop { at_frame, fade_frames }));
            }
        }
    }

    fn each(&mut self, filter: impl Fn(&Voice) -> bool, change: impl Fn(&mut Voice)) {
        let voices = self.voices.iter_mut().filter(|voice| voice.is_taken() && filter(voice));
        voices.for_each(change);
    }

    /// Whether none of these voices is heard.
    fn is_silent(&self, filter: impl Fn(&Voice) -> bool) -> bool {
        self.voices.iter().filter(|voice| filter(voice)).all(Voice::is_silent)
    }
}
