//! What comes back value by value.

use super::super::super::mono::{Mixture, Mono};
use super::super::correlation::{Correlation, Correlator};
use super::super::repetition::{self, Repetition};
use super::{Noise, Track, analyse};

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
