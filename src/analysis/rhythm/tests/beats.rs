//! Where beats lie.

use super::super::super::tempo::TempoAlternative;
use super::super::steady::Phases;
use super::{Track, analyse, played};

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
