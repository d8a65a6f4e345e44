use super::{Mode, RATE, TIMBRES, add_sine, chords, key_at};

/// Frequencies at which a round membrane without air swings, as parts of its lowest: the first zeros
/// of Bessel functions (N. H. Fletcher and T. D. Rossing, *The Physics of Musical Instruments*, 3.5).
const MEMBRANE: [f64; 10] = [1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.600, 3.652];

/// White noise from −1 to 1, the same each time.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..frames).map(|_| next()).collect()
}

/// A bar of a drum machine: kicks that fall in pitch, snares and hats of noise.
fn drums() -> Vec<f32> {
    let step = RATE as usize / 8;
    let noise = noise(step);
    let mut bar = Vec::new();
    for index in 0..16 {
        for (at, noise) in noise.iter().enumerate() {
            let seconds = at as f64 / f64::from(RATE);
            let falling_turns = 45.0 * seconds + 6.0 * (1.0 - (-seconds * 30.0).exp());
            let kick = (std::f64::consts::TAU * falling_turns).sin() * (-seconds * 12.0).exp();
            let snare = f64::from(*noise) * (-seconds * 20.0).exp();
            let hat = f64::from(*noise) * (-seconds * 80.0).exp() * 0.3;
            let beat = match index % 8 {
                0 => kick,
                4 => snare,
                _ => 0.0,
            };
            bar.push((0.5 * (beat + hat)) as f32);
        }
    }
    bar
}

#[test]
fn percussion_has_no_key() {
    assert_eq!(key_at(RATE, &drums()), None);
    assert_eq!(key_at(RATE, &noise(4 * RATE as usize)), None);
    // A hit.
    let hit: Vec<f32> = noise(20_000)
        .iter()
        .enumerate()
        .map(|(at, value)| value * (-(at as f32) / 3_000.0).exp())
        .collect();
    assert_eq!(key_at(RATE, &hit), None);
}

/// What a filter or a window leaves of it below 3.5 kHz has no pitch.
#[test]
fn a_whistle_above_all_notes_has_no_key() {
    for (rate, frequency_hz) in [
        (8_000, 3_600.0),
        (22_050, 7_000.0),
        (44_100, 9_000.0),
        (44_100, 15_000.0),
        (48_000, 5_500.0),
        (48_000, 18_000.0),
        (192_000, 30_000.0),
    ] {
        let mut mono = vec![0.0; 3 * rate as usize];
        add_sine(&mut mono, rate, frequency_hz, 0.5);
        let mono: Vec<f32> = mono.iter().map(|value| *value as f32).collect();
        assert_eq!(key_at(rate, &mono), None, "{frequency_hz} Hz at {rate}");
    }
}

/// Music below it is heard.
#[test]
fn what_sounds_beneath_a_whistle_or_a_constant_has_its_key() {
    let rate = 44_100;
    let music = chords(rate, TIMBRES[0], 0, 0.0, &[(0, true), (5, true), (7, true), (0, true)]);
    let mut whistle = vec![0.0; music.len()];
    add_sine(&mut whistle, rate, 15_000.0, 0.5);
    let mixed: Vec<f32> =
        music.iter().zip(whistle).map(|(one, other)| one + other as f32).collect();
    let offset: Vec<f32> = music.iter().map(|value| 0.01 * value + 0.9).collect();
    for mono in [mixed, offset] {
        let key = key_at(rate, &mono).expect("a key");
        assert_eq!((key.tonic, key.mode), (0, Mode::Major));
    }
}

/// What rounding leaves of it has no pitch.
#[test]
fn a_constant_has_no_key() {
    for rate in [8_000, 11_025, 44_100, 48_000, 96_000] {
        for seconds in [0.3, 1.0, 5.3] {
            let frames = (seconds * f64::from(rate)) as usize;
            for value in [1.0, 0.1, -0.001] {
                let what = format!("{value} for {seconds} s at {rate} Hz");
                assert_eq!(key_at(rate, &vec![value; frames]), None, "{what}");
            }
        }
    }
}

