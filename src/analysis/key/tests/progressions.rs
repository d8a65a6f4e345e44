use super::{Mode, RATE, TIMBRES, Timbre, add_note, chords, key_at};

// Each begins and ends with its tonic, by a cadence: what goes round without one, such as
// i VI III VII, is as much in the relative key.

/// I V vi IV I IV V I; I vi ii V I IV V I; I IV I V I vi V I.
const MAJOR: [&[(u8, bool)]; 3] = [
    &[(0, true), (7, true), (9, false), (5, true), (0, true), (5, true), (7, true), (0, true)],
    &[(0, true), (9, false), (2, false), (7, true), (0, true), (5, true), (7, true), (0, true)],
    &[(0, true), (5, true), (0, true), (7, true), (0, true), (9, false), (7, true), (0, true)],
];
/// i VI iv V i iv v i; i iv v i VI VII i i; i VII VI V i iv V i.
const MINOR: [&[(u8, bool)]; 3] = [
    &[(0, false), (8, true), (5, false), (7, true), (0, false), (5, false), (7, false), (0, false)],
    &[
        (0, false),
        (5, false),
        (7, false),
        (0, false),
        (8, true),
        (10, true),
        (0, false),
        (0, false),
    ],
    &[(0, false), (10, true), (8, true), (7, true), (0, false), (5, false), (7, true), (0, false)],
];

/// In 24 keys and three timbres, detuned by up to 30 cents, at least 90 % are exact; the tuning
/// always is.
#[test]
fn progressions_have_their_key() {
    let mut right = 0;
    let mut count = 0;
    let mut missed = String::new();
    for (mode, progressions) in [(Mode::Major, MAJOR), (Mode::Minor, MINOR)] {
        for tonic in 0..12 {
            for (index, timbre) in TIMBRES.into_iter().enumerate() {
                let progression = progressions[(index + usize::from(tonic)) % 3];
                let cents = f64::from((u32::from(tonic) * 7 + index as u32 * 5) % 13) * 5.0 - 30.0;
                let mono = chords(RATE, timbre, tonic, cents, progression);
                let key = key_at(RATE, &mono).expect("a key");
                assert!((key.tuning_cents - cents).abs() < 5.0, "{key:?}, tuned to {cents}");
                count += 1;
                if (key.tonic, key.mode) == (tonic, mode) {
                    right += 1;
                } else {
                    missed += &format!("{tonic} {mode:?}, timbre {index}: {key:?}\n");
                }
            }
        }
    }
    assert!(right * 10 >= count * 9, "{right} of {count}\n{missed}");
}

/// A chord that is all there is names its key.
#[test]
fn a_single_chord_has_its_key() {
    for (mode, is_major) in [(Mode::Major, true), (Mode::Minor, false)] {
        for tonic in 0..12 {
            for timbre in TIMBRES {
                let mono = chords(RATE, timbre, tonic, 0.0, &[(0, is_major); 4]);
                let key = key_at(RATE, &mono).expect("a key");
                assert_eq!((key.tonic, key.mode), (tonic, mode), "{key:?}");
            }
        }
    }
}

/// No partial, no other note: it names its tonic all the same, as a bass of pure tones does.
#[test]
fn a_pure_tone_has_its_tonic() {
    for note in 36..84 {
        let mut mono = vec![0.0; 2 * RATE as usize];
        add_note(&mut mono, RATE, |partial| if partial == 1 { 1.0 } else { 0.0 }, f64::from(note));
        let mono: Vec<f32> = mono.iter().map(|value| *value as f32).collect();
        let key = key_at(RATE, &mono).expect("a key");
        assert_eq!(u32::from(key.tonic), note % 12, "{key:?}");
    }
}

/// Eighths of one low note, saw or square: the tonic of many a dance record.
#[test]
fn a_bass_that_repeats_one_note_has_its_tonic() {
    for note in 32..48 {
        for timbre in [TIMBRES[0], TIMBRES[1]] {
            let mut mono = vec![0.0; RATE as usize / 4];
            add_note(&mut mono, RATE, timbre, f64::from(note));
            let fading = |at: usize| (-6.0 * at as f64 / f64::from(RATE)).exp();
            let eighth: Vec<f32> =
                mono.iter().enumerate().map(|(at, value)| (value * fading(at)) as f32).collect();
            let key = key_at(RATE, &eighth.repeat(8)).expect("a key");
            assert_eq!(u32::from(key.tonic), note % 12, "{key:?}");
        }
    }
}

/// Strings, accordions and pianos have strong third partials, which are fifths, and whoever plays
/// a chord may strike one of its notes hardest.
#[test]
fn a_fifth_that_is_louder_than_its_root_does_not_take_its_place() {
    let third_partial: Timbre =
        |partial| [0.5, 0.4, 1.0, 0.3, 0.3, 0.2].get(partial - 1).copied().unwrap_or(0.0);
    let saw: Timbre = TIMBRES[0];
    let loud_saw: Timbre = |partial| 4.0 / partial as f64;
    for of_chord in [[third_partial; 3], [saw, saw, loud_saw]] {
        for (mode, third) in [(Mode::Major, 4), (Mode::Minor, 3)] {
            for tonic in 0..12 {
                let mut mono = vec![0.0; 2 * RATE as usize];
                for (above, timbre) in [0, third, 7].into_iter().zip(of_chord) {
                    add_note(&mut mono, RATE, timbre, f64::from(60 + (tonic + above) % 12));
                }
                let mono: Vec<f32> = mono.iter().map(|value| *value as f32).collect();
                let key = key_at(RATE, &mono).expect("a key");
                assert_eq!((key.tonic, key.mode), (tonic, mode), "{key:?}");
            }
        }
    }
}

#[test]
fn the_rate_does_not_matter() {
    for rate in [8_000, 11_025, 22_050, 32_000, 48_000, 96_000, 192_000] {
        let mono = chords(rate, TIMBRES[0], 3, 0.0, MINOR[0]);
        let key = key_at(rate, &mono).expect("a key");
        assert_eq!((key.tonic, key.mode), (3, Mode::Minor), "{rate} Hz: {key:?}");
        assert!(key.tuning_cents.abs() < 5.0);
    }
}

/// What is louder says no more.
#[test]
fn the_level_does_not_matter() {
    let mono = chords(RATE, TIMBRES[1], 10, 20.0, MAJOR[0]);
    let key = key_at(RATE, &mono).expect("a key");
    for gain in [1e-4, 1e3] {
        let other: Vec<f32> = mono.iter().map(|value| value * gain).collect();
        let other = key_at(RATE, &other).expect("a key");
        assert_eq!((other.tonic, other.mode), (key.tonic, key.mode));
        assert!((other.confidence - key.confidence).abs() < 0.01);
    }
}

/// Of 38 ms, a semitone at A = 440 Hz is one period more or less: which it is nobody can tell.
#[test]
fn what_is_shorter_than_50_ms_has_no_key() {
    for rate in [22_050, 44_100, 96_000] {
        let mono = chords(rate, TIMBRES[0], 0, 0.0, MAJOR[0]);
        let key_of = |ms: usize| key_at(rate, &mono[..rate as usize * ms / 1_000]);
        assert_eq!(key_of(2), None);
        assert_eq!(key_of(49), None);
        assert!(key_of(200).is_some());
    }
}
