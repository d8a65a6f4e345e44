//! ADPCM: what an encoder made here holds itself for decoded.

use super::{chunk, format, kind_of, mono, riff};
use crate::error::LoadErrorKind;

const BLOCK_BYTES: u16 = 256;
const BLOCK_FRAMES: usize = 1 + (BLOCK_BYTES as usize - 4) * 2;

/// Steps of IMA ADPCM by their recurrence: each is a tenth more than the one before.
///
/// # Sources
/// Interactive Multimedia Association, *Recommended Practices 3.0*, table 2.
fn step(index: i32) -> i32 {
    const TABLE: [i32; 12] = [7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21];
    TABLE[usize::try_from(index).expect("quiet audio needs small steps only")]
}

/// Encodes `frames` of audio so quiet that steps stay small, as encoders do that add shifted
/// steps or that multiply; also what they hold for decoded.
fn encode(audio: &[i32], multiplies: bool) -> (Vec<u8>, Vec<f32>) {
    let (mut bytes, mut decoded, mut index) = (Vec::new(), Vec::new(), 0);
    for block in audio.chunks_exact(BLOCK_FRAMES) {
        let mut value = block[0];
        bytes.extend(i16::try_from(value).expect("quiet").to_le_bytes());
        bytes.extend([u8::try_from(index).expect("small"), 0]);
        decoded.push(value);
        let mut codes = Vec::new();
        for wanted in &block[1..] {
            let size = step(index);
            let change = |code: i32| {
                let magnitude = code & 7;
                let change = if multiplies {
                    (2 * magnitude + 1) * size / 8
                } else {
                    size / 8
                        + (magnitude / 4) * size
                        + (magnitude / 2 % 2) * (size / 2)
                        + (magnitude % 2) * (size / 4)
                };
                if code < 8 { change } else { -change }
            };
            // Codes up to 4 or 5 only, so that steps stay in the table above.
            let code = (0..16)
                .filter(|code| index < 9 || code & 7 < 4)
                .min_by_key(|code| (wanted - value - change(*code)).abs())
                .expect("some code");
            value += change(code);
            index = (index
                + [-1, -1, -1, -1, 2, 4, 6, 8][usize::try_from(code & 7).expect("3 bits")])
            .clamp(0, 11);
            decoded.push(value);
            codes.push(u8::try_from(code).expect("4 bits"));
        }
        bytes.extend(codes.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4));
    }
    (bytes, decoded.iter().map(|value| *value as f32 / 32_768.0).collect())
}

fn ima(data: &[u8]) -> Vec<u8> {
    let mut content = format(0x11, 1, 4);
    content[12..14].copy_from_slice(&BLOCK_BYTES.to_le_bytes());
    riff(&[chunk(b"fmt ", &content), chunk(b"data", data)])
}

#[test]
fn both_arithmetics_of_ima_encoders_are_told_apart() {
    #[allow(clippy::cast_possible_truncation, reason = "a sine of 12 steps")]
    let audio: Vec<i32> =
        (0..BLOCK_FRAMES * 24).map(|n| (12.0 * (n as f64 * 0.02).sin()).round() as i32).collect();
    for multiplies in [false, true] {
        let (data, decoded) = encode(&audio, multiplies);
        assert_eq!(mono(&ima(&data)), (decoded, vec![]), "multiplies: {multiplies}");
    }
}

#[test]
fn blocks_cut_short_give_what_is_there() {
    let (data, decoded) = encode(&vec![5; BLOCK_FRAMES * 2], false);
    // Two whole words of the second block.
    let (plane, _) = mono(&ima(&data[..usize::from(BLOCK_BYTES) + 4 + 8 + 1]));
    assert_eq!(plane, decoded[..BLOCK_FRAMES + 1 + 16]);
    let (plane, _) = mono(&ima(&data[..usize::from(BLOCK_BYTES) + 3]));
    assert_eq!(plane, decoded[..BLOCK_FRAMES]);
    assert_eq!(kind_of(&ima(&data[..3])), LoadErrorKind::Empty);
}

#[test]
fn blocks_without_room_for_a_frame_are_corrupt() {
    for (code, align) in [(0x11, 3), (2, 6), (2, 0)] {
        let mut content = format(code, 1, 4);
        content[12..14].copy_from_slice(&u16::to_le_bytes(align));
        let file = riff(&[chunk(b"fmt ", &content), chunk(b"data", &[0; 100])]);
        assert_eq!(kind_of(&file), LoadErrorKind::Corrupt, "{align} bytes of {code}");
    }
}

#[test]
fn the_loudest_codes_of_microsofts_adpcm_stay_within_full_scale() {
    // All coefficients and steps at their extremes, then codes that raise the step.
    let mut content = format(2, 1, 4);
    content[12..14].copy_from_slice(&512_u16.to_le_bytes());
    content.extend([8, 0, 0, 0, 1, 0]);
    content.extend([i16::MIN; 2].map(i16::to_le_bytes).concat());
    let mut block = vec![0];
    block.extend([i16::MAX, i16::MIN, i16::MIN].map(i16::to_le_bytes).concat());
    block.resize(512, 0x88);
    let (plane, _) = mono(&riff(&[chunk(b"fmt ", &content), chunk(b"data", &block)]));
    assert_eq!(plane.len(), 2 + 505 * 2);
    assert!(plane.iter().all(|value| (-1.0..1.0).contains(value)));
}
