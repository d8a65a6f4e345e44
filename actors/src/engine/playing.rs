//! The calls that play. All of them return at once; the callback takes their effect over with
//! its next block, commands of one thread in call order.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::Source;
use hotcue::playback::ControlMessage;

use super::answers::{Clock, RenderedAudio};
use super::ask::ask;
use super::options::{
    HIGHEST_PRIORITY, PlayOptions, VoiceChange, WhenLoading, check_fade, fade_frames,
};
use super::{AudioEngine, Running};
use crate::error::{EngineError, SubmitError};
use crate::job::Job;
use crate::messages::{Control, Play, PlayWhenReady, Render, Submit};
use crate::playback::PlaybackNotice;
use crate::request::Request;
use crate::table::{Expected, PlayStart};

/// Voice ids rise and are unique in the process.
static NEXT_VOICE_ID: AtomicU64 = AtomicU64::new(1);

/// Frames that one `Render` message asks for at most, so that other messages get their turn.
const RENDER_CHUNK_FRAMES: usize = 1 << 15;

impl AudioEngine {
    /// Plays a slot. Returns the voice's id; None when the slot holds nothing and nothing is on
    /// its way, or when it is still loading and `when_loading` is `Drop`.
    ///
    /// A slot whose sample was evicted loads it again, as a new request of the highest priority;
    /// till then it is one that is still loading.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`, `OutOfRange` with the argument's name,
    /// `NotReady` with `WhenLoading::Raise`.
    pub fn play_sample(&self, id: u32, options: PlayOptions) -> Result<Option<u64>, EngineError> {
        options.check()?;
        self.with(|running| {
            running.table.check_slot(id)?;
            if !running.sink.connected() {
                return Err(SubmitError::Closed.into());
            }
            let waits = options.when_loading == WhenLoading::PlayWhenReady;
            let reload = |path| Request::new(id, Source::Path(path), HIGHEST_PRIORITY);
            let expected = match running.table.begin_play(id, waits, reload)? {
                PlayStart::Ready => None,
                PlayStart::Loading(expected) => Some(expected),
                PlayStart::Empty => return Ok(None),
            };
            let voice = NEXT_VOICE_ID.fetch_add(1, Ordering::Relaxed);
            let params = options.params(running.sample_rate);
            let play = Play { slot: id, voice, params, normalize: options.normalize };
            let Some(Expected { since, reload }) = expected else {
                self.notices.begin(voice);
                running.sink.do_send(play);
                return Ok(Some(voice));
            };
            if waits {
                self.notices.begin(voice);
                // Before the load, so that its end finds the play waiting.
                running.sink.do_send(PlayWhenReady {
                    play,
                    since,
                    deadline: Instant::now() + Duration::from_secs_f64(options.max_wait_sec),
                });
            }
            if let Some(request) = reload {
                running.supervisor.do_send(Submit(Job::new(&request)));
            }
            match options.when_loading {
                WhenLoading::PlayWhenReady => Ok(Some(voice)),
                WhenLoading::Drop => Ok(None),
                WhenLoading::Raise => Err(EngineError::NotReady(id)),
            }
        })
    }

    /// Fades out all voices of a slot over `fade_sec`, 0..=60, and drops its waiting play.
    ///
    /// # Errors
    /// `NotInitialized`, `Submit(IdOutOfRange)`, likewise below; `OutOfRange("fade_sec")`.
    pub fn stop_sample(&self, id: u32, fade_sec: f64) -> Result<(), EngineError> {
        self.stop_sample_at(id, fade_sec, None)
    }

    /// As [`stop_sample`](Self::stop_sample), from `at_frame` of the [`clock`](Self::clock) on: all
    /// voices that there are by now; those that are to stop sooner do. None, or a frame in the past:
    /// at once.
    ///
    /// # Errors
    /// As [`stop_sample`](Self::stop_sample).
    pub fn stop_sample_at(
        &self,
        id: u32,
        fade_sec: f64,
        at_frame: Option<u64>,
    ) -> Result<(), EngineError> {
        check_fade(fade_sec)?;
        self.control(|running| {
            running.table.check_slot(id)?;
            let fade_frames = fade_frames(fade_sec, running.sample_rate);
            Ok(ControlMessage::StopSample { slot: id, fade_frames, at_frame })
        })
    }

