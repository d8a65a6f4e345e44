//! What has no tempo, or none that is more than a guess.

use super::super::super::tempo::TempoEstimate;
use super::super::candidates::Candidate;
use super::super::choice;
use super::{Noise, Track, analyse};
use crate::buffer::SampleBuffer;

#[test]
fn a_single_stroke_as_long_as_bars_of_a_program_is_a_guess_and_any_other_has_no_tempo() {
    for (bpm, beats) in [(97.0, 4_u32), (133.0, 8), (173.0, 16)] {
        let tempo = stroke(60.0 * f64::from(beats) / bpm);
        assert_eq!(tempo.n_beats, Some(beats), "{tempo:?}");
        assert!((tempo.bpm.expect("a tempo") - bpm).abs() < 0.01, "{tempo:?}");
        assert!(tempo.confidence > 0.0 && tempo.confidence <= 0.4, "{tempo:?}");
        assert!((tempo.octave_confidence - 0.4).abs() < 1e-9, "{tempo:?}");
    }
    // As long as single sounds are cut, as no program makes bars, and as it makes no number of them.
    for seconds in [2.0, 2.25, 3.0, 4.0, 60.0 * 4.0 / 97.0 + 0.001, 60.0 * 5.0 / 97.0] {
        assert_eq!(stroke(seconds), TempoEstimate::default(), "of {seconds} s");
    }
}

#[test]
fn a_single_stroke_as_long_as_four_or_eight_bars_and_as_quarter_seconds_is_less_than_a_guess() {
    for (bpm, beats) in [(128.0, 16_u32), (120.0, 16), (120.0, 32), (80.0, 16), (160.0, 32)] {
        let seconds = 60.0 * f64::from(beats) / bpm;
        let tempo = stroke(seconds);
        // Half and double the tempo are as long in bars of four.
        let n_beats = tempo.n_beats.unwrap_or_else(|| panic!("of {seconds} s: {tempo:?}"));
        assert!([8, 16, 32, 64].contains(&n_beats), "of {seconds} s: {tempo:?}");
        let expected = 60.0 * f64::from(n_beats) / seconds;
        assert!((tempo.bpm.expect("a tempo") - expected).abs() < 0.01, "{tempo:?}");
        assert!(tempo.confidence > 0.0 && tempo.confidence <= 0.25, "{tempo:?}");
        assert!((tempo.octave_confidence - 0.25).abs() < 1e-9, "{tempo:?}");
    }
    // Parts of recordings, and what is no whole number of beats per minute.
    for seconds in [5.0, 10.0, 20.0, 8.25, 11.0] {
        assert_eq!(stroke(seconds), TempoEstimate::default(), "of {seconds} s");
    }
}

#[test]
fn a_word_with_silence_around_it_has_no_more_than_a_guess() {
    let word = |at_sec: f64, seconds: f64| {
        let mut track = Track::new(44_100, seconds);
        for (syllable, gain) in [(0.0, 0.5), (0.22, 0.45), (0.55, 0.4), (0.8, 0.35)] {
            track.hiss(at_sec + syllable, 0.03, gain);
        }
        analyse(track.sample()).1
    };
    assert_eq!(word(0.0, 1.05), TempoEstimate::default());
    for (at_sec, seconds) in [(0.0, 2.05), (0.0, 2.75), (1.0, 2.05), (0.6, 2.1), (3.0, 7.07)] {
        let tempo = word(at_sec, seconds);
        assert!(tempo.confidence <= 0.4, "{at_sec} s before it, {seconds} s: {tempo:?}");
    }
}

