//! Plays that wait for their slot's sample: at most one per slot.

use std::collections::BTreeMap;

use actix_rt::time::Instant;
use hotcue::playback::ControlMessage;

use super::Outgoing;
use super::backlog::Backlog;
use crate::messages::{Play, PlayWhenReady};
use crate::playback::DropReason;
use crate::table::Table;

#[derive(Debug, Default)]
pub(super) struct WaitingPlays {
    /// In the order of slots, so that a schedule that is replayed ends in the same notices.
    by_slot: BTreeMap<u32, WaitingPlay>,
}

#[derive(Debug)]
struct WaitingPlay {
    asked: PlayWhenReady,
    /// What its voice was told since up to some frame, in the order in which that holds.
    settled: Vec<Outgoing>,
    /// What it was told else, one command of each sort; of fades, two.
    told: Backlog,
    /// When it is to be stopped, and in how many frames.
    stop: Option<(u64, u32)>,
}

impl WaitingPlays {
    pub(super) fn insert(&mut self, asked: PlayWhenReady) {
        let waiting =
            WaitingPlay { asked, settled: Vec::new(), told: Backlog::default(), stop: None };
        self.by_slot.insert(waiting.asked.play.slot, waiting);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_slot.is_empty()
    }

    /// Takes one out that is not to sound.
    pub(super) fn take(&mut self, slot: u32) -> Option<Play> {
        self.by_slot.remove(&slot).map(|waiting| waiting.asked.play)
    }

    /// Takes one out that is to sound, and what is to be sent for it, in order.
    pub(super) fn take_to_sound(&mut self, slot: u32) -> impl Iterator<Item = Outgoing> + use<> {
        let (play, told, stop) = match self.by_slot.remove(&slot) {
            Some(mut waiting) => {
                waiting.settle(u64::MAX);
                (Some(waiting.asked.play), waiting.settled, waiting.stop)
            }
            None => (None, Vec::new(), None),
        };
        let stop = play.as_ref().zip(stop).map(|(play, (at_frame, fade_frames))| {
            let at_frame = Some(at_frame);
            Outgoing::Control(ControlMessage::StopVoice {
                voice: play.voice,
                fade_frames,
                at_frame,
            })
        });
        play.into_iter().map(Outgoing::Play).chain(told).chain(stop)
    }

    /// Takes one out whose time to be stopped has come.
    pub(super) fn take_stopped(&mut self, slot: u32, clock_frames: u64) -> Option<Play> {
        if self.by_slot.get(&slot)?.is_stopped(clock_frames) { self.take(slot) } else { None }
    }

    /// Takes out the one that was asked for before the change with this serial.
    pub(super) fn take_older(&mut self, slot: u32, serial: u64) -> Option<Play> {
        if self.by_slot.get(&slot)?.asked.since < serial { self.take(slot) } else { None }
    }

    pub(super) fn take_all(&mut self) -> Vec<Play> {
        std::mem::take(&mut self.by_slot).into_values().map(|waiting| waiting.asked.play).collect()
    }

    /// Heeds a command to voices: takes out those that it stops; what it says else to one that
    /// waits, that one is told when it sounds.
    pub(super) fn heed(&mut self, message: &ControlMessage, clock_frames: u64) -> Vec<Play> {
        use ControlMessage as M;
        match *message {
            M::StopAll { at_frame: None, .. } => return self.take_all(),
            M::StopSample { slot, at_frame: None, .. } => {
                return self.take(slot).into_iter().collect();
            }
            M::StopVoice { voice, at_frame: None, .. } => {
                let slot = self.of_voice(voice).map(|waiting| waiting.asked.play.slot);
                return slot.and_then(|slot| self.take(slot)).into_iter().collect();
            }
            M::StopAll { fade_frames, at_frame: Some(at_frame) } => {
                let waiting = self.by_slot.values_mut();
                waiting.for_each(|waiting| waiting.stop_by((at_frame, fade_frames)));
            }
            M::StopSample { slot, fade_frames, at_frame: Some(at_frame) } => {
                let waiting = self.by_slot.get_mut(&slot);
                waiting.into_iter().for_each(|waiting| waiting.stop_by((at_frame, fade_frames)));
            }
            M::StopVoice { voice, fade_frames, at_frame: Some(at_frame) } => {
                let waiting = self.of_voice(voice);
                waiting
                    .into_iter()
                    .for_each(|waiting| waiting.stop = Some((at_frame, fade_frames)));
            }
            M::PauseSample { slot, at_frame } => {
                self.tell(slot, clock_frames, |voice| M::PauseVoice { voice, at_frame });
            }
            M::ResumeSample { slot, at_frame } => {
                self.tell(slot, clock_frames, |voice| M::ResumeVoice { voice, at_frame });
            }
            M::SeekSample { slot, frame, at_frame } => {
                self.tell(slot, clock_frames, |voice| M::SeekVoice { voice, frame, at_frame });
            }
            M::PauseVoice { voice, at_frame } => {
                self.tell_voice(voice, clock_frames, M::PauseVoice { voice, at_frame });
            }
            M::ResumeVoice { voice, at_frame } => {
                self.tell_voice(voice, clock_frames, M::ResumeVoice { voice, at_frame });
            }
            M::SeekVoice { voice, frame, at_frame } => {
                self.tell_voice(voice, clock_frames, M::SeekVoice { voice, frame, at_frame });
            }
            M::SetVoice { voice, volume, pan, speed, looping, fade_frames, at_frame } => {
                let message =
                    M::SetVoice { voice, volume, pan, speed, looping, fade_frames, at_frame };
                self.tell_voice(voice, clock_frames, message);
            }
            M::CancelChanges { voice } => {
                self.tell_voice(voice, clock_frames, M::CancelChanges { voice })
            }
            M::LoadSample { .. }
            | M::UnloadSample { .. }
            | M::Play { .. }
            | M::PlayStream { .. }
            | M::SetBus { .. }
            | M::PauseBus { .. }
            | M::ResumeBus { .. }
            | M::SetLimiter { .. }
            | M::SetVolume { .. }
            | M::SetSpeed { .. } => {}
        }
        Vec::new()
    }