    /// Pauses all voices of a slot, that of its waiting play too.
    ///
    /// # Errors
    /// As [`stop_sample`](Self::stop_sample).
    pub fn pause_sample(&self, id: u32) -> Result<(), EngineError> {
        self.at(None).pause_sample(id)
    }

    /// Lets paused voices of a slot go on.
    ///
    /// # Errors
    /// As [`stop_sample`](Self::stop_sample).
    pub fn resume_sample(&self, id: u32) -> Result<(), EngineError> {
        self.at(None).resume_sample(id)
    }

    /// Moves all voices of a slot to `position_sec`, that of its waiting play too.
    ///
    /// # Errors
    /// As [`stop_sample`](Self::stop_sample), and `OutOfRange("position_sec")`.
    pub fn seek_sample(&self, id: u32, position_sec: f64) -> Result<(), EngineError> {
        self.at(None).seek_sample(id, position_sec)
    }

    /// Fades one voice out over `fade_sec`, 0..=60; one that waits for its load is dropped. False if
    /// it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("fade_sec")`.
    pub fn stop_voice(&self, voice: u64, fade_sec: f64) -> Result<bool, EngineError> {
        self.stop_voice_at(voice, fade_sec, None)
    }

    /// As [`stop_voice`](Self::stop_voice), from `at_frame` of the [`clock`](Self::clock) on. A
    /// voice has one such frame, which a later call replaces. None, or a frame in the past: at once,
    /// and such a frame that is still to come may shorten the fade.
    ///
    /// # Errors
    /// As [`stop_voice`](Self::stop_voice).
    pub fn stop_voice_at(
        &self,
        voice: u64,
        fade_sec: f64,
        at_frame: Option<u64>,
    ) -> Result<bool, EngineError> {
        check_fade(fade_sec)?;
        self.with(|running| {
            let fade_frames = fade_frames(fade_sec, running.sample_rate);
            let message = ControlMessage::StopVoice { voice, fade_frames, at_frame };
            Ok(self.control_voice(running, voice, message))
        })
    }

    /// Changes a sounding voice, smoothly. False if it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange` with the argument's name.
    pub fn set_voice(&self, voice: u64, change: VoiceChange) -> Result<bool, EngineError> {
        self.at(None).set_voice(voice, change)
    }

