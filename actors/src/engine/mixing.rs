//! The calls about what lies between the voices and the output: buses, limiter, meters.

use hotcue::playback::{BUSES, ControlMessage};

use super::AudioEngine;
use super::answers::{Meters, VoicePosition};
use crate::error::EngineError;

impl AudioEngine {
    /// Changes a bus, smoothly: its volume, linear gain 0..=4, and whether it is muted. None leaves
    /// a value as it is. Voices on a muted bus play on.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange` with the argument's name.
    pub fn set_bus(
        &self,
        bus: u32,
        volume: Option<f32>,
        muted: Option<bool>,
    ) -> Result<(), EngineError> {
        self.set_bus_over(bus, volume, muted, None)
    }

    /// As [`set_bus`](Self::set_bus), over `fade_sec`, 0..=60, where something is heard; None: 5 ms.
    ///
    /// # Errors
    /// As [`set_bus`](Self::set_bus).
    pub fn set_bus_over(
        &self,
        bus: u32,
        volume: Option<f32>,
        muted: Option<bool>,
        fade_sec: Option<f64>,
    ) -> Result<(), EngineError> {
        self.at(None).set_bus(bus, volume, muted, fade_sec)
    }

    /// Pauses a bus: its voices fade out within 5 ms and keep their places, and what is played on it,
    /// now or at its frame, waits at its start, until [`resume_bus`](Self::resume_bus). Voices that
    /// fade to their end are over by then. Pauses of single voices and of slots stay as they are.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange` with the argument's name.
    pub fn pause_bus(&self, bus: u32) -> Result<(), EngineError> {
        self.at(None).pause_bus(bus)
    }

    /// Lets a paused bus go on, but for voices that are paused themselves.
    ///
    /// # Errors
    /// As [`pause_bus`](Self::pause_bus).
    pub fn resume_bus(&self, bus: u32) -> Result<(), EngineError> {
        self.at(None).resume_bus(bus)
    }

    /// Turns the limiter on or off: on, nothing leaves that is beyond full scale, everything else
    /// to the bit as it was, and all of it 2 ms later, which `clock().latency_sec` counts. Turned on
    /// while something sounds, it does so after 7 ms.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn set_limiter(&self, on: bool) -> Result<(), EngineError> {
        self.control(|_| Ok(ControlMessage::SetLimiter { on }))
    }

    /// How loud everything was in the last turn of the meters, `EngineConfig::meter_rate_hz` of
    /// them a second. Reading takes nothing from other readers.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn meters(&self) -> Result<Meters, EngineError> {
        self.with(|running| {
            let channels = running.device.info().map_or(0, |info| info.channels);
            let playback = &running.playback;
            let buses = (0..BUSES).map(|bus| playback.bus_levels(bus));
            Ok(Meters {
                master: playback.master_levels().into_iter().take(channels).collect(),
                buses: buses.map(|bus| bus.into_iter().take(channels).collect()).collect(),
                limiter_gain: playback.limiter_gain(),
            })
        })
    }

    /// Where every voice is, at the end of the callback's last block.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn playheads(&self) -> Result<Vec<VoicePosition>, EngineError> {
        self.with(|running| {
            let rate = f64::from(running.sample_rate);
            let heads = running.playback.playheads().into_iter();
            let positions = heads.map(|head| VoicePosition {
                voice: head.voice,
                id: head.slot,
                position_sec: head.position_frames / rate,
                state: head.state,
                frame: head.clock_frame,
            });
            Ok(positions.collect())
        })
    }
}