    fn of_voice(&mut self, voice: u64) -> Option<&mut WaitingPlay> {
        self.by_slot.values_mut().find(|waiting| waiting.asked.play.voice == voice)
    }

    fn tell(&mut self, slot: u32, clock_frames: u64, message: impl FnOnce(u64) -> ControlMessage) {
        if let Some(waiting) = self.by_slot.get_mut(&slot) {
            waiting.tell(clock_frames, message(waiting.asked.play.voice));
        }
    }

    fn tell_voice(&mut self, voice: u64, clock_frames: u64, message: ControlMessage) {
        if let Some(waiting) = self.of_voice(voice) {
            waiting.tell(clock_frames, message);
        }
    }

    /// Takes out those whose load has ended without success, those whose time to be stopped has
    /// come, and those that waited too long.
    pub(super) fn sweep(
        &mut self,
        table: &Table,
        now: Instant,
        clock_frames: u64,
    ) -> Vec<(Play, DropReason)> {
        let is_due = |(slot, waiting): &(&u32, &WaitingPlay)| {
            waiting.has_waited(now, clock_frames)
                || waiting.is_stopped(clock_frames)
                || !table.is_expectant(**slot)
        };
        let due: Vec<u32> = self.by_slot.iter().filter(is_due).map(|(slot, _)| *slot).collect();
        due.into_iter()
            .filter_map(|slot| self.by_slot.remove(&slot))
            .map(|waiting| {
                let reason = if waiting.is_stopped(clock_frames) {
                    DropReason::Stopped
                } else if waiting.has_waited(now, clock_frames) {
                    DropReason::WaitedTooLong
                } else if table.unloaded_since(waiting.asked.play.slot, waiting.asked.since) {
                    // The message of that comes later than this look at the table.
                    DropReason::Unloaded
                } else {
                    DropReason::LoadEnded
                };
                (waiting.asked.play, reason)
            })
            .collect()
    }
}

/// The frame that a command is told for.
fn frame_of(outgoing: &Outgoing) -> Option<u64> {
    match outgoing {
        Outgoing::Control(message) => message.change_frame(),
        _ => None,
    }
}

impl WaitingPlay {
    /// Keeps what its voice is told; what it is to do at once, it does after what it was told for
    /// frames that have passed.
    fn tell(&mut self, clock_frames: u64, message: ControlMessage) {
        let is_past = |told: &_| frame_of(told).is_some_and(|frame| frame <= clock_frames);
        if message.change_frame().is_none() && self.told.iter().any(is_past) {
            self.settle(clock_frames);
        }
        self.told.push(Outgoing::Control(message));
    }

    /// Settles what it was told up to a frame: first what was for no frame.
    fn settle(&mut self, clock_frames: u64) {
        let told = std::iter::from_fn(|| self.told.pop());
        let is_due = |outgoing: &_| frame_of(outgoing).is_none_or(|frame| frame <= clock_frames);
        let (mut due, ahead): (Vec<_>, Vec<_>) = told.partition(is_due);
        due.sort_by_key(frame_of);
        self.settled.append(&mut due);
        for outgoing in ahead {
            self.told.push(outgoing);
        }
    }

    fn is_stopped(&self, clock_frames: u64) -> bool {
        self.stop.is_some_and(|(at_frame, _)| at_frame <= clock_frames)
    }

    /// Whether it has waited for long enough: not before the frame that it is to start at.
    fn has_waited(&self, now: Instant, clock_frames: u64) -> bool {
        let PlayWhenReady { play, deadline, .. } = &self.asked;
        *deadline <= now && play.params.at_frame.is_none_or(|frame| frame <= clock_frames)
    }

    /// Stops it no later than that.
    fn stop_by(&mut self, stop: (u64, u32)) {
        self.stop = Some(self.stop.filter(|(at_frame, _)| *at_frame <= stop.0).unwrap_or(stop));
    }
}
