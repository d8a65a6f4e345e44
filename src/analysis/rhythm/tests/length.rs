//! What the length of a file says.

use super::super::length;
use super::super::silence::Silence;
use super::{Track, analyse, assert_beats, frames};

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

/// A groove that sounds from its first frame to its last one, between so many frames of silence.
fn padded(bpm: f64, bars: u32, [before, after]: [usize; 2]) -> Track {
    let mut track = Track::groove(44_100, bpm, bars);
    for (at, value) in track.plane.iter_mut().enumerate() {
        *value += 0.05 * (at as f32 * 0.05).cos();
    }
    track.plane = [vec![0.0; before], track.plane, vec![0.0; after]].concat();
    track
}

#[test]
fn a_loop_with_silence_around_it_has_the_tempo_of_what_sounds() {
    for (bpm, bars, before_sec, after_sec) in
        [(137.0, 1, 0.0, 0.45), (97.0, 1, 0.0, 0.8), (174.0, 2, 0.0, 0.31), (113.0, 1, 0.27, 0.23)]
    {
        let silence = [before_sec, after_sec].map(|sec| frames(sec, 44_100));
        let (_, tempo, _) = analyse(padded(bpm, bars, silence).sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.5, "{found} for {bpm}");
    }
}

#[test]
fn a_loop_that_is_shorter_than_the_silence_around_it_has_its_tempo() {
    for (bpm, bars, times) in [(100.0, 1, 1.02), (137.0, 1, 1.1), (97.0, 1, 1.5), (174.0, 2, 1.05)]
    {
        let length = padded(bpm, bars, [0, 0]).plane.len();
        let silence = (times * length as f64) as usize;
        for around in [[0, silence], [silence / 2, silence / 2]] {
            let (_, tempo, _) = analyse(padded(bpm, bars, around).sample());
            let found = tempo.bpm.expect("a pulse");
            assert!((found - bpm).abs() < 0.5, "{found} for {bpm}, {around:?}");
        }
    }
}

#[test]
fn a_loop_that_rises_out_of_nothing_is_that_of_a_program_behind_silence() {
    for (bpm, bars, before_sec) in
        [(130.0, 2, 0.015), (142.0, 2, 0.025), (97.0, 1, 0.05), (113.0, 1, 0.095)]
    {
        let mut track = padded(bpm, bars, [0, 0]);
        // Three milliseconds at −62 dB: no silence of zeros, but not heard.
        let first = frames(0.003, 44_100);
        track.plane[..first].iter_mut().for_each(|value| *value = 0.0005 * value.signum());
        track.plane = [vec![0.0; frames(before_sec, 44_100)], track.plane].concat();
        let (_, tempo, _) = analyse(track.sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.05, "{found} for {bpm}, {before_sec}");
    }
}

#[test]
fn a_first_value_is_no_silence_that_was_added() {
    let ends = |before: usize, after: usize| {
        let track = padded(120.0, 1, [before, after]);
        let plane = track.plane.clone();
        let mut silence = Silence::new(&track.sample());
        silence.hear(&[&plane]);
        silence.constant_sec(44_100)
    };
    assert_eq!(ends(0, 0), [0.0, 0.0]);
    assert_eq!(ends(100, 200), [0.0, 0.0], "2 and 4.5 ms");
    let [before, after] = ends(441, 882);
    assert!((before - 0.01).abs() < 1e-4 && (after - 0.02).abs() < 1e-4, "{before}, {after}");
}

#[test]
fn silence_makes_no_loop_of_an_unlikely_number_of_beats() {
    for (bpm, bars, after_sec, beats) in
        [(126.0, 4, 0.446, 17.0), (126.0, 4, 1.459, 19.0), (137.0, 1, 0.408, 5.0)]
    {
        let track = padded(bpm, bars, [0, frames(after_sec, 44_100)]);
        let length_sec = track.plane.len() as f64 / 44_100.0;
        let left_sec = (beats * 60.0 / bpm - length_sec).abs();
        assert!((0.02..0.05).contains(&left_sec), "{left_sec}");
        let (_, tempo, _) = analyse(track.sample());
        assert!((tempo.bpm.expect("a pulse") - bpm).abs() < 0.01, "{tempo:?}");
        assert_eq!((tempo.loop_bpm, tempo.n_beats), (None, None), "{bpm}, {after_sec}");
    }
}

#[test]
fn a_loop_that_a_program_made_is_that_behind_silence_and_before_it() {
    for (bpm, bars, before, after) in
        [(137.0, 1, 1_105, 0), (97.0, 1, 441, 0), (174.0, 2, 0, 882), (113.0, 1, 1_105, 1_400)]
    {
        let (_, tempo, _) = analyse(padded(bpm, bars, [before, after]).sample());
        let found = tempo.bpm.expect("a pulse");
        assert!((found - bpm).abs() < 0.01, "{found} for {bpm}");
        let expected: Vec<f64> = (0..4 * bars)
            .map(|beat| before as f64 / 44_100.0 + f64::from(beat) * 60.0 / bpm)
            .collect();
        assert_beats(&tempo.beats_sec[..expected.len()], &expected, 0.005);
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
fn a_file_as_long_as_eight_bars_is_that_where_its_strokes_could_be_other_beats() {
    // Strokes come every so many beats, and weaker ones on each beat.
    for (bpm, every, weak) in
        [(131.0, 0.75, 0.3), (131.0, 0.75, 0.4), (131.0, 0.75, 0.6), (140.0, 4.0 / 3.0, 0.5)]
    {
        let sec = |beat: f64| beat * 60.0 / bpm;
        let mut track = Track::new(44_100, sec(32.0));
        let strokes = (0..).map(|stroke| f64::from(stroke) * every);
        for beat in strokes.take_while(|beat| *beat < 32.0) {
            track.strike(sec(beat), 330.0, 0.2, 0.8);
        }
        for beat in 0..32 {
            track.strike(sec(f64::from(beat)), 330.0, 0.2, weak);
        }
        let (_, tempo, _) = analyse(track.sample());
        assert!((tempo.bpm.expect("a pulse") - bpm).abs() < 0.01, "{tempo:?}");
        assert_eq!(tempo.n_beats, Some(32), "{tempo:?}");
    }
}
