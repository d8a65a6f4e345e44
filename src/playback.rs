//! Playing samples: commands in, audio out.
//!
//! [`split`] gives two ends and starts no thread. The [`Controller`] sends commands and takes
//! back what the audio side is done with; the [`Renderer`] is moved to where audio is pulled
//! from. An [`output`](crate::output) does that; a test can do it by hand.
//!
//! Starting, stopping, pausing, jumping and every change of gain takes 5 ms instead of a click.
//! A sample that is played from where it begins is not faded in: its attack stays its own.

mod agenda;
mod buffers;
mod bus;
mod callback;
mod channels;
mod denormals;
mod events;
mod interpolate;
mod limiter;
mod load;
mod material;
mod messages;
mod meter;
mod mixer;
mod params;
mod playheads;
mod ramp;
mod ring;
mod scratch;
mod shared;
#[cfg(test)]
mod tests;
mod track;
mod voice;

use std::sync::Arc;

pub use agenda::MAX_CHANGES_AHEAD;
pub use bus::BUSES;
pub use callback::{COMMANDS_PER_BLOCK, Renderer};
pub use events::{EndReason, PlaybackEvent};
pub use load::CallbackLoad;
pub use messages::ControlMessage;
pub use meter::{Level, METERED_CHANNELS};
pub use params::{LoopSpan, Looping, Retrigger, VoiceParams};
pub use playheads::{Playhead, VoiceState};
pub use shared::PlaybackShared;

pub(crate) use denormals::without_denormals;
pub(crate) use scratch::BLOCK_FRAMES;
pub(crate) use voice::FASTEST;

use buffers::BufferTable;
use mixer::Mixer;
use ring::{CommandTx, EventRx, Lender};

/// Fades in a second, of those that are given no length.
pub(crate) const FADES_PER_SEC: u32 = 200;

/// Sizes of the playback side, fixed from [`split`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaybackConfig {
    /// Frames per second of the mix, in Hz. Samples are expected to have it too.
    pub sample_rate: u32,
    /// Channels of the output, at least 1.
    pub output_channels: usize,
    /// Places for samples, numbered from 0.
    pub slots: usize,
    /// Voices at a time, at least 1. One more takes the place of another.
    pub max_voices: usize,
    /// Commands that may wait for the callback, at least 1.
    pub command_capacity: usize,
    /// Playback events that may wait to be polled; further ones are dropped and counted.
    pub event_capacity: usize,
    /// How many frames a turn of the meters takes: each shows the levels of the last one.
    pub meter_frames: u32,
}

impl Default for PlaybackConfig {
    fn default() -> Self {
        Self {
            sample_rate: 48_000,
            output_channels: 2,
            slots: 1024,
            max_voices: 128,
            command_capacity: 1024,
            event_capacity: 4096,
            meter_frames: 800,
        }
    }
}

/// Makes the two ends of a playback side.
///
/// ```
/// use hotcue::SampleBuffer;
/// use hotcue::playback::{ControlMessage, PlaybackConfig, VoiceParams, split};
///
/// let (mut controller, mut renderer) = split(PlaybackConfig::default());
/// let sample = SampleBuffer::from_planes(48_000, vec![vec![0.5, -0.5]])?;
/// controller.try_send(ControlMessage::LoadSample { slot: 3, sample, own_loop: None })?;
/// let params = VoiceParams { volume: 0.5, ..VoiceParams::default() };
/// controller.try_send(ControlMessage::Play { voice: 1, slot: 3, params })?;
///
/// let mut out = [0.0; 6];
/// renderer.render(&mut out);
/// assert_eq!(out, [0.25, 0.25, -0.25, -0.25, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// When a field of `config` that is at least 1 is 0, and when slots, commands and twice the voices
/// are together more than 4 billion.
pub fn split(config: PlaybackConfig) -> (Controller, Renderer) {
    let PlaybackConfig { sample_rate, output_channels, max_voices, command_capacity, .. } = config;
    assert!(sample_rate > 0 && output_channels > 0, "an output has a rate and channels");
    assert!(max_voices > 0 && command_capacity > 0, "a voice and a command must fit");
    // Every slot holds one sample, every voice may hold one that was replaced or is streamed, and
    // every command may bring one: with as many loans, commands are what runs out first as long as
    // retired samples are collected.
    let places = config.slots + mixer::places(max_voices) + command_capacity;
    let table_size = u32::try_from(places).expect("sizes far below 4 billion");
    let (commands_tx, commands_rx) = ring::command_ring(command_capacity);
    let (events_tx, events_rx) = ring::event_ring(config.event_capacity);
    let (lender, returns) = ring::return_ring(places);
    let shared = Arc::new(PlaybackShared::new(config.slots, mixer::places(max_voices)));
    let buffers = BufferTable::new(table_size, returns);
    let mixer = Mixer::new(&config, buffers, events_tx, Arc::clone(&shared));
    let renderer = Renderer::new(mixer, commands_rx, Arc::clone(&shared), sample_rate);
    (Controller { commands_tx, events_rx, lender, shared }, renderer)
}

/// The caller's side: sends commands, frees what comes back, reads events. It never waits.
#[derive(Debug)]
pub struct Controller {
    commands_tx: CommandTx,
    events_rx: EventRx,
    lender: Lender,
    shared: Arc<PlaybackShared>,
}

impl Controller {
    /// Sends a command to the callback.
    ///
    /// # Errors
    /// [`Full`] with the message when the command ring is, or, for a `LoadSample` or a
    /// `PlayStream`, when too many samples wait to be [collected](Self::collect).
    #[expect(clippy::result_large_err, reason = "what could not be sent comes back as it is")]
    pub fn try_send(&mut self, message: ControlMessage) -> Result<(), Full> {
        let Some(place) = self.commands_tx.reserve() else { return Err(Full(message)) };
        place.send(self.lender.lend(message).map_err(Full)?);
        Ok(())
    }

    /// How many commands, of any kind, are sure to fit now.
    pub fn free_slots(&self) -> usize {
        self.commands_tx.free_places().min(self.lender.free_places())
    }

    /// Frees the samples that the callback is done with, here and nowhere else; says how many.
    ///
    /// Call it now and then: uncollected samples use up the places that a `LoadSample` needs.
    pub fn collect(&mut self) -> usize {
        self.lender.collect()
    }

    /// The next playback event, if there is one.
    pub fn poll_event(&mut self) -> Option<PlaybackEvent> {
        self.events_rx.pop().ok()
    }

    /// Figures that the callback publishes, for any thread.
    pub fn shared(&self) -> Arc<PlaybackShared> {
        Arc::clone(&self.shared)
    }
}

/// A command that did not fit, given back.
#[derive(Debug, thiserror::Error)]
#[error("the ring into the audio callback is full")]
pub struct Full(pub ControlMessage);
