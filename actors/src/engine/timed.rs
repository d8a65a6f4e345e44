//! The calls that change what sounds, at a frame of the clock.

use std::sync::{Mutex, PoisonError};

use hotcue::playback::{ControlMessage, MAX_CHANGES_AHEAD};

use super::options::{
    VoiceChange, check_bus, check_fade, check_position, check_speed, check_volume, fade_frames,
    frames_of,
};
use super::{AudioEngine, Running};
use crate::error::EngineError;

/// Changes what sounds, each call exactly at one frame of the [`clock`](AudioEngine::clock): made by
/// [`AudioEngine::at`].
///
/// What is changed at a frame is so behind all that stops and starts there, in the order of the calls,
/// and later calls without a frame leave it to come. It goes with its voice; what is for a slot or a
/// bus holds for the voices that there are then. Up to [`MAX_CHANGES_AHEAD`] changes may be to come.
///
/// # Errors
/// Of every call: `NotInitialized`, `OutOfRange` with the argument's name, `Submit(IdOutOfRange)`, and
/// `TooManyChanges`.
#[derive(Clone, Copy, Debug)]
pub struct Timed<'engine> {
    engine: &'engine AudioEngine,
    at_frame: Option<u64>,
}

impl AudioEngine {
    /// The calls that change what sounds, to take effect at `at_frame` of the clock. None, or a frame
    /// in the past: at once, as the engine's own calls of these names do.
    pub fn at(&self, at_frame: impl Into<Option<u64>>) -> Timed<'_> {
        Timed { engine: self, at_frame: at_frame.into() }
    }

    /// Takes back what is still to come of what [`at`](Self::at) was told for this voice; a
    /// [`stop_voice_at`](Self::stop_voice_at) stays. False if it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn cancel_changes(&self, voice: u64) -> Result<bool, EngineError> {
        self.with(|running| {
            running.ahead.forget(voice);
            Ok(self.control_voice(running, voice, ControlMessage::CancelChanges { voice }))
        })
    }
}

