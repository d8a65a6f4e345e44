//! What waits for a place in the ring, in order.

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::playback::ControlMessage;

use super::Outgoing;
use crate::messages::Play;

/// Plays and commands to single voices that wait at most; further ones push others out.
const MAX_WAITING: usize = 4_096;

/// The sink's queue before the ring. Empty except while the callback takes nothing.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    queue: VecDeque<Outgoing>,
    /// Slots that a sample waits for.
    slots: HashSet<u32>,
    stuck_since: Option<Instant>,
}

impl Backlog {
    /// Adds a message. Of loads of one slot only the newest stays: the request of an older one
    /// has been superseded, so it would go nowhere. Likewise of pushed samples and unloads.
    ///
    /// Of commands that nothing was played between, one that says again what an older one said
    /// takes its place, at the end. Of those that set a voice or a bus two may stay, for two fades.
    /// So however long a callback takes nothing, what waits for it is bounded: by [`MAX_WAITING`],
    /// and by the slots and buses. Beyond that a play comes back, to be dropped, and of the
    /// commands to single voices the oldest goes.
    pub(super) fn push(&mut self, outgoing: Outgoing) -> Option<Play> {
        match outgoing {
            Outgoing::Play(play) if self.queue.len() >= MAX_WAITING => return Some(play),
            Outgoing::Control(message) => self.push_control(message),
            Outgoing::Unload { slot, .. } => {
                let older = self.since_play(|play| play.slot == slot).find(|&index| {
                    matches!(self.queue[index], Outgoing::Unload { slot: s, .. } if s == slot)
                });
                older.map(|index| self.queue.remove(index));
                self.queue.push_back(outgoing);
            }
            _ => self.push_other(outgoing),
        }
        None
    }

    fn push_control(&mut self, mut message: ControlMessage) {
        if let ControlMessage::CancelChanges { voice } = message {
            self.queue.retain(|waiting| match waiting {
                Outgoing::Control(told) => {
                    told.change_frame().is_none() || told.voice() != Some(voice)
                }
                _ => true,
            });
        }
        let key = Key::of(&message);
        for index in self.since_play(|_| true).rev() {
            if let Outgoing::Control(older) = &mut self.queue[index]
                && key.is_some()
                && Key::of(older) == key
                && merge(older, &mut message)
            {
                self.queue.remove(index);
            }
        }
        self.queue.push_back(Outgoing::Control(message));
        if self.queue.len() > MAX_WAITING
            && let Some(oldest) = self.queue.iter().position(Outgoing::is_for_one_voice)
        {
            self.queue.remove(oldest);
        }
    }

    /// Places in the queue after the last play that counts.
    fn since_play(&self, counts: impl Fn(&Play) -> bool) -> Range<usize> {
        let last = self.queue.iter().rposition(|waiting| match waiting {
            Outgoing::Play(play) => counts(play),
            _ => false,
        });
        last.map_or(0, |index| index + 1)..self.queue.len()
    }

    fn push_other(&mut self, outgoing: Outgoing) {
        let slot = outgoing.sample_slot();
        if let Some(slot) = slot
            && !self.slots.insert(slot)
        {
            self.queue.retain(|waiting| match (waiting, &outgoing) {
                // One that has ended, or is complete by now.
                (Outgoing::Arriving { request, .. }, Outgoing::Sample { request: newer, .. }) => {
                    request.slot != slot || (request.is_live() && !Arc::ptr_eq(request, newer))
                }
                (Outgoing::Arriving { request, .. }, _) => {
                    request.slot != slot || request.is_live()
                }
                (Outgoing::Sample { request, .. }, Outgoing::Sample { .. }) => {
                    request.slot != slot || request.is_live()
                }
                (Outgoing::Pushed { slot: older, .. }, Outgoing::Pushed { .. }) => *older != slot,
                _ => true,
            });
        }
        self.queue.push_back(outgoing);
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.stuck_since = None;
        let outgoing = self.queue.pop_front()?;
        if let Some(slot) = outgoing.sample_slot() {
            self.slots.remove(&slot);
        }
        Some(outgoing)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether messages have waited for `limit` without the ring taking one.
    pub(super) fn stalled_for(&mut self, limit: Duration, ring_takes: bool) -> bool {
        if ring_takes || self.queue.is_empty() {
            self.stuck_since = None;
            return false;
        }
        self.stuck_since.get_or_insert_with(Instant::now).elapsed() >= limit
    }

    /// Takes out the samples and voices; what else waits stays, in order.
    pub(super) fn take_stalled(&mut self) -> Vec<Outgoing> {
        self.stuck_since = None;
        let (stalled, kept): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(|waiting| {
            matches!(
                waiting,
                Outgoing::Arriving { .. } | Outgoing::Sample { .. } | Outgoing::Play(_)
            )
        });
        self.queue = kept.into();
        self.slots = self.queue.iter().filter_map(Outgoing::sample_slot).collect();
        stalled
    }
}

/// What a command sets, and of whom: a later one of the same key makes an older one void, but for
/// what [`merge`] keeps of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Volume,
    Speed,
    Bus(u32),
    HoldBus(u32),
    Limiter,
    /// Stops: whether at a frame to come.
    StopAll(bool),
    StopSlot(u32, bool),
    HoldSlot(u32),
    SeekSlot(u32),
    StopVoice(u64, bool),
    HoldVoice(u64),
    SeekVoice(u64),
    SetVoice(u64),
}

