use std::fs;
use std::path::Path;

use crate::cache::fuzzing::is_sound;

type Target = fn(&[u8]);

/// How often each input is changed: a second or so in all.
const ROUNDS: usize = 40;

/// Inputs on which a target once failed, by its name.
#[test]
fn what_was_once_found_does_no_harm_any_more() {
    let targets: [(&str, Target); 12] = [
        ("adts", super::adts),
        ("analysis", super::analysis),
        ("cache", super::cache),
        ("flac", super::flac),
        ("headers", super::headers),
        ("mpeg", super::mpeg),
        ("pcm", super::pcm),
        ("metadata", super::metadata),
        ("mp4", super::mp4),
        ("matroska", super::matroska),
        ("opus_ogg", super::opus_ogg),
        ("opus_packets", super::opus_packets),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    for (name, target) in targets {
        // Made when a first input is found.
        let Ok(inputs) = fs::read_dir(folder.join(name)) else { continue };
        for input in inputs {
            let path = input.expect("the folder can be read").path();
            target(&fs::read(path).expect("an input can be read"));
        }
    }
}

/// One of each kind that takes the long way, so that the way itself is tested.
#[test]
fn what_is_sound_goes_all_the_way() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, target) in [
        ("pcm_s24.wav", super::pcm as Target),
        ("aac.m4a", super::mp4),
        ("aac.aac", super::adts),
        ("mp3_vbr.mp3", super::mpeg),
        ("flac_16.flac", super::flac),
        ("vorbis.ogg", super::headers),
        ("opus.webm", super::matroska),
        ("opus_51.opus", super::opus_ogg),
    ] {
        target(&fs::read(fixtures.join(name)).expect("a fixture can be read"));
    }
    for (target, input) in made() {
        target(&input);
    }
    for file in kept() {
        assert!(is_sound(&file), "{file:?}");
    }
}

/// The same, changed at random: bytes, numbers, lengths.
#[test]
fn what_is_made_and_changed_at_random_does_no_harm() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    // Marsaglia's xorshift64.
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from((state >> 8) % end as u64).expect("below a usize")
    };
    let made = made();
    for _ in 0..ROUNDS {
        for (target, input) in &made {
            let mut input = input.clone();
            for _ in 0..=below(4) {
                let (at, other) = (below(input.len()), below(input.len()));
                match below(6) {
                    0 => input[at] ^= 1 << below(8),
                    1 => input[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
                    2 => input.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0xff),
                    3 => input.truncate(at.max(1)),
                    4 => input.extend_from_within(at.min(other)..at.max(other)),
                    _ => input.rotate_left(at),
                }
            }
            target(&input);
        }
    }
}

fn values(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Audio, and files of the cache, as their targets take them.
fn made() -> Vec<(Target, Vec<u8>)> {
    let audio = [
        // Clicks half a second apart at 1 kHz: 499 zeros and a value of 8 bits.
        [&[0, 0, 2], [243, 1, 127].repeat(20).as_slice()].concat(),
        // And in turn in two of three channels.
        [&[0, 2, 2], [238, 2, 127, 238, 2, 129].repeat(9).as_slice()].concat(),
        // Any values of two channels at 11,025 Hz.
        [&[4, 1, 0], &*values(&[f32::NAN, 0.5, 1e38, -1e-40])].concat(),
        [&[1, 0, 1], (0..=255).collect::<Vec<u8>>().repeat(8).as_slice()].concat(),
    ];
    let audio = audio.into_iter().map(|audio| (super::analysis as Target, audio));
    audio.chain(kept().into_iter().map(|file| (super::cache as Target, file))).collect()
}

/// Sound files of the cache.
fn kept() -> [Vec<u8>; 5] {
    let numbers = |values: &[f64]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let sealed = |which: u8, parts: &[&[u8]]| {
        let len = |part: &[u8]| u16::try_from(part.len()).expect("short").to_le_bytes();
        let parts = parts.iter().flat_map(|part| [len(part).as_slice(), part].concat());
        std::iter::once(which).chain(parts).collect::<Vec<u8>>()
    };
    // Two frames at 48 kHz; two texts, and nothing of bits, warnings, metadata, speakers and seams.
    let sample = [
        [48_000_u32, 1, 2, 0, 44_100].map(u32::to_le_bytes).as_flattened(),
        &[0; 8 + 8 + 1 + 8 + 1 + 4 + 8],
    ]
    .concat();
    // Which audio it is, and as little of what is known of it.
    let facts = [[7; 16].as_slice(), &sample[..20], &[0; 8 + 8 + 1]].concat();
    // 120 BPM, sure, half of it instead, no loop, two beats, a bar of four.
    let tempo = [
        [3, 1].as_slice(),
        &numbers(&[120.0, 0.9, 1.0]),
        &1_u64.to_le_bytes(),
        &numbers(&[60.0, 0.1]),
        &[0, 0],
        &2_u64.to_le_bytes(),
        &numbers(&[0.0, 0.5]),
        &1_u64.to_le_bytes(),
        &numbers(&[0.0]),
        &4_u32.to_le_bytes(),
        &numbers(&[1.0]),
    ]
    .concat();
    // One channel of 300 frames at 1 kHz: a block of 256 and one of the rest, and one of both.
    let outline =
        [[1].as_slice(), [1_000_u32, 1, 300, 0].map(u32::to_le_bytes).as_flattened()].concat();
    let block = values(&[-0.5, 0.5, 0.1, 0.1, 0.0, 0.0]);
    [
        sealed(4, &[&[4, 0]]),
        sealed(3, &[&tempo]),
        sealed(1, &[&outline, &block.repeat(2), &block]),
        sealed(5, &[&sample, &values(&[0.5, -0.5])]),
        sealed(6, &[&facts]),
    ]
}
