//! What begins without becoming louder.

use std::f64::consts::TAU;

use super::super::deviation::{Bins, Deviation, HOP_FRAMES};
use super::{Noise, Track, analyse};

/// One bin of a magnitude and a phase.
fn bin(magnitude: f64, phase: f64) -> Bins {
    let [re, im] = [phase.cos(), phase.sin()].map(|part| vec![(magnitude * part) as f32]);
    Bins { re, im }
}

#[test]
fn what_turns_on_evenly_does_not_deviate_and_what_changes_does_by_as_much() {
    // The phase by which a sine turns from one spectrum to the next, and one that is another's.
    let (turn, other) = (2.1, 0.6);
    let mut deviation = Deviation::new(1, 100);
    for step in 0..20 {
        deviation.hear(&bin(0.25, turn * f64::from(step)));
    }
    deviation.hear(&bin(0.25, turn * 19.0 + other));
    for step in 1..20 {
        deviation.hear(&bin(0.25, turn * 19.0 + other * f64::from(step + 1)));
    }
    for step in 1..20 {
        let phase = turn * 19.0 + other * f64::from(step + 20);
        deviation.hear(&bin(1.0, phase));
    }
    let rises = |frames: std::ops::Range<usize>| -> Vec<f32> {
        frames.map(|at| deviation.rise(HOP_FRAMES * at)).collect()
    };
    // Roots of the magnitudes count. Eleven spectra's mean is taken off.
    let part = 10.0 / 11.0;
    let of_phase = 0.5 * 2.0 * (0.5 * (turn - other)).sin();
    let [at_phase, at_level] = [20, 40].map(|at| f64::from(deviation.rise(HOP_FRAMES * at)));
    assert!((at_phase - part * of_phase).abs() < 1e-3, "{at_phase} of {of_phase}");
    assert!((at_level - part * 0.5).abs() < 1e-3, "{at_level}");
    for frames in [8..20, 21..39, 41..58] {
        assert!(rises(frames.clone()).iter().all(|rise| *rise < 1e-3), "{:?}", rises(frames));
    }
    // Between two spectra lies their mean.
    let between = f64::from(deviation.rise(HOP_FRAMES * 20 + 1));
    assert!((between - 0.5 * part * of_phase).abs() < 1e-3, "{between}");
}

#[test]
fn notes_that_flow_into_each_other_have_a_tempo() {
    const RATE: u32 = 44_100;
    const FADE_SEC: f64 = 0.03;
    const SCALE: [f64; 8] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0, 12.0];
    let bpm = 92.0;
    let beat_sec = 60.0 / bpm;
    let mut track = Track::new(RATE, 10.3);
    let mut noise = Noise(1);
    for (n, value) in track.plane.iter_mut().enumerate() {
        let at_sec = n as f64 / f64::from(RATE);
        let sum: f64 = (0..17_u32)
            .map(|note| {
                // The first one began before the file.
                let begin_sec = 0.31 + (f64::from(note) - 1.0) * beat_sec;
                let rise = (at_sec - begin_sec) / FADE_SEC + 0.5;
                let fall = (begin_sec + beat_sec - at_sec) / FADE_SEC + 0.5;
                let gain = rise.clamp(0.0, 1.0) * fall.clamp(0.0, 1.0);
                if gain == 0.0 {
                    return 0.0;
                }
                let step = SCALE[(5 * note * note + 3 * note) as usize % SCALE.len()];
                let vibrato = 0.3 * (TAU * 5.3 * at_sec).sin();
                let phase = TAU * 220.0 * (step / 12.0).exp2() * at_sec + f64::from(note) + vibrato;
                let partials = (1..7).map(f64::from);
                gain * partials.map(|partial| (partial * phase).sin() / partial).sum::<f64>()
            })
            .sum();
        *value = (0.2 * sum + 0.02 * noise.next()) as f32;
    }
    let (_, tempo, _) = analyse(track.sample());
    // A hundredth of a beat in each.
    assert!((tempo.bpm.expect("a pulse") - bpm).abs() < 0.01 * bpm, "{tempo:?}");
    assert!(tempo.confidence > 0.3 && tempo.confidence <= 0.4, "no more than a guess: {tempo:?}");
}
