//! Codecs that are entered in their middle but not decoded in parts.

use std::sync::Arc;

use super::{Both, Random, StreamOpening, StreamStep, fixtures, memory};
use crate::metadata::{Collector, Pictures};
use crate::resample::Workbench;

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
        ("opus.opus", -90.0),
        ("opus_short_pages.opus", -90.0),
        ("he_aac.m4a", -25.0),
        ("he_aac_v2.m4a", -25.0),
        ("aac_noise.m4a", -25.0),
    ] {
        let mut both = open(name, 48_000);
        // By what the container says, and by the index.
        for is_indexed in [false, true] {
            if is_indexed {
                both.scan();
            }
            let db = distance_db(&mut both);
            assert!(db < most_db, "{name}: {db:.1} dB, {is_indexed}");
        }
    }
}

/// A live stream of Matroska, which says nothing of its length: mono of 16 bits at 8 kHz, with a
/// block for each quarter of a second.
fn live(blocks: usize) -> Vec<u8> {
    let element = |id: &[u8], content: &[u8]| {
        let size = u32::try_from(content.len()).expect("short content").to_be_bytes();
        [id, &[0x08], &size, content].concat()
    };
    let audio = [
        element(&[0xb5], &8_000_f32.to_be_bytes()),
        element(&[0x9f], &[1]),
        element(&[0x62, 0x64], &[16]),
    ];
    let entry = [
        element(&[0xd7], &[1]),
        element(&[0x83], &[2]),
        element(&[0x86], b"A_PCM/INT/LIT"),
        element(&[0xe1], &audio.concat()),
    ];
    let tracks = element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &entry.concat()));
    let endless =
        |id: [u8; 4]| [&id[..], &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
    let block = element(&[0xa3], &[&[0x81, 0, 0, 0x80][..], &[7; 4_000]].concat());
    let head = element(&[0x1a, 0x45, 0xdf, 0xa3], b"");
    let segment = [head, endless([0x18, 0x53, 0x80, 0x67]), tracks];
    [segment.concat(), endless([0x1f, 0x43, 0xb6, 0x75]), block.repeat(blocks)].concat()
}

#[test]
fn the_length_of_a_live_stream_is_guessed_by_what_was_decoded() {
    for rate in [8_000, 48_000] {
        let mut bench = Workbench::default();
        let mut opening = StreamOpening::new(memory(&live(120)), Some(rate));
        let sample = loop {
            if let StreamStep::Ready(sample) = opening.step(&mut bench).expect("a sound file") {
                break sample;
            }
        };
        assert_eq!(sample.frames(), None);
        let sec = sample.expected_frames().expect("a guess") as f64 / f64::from(rate);
        assert!((29.7..30.3).contains(&sec), "{sec} s at {rate} Hz");
    }
}

#[test]
fn opus_in_ogg_is_entered_near_to_what_is_wanted_without_being_decoded() {
    for name in ["opus.opus", "opus_short_pages.opus"] {
        let both = open(name, 48_000);
        let mut found = Collector::new(Pictures::Note);
        let mut opened = both.sample.origin.open(Arc::default(), &mut found).expect("is there");
        let seeker = opened.decoder.seeker().expect("can be entered");
        for frame in (0..both.frames()).step_by(1_001).chain([5]) {
            let mark = seeker.find(frame).expect("can be read");
            // Pages last a second at most, and a place is noted in each.
            let before = mark.map_or(Some(frame), |mark| frame.checked_sub(mark.frame));
            assert!(before.is_some_and(|before| before < 2 * 48_000), "{name}: {frame}, {mark:?}");
            assert!(mark.is_some() || frame < 48_000, "{name}: {frame}");
        }
    }
}

#[test]
fn damaged_opus_in_ogg_has_one_numbering_of_frames() {
    let files = fixtures("stream");
    let (_, file) =
        files.iter().find(|(name, _)| name == "opus_short_pages.opus").expect("a fixture");
    let at = file.len() / 3;
    let hole = [&file[..at], &file[at + 5_000..]].concat();
    let twice = [&file[..at], &file[at - 5_000..]].concat();
    let junk = [&file[..at], &[0x55; 3_000], &file[at..]].concat();
    for (what, file) in [("a hole", hole), ("a part twice", twice), ("junk", junk)] {
        for is_indexed in [false, true] {
            let mut both = Both::new(what, &file, 48_000).expect("a sound file");
            if is_indexed {
                both.scan();
            }
            let (mut feed, reader) = both.sample.voice_with(1 << 14);
            // From a second behind the damage on nothing is left of that.
            for frame in (120_000..both.frames() - 2_000).step_by(7_001) {
                let (whole, heard) = both.read(&mut feed, &reader, frame, 1_000);
                let pairs = whole.iter().flatten().zip(heard.iter().flatten());
                let most = pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
                assert!(most < 1e-4, "{what}, {is_indexed}: {most} at {frame}");
            }
        }
    }
}