impl Key {
    /// None for what is no command to voices, and for changes at a frame, each of which may have a fade
    /// of its own.
    fn of(message: &ControlMessage) -> Option<Self> {
        use ControlMessage as M;
        if message.change_frame().is_some() {
            return None;
        }
        Some(match *message {
            M::SetVolume { .. } => Self::Volume,
            M::SetSpeed { .. } => Self::Speed,
            M::SetBus { bus, .. } => Self::Bus(bus),
            M::PauseBus { bus, .. } | M::ResumeBus { bus, .. } => Self::HoldBus(bus),
            M::SetLimiter { .. } => Self::Limiter,
            M::StopAll { at_frame, .. } => Self::StopAll(at_frame.is_some()),
            M::StopSample { slot, at_frame, .. } => Self::StopSlot(slot, at_frame.is_some()),
            M::PauseSample { slot, .. } | M::ResumeSample { slot, .. } => Self::HoldSlot(slot),
            M::SeekSample { slot, .. } => Self::SeekSlot(slot),
            M::StopVoice { voice, at_frame, .. } => Self::StopVoice(voice, at_frame.is_some()),
            M::PauseVoice { voice, .. } | M::ResumeVoice { voice, .. } => Self::HoldVoice(voice),
            M::SeekVoice { voice, .. } => Self::SeekVoice(voice),
            M::SetVoice { voice, .. } => Self::SetVoice(voice),
            M::LoadSample { .. }
            | M::UnloadSample { .. }
            | M::Play { .. }
            | M::PlayStream { .. }
            | M::CancelChanges { .. } => return None,
        })
    }
}

/// Takes into the newer of two commands of one key what counts of the older one; false where
/// something of that has to stay.
fn merge(older: &mut ControlMessage, newer: &mut ControlMessage) -> bool {
    use ControlMessage as M;
    match (older, newer) {
        // A stop can only shorten the fade of an earlier one. Of two at a frame, those of one voice
        // replace each other.
        (
            M::StopVoice { fade_frames: older, .. },
            M::StopVoice { fade_frames, at_frame: None, .. },
        )
        | (
            M::StopSample { fade_frames: older, .. },
            M::StopSample { fade_frames, at_frame: None, .. },
        )
        | (M::StopAll { fade_frames: older, .. }, M::StopAll { fade_frames, at_frame: None }) => {
            *fade_frames = (*fade_frames).min(*older);
        }
        (
            M::StopSample { at_frame: Some(older), fade_frames: fade, .. },
            M::StopSample { at_frame: Some(newer), fade_frames, .. },
        )
        | (
            M::StopAll { at_frame: Some(older), fade_frames: fade },
            M::StopAll { at_frame: Some(newer), fade_frames },
        ) if *older <= *newer => (*newer, *fade_frames) = (*older, *fade),
        (
            &mut M::SetBus { volume: old_volume, muted: old_muted, fade_frames: old_fade, .. },
            M::SetBus { volume, muted, fade_frames, .. },
        ) => {
            let fades_as_before = match (old_muted, *muted) {
                // Whose fade it is, only the bus knows: the newer one's if it is muted by now.
                (None, Some(false)) if volume.is_none() && *fade_frames != old_fade => {
                    return false;
                }
                // The volume of a muted bus is not heard.
                (Some(true), None) => true,
                (_, None) | (Some(false), Some(false)) => volume.is_none(),
                _ => false,
            };
            if fades_as_before {
                *fade_frames = old_fade;
            }
            *volume = volume.or(old_volume);
            *muted = muted.or(old_muted);
        }
        (
            M::SetVoice {
                volume: old_volume,
                pan: old_pan,
                speed: old_speed,
                looping: old_looping,
                fade_frames: old_fade,
                ..
            },
            M::SetVoice { volume, pan, speed, looping, fade_frames, .. },
        ) => {
            *speed = speed.or(old_speed.take());
            *looping = looping.or(old_looping.take());
            old_volume.take_if(|_| volume.is_some());
            old_pan.take_if(|_| pan.is_some());
            // The fade is of volume and pan alone.
            if volume.or(*pan).is_none() {
                *fade_frames = *old_fade;
            }
            if old_volume.or(*old_pan).is_some() && fade_frames != old_fade {
                return false;
            }
            *volume = volume.or(*old_volume);
            *pan = pan.or(*old_pan);
        }
        _ => {}
    }
    true
}

impl Outgoing {
    fn is_for_one_voice(&self) -> bool {
        let Self::Control(message) = self else { return false };
        message.voice().is_some()
    }

    /// The slot of a sample.
    fn sample_slot(&self) -> Option<u32> {
        match self {
            Self::Arriving { request, .. } | Self::Sample { request, .. } => Some(request.slot),
            Self::Pushed { slot, .. } => Some(*slot),
            _ => None,
        }
    }
}
