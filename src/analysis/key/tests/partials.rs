use super::super::partials::{Common, ODD_BEHIND, Partials};

/// Octaves from C of so many semitones.
fn octaves(semitones: f64) -> f32 {
    (semitones / 12.0) as f32
}

/// What pitches at so many semitones from C have in common, over a floor that is even in all bins.
fn heard(semitones: impl IntoIterator<Item = f64>, floor: f32) -> Option<Common> {
    let mut partials = Partials::new();
    for semitone in semitones {
        partials.add(octaves(semitone), 1.0);
    }
    for bin in -240..600 {
        partials.add(octaves(f64::from(bin) / 10.0), floor);
    }
    partials.common()
}

/// What two octaves of pitches come to, each so far above a semitone.
fn heard_above(above: impl Fn(i32) -> f64, floor: f32) -> Common {
    let pitches = (0..24).map(|semitone| f64::from(semitone) + above(semitone));
    heard(pitches, floor).expect("pitches")
}

#[test]
fn pitches_a_semitone_apart_are_coherent_and_tell_their_tuning() {
    for cents in [-40, -10, 0, 20, 30] {
        for floor in [0.0, 0.3] {
            let common = heard_above(|_| f64::from(cents) / 100.0, floor);
            assert!((common.tuning - f64::from(cents) / 100.0).abs() < 0.01);
            // Each is in three bins: (1 + 2 cos 36°) / 3.
            assert!((common.coherence - 0.873).abs() < 0.01, "{}", common.coherence);
        }
    }
}

/// Half of them lie where the others say that nothing is.
#[test]
fn pitches_of_two_tunings_half_a_semitone_apart_are_not_coherent() {
    let common = heard_above(|semitone| f64::from(semitone % 2) / 2.0, 0.0);
    assert!(common.coherence < 0.01, "{}", common.coherence);
}

/// Of a note whose six partials are alike, one pair is a fifth apart, three an octave, two a
/// twelfth, and one two octaves: of six each. At the 241 distances there are all fifteen pairs but the
/// one beyond two and a half octaves and the three within half a one, each about three bins wide.
#[test]
fn partials_are_at_harmonic_distances_whatever_the_note() {
    for root in [0.0, 3.3, 7.72] {
        for floor in [0.0, 0.3] {
            let note = (1..=6).map(|partial| root + 12.0 * f64::from(partial).log2());
            let common = heard(note, floor).expect("pitches");
            let harmonic = f64::from(1 + 3 + 2 + 1) / 4.0 / 6.0;
            let any = 11.0 * 3.0 / 241.0 / 6.0;
            assert!((common.harmony - (harmonic - any)).abs() < 0.06, "{}", common.harmony);
        }
    }
}

/// Of a square's six lowest partials, two pairs are a twelfth apart, and one as the fifth and the
/// third are, and as the fifth and the first: of six each. At the 241 distances there are nine of the
/// fifteen pairs.
#[test]
fn odd_partials_are_at_harmonic_distances_too() {
    for root in [0.0, 3.3, 7.72] {
        for floor in [0.0, 0.3] {
            let note = (1..12).step_by(2).map(|partial| root + 12.0 * f64::from(partial).log2());
            let common = heard(note, floor).expect("pitches");
            let harmonic = f64::from(2 + 1 + 1) / 3.0 / 6.0 - ODD_BEHIND;
            let any = 9.0 * 3.0 / 241.0 / 6.0;
            assert!((common.harmony - (harmonic - any)).abs() < 0.06, "{}", common.harmony);
        }
    }
}

/// Three to an octave, and none a fifth or an octave above another.
#[test]
fn pitches_at_other_distances_have_no_harmony() {
    let common = heard((0..7).map(|index| 4.6 * f64::from(index)), 0.0).expect("pitches");
    assert!(common.harmony < 0.0, "{}", common.harmony);
}

#[test]
fn nothing_stands_out_of_what_is_even() {
    assert!(Partials::new().common().is_none());
    assert!(heard([], 1.0).is_none());
}
