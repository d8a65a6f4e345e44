//! Grooves that are known by construction, and what is none.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few seconds of values between −1 and 1"
)]

use std::sync::Arc;
use std::time::Duration;

use super::super::mono::{Mixture, Mono};
use super::super::onsets::Onsets;
use super::super::tempo::{TempoAlternative, TempoEstimate};
use super::super::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use super::attacks::Attacks;
use super::bars::{Accents, Bars, Begins, Start};
use super::candidates::Candidate;
use super::changes::Changes;
use super::correlation::{Correlation, Correlator};
use super::novelty::{Moments, Novelty};
use super::pulse::Pulse;
use super::repetition::{self, Repetition};
use super::steady::Phases;
use super::{choice, length};
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

/// Processor time that this thread has taken, to which a busy machine adds next to nothing.
fn thread_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[allow(unsafe_code, reason = "the standard library has no such clock")]
    // SAFETY: `time` is a timespec that outlives the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
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

#[test]
fn clicks_have_their_tempo_beats_and_onsets() {
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
        let mut track = Track::new(rate, 8.0);
        for click in 0..16 {
            track.strike(f64::from(click) * 0.5, 1_000.0, 0.005, 0.9);
        }
        let (onsets, tempo, _) = analyse(track.sample());
        let expected: Vec<f64> = (0..16).map(|click| f64::from(click) * 0.5).collect();
        assert_beats(&onsets.onsets_sec, &expected, 0.002);
        let bpm = tempo.bpm.expect("a pulse");
        assert!((bpm - 120.0).abs() < 0.01, "{bpm} at {rate} Hz");
        assert_eq!((tempo.loop_bpm, tempo.n_beats), (Some(120.0), Some(16)), "at {rate} Hz");
        assert_beats(&tempo.beats_sec, &expected, 1e-9);
    }
}

#[test]
fn a_loop_has_the_tempo_of_its_length() {
    for bpm in [72.0, 88.0, 93.0, 110.0, 126.0, 133.3, 140.0, 150.0, 165.0] {
        let (_, tempo, _) = analyse(Track::groove(44_100, bpm, 4).sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.01, "{found} for {bpm}: {tempo:?}");
        assert_eq!((tempo.n_beats, tempo.beats_per_bar), (Some(16), 4), "at {bpm}");
        let expected: Vec<f64> = (0..16).map(|beat| f64::from(beat) * 60.0 / bpm).collect();
        assert_beats(&tempo.beats_sec, &expected, 0.001);
        let bars: Vec<f64> = expected.iter().step_by(4).copied().collect();
        assert_beats(&tempo.downbeats_sec, &bars, 0.001);
        let told: Vec<f64> = tempo.alternatives.iter().map(|other| other.bpm / found).collect();
        assert!(told.contains(&2.0) && told.contains(&0.5), "{told:?}");
        let weights = tempo.alternatives.iter().map(|other| other.weight).sum::<f64>();
        assert!((0.0..=1.001).contains(&(weights + tempo.confidence)), "{tempo:?}");
    }
}

