//! Codecs that are entered in their middle but not decoded in parts.

use super::{Both, Random, fixtures};

/// The file of this name.
fn open(name: &str, rate: u32) -> Both {
    let files = fixtures("stream");
    let (_, file) = files.iter().find(|(found, _)| found == name).expect("a fixture");
    Both::new(name, file, rate).expect("a sound file")
}

#[test]
fn aac_without_noise_of_its_own_and_alac_are_the_same_wherever_they_are_entered() {
    let mut random = Random(4);
    for name in ["aac.m4a", "aac.aac", "alac.m4a"] {
        for rate in [44_100, 48_000] {
            let mut both = open(name, rate);
            for is_indexed in [false, true] {
                if is_indexed {
                    both.scan();
                }
                let (mut feed, reader) = both.sample.voice_with(1 << 14);
                for _ in 0..40 {
                    let frame = random.below(both.frames());
                    both.check(&mut feed, &reader, frame, 2_000, false);
                }
                let frames = both.frames();
                both.backwards(&mut feed, &reader, frames, 0);
            }
        }
    }
}

/// How far what is heard after seeks lies below the music, in dB.
fn distance_db(both: &mut Both) -> f64 {
    const FRAMES: usize = 4_096;
    let mut random = Random(5);
    let (mut feed, reader) = both.sample.voice_with(1 << 14);
    let (mut music, mut error) = (0.0, 0.0);
    for _ in 0..60 {
        let frame = random.below(both.frames() - FRAMES as u64);
        let (whole, heard) = both.read(&mut feed, &reader, frame, FRAMES);
        for (whole, heard) in whole.iter().flatten().zip(heard.iter().flatten()) {
            music += f64::from(*whole).powi(2);
            error += f64::from(whole - heard).powi(2);
        }
    }
    10.0 * (error / music).log10()
}

#[test]
fn what_carries_state_without_end_comes_close() {
    for (name, most_db) in [
        ("opus.mp4", -90.0),
        ("he_aac.m4a", -25.0),
        ("he_aac_v2.m4a", -25.0),
        ("aac_noise.m4a", -25.0),
    ] {
        let mut both = open(name, 48_000);
        both.scan();
        let db = distance_db(&mut both);
        assert!(db < most_db, "{name}: {db:.1} dB");
    }
}
