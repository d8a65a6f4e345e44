//! The tempo of what has one.

use super::{Track, analyse, assert_beats, frames, played};

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
fn a_tempo_of_a_whole_number_and_a_half_is_not_told_twice_as_fast() {
    for bpm in [84.5, 87.5, 90.5, 93.5, 96.5, 102.5, 110.5] {
        let (_, tempo, _) = analyse(Track::groove(44_100, bpm, 4).sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.01, "{found} for {bpm}: {tempo:?}");
        assert_eq!(tempo.n_beats, Some(16), "at {bpm}");
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