#[test]
fn a_single_click_has_no_key() {
    for rate in [11_025, RATE, 44_100, 48_000] {
        for seconds in [0.5, 1.0, 3.0] {
            let frames = (seconds * f64::from(rate)) as usize;
            for place in [0.0, 0.1, 0.3, 0.5, 0.77, 0.999, 1.0] {
                let mut click = vec![0.0; frames];
                click[((place * frames as f64) as usize).min(frames - 1)] = 1.0;
                assert_eq!(key_at(rate, &click), None, "at {place} of {seconds} s at {rate} Hz");
            }
        }
    }
}

/// Toms ring at frequencies that keep to no semitones.
#[test]
fn a_membrane_that_rings_has_no_key() {
    for low_hz in [70.0, 98.0, 131.0, 185.0] {
        let mut hit = vec![0.0; RATE as usize];
        for times in MEMBRANE {
            add_sine(&mut hit, RATE, low_hz * times, 0.1);
        }
        let hit = hit.iter().enumerate().map(|(at, value)| {
            let fading = (-5.0 * at as f64 / f64::from(RATE)).exp();
            (value * fading) as f32
        });
        let hits: Vec<f32> = hit.collect::<Vec<_>>().repeat(4);
        assert_eq!(key_at(RATE, &hits), None, "{low_hz} Hz");
    }
}

/// Chords keep their key beside drums that are as loud, and louder by 6 dB.
#[test]
fn drums_do_not_hide_a_key() {
    let power = |mono: &[f32]| mono.iter().map(|value| value * value).sum::<f32>();
    let drums = drums();
    let progression = [(0, false), (5, false), (7, true), (0, false)];
    for tonic in [0, 5, 10] {
        let chords = chords(RATE, TIMBRES[0], tonic, 10.0, &progression);
        let even = (power(&chords) / power(&drums)).sqrt();
        for gain in [even, 2.0 * even] {
            let both: Vec<f32> =
                chords.iter().zip(&drums).map(|(chord, drum)| chord + gain * drum).collect();
            let key = key_at(RATE, &both).expect("a key");
            assert_eq!((key.tonic, key.mode), (tonic, Mode::Minor), "{key:?}");
            assert!((key.tuning_cents - 10.0).abs() < 5.0, "{key:?}");
        }
    }
}

/// White noise of 32 times their power, 15 dB, is around the chords: of 24 keys one may be missed.
#[test]
fn noise_does_not_hide_a_key() {
    let power = |mono: &[f32]| mono.iter().map(|value| value * value).sum::<f32>();
    let mut right = 0;
    for (mode, is_major) in [(Mode::Major, true), (Mode::Minor, false)] {
        for tonic in 0..12 {
            let progression = [(0, is_major), (5, is_major), (7, true), (0, is_major)];
            let timbre = TIMBRES[usize::from(tonic) % 3];
            let chords = chords(RATE, timbre, tonic, 0.0, &progression);
            let noise = noise(chords.len());
            let gain = (32.0 * power(&chords) / power(&noise)).sqrt();
            let both: Vec<f32> =
                chords.iter().zip(&noise).map(|(chord, noise)| chord + gain * noise).collect();
            let key = key_at(RATE, &both);
            right += usize::from(key.is_some_and(|key| (key.tonic, key.mode) == (tonic, mode)));
        }
    }
    assert!(right >= 23, "{right} of 24");
}

#[test]
fn silence_has_no_key() {
    assert_eq!(key_at(RATE, &[]), None);
    assert_eq!(key_at(RATE, &[0.0; 50_000]), None);
}

#[test]
fn any_input_has_a_result_of_numbers() {
    for value in [1.0, 1e6, -1e6, f32::from_bits(1)] {
        for rate in [1_000, 8_000, 44_100, 768_000] {
            for frames in [1, 1_000, 50_000] {
                let mut pulse = vec![0.0; frames];
                pulse[frames / 2] = value;
                for mono in [pulse, vec![value; frames], noise(frames)] {
                    if let Some(key) = key_at(rate, &mono) {
                        assert!(key.tonic < 12 && (0.0..=1.0).contains(&key.confidence), "{key:?}");
                        assert!(key.tuning_cents.abs() <= 50.0, "{key:?}");
                    }
                }
            }
        }
    }
}