impl Timed<'_> {
    /// Pauses one voice. False if it had ended already, likewise below.
    ///
    /// # Errors
    /// See [`Timed`], likewise below.
    pub fn pause_voice(self, voice: u64) -> Result<bool, EngineError> {
        let at_frame = self.at_frame;
        self.tell(voice, |_| ControlMessage::PauseVoice { voice, at_frame })
    }

    /// Lets one paused voice go on.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn resume_voice(self, voice: u64) -> Result<bool, EngineError> {
        let at_frame = self.at_frame;
        self.tell(voice, |_| ControlMessage::ResumeVoice { voice, at_frame })
    }

    /// Moves one voice to `position_sec`. With a frame, that is where it is heard there: it has faded
    /// in 5 ms before, and in 5 ms come back from as long in front of `position_sec`, so that an attack
    /// there is whole. Told less than 10 ms ahead, or up to 0.1 s behind, it is late, but where it would
    /// be. The loop and the speed that [`set_voice`](Self::set_voice) tells for that frame hold where it
    /// lands, and so do [`pause_voice`](Self::pause_voice) and [`resume_voice`](Self::resume_voice).
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn seek_voice(self, voice: u64, position_sec: f64) -> Result<bool, EngineError> {
        check_position("position_sec", position_sec)?;
        let at_frame = self.at_frame;
        self.tell(voice, |rate| {
            let frame = frames_of(position_sec, rate);
            ControlMessage::SeekVoice { voice, frame, at_frame }
        })
    }

    /// Changes one voice, smoothly, from that frame on.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn set_voice(self, voice: u64, change: VoiceChange) -> Result<bool, EngineError> {
        change.check()?;
        let VoiceChange { volume, pan, speed, looping, fade_sec } = change;
        let at_frame = self.at_frame;
        self.tell(voice, |rate| {
            let looping = looping.map(|looping| looping.looping(rate));
            let fade_frames = fade_sec.map(|sec| fade_frames(sec, rate));
            ControlMessage::SetVoice { voice, volume, pan, speed, looping, fade_frames, at_frame }
        })
    }

    /// Pauses all voices of a slot, that of its waiting play too.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn pause_sample(self, id: u32) -> Result<(), EngineError> {
        let at_frame = self.at_frame;
        self.tell_slot(id, |_| ControlMessage::PauseSample { slot: id, at_frame })
    }

    /// Lets paused voices of a slot go on.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn resume_sample(self, id: u32) -> Result<(), EngineError> {
        let at_frame = self.at_frame;
        self.tell_slot(id, |_| ControlMessage::ResumeSample { slot: id, at_frame })
    }

    /// Moves all voices of a slot to `position_sec`, as [`seek_voice`](Self::seek_voice) does, that of
    /// its waiting play too.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn seek_sample(self, id: u32, position_sec: f64) -> Result<(), EngineError> {
        check_position("position_sec", position_sec)?;
        let at_frame = self.at_frame;
        self.tell_slot(id, |rate| {
            let frame = frames_of(position_sec, rate);
            ControlMessage::SeekSample { slot: id, frame, at_frame }
        })
    }

    /// Changes a bus, as [`AudioEngine::set_bus_over`] does.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn set_bus(
        self,
        bus: u32,
        volume: Option<f32>,
        muted: Option<bool>,
        fade_sec: Option<f64>,
    ) -> Result<(), EngineError> {
        check_bus(bus)?;
        volume.map_or(Ok(()), check_volume)?;
        fade_sec.map_or(Ok(()), check_fade)?;
        let at_frame = self.at_frame;
        self.tell_all(|rate| {
            let fade_frames = fade_sec.map(|sec| fade_frames(sec, rate));
            ControlMessage::SetBus { bus, volume, muted, fade_frames, at_frame }
        })
    }

    /// Pauses a bus, as [`AudioEngine::pause_bus`] does.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn pause_bus(self, bus: u32) -> Result<(), EngineError> {
        check_bus(bus)?;
        let at_frame = self.at_frame;
        self.tell_all(|_| ControlMessage::PauseBus { bus, at_frame })
    }

    /// Lets a paused bus go on.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn resume_bus(self, bus: u32) -> Result<(), EngineError> {
        check_bus(bus)?;
        let at_frame = self.at_frame;
        self.tell_all(|_| ControlMessage::ResumeBus { bus, at_frame })
    }

    /// Sets the master volume, as [`AudioEngine::set_volume_over`] does.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn set_volume(self, volume: f32, fade_sec: Option<f64>) -> Result<(), EngineError> {
        check_volume(volume)?;
        fade_sec.map_or(Ok(()), check_fade)?;
        let at_frame = self.at_frame;
        self.tell_all(|rate| {
            let fade_frames = fade_sec.map(|sec| fade_frames(sec, rate));
            ControlMessage::SetVolume { volume, fade_frames, at_frame }
        })
    }

    /// Sets the master speed, −4..=4.
    ///
    /// # Errors
    /// See [`Timed`].
    pub fn set_speed(self, speed: f64) -> Result<(), EngineError> {
        check_speed(speed)?;
        let at_frame = self.at_frame;
        self.tell_all(|_| ControlMessage::SetSpeed { speed, at_frame })
    }

    fn tell(
        self,
        voice: u64,
        message: impl FnOnce(u32) -> ControlMessage,
    ) -> Result<bool, EngineError> {
        self.engine.with(|running| {
            if self.engine.notices.is_living(voice) {
                self.announce(running, Some(voice))?;
            }
            Ok(self.engine.control_voice(running, voice, message(running.sample_rate)))
        })
    }

    fn tell_slot(
        self,
        id: u32,
        message: impl FnOnce(u32) -> ControlMessage,
    ) -> Result<(), EngineError> {
        self.engine.control(|running| {
            running.table.check_slot(id)?;
            self.announce(running, None)?;
            Ok(message(running.sample_rate))
        })
    }

    fn tell_all(self, message: impl FnOnce(u32) -> ControlMessage) -> Result<(), EngineError> {
        self.engine.control(|running| {
            self.announce(running, None)?;
            Ok(message(running.sample_rate))
        })
    }

    /// Takes a place for a change that is to come.
    fn announce(self, running: &Running, voice: Option<u64>) -> Result<(), EngineError> {
        let now = running.playback.clock_frames();
        let Some(frame) = self.at_frame.filter(|frame| *frame > now) else { return Ok(()) };
        let is_over = |frame: u64, voice: Option<u64>| {
            // What is due is done with the next block.
            frame < now || voice.is_some_and(|voice| !self.engine.notices.is_living(voice))
        };
        running.ahead.add(frame, voice, is_over)
    }
}

/// What the callback was told to do at frames to come: no more than it has places for.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Vec<(u64, Option<u64>)>>);

impl Ahead {
    /// Counts one more; where it seems that there are too many, without those that are over.
    fn add(
        &self,
        frame: u64,
        voice: Option<u64>,
        is_over: impl Fn(u64, Option<u64>) -> bool,
    ) -> Result<(), EngineError> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MAX_CHANGES_AHEAD {
            places.retain(|(frame, voice)| !is_over(*frame, *voice));
        }
        if places.len() >= MAX_CHANGES_AHEAD {
            return Err(EngineError::TooManyChanges);
        }
        places.push((frame, voice));
        Ok(())
    }

    fn forget(&self, voice: u64) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|(_, of)| *of != Some(voice));
    }
}
