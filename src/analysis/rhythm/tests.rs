//! Grooves that are known by construction, and what is none.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few seconds of values between −1 and 1"
)]

mod attacks;
mod bars;
mod beats;
mod deviation;
mod length;
mod none;
mod onsets;
mod repetition;
mod signals;
mod tempo;

use std::sync::Arc;
use std::time::Duration;

use super::super::onsets::Onsets;
use super::super::tempo::TempoEstimate;
use super::super::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use crate::buffer::SampleBuffer;

/// Mono audio that sounds are put into.
struct Track {
    rate: u32,
    plane: Vec<f32>,
}

impl Track {
    fn new(rate: u32, seconds: f64) -> Self {
        Self { rate, plane: vec![0.0; frames(seconds, rate)] }
    }

    /// A sine that dies away: `low_hz` of a kick, or higher for what is brighter.
    fn strike(&mut self, at_sec: f64, hz: f64, decay_sec: f64, gain: f64) {
        self.add(at_sec, decay_sec, |at_sec, _| gain * (std::f64::consts::TAU * hz * at_sec).sin());
    }

    /// Noise that dies away.
    fn hiss(&mut self, at_sec: f64, decay_sec: f64, gain: f64) {
        self.add(at_sec, decay_sec, |_, noise| gain * noise);
    }

    fn add(&mut self, at_sec: f64, decay_sec: f64, value: impl Fn(f64, f64) -> f64) {
        let start = frames(at_sec, self.rate);
        let mut noise = Noise(0x1234_5678);
        for n in 0..frames(6.0 * decay_sec, self.rate) {
            let since_sec = n as f64 / f64::from(self.rate);
            let Some(sum) = self.plane.get_mut(start + n) else { break };
            let value = value(since_sec, noise.next()) * (-since_sec / decay_sec).exp();
            *sum += value as f32;
        }
    }

    /// Kick on one and three, snare on two and four, hats on all halves.
    fn groove(rate: u32, bpm: f64, bars: u32) -> Self {
        let beat_sec = 60.0 / bpm;
        let mut track = Self::new(rate, f64::from(bars) * 4.0 * beat_sec);
        for beat in 0..bars * 4 {
            let at_sec = f64::from(beat) * beat_sec;
            match beat % 2 {
                0 => track.strike(at_sec, 60.0, 0.08, 0.8),
                _ => {
                    track.hiss(at_sec, 0.04, 0.3);
                    track.strike(at_sec, 400.0, 0.03, 0.4);
                }
            }
            track.hiss(at_sec, 0.01, 0.1);
            track.hiss(at_sec + beat_sec / 2.0, 0.01, 0.1);
        }
        track
    }

    fn sample(self) -> Arc<SampleBuffer> {
        SampleBuffer::from_planes(self.rate, vec![self.plane]).expect("a mono sample")
    }
}

/// The xorshift of G. Marsaglia, *Xorshift RNGs*, Journal of Statistical Software 8 (2003).
struct Noise(u32);

impl Noise {
    /// The next value, −1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

fn frames(seconds: f64, rate: u32) -> usize {
    (seconds * f64::from(rate)).round() as usize
}

/// Processor time that this thread has taken, to which a busy machine adds next to nothing; where the
/// system does not say so, the time that has passed.
fn thread_cpu() -> Duration {
    #[cfg(unix)]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[allow(unsafe_code, reason = "the standard library has no such clock")]
        // SAFETY: `time` is a timespec that outlives the call.
        let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
    #[cfg(not(unix))]
    {
        static BEGIN: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        BEGIN.elapsed()
    }
}

/// Both results, and the most processor time that a step took.
fn analyse(sample: Arc<SampleBuffer>) -> (Onsets, TempoEstimate, Duration) {
    let mut job = AnalysisJob::new(sample, &[AnalysisKind::Bpm, AnalysisKind::Onsets]);
    let (mut onsets, mut tempo, mut longest) = (None, None, Duration::ZERO);
    loop {
        let begin = thread_cpu();
        let step = job.step();
        longest = longest.max(thread_cpu() - begin);
        match step {
            AnalysisStep::More => {}
            AnalysisStep::Done(_, Ok(AnalysisResult::Onsets(result))) => onsets = Some(result),
            AnalysisStep::Done(_, Ok(AnalysisResult::Bpm(result))) => tempo = Some(result),
            AnalysisStep::Done(kind, result) => panic!("{kind:?}: {result:?}"),
            AnalysisStep::Finished => break,
        }
    }
    (onsets.expect("asked for"), tempo.expect("asked for"), longest)
}

fn assert_beats(beats_sec: &[f64], expected: &[f64], within_sec: f64) {
    assert_eq!(beats_sec.len(), expected.len(), "{beats_sec:?} for {expected:?}");
    for (beat, expected) in beats_sec.iter().zip(expected) {
        assert!((beat - expected).abs() <= within_sec, "{beat} for {expected}");
    }
}

/// A kick on every beat, a snare on every other, hats between, and `rest_sec` after the last, which is
/// silent.
fn played(rate: u32, beats_sec: &[f64], rest_sec: f64) -> Track {
    let last_sec = beats_sec.last().expect("some beats");
    let mut track = Track::new(rate, last_sec + rest_sec);
    for (beat, pair) in beats_sec.windows(2).enumerate() {
        track.strike(pair[0], 60.0, 0.08, 0.8);
        if beat % 2 == 1 {
            track.hiss(pair[0], 0.04, 0.3);
            track.strike(pair[0], 400.0, 0.03, 0.4);
        }
        track.hiss(f64::midpoint(pair[0], pair[1]), 0.01, 0.1);
    }
    track
}
