use super::{Key, Mode};

fn key(tonic: u8, mode: Mode) -> Key {
    Key { tonic, mode, confidence: 1.0, tuning_cents: 0.0 }
}

/// The wheel as it is printed: twelve o'clock is 12.
#[test]
fn codes_are_those_of_the_wheels() {
    let major = ["B", "F#", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E"];
    let minor = ["G#", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"];
    for (mode, letter, names) in [(Mode::Major, 'B', major), (Mode::Minor, 'A', minor)] {
        for tonic in 0..12 {
            let key = key(tonic, mode);
            let hour = names.iter().position(|name| *name == key.tonic_name()).expect("a name") + 1;
            assert_eq!(key.camelot(), format!("{hour}{letter}"), "{key:?}");
        }
    }
    // Open Key begins with C major and A minor.
    for (tonic, mode, code) in [
        (0, Mode::Major, "1d"),
        (9, Mode::Minor, "1m"),
        (7, Mode::Major, "2d"),
        (4, Mode::Minor, "2m"),
        (5, Mode::Major, "12d"),
        (2, Mode::Minor, "12m"),
        (6, Mode::Major, "7d"),
        (3, Mode::Minor, "7m"),
    ] {
        assert_eq!(key(tonic, mode).open_key(), code);
    }
}