#[test]
fn a_groove_that_is_cut_anywhere_keeps_its_tempo_and_beats() {
    for (bpm, from_sec) in [(96.0, 0.31), (124.0, 0.17), (140.0, 1.03)] {
        let rate = 44_100;
        let whole = Track::groove(rate, bpm, 12);
        let plane = whole.plane[frames(from_sec, rate)..frames(from_sec + 15.3, rate)].to_vec();
        let (_, tempo, _) = analyse(Track { rate, plane }.sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.2, "{found} for {bpm}");
        let beat_sec = 60.0 / bpm;
        for beat in &tempo.beats_sec {
            let off = (beat + from_sec) / beat_sec;
            let off_sec = (off - off.round()).abs() * beat_sec;
            assert!(off_sec < 0.015, "{beat} is {off_sec} off at {bpm}");
        }
        assert!(tempo.beats_sec.len() >= (14.0 / beat_sec) as usize, "{tempo:?}");
        assert!(tempo.stability > 0.9, "{tempo:?}");
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

#[test]
fn beats_follow_a_tempo_that_wanders_whatever_the_length_would_fit() {
    // 3 % faster and slower: an even grid would be off by a quarter of a beat.
    let wander_sec = |beat: u32| 0.545 * f64::from(beat) + 0.15 * (f64::from(beat) / 8.0).sin();
    let beats_sec: Vec<f64> = (0..=56).map(wander_sec).collect();
    let (last_sec, before) = beats_sec.split_last().expect("57 beats");
    let mean_bpm = 60.0 * 56.0 / last_sec;
    // Over more than a beat, so that some length is a whole number of them.
    for rest in 0..7 {
        let rest_sec = 0.05 + 0.09 * f64::from(rest);
        let (_, tempo, _) = analyse(played(22_050, &beats_sec, rest_sec).sample());
        for beat in before {
            let near = tempo.beats_sec.iter().any(|told| (told - beat).abs() < 0.03);
            assert!(near, "none at {beat}, {rest_sec}: {:?}", tempo.beats_sec);
        }
        let bpm = tempo.bpm.expect("a pulse");
        assert!((bpm - mean_bpm).abs() < 0.5, "{bpm} for {mean_bpm}, {rest_sec}");
        for part in [0.5, 2.0] {
            let is_part = |other: &TempoAlternative| (other.bpm / bpm - part).abs() < 1e-9;
            assert!(tempo.alternatives.iter().any(is_part), "{:?}", tempo.alternatives);
        }
        assert_eq!((tempo.loop_bpm, tempo.n_beats), (None, None), "{rest_sec}");
    }
}

/// A kick and a snare on every beat of the first 56 s of 80, bass and snare half a beat later on
/// the rest, and hats on all halves; all that after `silent_sec`.
fn shifted(rate: u32, bpm: f64, silent_sec: f64) -> Track {
    let beat_sec = 60.0 / bpm;
    let mut track = Track::new(rate, 79.7);
    let beats = 0..((79.0 - silent_sec) / beat_sec) as u32;
    for at_sec in beats.map(|beat| silent_sec + f64::from(beat) * beat_sec) {
        let accent_sec = if at_sec < 56.0 { at_sec } else { at_sec + beat_sec / 2.0 };
        track.strike(accent_sec, 60.0, 0.08, 0.8);
        track.strike(accent_sec, 400.0, 0.03, 0.4);
        track.hiss(accent_sec, 0.04, 0.3);
        track.hiss(at_sec, 0.01, 0.1);
        track.hiss(at_sec + beat_sec / 2.0, 0.01, 0.1);
    }
    track
}

#[test]
fn beats_of_a_steady_tempo_do_not_follow_accents_that_move_between_them() {
    for (bpm, silent_sec) in [(101.7, 0.0), (127.3, 0.4), (149.1, 0.0)] {
        let (_, tempo, _) = analyse(shifted(22_050, bpm, silent_sec).sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.02, "{found} for {bpm}");
        for beat in &tempo.beats_sec {
            let off = (beat - silent_sec) * bpm / 60.0;
            let off_sec = (off - off.round()).abs() * 60.0 / bpm;
            assert!(off_sec < 0.01, "{beat} is {off_sec} off at {bpm}");
        }
        assert!(tempo.beats_sec.len() >= (79.0 * bpm / 60.0) as usize, "{tempo:?}");
        assert!(tempo.stability > 0.9, "{tempo:?}");
    }
}

#[test]
fn what_begins_after_silence_begins_on_a_beat() {
    // Between the beats there is a little more.
    let (rate, bpm, silent_sec) = (22_050, 118.3, 0.25);
    let beat_sec = 60.0 / bpm;
    let mut track = Track::new(rate, 40.0);
    for beat in 0..76 {
        let at_sec = silent_sec + f64::from(beat) * beat_sec;
        track.strike(at_sec, 60.0, 0.08, 0.8);
        track.hiss(at_sec, 0.03, 0.2);
        track.strike(at_sec + beat_sec / 2.0, 60.0, 0.08, 0.9);
        track.hiss(at_sec + beat_sec / 2.0, 0.03, 0.25);
    }
    let (_, tempo, _) = analyse(track.sample());
    let first = tempo.beats_sec.first().expect("beats");
    let off = (first - silent_sec) / beat_sec;
    assert!((off - off.round()).abs() < 0.03, "{off}: {tempo:?}");
}

#[test]
fn a_tempo_is_steady_whose_phases_agree_to_the_end() {
    // A pulse of three frames on every third of a beat: the tempo that is looked for is 0.5 % off.
    let phases = |period_at: &dyn Fn(usize) -> f64| {
        let mut phases = Phases::new(47.1 * 1.005);
        let mut beats = 0.0;
        for frame in 0..6_000 {
            beats += period_at(frame).recip();
            phases.add(f64::from(u8::from((3.0 * beats).fract() * period_at(frame) < 9.0)));
        }
        phases.steady()
    };
    let steady = phases(&|_| 47.1).expect("a steady tempo");
    assert!((steady.period / 47.1 - 1.0).abs() < 1e-4, "{steady:?}");
    assert!(steady.deviation < 0.01, "{steady:?}");
    assert_eq!(phases(&|frame| if frame < 3_000 { 47.1 } else { 48.0 }), None);
    let wandering = |frame| 47.1 * (1.0 + 0.02 * (frame as f64 / 300.0).sin());
    assert_eq!(phases(&wandering), None);
}

#[test]
fn a_long_file_of_an_unlikely_number_of_beats_is_no_loop_and_has_bars_of_four() {
    for beats in [99, 101, 106] {
        let bpm = 121.3;
        let mut track = Track::groove(22_050, bpm, 32);
        track.plane.truncate(frames(f64::from(beats) * 60.0 / bpm, 22_050));
        let (_, tempo, _) = analyse(track.sample());
        assert_eq!((tempo.loop_bpm, tempo.n_beats), (None, None), "{beats}");
        assert_eq!(tempo.beats_per_bar, 4, "{beats}");
    }
}

#[test]
fn even_beats_beside_those_that_a_length_would_have_are_no_loop() {
    // Every stroke up to 10 or 14 ms early or late; what is cut out of them is 28 beats at 167 BPM.
    let bpm = 165.3;
    let beat_sec = 60.0 / bpm;
    for loose_sec in [0.010, 0.014] {
        let mut track = Track::new(44_100, 40.5 * beat_sec);
        let late_sec = |beat: u32, factor: u32, of: u32| {
            let half = f64::from(of / 2);
            loose_sec * (f64::from(beat * beat * factor % of) - half) / half
        };
        for beat in 0..40 {
            let beat_sec = f64::from(beat) * beat_sec;
            let at_sec = 0.02 + beat_sec + late_sec(beat, 7, 11);
            if beat % 2 == 0 {
                track.strike(at_sec, 60.0, 0.08, 0.8);
            } else {
                track.hiss(at_sec, 0.04, 0.3);
                track.strike(at_sec, 400.0, 0.03, 0.4);
            }
            track.hiss(at_sec, 0.01, 0.1);
            track.hiss(beat_sec + 30.0 / bpm + late_sec(beat, 5, 13), 0.01, 0.1);
        }
        let plane =
            track.plane[frames(0.31, 44_100)..][..frames(28.0 * 60.0 / 167.0, 44_100)].to_vec();
        let (_, tempo, _) = analyse(Track { rate: 44_100, plane }.sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.2, "{found}");
        assert_eq!((tempo.loop_bpm, tempo.n_beats), (None, None));
    }
}

#[test]
fn bars_begin_where_chords_change() {
    let chords_hz = [
        [110.0, 220.0, 277.0, 330.0],
        [98.0, 196.0, 247.0, 294.0],
        [87.0, 175.0, 220.0, 262.0],
        [82.0, 165.0, 208.0, 247.0],
    ];
    for bpm in [90.7, 96.3, 101.7] {
        let bar_sec = 240.0 / bpm;
        let mut track = Track::new(22_050, 14.0 * bar_sec);
        for beat in 0..56 {
            let at_sec = f64::from(beat) * bar_sec / 4.0;
            for hz in chords_hz[beat as usize / 4 % 4] {
                track.strike(at_sec, hz, 0.4, 0.2);
            }
            track.hiss(at_sec, 0.01, 0.1);
            track.hiss(at_sec + bar_sec / 8.0, 0.01, 0.05);
        }
        // Within any beat of a bar.
        for from_sec in [0.31, 1.0, 1.57, 2.2] {
            let part = frames(from_sec, 22_050)..frames(from_sec + 25.0, 22_050);
            let (_, tempo, _) =
                analyse(Track { rate: 22_050, plane: track.plane[part].to_vec() }.sample());
            assert!(tempo.downbeats_sec.len() >= 9, "{tempo:?}");
            for downbeat in &tempo.downbeats_sec {
                let off = (downbeat + from_sec) / bar_sec;
                assert!((off - off.round()).abs() < 0.01, "{off} at {bpm}, {from_sec}");
            }
        }
    }
}

/// A signal that is 1 where a bar of rock has a stroke, in frames of a sixteenth each, the bar
/// beginning at frame `first`.
fn strokes(first: usize, places: &[usize]) -> Vec<f32> {
    let is_stroke = |frame: usize| places.contains(&((frame + 16 - first) % 16));
    // Sixteenths are ten frames apart.
    (0..1_600).map(|at| f32::from(u8::from(at % 10 == 0 && is_stroke(at / 10)))).collect()
}

/// Where bars begin in forty beats of such signals, none of which the sample begins with.
fn bars_of(novelty: &Novelty) -> Bars {
    let mut accents = Accents::default();
    let changes = Changes::new(1, 0);
    (0..40).for_each(|beat| accents.add(f64::from(beat) * 40.0, 40.0, novelty, &changes));
    let start = Start { begins: Begins::Cut, parts: 0.5, part_frames: 10.0, is_on_beat: false };
    accents.bars(0.0, &start, None)
}

#[test]
fn bars_begin_where_kicks_and_snares_say_though_beats_were_taken_to_lie_between() {
    for first in 0..16 {
        let mut novelty = Novelty::default();
        novelty.all = vec![0.0; 1_600];
        novelty.kick = strokes(first, &[0, 10]);
        novelty.snare = strokes(first, &[4, 12]);
        assert_eq!(bars_of(&novelty), Bars { per_bar: 4, first });
    }
}

#[test]
fn beats_are_on_the_kicks_where_a_snare_is_halfway_between_every_two() {
    for first in 0..4 {
        let mut novelty = Novelty::default();
        novelty.all = vec![0.0; 1_600];
        novelty.bass = strokes(first, &[0, 4, 8, 12]);
        // A snare has something below 250 Hz, too.
        novelty.kick = strokes(first, &[0, 2, 4, 6, 8, 10, 12, 14]);
        novelty.snare = strokes(first, &[2, 6, 10, 14]);
        // All beats are alike, and any of them may begin a bar.
        assert_eq!(bars_of(&novelty), Bars { per_bar: 4, first });
    }
}

#[test]
fn a_snare_on_every_beat_stays_there_where_a_kick_sounds_with_it() {
    for first in 0..4 {
        let mut novelty = Novelty::default();
        novelty.all = vec![0.0; 1_600];
        novelty.bass = strokes(first, &[0, 4, 8, 12]);
        novelty.kick = novelty.bass.clone();
        novelty.snare = strokes(first, &[0, 4, 8, 12]);
        assert_eq!(bars_of(&novelty), Bars { per_bar: 4, first });
    }
}

#[test]
fn a_change_is_one_less_the_cosine_between_half_a_second_and_the_next() {
    let mut changes = Changes::new(2, 400);
    for frame in 0..400 {
        changes.hear(if frame < 200 { &[3.0, 0.0] } else { &[0.0, 2.0] });
    }
    assert_eq!((changes.at(45.0), changes.at(151.0), changes.at(355.0)), (None, None, None));
    for block in 0..10 {
        // So many of ten blocks that are before it are after the border.
        let (new, old) = (2.0 * f64::from(block), 3.0 * f64::from(10 - block));
        let expected = 1.0 - new / new.hypot(old);
        let found = changes.at(200.0 + 5.0 * f64::from(block)).expect("a change");
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}

#[test]
fn a_loop_that_does_not_end_with_its_music_has_the_tempo_that_is_heard() {
    for (bpm, bars) in [(93.0, 1), (120.0, 1), (137.0, 1), (174.0, 2)] {
        // Frames that an encoder leaves behind, before and after; and an end that was cut off.
        for (before, after) in [(1_105, 1_400), (0, 2_205), (2_112, 500), (0, -1_500)] {
            let mut track = Track::groove(44_100, bpm, bars);
            let end = track.plane.len().checked_add_signed(after).expect("longer than that");
            track.plane.resize(end, 0.0);
            track.plane.splice(0..0, std::iter::repeat_n(0.0, before));
            let (_, tempo, _) = analyse(track.sample());
            let found = tempo.bpm.expect("a pulse");
            assert!((found - bpm).abs() < 0.5, "{found} for {bpm}, {before}, {after}");
            let first_sec = before as f64 / 44_100.0;
            assert!((tempo.beats_sec[0] - first_sec).abs() < 0.01, "{tempo:?}, {before}");
        }
    }
}

#[test]
fn a_loop_with_silence_around_it_has_the_tempo_of_what_sounds() {
    for (bpm, bars, before_sec, after_sec) in
        [(137.0, 1, 0.0, 0.45), (97.0, 1, 0.0, 0.8), (174.0, 2, 0.0, 0.31), (113.0, 1, 0.27, 0.23)]
    {
        let mut track = Track::groove(44_100, bpm, bars);
        // Something sounds to the end.
        for (at, value) in track.plane.iter_mut().enumerate() {
            *value += 0.01 * (at as f32 * 0.05).sin();
        }
        let [before, after] = [before_sec, after_sec].map(|sec| vec![0.0; frames(sec, 44_100)]);
        let plane = [before, track.plane, after].concat();
        let (_, tempo, _) = analyse(Track { rate: 44_100, plane }.sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.5, "{found} for {bpm}");
    }
}

#[test]
fn bars_of_a_program_begin_with_the_file_though_all_that_sounds_is_off_the_beat() {
    for (bpm, bars) in [(97.0, 2_u32), (137.0, 2), (151.0, 4)] {
        let beat_sec = 60.0 / bpm;
        let mut track = Track::new(44_100, f64::from(bars) * 4.0 * beat_sec);
        for beat in 0..4 * bars {
            track.hiss((f64::from(beat) + 0.5) * beat_sec, 0.03, 0.3);
        }
        let (_, tempo, _) = analyse(track.sample());
        let expected: Vec<f64> = (0..4 * bars).map(|beat| f64::from(beat) * beat_sec).collect();
        assert_eq!(tempo.n_beats, Some(4 * bars), "{tempo:?}");
        assert_beats(&tempo.beats_sec, &expected, 0.001);
        let first: Vec<f64> = expected.into_iter().step_by(4).collect();
        assert_beats(&tempo.downbeats_sec, &first, 0.001);
    }
}

#[test]
fn what_is_cut_to_whole_seconds_is_no_loop_of_an_odd_number_of_beats() {
    // Ten seconds, nearly 17 beats, from 0.2 s on.
    let bpm = 101.8;
    let plane = Track::groove(44_100, bpm, 6).plane;
    let plane = plane[frames(0.2, 44_100)..frames(10.2, 44_100)].to_vec();
    let (_, tempo, _) = analyse(Track { rate: 44_100, plane }.sample());
    assert_eq!((tempo.loop_bpm, tempo.n_beats), (None, None), "{tempo:?}");
    let beat_sec = 60.0 / bpm;
    let expected: Vec<f64> = (1..=17).map(|beat| f64::from(beat) * beat_sec - 0.2).collect();
    let expected: Vec<f64> = expected.into_iter().filter(|beat| *beat < 10.0).collect();
    assert_beats(&tempo.beats_sec, &expected, 0.02);
}

#[test]
fn attacks_contradict_a_tempo_that_is_off_their_grid_if_they_are_exact() {
    for (bpm, parts) in [(91.3, 4.0), (126.0, 3.0), (170.5, 4.0)] {
        let places: Vec<f64> = (0..16).filter(|place| place % 5 != 3).map(f64::from).collect();
        let attacks = |off_sec: fn(f64) -> f64| {
            let at = |place: &f64| 0.02 + place * 60.0 / bpm / parts + off_sec(*place);
            let at_sec: Vec<f64> = places.iter().map(at).collect();
            Attacks::new(&at_sec, &vec![0.5; at_sec.len()])
        };
        let exact = attacks(|_| 0.0);
        assert!(exact.regularity(bpm) > 0.99 && exact.regularity(bpm + 3.0) < 0.8);
        assert_eq!(exact.contradict(bpm), None);
        let found = exact.contradict(1.012 * bpm).expect("another tempo");
        assert!((found - bpm).abs() < 0.1, "{found} for {bpm}");
        // A hand is off by more than a machine is.
        let played = attacks(|place| 0.012 * (2.4 * place * place).sin());
        assert_eq!(played.contradict(1.012 * bpm), None, "{bpm}");
    }
    assert_eq!(Attacks::new(&[], &[]).contradict(120.0), None);
    assert_eq!(Attacks::new(&[0.5; 4], &[1.0; 4]).contradict(120.0), None);
}

#[test]
fn a_first_attack_that_was_cut_does_not_outweigh_the_others() {
    let others: Vec<f64> =
        (1..8).map(|place| 0.012 + f64::from(place) * 60.0 / 140.0 / 2.0).collect();
    let at_sec: Vec<f64> = std::iter::once(0.0).chain(others).collect();
    let attacks = Attacks::new(&at_sec, &[1.0, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15]);
    // It would be 0.1 if the first counted for what it is.
    assert!(attacks.regularity(140.0) > 0.5);
}

/// Strikes of a bar of four at 93.7 BPM, bar after bar; each is off by what `loose_sec` says of it.
fn bars(loose_sec: impl Fn(usize) -> f64) -> (Track, Vec<f64>) {
    let beat_sec = 60.0 / 93.7;
    let mut track = Track::new(44_100, 10.0 * beat_sec);
    let mut places_sec = Vec::new();
    for half in 0..20 {
        let at_sec = 0.011 + f64::from(half) * 0.5 * beat_sec + loose_sec(places_sec.len());
        match half % 8 {
            0 | 3 | 5 => track.strike(at_sec, 60.0, 0.08, 0.8),
            2 | 6 => track.hiss(at_sec, 0.04, 0.5),
            _ => track.hiss(at_sec, 0.01, 0.1),
        }
        places_sec.push(at_sec);
    }
    (track, places_sec)
}

/// After how long it repeats itself.
fn repeats_sec(track: Track, places_sec: &[f64]) -> Option<f64> {
    let frames = track.plane.len() / 441;
    let mut flux = vec![0.0; frames];
    for place_sec in places_sec {
        flux[(place_sec * 100.0).round() as usize] = 1.0;
    }
    let mut correlation = Correlation::new(&flux, 0.0);
    Correlator::new().add(&flux, 0.0, 0, &mut correlation);
    let sample = track.sample();
    let mut repetition = Repetition::new(&correlation);
    while repetition.step(Mono::new(&sample, Mixture::Mean), places_sec) {}
    repetition.shortest_sec()
}

#[test]
fn what_comes_back_value_by_value_is_a_bar_and_what_is_played_is_none() {
    let (track, places_sec) = bars(|_| 0.0);
    let bar_sec = repeats_sec(track, &places_sec).expect("a machine's bar comes back");
    assert!((bar_sec - 4.0 * 60.0 / 93.7).abs() < 2e-4, "{bar_sec} s");

    // Every strike 0 to 12 ms late, no two in a row alike.
    let (track, places_sec) = bars(|strike| 0.002 * (strike * 5 % 7) as f64);
    assert_eq!(repeats_sec(track, &places_sec), None);
}

#[test]
fn beats_that_repeat_themselves_are_a_usual_number() {
    let usual: Vec<f64> = [4.0, 12.0, 10.0, 5.0]
        .map(|beats| repetition::usualness(beats * 0.5, 120.0))
        .into_iter()
        .collect();
    assert_eq!(usual, [1.0, 0.5, 0.3, 0.1]);
    // Four beats and a hundredth, and a third of a beat.
    assert_eq!(repetition::usualness(4.01 * 0.5, 120.0), 0.0);
    assert_eq!(repetition::usualness(0.5 / 3.0, 120.0), 0.0);
}

#[test]
fn a_repeated_bar_tells_the_tempo_of_what_is_cut_anywhere() {
    let bar = Track::groove(44_100, 93.7, 1).plane;
    let exact = 4.0 * 60.0 * 44_100.0 / bar.len() as f64;
    let plane: Vec<f32> =
        bar.iter().cycle().skip(30_011).take(bar.len() * 9 / 4).copied().collect();
    let (_, tempo, _) = analyse(Track { rate: 44_100, plane }.sample());
    let bpm = tempo.bpm.expect("a groove has a tempo");
    // A frame more or less in the bar is 0.0008.
    assert!((bpm - exact).abs() < 0.001, "{bpm}, not {exact}");
}

#[test]
fn hats_come_back_to_the_frame() {
    let mut places_sec = Vec::new();
    // Two frames more than a whole number of the values that are compared at first.
    let bar_frames = 88_202;
    let mut track = Track::new(44_100, 5.0);
    for bar in 0..3 {
        for place in [0, 9_001, 23_017, 41_113, 60_007, 77_041] {
            let at_sec = f64::from(bar * bar_frames + place + 441) / 44_100.0;
            track.hiss(at_sec, 0.004, 0.5);
            places_sec.push(at_sec);
        }
    }
    places_sec.retain(|at_sec| *at_sec < 4.9);
    let bar_sec = repeats_sec(track, &places_sec).expect("it comes back");
    assert!((bar_sec - f64::from(bar_frames) / 44_100.0).abs() < 1e-9, "{bar_sec} s");
}

/// Two notes in turn, which come back after 3 s, and where the first of them begins.
fn held(low_hz: f64, high_hz: f64) -> (Track, [f64; 3]) {
    let rate = 44_100;
    let mut track = Track::new(rate, 7.0);
    for (at, value) in track.plane.iter_mut().enumerate() {
        let at_sec = at as f64 / f64::from(rate);
        let in_loop_sec = at_sec % 3.0;
        let (since_sec, hz) = match in_loop_sec {
            0.0..1.1 => (in_loop_sec, low_hz),
            _ => (in_loop_sec - 1.1, high_hz),
        };
        *value = (0.5 * (std::f64::consts::TAU * hz * since_sec).sin()) as f32;
    }
    (track, [0.0, 3.0, 6.0])
}

#[test]
fn held_notes_come_back_and_a_drone_does_not() {
    let (track, places_sec) = held(151.3, 227.7);
    let repeated = repeats_sec(track, &places_sec).expect("the notes come back");
    assert!((repeated - 3.0).abs() < 1e-9, "{repeated} s");

    // One tone without end: it is like itself after any distance.
    let mut drone = Track::new(44_100, 7.0);
    for (at, value) in drone.plane.iter_mut().enumerate() {
        *value = (0.5 * (std::f64::consts::TAU * 151.3 * at as f64 / 44_100.0).sin()) as f32;
    }
    assert_eq!(repeats_sec(drone, &places_sec), None);
}

#[test]
fn what_overlaps_is_alike_whatever_is_in_the_rest() {
    let mut noise = Noise(0x1234_5678);
    let part: Vec<f32> = (0..50).map(|_| noise.next() as f32).collect();
    // The same twice, and something loud between.
    let signal: Vec<f32> =
        part.iter().copied().chain([9.0; 30]).chain(part.iter().copied()).collect();
    let mut correlation = Correlation::new(&signal, 0.0);
    Correlator::new().add(&signal, 0.0, 0, &mut correlation);
    let same = correlation.overlapping(80.0).expect("half of it overlaps");
    assert!((same - 1.0).abs() < 1e-5, "{same}");
    let later = |lag: usize| signal[lag..].iter().map(|value| f64::from(*value));
    let own = |count: usize| signal[..count].iter().map(|value| f64::from(*value));
    for lag in [1, 17, 63, 81] {
        let count = signal.len() - lag;
        let product: f64 = own(count).zip(later(lag)).map(|(one, other)| one * other).sum();
        let squares = own(count).map(|value| value * value).sum::<f64>()
            * later(lag).map(|value| value * value).sum::<f64>();
        let found = correlation.overlapping(lag as f64).expect("it overlaps");
        assert!((found - product / squares.sqrt()).abs() < 1e-5, "{found} at {lag}");
    }
}

#[test]
fn a_length_is_exact_that_a_program_gives_so_many_beats() {
    let frame_sec = 1.0 / 44_100.0;
    let exactness = |length_sec, beats| length::exactness(length_sec, frame_sec, beats);
    for (bpm, beats, says) in
        [(137.0, 16_u32, 1.0), (91.0, 4, 1.0), (174.0, 64, 1.0), (120.0, 32, 0.1), (120.0, 4, 0.1)]
    {
        let length_sec = (f64::from(beats) * 60.0 / bpm / frame_sec).round() * frame_sec;
        let exact: Vec<u32> = length::exact_beats(length_sec, frame_sec).collect();
        assert!(exact.contains(&beats), "{exact:?} of {beats} at {bpm}");
        assert_eq!(exactness(length_sec, beats), says, "at {bpm}");
        assert_eq!(exactness(length_sec + 4.0 * frame_sec, beats), 0.0, "at {bpm}");
    }
    // No program has made this: 83.37 BPM.
    assert_eq!(exactness(2.878_973, 4), 0.0);
    // Parts of recordings: 24 beats at 180 BPM, and 16 at 96.
    assert_eq!(exactness(8.0, 24), 0.0);
    assert_eq!(exactness(10.0, 16), 0.0);
}

#[test]
fn a_single_stroke_as_long_as_bars_of_a_program_is_a_guess_and_any_other_has_no_tempo() {
    let stroke = |seconds: f64| {
        let mut track = Track::new(44_100, seconds);
        track.strike(0.0, 330.0, 0.5, 0.8);
        analyse(track.sample()).1
    };
    for (bpm, beats) in [(97.0, 4_u32), (133.0, 8), (173.0, 16)] {
        let tempo = stroke(60.0 * f64::from(beats) / bpm);
        assert_eq!(tempo.n_beats, Some(beats), "{tempo:?}");
        assert!((tempo.bpm.expect("a tempo") - bpm).abs() < 0.01, "{tempo:?}");
        assert!(tempo.confidence < 0.5, "{tempo:?}");
    }
    // As long as single sounds are cut, as no program makes bars, and as it makes no number of them.
    for seconds in [2.0, 2.25, 3.0, 60.0 * 4.0 / 97.0 + 0.001, 60.0 * 5.0 / 97.0] {
        assert_eq!(stroke(seconds), TempoEstimate::default(), "of {seconds} s");
    }
}

#[test]
fn a_tempo_without_a_clear_pulse_is_a_guess() {
    let candidate = |comb| Candidate { bpm: 120.0, fit: None, score: 1.0, comb };
    for (comb, confidence) in [(0.9, 1.0), (0.2, 1.0), (0.1, 0.5), (0.05, 0.25), (-0.1, 0.0)] {
        let choice = choice::choose(&[candidate(comb)]).expect("a candidate");
        assert!((choice.confidence - confidence).abs() < 1e-9, "{} at {comb}", choice.confidence);
    }
}

#[test]
fn what_is_always_in_motion_is_steadier_than_strokes_in_silence() {
    let mut moments = Moments::default();
    let frames: Vec<_> = (0..1_000)
        .map(|frame| {
            let stroke = if frame % 10 == 0 { 1.0 } else { 0.0 };
            let always = if frame % 2 == 0 { 0.5 } else { 1.5 };
            [stroke, always, 0.0, 0.0, 0.0, 0.0, 0.0]
        })
        .collect();
    moments.add(&frames);
    // The mean over the deviation: 0.1 over √(0.1 − 0.1²), and 1 over 0.5.
    let expected = [1.0 / 3.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for (steadiness, expected) in moments.steadiness().into_iter().zip(expected) {
        assert!((steadiness - expected).abs() < 1e-6, "{steadiness}, not {expected}");
    }
}

#[test]
fn a_pulse_is_the_fourier_transform_of_its_stretch() {
    let mut noise = Noise(0x1234_5678);
    // An odd number of frames, and the most there may be in one stretch.
    for frames in [777, 4_096] {
        let stretch: Vec<f32> = (0..frames).map(|_| noise.next().abs() as f32).collect();
        let mut pulse = Pulse::new(frames);
        pulse.add(&stretch);
        let sum: f64 = stretch.iter().map(|value| f64::from(*value)).sum();
        let mean = sum / frames as f64;
        // Bins of a transform eight times as long as the next power of two.
        let bins = 8 * frames.next_power_of_two();
        for bin in [0, 1, 2, 333, bins / 13, bins / 7] {
            let [mut re, mut im] = [0.0; 2];
            for (at, value) in stretch.iter().enumerate() {
                let turn = std::f64::consts::TAU * (at * bin % bins) as f64 / bins as f64;
                re += (f64::from(*value) - mean) * turn.cos();
                im += (f64::from(*value) - mean) * turn.sin();
            }
            let found = pulse.at(100.0 * bin as f64 / bins as f64);
            let expected = re.hypot(im) / sum;
            assert!((found - expected).abs() < 5e-6, "bin {bin}: {found}, not {expected}");
        }
    }
}

#[test]
fn how_loud_it_is_does_not_matter() {
    let loud = Track::groove(44_100, 124.0, 2);
    let plane = loud.plane.iter().map(|value| value * 0.001).collect();
    let quiet = Track { rate: loud.rate, plane };
    let ((_, loud, _), (_, quiet, _)) = (analyse(loud.sample()), analyse(quiet.sample()));
    assert_eq!((loud.bpm, loud.n_beats), (quiet.bpm, quiet.n_beats));
}

#[test]
fn a_tempo_is_one_of_those_that_are_considered() {
    for bpm in [48.0, 49.0, 50.5, 205.0, 209.0, 212.0, 214.0, 219.0] {
        let beats = (0..).map(|beat| 0.2 + 60.0 / bpm * f64::from(beat));
        let beats_sec: Vec<f64> = beats.take_while(|at| *at < 19.0).collect();
        let (_, tempo, _) = analyse(played(22_050, &beats_sec, 0.3).sample());
        let told = tempo.bpm.expect("a pulse");
        assert!((50.0..=210.0).contains(&told), "{told} for {bpm}");
    }
}

#[test]
fn silence_at_the_ends_is_measured() {
    let mut track = Track::new(48_000, 3.0);
    for frame in frames(0.5, 48_000)..frames(2.0, 48_000) {
        track.plane[frame] = if frame % 2 == 0 { 0.5 } else { -0.5 };
    }
    let (onsets, _, _) = analyse(track.sample());
    assert!((onsets.leading_silence_sec - 0.5).abs() < 1e-9, "{onsets:?}");
    assert!((onsets.trailing_silence_sec - 1.0).abs() < 1e-9, "{onsets:?}");
    // The last frame of the silence is the last one that is 0.
    assert_eq!(onsets.frames.first(), Some(&23_999));
}

#[test]
fn what_has_no_pulse_has_no_tempo() {
    let mut noise = Noise(1);
    let hiss: Vec<f32> = (0..220_500).map(|_| noise.next() as f32).collect();
    let mut chime = Track::new(44_100, 4.0);
    chime.strike(0.0, 330.0, 0.9, 0.8);
    for (what, plane) in [
        ("nothing", vec![]),
        ("one value", vec![0.5]),
        ("silence", vec![0.0; 441_000]),
        ("a constant", vec![0.7; 441_000]),
        ("no number", vec![f32::NAN; 88_200]),
        ("without bound", vec![f32::INFINITY; 88_200]),
        ("as great as can be", [f32::MAX, f32::MIN].repeat(44_100)),
        ("as small as can be", [1e-42, -1e-42].repeat(44_100)),
        ("a chime", chime.plane),
        ("noise", hiss),
    ] {
        let (onsets, tempo, _) = analyse(Track { rate: 44_100, plane }.sample());
        assert_eq!(tempo, TempoEstimate::default(), "of {what}");
        let numbers = onsets.onsets_sec.iter().chain(&onsets.strengths);
        assert!(numbers.into_iter().all(|number| number.is_finite()), "of {what}");
        assert!(onsets.leading_silence_sec.is_finite(), "of {what}");
    }
}

/// Far more than a step takes, and far less than the analysis as a whole.
const STEP_MOST: Duration = Duration::from_millis(100);

#[test]
fn ten_minutes_are_done_in_small_steps() {
    let (onsets, tempo, longest) = analyse(Track::groove(16_000, 128.0, 320).sample());
    let bpm = tempo.bpm.expect("a pulse");
    assert!((bpm - 128.0).abs() < 0.02, "{bpm}");
    assert_eq!(tempo.beats_sec.len(), 1_280);
    assert!(onsets.frames.len() >= 1_280);
    assert!(longest < STEP_MOST, "{longest:?}");
}

/// Whether a channel's mean is 0 at `frame` or has just changed its sign.
fn crosses_zero(plane: &[f32], frame: u64) -> bool {
    let at = frame as usize;
    plane[at] == 0.0 || at == 0 || (plane[at - 1] < 0.0) != (plane[at] < 0.0)
}

/// Strikes over a tone that is 20 dB below them: nowhere is it silent.
fn strikes_over_a_tone(rate: u32, places_sec: &[f64]) -> Track {
    let mut track = Track::new(rate, 4.0);
    for (n, value) in track.plane.iter_mut().enumerate() {
        *value = (0.08 * (std::f64::consts::TAU * 110.0 * n as f64 / f64::from(rate)).sin()) as f32;
    }
    for at_sec in places_sec {
        track.strike(*at_sec, 700.0, 0.05, 0.8);
    }
    track
}

#[test]
fn onsets_lie_at_zero_crossings_before_the_attacks() {
    // At no multiple of a frame of the flux, and 110 ms apart at the least.
    let places_sec = [0.1234, 0.5077, 0.9503, 1.0606, 1.7771, 2.4999, 3.3333];
    for rate in [22_050, 44_100, 48_000, 96_000] {
        let track = strikes_over_a_tone(rate, &places_sec);
        let plane = track.plane.clone();
        let (onsets, _, _) = analyse(track.sample());
        let found = &onsets.onsets_sec;
        for (place, strength) in places_sec.iter().map(|place| {
            let near = |at: &usize| (found[*at] - place).abs();
            let nearest = (0..found.len()).min_by(|one, two| near(one).total_cmp(&near(two)));
            let nearest = nearest.expect("some onset");
            (found[nearest] - place, onsets.strengths[nearest])
        }) {
            assert!((-0.004..0.001).contains(&place), "{place} s off at {rate} Hz: {found:?}");
            assert!(strength > 0.3, "{strength} at {rate} Hz");
        }
        // The tone's own start is one, too; where it is cut off is none.
        assert_eq!((found.len(), found[0]), (places_sec.len() + 1, 0.0), "{found:?}");
        for frame in &onsets.frames {
            assert!(crosses_zero(&plane, *frame), "{frame} at {rate} Hz");
        }
        assert!(onsets.frames.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn n_beats_are_those_that_the_length_holds_at_loop_bpm() {
    // What an encoder leaves behind is room for one more beat.
    for (bars, tail_sec, heard) in [(2, 0.0, 8), (4, 0.026, 17), (8, 0.04, 33)] {
        let mut track = Track::groove(22_050, 120.0, bars);
        let padded = track.plane.len() + frames(tail_sec, track.rate);
        track.plane.resize(padded, 0.0);
        let length_sec = padded as f64 / 22_050.0;
        let (_, tempo, _) = analyse(track.sample());
        let (Some(loop_bpm), Some(n_beats)) = (tempo.loop_bpm, tempo.n_beats) else {
            panic!("{tempo:?}");
        };
        assert_eq!(n_beats, 4 * bars, "{tail_sec} s");
        assert!((f64::from(n_beats) * 60.0 / loop_bpm - length_sec).abs() < 1e-9, "{loop_bpm}");
        assert!(tempo.bpm.is_some_and(|bpm| (bpm - 120.0).abs() < 0.1), "{tempo:?}");
        assert_eq!(tempo.beats_sec.len(), heard, "{tail_sec} s");
    }
}

/// Beyond 10⁶ values are limited, which leaves noise noise.
#[test]
fn noise_has_no_tempo_however_loud_it_is() {
    for gain in [1e-30, 1.0, 1e5, 1e20, 1e37] {
        let mut noise = Noise(0x1234_5678);
        let plane = (0..40_000).map(|_| (gain * noise.next()) as f32).collect();
        let sample = SampleBuffer::from_planes(8_000, vec![plane]).expect("a mono sample");
        let (onsets, tempo, _) = analyse(sample);
        assert_eq!(tempo.bpm, None, "{gain}");
        assert!(onsets.frames.len() <= 2, "{gain}: {onsets:?}");
        assert!(onsets.strengths.iter().all(|strength| *strength <= 1.0), "{gain}: {onsets:?}");
    }
}

#[test]
fn what_begins_in_the_last_moment_has_an_onset() {
    for rate in [8_000, 44_100, 96_000] {
        let onsets_of = |plane: Vec<f32>| {
            let sample = SampleBuffer::from_planes(rate, vec![plane]).expect("a mono sample");
            analyse(sample).0
        };
        let second = rate as usize;
        for before_end_sec in [0.0, 0.002, 0.01, 0.025] {
            let click = second - 1 - frames(before_end_sec, rate);
            let mut plane = vec![0.0; second];
            plane[click] = -0.7;
            assert_eq!(onsets_of(plane).frames, [click as u64], "{before_end_sec} s at {rate} Hz");
        }
        let short: Vec<f32> = (0..second / 50).map(|at| (0.3 * at as f32).sin()).collect();
        assert_eq!(onsets_of(short.clone()).frames, [0], "20 ms at {rate} Hz");
        assert_eq!(onsets_of(short).strengths, [1.0]);
        assert_eq!(onsets_of(vec![0.5]).frames, [0], "one frame at {rate} Hz");

        let mut two = Track::new(rate, 1.0);
        two.strike(0.25, 700.0, 0.05, 0.8);
        two.plane[second - 1] = 0.2;
        let found = onsets_of(two.plane);
        assert_eq!(found.frames.last(), Some(&(second as u64 - 2)), "{found:?} at {rate} Hz");
        assert_eq!(found.frames.len(), 2, "{found:?} at {rate} Hz");
    }
}

#[test]
fn what_only_ends_there_has_none() {
    // A tone that is cut off, one that fades out, and one beside which a click is soft.
    let tone = |at: usize| (0.05 * at as f32).sin();
    let cut: Vec<f32> = (0..8_001).map(tone).collect();
    let faded = (0..8_001).map(|at| tone(at) * (1.0 - at as f32 / 8_001.0)).collect();
    let mut clicked = cut.clone();
    clicked[8_000] = 1.5;
    let mut soft = vec![0.0; 8_001];
    (soft[800], soft[8_000]) = (1.0, 0.04);
    for (what, plane, expected) in [
        ("cut off", cut, 0..1),
        ("faded", faded, 0..1),
        ("beside a click", clicked, 0..1),
        ("a soft click", soft, 799..801),
    ] {
        let sample = SampleBuffer::from_planes(8_000, vec![plane]).expect("a mono sample");
        let found = analyse(sample).0.frames;
        assert!(found.len() == 1 && expected.contains(&found[0]), "{what}: {found:?}");
    }
}

#[test]
fn slices_of_a_grid_are_moved_to_zero_crossings() {
    let track = strikes_over_a_tone(44_100, &[0.5, 1.0]);
    let plane = track.plane.clone();
    let sample = track.sample();
    let slices = super::super::grid_slices(&sample, &[0.25, 0.75, 1.25], 4);
    assert_eq!(slices.len(), 12);
    for (n, frame) in slices.iter().enumerate() {
        let place_sec = 0.25 + 0.125 * n as f64;
        // Half a period of 110 Hz is 4.5 ms.
        assert!((*frame as f64 / 44_100.0 - place_sec).abs() <= 0.0046, "{frame} for {place_sec}");
        assert!(crosses_zero(&plane, *frame), "{frame}");
    }
}

#[test]
fn silence_is_what_is_silent_in_every_channel() {
    let mut planes = vec![vec![0.0_f32; 48_000]; 3];
    planes[1][12_000] = 0.5;
    planes[2][35_999] = -1.0;
    // Less than 60 dB below the peak: not heard.
    planes[0][100] = 0.0009;
    planes[0][47_000] = -0.0009;
    let sample = SampleBuffer::from_planes(48_000, planes).expect("three channels");
    let (onsets, _, _) = analyse(sample);
    assert_eq!((onsets.leading_silence_sec, onsets.trailing_silence_sec), (0.25, 0.25));
}