    /// Pauses one voice. False if it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn pause_voice(&self, voice: u64) -> Result<bool, EngineError> {
        self.at(None).pause_voice(voice)
    }

    /// Lets a paused voice go on. False if it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn resume_voice(&self, voice: u64) -> Result<bool, EngineError> {
        self.at(None).resume_voice(voice)
    }

    /// Moves one voice to `position_sec`. False if it had ended already.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("position_sec")`.
    pub fn seek_voice(&self, voice: u64, position_sec: f64) -> Result<bool, EngineError> {
        self.at(None).seek_voice(voice, position_sec)
    }

    /// Fades out every voice over `fade_sec`, 0..=60, and drops every waiting play.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("fade_sec")`.
    pub fn stop_all(&self, fade_sec: f64) -> Result<(), EngineError> {
        self.stop_all_at(fade_sec, None)
    }

    /// As [`stop_all`](Self::stop_all), from `at_frame` of the [`clock`](Self::clock) on: all voices
    /// that there are by now; those that are to stop sooner do. None, or a frame in the past: at once.
    ///
    /// # Errors
    /// As [`stop_all`](Self::stop_all).
    pub fn stop_all_at(&self, fade_sec: f64, at_frame: Option<u64>) -> Result<(), EngineError> {
        check_fade(fade_sec)?;
        self.control(|running| {
            let fade_frames = fade_frames(fade_sec, running.sample_rate);
            Ok(ControlMessage::StopAll { fade_frames, at_frame })
        })
    }

    /// Sets the master volume, linear gain 0..=4, smoothly.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("volume")`.
    pub fn set_volume(&self, volume: f32) -> Result<(), EngineError> {
        self.set_volume_over(volume, None)
    }

    /// As [`set_volume`](Self::set_volume), over `fade_sec`, 0..=60, where something is heard; None:
    /// 5 ms.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange` with the argument's name.
    pub fn set_volume_over(&self, volume: f32, fade_sec: Option<f64>) -> Result<(), EngineError> {
        self.at(None).set_volume(volume, fade_sec)
    }

    /// Sets the master speed, −4..=4, by which every voice's own is multiplied, smoothly.
    ///
    /// # Errors
    /// `NotInitialized`, `OutOfRange("speed")`.
    pub fn set_speed(&self, speed: f64) -> Result<(), EngineError> {
        self.at(None).set_speed(speed)
    }

    /// Where the audio stands.
    ///
    /// # Errors
    /// `NotInitialized`.
    pub fn clock(&self) -> Result<Clock, EngineError> {
        self.with(|running| {
            let limiter_sec =
                f64::from(running.playback.limiter_frames()) / f64::from(running.sample_rate);
            Ok(Clock {
                frame: running.playback.clock_frames(),
                time_sec: running.clock.now_sec(),
                sample_rate: running.sample_rate,
                latency_sec: running.device.latency_sec() + limiter_sec,
            })
        })
    }

    /// Takes the next playback notice. As little as [`poll_loader_events`] it ever waits.
    ///
    /// [`poll_loader_events`]: Self::poll_loader_events
    pub fn poll_playback_events(&self) -> Option<PlaybackNotice> {
        self.notices.polled().poll()
    }

    /// Renders the next frames on an `offline` output, in the sink's thread. It contains every
    /// command that the calling thread gave before.
    ///
    /// # Errors
    /// `NotInitialized`, `NotOffline`.
    pub fn render(&self, frames: usize) -> Result<RenderedAudio, EngineError> {
        self.render_for(frames, true)
    }

    /// As [`render`](Self::render); with fewer frames, or none, where a stream's source keeps it
    /// waiting, for callers that have something to look at every 50 ms.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_some(&self, frames: usize) -> Result<RenderedAudio, EngineError> {
        self.render_for(frames, false)
    }

    /// Renders; `waits`: until all is there, whatever keeps it waiting.
    fn render_for(&self, frames: usize, waits: bool) -> Result<RenderedAudio, EngineError> {
        let (sink, channels) = self.with(|running| {
            let channels = running.device.info().map_or(0, |info| info.channels);
            Ok((running.sink.clone(), channels))
        })?;
        // Two threads get one stretch each, not turns.
        let _rendering = self.rendering.lock().unwrap_or_else(PoisonError::into_inner);
        let mut samples = Vec::with_capacity(frames.saturating_mul(channels).min(1 << 24));
        let mut left = frames;
        loop {
            let chunk = left.min(RENDER_CHUNK_FRAMES);
            let rendered = ask(&sink, |done| Render { frames: chunk, done }, None)
                .ok_or(EngineError::NotInitialized)?;
            let rendered = rendered.ok_or(EngineError::NotOffline)?;
            let done = rendered.len() / channels.max(1);
            samples.extend(rendered);
            left -= done.min(chunk);
            if left == 0 || done < chunk && !waits {
                return Ok(RenderedAudio { channels, samples });
            }
        }
    }

    /// Sends the command that `make` makes, if it does.
    pub(super) fn control(
        &self,
        make: impl FnOnce(&Running) -> Result<ControlMessage, EngineError>,
    ) -> Result<(), EngineError> {
        self.with(|running| {
            running.sink.do_send(Control(make(running)?));
            Ok(())
        })
    }

    /// Sends a command to one voice. False if it had ended already.
    pub(super) fn control_voice(
        &self,
        running: &Running,
        voice: u64,
        message: ControlMessage,
    ) -> bool {
        let lives = self.notices.is_living(voice);
        if lives {
            running.sink.do_send(Control(message));
        }
        lives
    }
}
