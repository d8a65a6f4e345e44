//! Both ends of a playback side in one thread, stepped by hand.

mod buses;
mod changes;
mod channels;
mod events;
mod fades;
mod growing;
mod loops;
mod model;
mod null;
mod schedule;
mod seams;
mod slots;
mod speed;
mod stealing;
mod storm;
mod streams;

use std::f64::consts::TAU;
use std::sync::Arc;

use super::{
    ControlMessage, Controller, EndReason, Looping, PlaybackConfig, PlaybackEvent, Renderer,
    VoiceParams, split,
};
use crate::buffer::{SampleBuffer, SampleWriter};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

const RATE: u32 = 48_000;
/// 5 ms at 48 kHz.
const RAMP: usize = 240;

/// Both ends, with the outputs' channels taken apart.
struct Rig {
    controller: Controller,
    renderer: Renderer,
    channels: usize,
}

impl Rig {
    fn new() -> Self {
        Self::with(PlaybackConfig::default())
    }

    fn with(config: PlaybackConfig) -> Self {
        let (controller, renderer) = split(config);
        Self { controller, renderer, channels: config.output_channels }
    }

    fn send(&mut self, message: ControlMessage) {
        self.controller.try_send(message).expect("the command ring has room");
    }

    fn load(&mut self, slot: u32, planes: Vec<Vec<f32>>) -> Arc<SampleBuffer> {
        let sample = SampleBuffer::from_planes(RATE, planes).expect("a valid sample");
        self.lend(slot, &sample);
        sample
    }

    fn lend(&mut self, slot: u32, sample: &Arc<SampleBuffer>) {
        self.send(ControlMessage::LoadSample { slot, sample: Arc::clone(sample), own_loop: None });
    }

    fn play(&mut self, voice: u64, slot: u32, params: VoiceParams) {
        self.send(ControlMessage::Play { voice, slot, params });
    }

    /// The next `frames` frames, one plane per channel.
    fn render(&mut self, frames: usize) -> Vec<Vec<f32>> {
        let mut out = vec![f32::NAN; frames * self.channels];
        self.renderer.render(&mut out);
        (0..self.channels)
            .map(|channel| out.iter().skip(channel).step_by(self.channels).copied().collect())
            .collect()
    }

    /// The left channel of the next `frames` frames.
    fn left(&mut self, frames: usize) -> Vec<f32> {
        self.render(frames).swap_remove(0)
    }

    fn events(&mut self) -> Vec<PlaybackEvent> {
        std::iter::from_fn(|| self.controller.poll_event()).collect()
    }

    /// Who ended, when, and why, since the last look.
    fn ends(&mut self) -> Vec<(u64, u64, EndReason)> {
        let ends = self.events().into_iter().filter_map(|event| match event {
            PlaybackEvent::Ended { voice, frame, reason, .. } => Some((voice, frame, reason)),
            PlaybackEvent::Started { .. } | PlaybackEvent::Looped { .. } => None,
        });
        ends.collect()
    }
}

fn set_speed(voice: u64, speed: f64) -> ControlMessage {
    ControlMessage::SetVoice {
        voice,
        volume: None,
        pan: None,
        speed: Some(speed),
        looping: None,
        fade_frames: None,
        at_frame: None,
    }
}

/// Of voice 1.
fn set_loop(looping: Looping) -> ControlMessage {
    ControlMessage::SetVoice {
        voice: 1,
        volume: None,
        pan: None,
        speed: None,
        looping: Some(looping),
        fade_frames: None,
        at_frame: None,
    }
}

fn params() -> VoiceParams {
    VoiceParams::default()
}

#[allow(clippy::cast_possible_truncation, reason = "rounding is what is meant")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Reproducible noise in −1..1 (xorshift).
fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.max(1);
    let step = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        narrow(f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0)
    };
    std::iter::repeat_with(step).take(frames).collect()
}

/// A sine of amplitude 0.5.
fn sine(hz: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|frame| narrow(sine_at(hz, frame as f64))).collect()
}

/// The same sine at any place between two frames.
fn sine_at(hz: f64, frame: f64) -> f64 {
    0.5 * (TAU * hz * frame / f64::from(RATE)).sin()
}

/// The sharpest corner of a signal: its largest second difference.
fn sharpest(signal: &[f32]) -> f32 {
    signal.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
}

/// Signal to noise in dB of `heard` against what mathematics expects.
fn snr_db(heard: &[f32], expected: impl Fn(usize) -> f64) -> f64 {
    let (mut signal, mut error) = (0.0, 0.0);
    for (frame, value) in heard.iter().enumerate() {
        let wanted = expected(frame);
        signal += wanted * wanted;
        error += (f64::from(*value) - wanted).powi(2);
    }
    10.0 * (signal / error).log10()
}
