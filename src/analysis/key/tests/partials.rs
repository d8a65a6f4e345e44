use super::super::partials::{Partials, Tuning};

/// Octaves from C of so many semitones.
fn octaves(semitones: f64) -> f32 {
    (semitones / 12.0) as f32
}

/// What two octaves of pitches come to, each so far above a semitone.
fn heard(above: impl Fn(i32) -> f64, floor: f32) -> Option<Tuning> {
    let mut partials = Partials::new();
    for semitone in 0..24 {
        partials.add(octaves(f64::from(semitone) + above(semitone)), 1.0);
    }
    // Evenly in all bins.
    for bin in -240..480 {
        partials.add(octaves(f64::from(bin) / 10.0), floor);
    }
    partials.tuning()
}

#[test]
fn pitches_a_semitone_apart_are_coherent_and_tell_their_tuning() {
    for cents in [-40, -10, 0, 20, 30] {
        for floor in [0.0, 0.3] {
            let tuning = heard(|_| f64::from(cents) / 100.0, floor).expect("a tuning");
            assert!((tuning.semitones - f64::from(cents) / 100.0).abs() < 0.01);
            // Each is in three bins: (1 + 2 cos 36°) / 3.
            assert!((tuning.coherence - 0.873).abs() < 0.01, "{}", tuning.coherence);
        }
    }
}

/// Half of them lie where the others say that nothing is.
#[test]
fn pitches_of_two_tunings_half_a_semitone_apart_are_not_coherent() {
    let tuning = heard(|semitone| f64::from(semitone % 2) / 2.0, 0.0).expect("a tuning");
    assert!(tuning.coherence < 0.01, "{}", tuning.coherence);
}

#[test]
fn nothing_stands_out_of_what_is_even() {
    let mut even = Partials::new();
    assert!(even.tuning().is_none());
    for bin in -240..600 {
        even.add(octaves(f64::from(bin) / 10.0), 1.0);
    }
    assert!(even.tuning().is_none());
}