#[test]
fn a_few_words_have_no_more_than_a_guess_and_a_loop_as_short_is_sure() {
    let (mut guesses, mut sure) = (0, 0);
    for seed in 1..=60 {
        let mut noise = Noise(0x9e37_79b9_u32.wrapping_mul(seed));
        let mut unit = || f64::midpoint(noise.next(), 1.0);
        let seconds = 1.25 + 2.0 * unit();
        let mut track = Track::new(44_100, seconds);
        let mut at_sec = 0.03 + 0.1 * unit();
        while at_sec < seconds - 0.15 {
            track.strike(at_sec, 110.0 + 80.0 * unit(), 0.04, 0.3 + 0.3 * unit());
            track.hiss(at_sec, 0.02, 0.2 * unit());
            at_sec += 0.13 + 0.22 * unit();
        }
        let (_, tempo, _) = analyse(track.sample());
        sure += u32::from(tempo.confidence >= 0.5);
        guesses += u32::from((tempo.confidence - 0.4).abs() < 1e-9);
    }
    assert!(sure <= 6 && guesses >= 20, "{sure} are sure, {guesses} would be");
    for bpm in [100.0, 120.0, 140.0] {
        let mut track = Track::groove(44_100, bpm, 1);
        track.plane.resize(track.plane.len() + 1_000, 0.0);
        let (_, tempo, _) = analyse(track.sample());
        assert!(tempo.confidence > 0.5, "{bpm}: {tempo:?}");
    }
}

#[test]
fn two_beats_below_the_shortest_length_are_a_guess_where_strokes_fill_them() {
    let sixteenths = |seconds: f64, strokes: u32| {
        let mut track = Track::new(44_100, seconds);
        for stroke in 0..strokes {
            track.strike(seconds * f64::from(stroke) / f64::from(strokes), 200.0, 0.03, 0.8);
        }
        analyse(track.sample()).1
    };
    for bpm in [104.0, 124.0, 174.0] {
        let tempo = sixteenths(120.0 / bpm, 8);
        assert_eq!(tempo.n_beats, Some(2), "{tempo:?}");
        assert!((tempo.bpm.expect("a tempo") - bpm).abs() < 0.01, "{tempo:?}");
        assert!(tempo.confidence > 0.0 && tempo.confidence <= 0.4, "{tempo:?}");
        assert_eq!(tempo.beats_sec.len(), 2, "{tempo:?}");
    }
    // A roll of single sounds, no whole number of beats per minute, and a quarter of a second.
    assert_eq!(sixteenths(120.0 / 124.0, 3), TempoEstimate::default());
    assert_eq!(sixteenths(120.0 / 124.5, 8), TempoEstimate::default());
    assert_eq!(sixteenths(1.0, 8), TempoEstimate::default());
}

/// What has a single onset and lasts for so long.
fn stroke(seconds: f64) -> TempoEstimate {
    let mut track = Track::new(44_100, seconds);
    track.strike(0.0, 330.0, 0.5, 0.8);
    analyse(track.sample()).1
}

#[test]
fn a_tempo_without_a_clear_pulse_is_a_guess() {
    let candidate = |comb| Candidate { bpm: 120.0, fit: None, score: 1.0, comb, is_open: true };
    for (comb, confidence) in [(0.9, 1.0), (0.2, 1.0), (0.1, 0.5), (0.05, 0.25), (-0.1, 0.0)] {
        let choice = choice::choose(&[candidate(comb)], None).expect("a candidate");
        assert!((choice.confidence - confidence).abs() < 1e-9, "{} at {comb}", choice.confidence);
    }
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

/// Beyond 10⁶ values are limited, which leaves noise noise.
#[test]
fn noise_has_no_tempo_however_loud_it_is() {
    for gain in [1e-30, 1.0, 1e5, 1e20, 1e37] {
        let mut noise = Noise(0x1234_5678);
        let plane = (0..40_000).map(|_| (gain * noise.next()) as f32).collect();
        let sample = SampleBuffer::from_planes(8_000, vec![plane]).expect("a mono sample");
        let (onsets, tempo, _) = analyse(sample);
        assert_eq!(tempo.bpm, None, "{gain}");
        // Five seconds: less than one a second.
        assert!(onsets.frames.len() < 5, "{gain}: {onsets:?}");
        assert!(onsets.strengths.iter().all(|strength| *strength <= 1.0), "{gain}: {onsets:?}");
    }
}
