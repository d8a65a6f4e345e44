#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "signals are computed in f64, and lengths are short"
)]

mod names;
mod noises;
mod partials;
mod profiles;
mod progressions;
mod spectrum;

use super::{Key, KeyMeter, Mode};

const RATE: u32 = 22_050;

fn key_at(rate: u32, mono: &[f32]) -> Option<Key> {
    let mut meter = KeyMeter::new(rate);
    mono.chunks(4_097).for_each(|block| meter.listen(block));
    meter.result()
}

/// Partials as amplitudes, from the fundamental up.
type Timbre = fn(usize) -> f64;

/// All partials, as a saw has them; odd ones, as a square; few, as a flute.
const TIMBRES: [Timbre; 3] = [
    |partial| 1.0 / partial as f64,
    |partial| if partial.is_multiple_of(2) { 0.0 } else { 1.0 / partial as f64 },
    |partial| [1.0, 0.3, 0.1, 0.02].get(partial - 1).copied().unwrap_or(0.0),
];

/// Adds a note, by its MIDI number.
fn add_note(mono: &mut [f64], rate: u32, timbre: Timbre, note: f64) {
    let fundamental_hz = 440.0 * 2.0_f64.powf((note - 69.0) / 12.0);
    for partial in (1..).take_while(|&partial| fundamental_hz * f64::from(partial) < 3_800.0) {
        add_sine(mono, rate, fundamental_hz * f64::from(partial), 0.1 * timbre(partial as usize));
    }
}

/// Adds a sine.
fn add_sine(mono: &mut [f64], rate: u32, frequency_hz: f64, amplitude: f64) {
    let turn = std::f64::consts::TAU * frequency_hz / f64::from(rate);
    // From the two values before: sin(a + b) = 2 cos(b) sin(a) − sin(a − b).
    let twice = 2.0 * turn.cos();
    let [mut before, mut sine] = [-turn.sin(), 0.0];
    for value in mono {
        *value += amplitude * sine;
        [before, sine] = [sine, twice * sine - before];
    }
}

/// Chords of half a second that fade, each a root in semitones above `tonic` and whether its third is a
/// major one: triads around middle C, and the root two octaves below.
fn chords(rate: u32, timbre: Timbre, tonic: u8, cents: f64, chords: &[(u8, bool)]) -> Vec<f32> {
    let frames = rate as usize / 2;
    let mut all = Vec::new();
    for &(root, is_major) in chords {
        let mut mono = vec![0.0; frames];
        let root = (tonic + root) % 12;
        let third = if is_major { 4 } else { 3 };
        for above in [0, third, 7] {
            let note = f64::from(60 + (root + above) % 12) + cents / 100.0;
            add_note(&mut mono, rate, timbre, note);
        }
        add_note(&mut mono, rate, timbre, f64::from(36 + root) + cents / 100.0);
        let fading = |at: usize| (-2.0 * at as f64 / f64::from(rate)).exp();
        all.extend(mono.iter().enumerate().map(|(at, value)| (value * fading(at)) as f32));
    }
    all
}
