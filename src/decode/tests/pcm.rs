//! Uncompressed audio: files made here byte by byte, with arithmetic as the truth.

mod adpcm;
mod containers;
mod lenient;
mod voices;

use super::{decode, kind_of, open_bytes};
use crate::error::{LoadErrorKind, WarningCode};

/// A chunk of RIFF, padded to an even length.
fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    chunk_stating(id, u32::try_from(content.len()).expect("test files are small"), content)
}

/// A chunk that states any length.
fn chunk_stating(id: &[u8; 4], stated: u32, content: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if content.len().is_multiple_of(2) { b"" } else { b"\0" };
    [id, &stated.to_le_bytes()[..], content, padding].concat()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let len = u32::try_from(4 + body.len()).expect("test files are small");
    [b"RIFF", &len.to_le_bytes()[..], b"WAVE", &body].concat()
}

/// The content of a format chunk at 48 kHz.
fn format(code: u16, channels: u16, bits: u16) -> Vec<u8> {
    let align = channels * bits.div_ceil(8);
    [
        &code.to_le_bytes()[..],
        &channels.to_le_bytes(),
        &48_000_u32.to_le_bytes(),
        &(48_000 * u32::from(align)).to_le_bytes(),
        &align.to_le_bytes(),
        &bits.to_le_bytes(),
    ]
    .concat()
}

/// The first plane and the warnings' codes.
fn mono(file: &[u8]) -> (Vec<f32>, Vec<WarningCode>) {
    let (mut planes, warnings) = decode(file).expect("must load");
    assert_eq!(planes.len(), 1);
    (planes.remove(0), warnings.iter().map(|warning| warning.code).collect())
}

/// 1, 2, 3, … as 16 bits, and what they decode to.
fn counted(frames: i16) -> (Vec<u8>, Vec<f32>) {
    let stored = (1..=frames).flat_map(i16::to_le_bytes).collect();
    (stored, (1..=frames).map(|value| f32::from(value) / 32_768.0).collect())
}

#[test]
#[allow(clippy::cast_possible_truncation, reason = "rounding to f32 is what is tested")]
fn every_width_of_integers_is_divided_by_the_full_scale_of_its_bytes() {
    for bits in 1_u16..=64 {
        let bytes = usize::from(bits.div_ceil(8));
        // The bits lie at the upper end of their bytes.
        let shift = 8 * bytes - usize::from(bits);
        let top = i64::MAX >> (64 - bits);
        let values = [0, top, -top - 1, top / 3, -(top / 7)];
        let data: Vec<u8> = values
            .iter()
            .flat_map(|value| {
                // Up to eight bits are unsigned.
                let stored = (value << shift) + if bits <= 8 { 128 } else { 0 };
                stored.to_le_bytes().into_iter().take(bytes)
            })
            .collect();
        let full_scale = 2_f64.powi(i32::from(bits) - 1);
        // Rounded once: 64 bits do not fit into an f64.
        let expected = values.map(|value| value as f32 / full_scale as f32);
        let file = riff(&[chunk(b"fmt ", &format(1, 1, bits)), chunk(b"data", &data)]);
        assert_eq!(mono(&file), (expected.to_vec(), vec![]), "{bits} bits");
    }
    assert_eq!(
        kind_of(&riff(&[chunk(b"fmt ", &format(1, 1, 65)), chunk(b"data", &[0; 90])])),
        LoadErrorKind::UnsupportedFormat
    );
}

#[test]
fn floats_of_16_bits_are_read_with_their_subnormals() {
    // IEEE 754-2008, binary16: 1.0, −2.0, 65504, 2^-14, 2^-24, −0.
    let words: [u16; 6] = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000];
    let data: Vec<u8> = words.into_iter().flat_map(u16::to_le_bytes).collect();
    let (plane, _) = mono(&riff(&[chunk(b"fmt ", &format(3, 1, 16)), chunk(b"data", &data)]));
    assert_eq!(plane, [1.0, -2.0, 65_504.0, 2_f32.powi(-14), 2_f32.powi(-24), 0.0]);
    let odd = riff(&[chunk(b"fmt ", &format(3, 1, 24)), chunk(b"data", &[0; 24])]);
    assert_eq!(kind_of(&odd), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn the_companding_laws_have_the_values_of_their_tables() {
    // ITU-T G.711: ends and middles of both curves.
    for (code, stored, value) in [
        (6, 0x2a_u8, -32_256_i16),
        (6, 0xaa, 32_256),
        (6, 0xd5, 8),
        (6, 0x55, -8),
        (6, 0xc5, 264),
        (7, 0x00, -32_124),
        (7, 0x80, 32_124),
        (7, 0xff, 0),
        (7, 0xfe, 8),
        (7, 0xef, 132),
    ] {
        let file = riff(&[chunk(b"fmt ", &format(code, 1, 8)), chunk(b"data", &[stored; 3])]);
        assert_eq!(mono(&file).0, [f32::from(value) / 32_768.0; 3], "0x{stored:02x} of {code}");
    }
}

#[test]
fn any_number_of_channels_comes_apart() {
    for channels in [1_u16, 2, 3, 5, 64] {
        let (data, _) = counted(i16::try_from(channels * 7).expect("small"));
        let file = riff(&[chunk(b"fmt ", &format(1, channels, 16)), chunk(b"data", &data)]);
        let (planes, _) = decode(&file).expect("good file");
        for (channel, plane) in planes.iter().enumerate() {
            let value = |frame| (1 + frame * usize::from(channels) + channel) as f32 / 32_768.0;
            assert_eq!(*plane, (0..7).map(value).collect::<Vec<f32>>(), "{channel} of {channels}");
        }
    }
    let file = riff(&[chunk(b"fmt ", &format(1, 65, 16)), chunk(b"data", &[0; 260])]);
    assert_eq!(kind_of(&file), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn values_of_24_bits_in_four_bytes_are_found_wherever_they_lie() {
    let values: Vec<i32> = (0..100).map(|n| (n - 50) * 99_991).collect();
    let expected: Vec<f32> = values.iter().map(|value| *value as f32 / 8_388_608.0).collect();
    let roomy = |stored: &dyn Fn(i32) -> [u8; 4]| {
        let mut format = format(1, 1, 24);
        format[12] = 4;
        let data: Vec<u8> = values.iter().flat_map(|value| stored(*value)).collect();
        riff(&[chunk(b"fmt ", &format), chunk(b"data", &data)])
    };
    let low = |value: i32| value.to_le_bytes();
    let low_without_sign = |value: i32| (value & 0xff_ffff).to_le_bytes();
    let high = |value: i32| (value << 8).to_le_bytes();
    let float = |value: i32| (value as f32).to_le_bytes();
    for stored in [&low as &dyn Fn(i32) -> [u8; 4], &low_without_sign, &high, &float] {
        assert_eq!(mono(&roomy(stored)), (expected.clone(), vec![]));
    }
    // A header that is wrong: three bytes each, whatever it says of four.
    let mut wrong = format(1, 1, 24);
    wrong[12] = 4;
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes().into_iter().take(3)).collect();
    assert_eq!(mono(&riff(&[chunk(b"fmt ", &wrong), chunk(b"data", &data)])).0, expected);
}

#[test]
fn big_endian_wav_of_sox_is_read() {
    // What SoX 14.4.2 writes by `sox -n -B -b 24 -r 8000 -c 1 x.wav …`: in its GUID the codec is a
    // number of two bytes.
    let head = b"\0\0\0\x2e\0\0\0\x36WAVEfmt \0\0\0\x28\xff\xfe\0\x01\0\0\x1f\x40\0\0\x5d\xc0";
    let rest = b"\0\x03\0\x18\0\x16\0\x18\0\0\0\x04\0\x01\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    let data = b"data\0\0\0\x06\x40\0\0\xc0\0\0";
    let file = [&b"RIFX"[..], &head[4..], rest, data].concat();
    assert_eq!(mono(&file).0, [0.5, -0.5]);
}

#[test]
fn a_mask_names_the_speakers_of_its_channels() {
    let speakers = |mask: u32, channels: u16| {
        let guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
        let extension = [&[22, 0, 16, 0][..], &mask.to_le_bytes(), guid].concat();
        let extensible = [format(0xfffe, channels, 16), extension].concat();
        let audio = chunk(b"data", &vec![0; 4 * usize::from(channels)]);
        let file = riff(&[chunk(b"fmt ", &extensible), audio]);
        open_bytes(&file).expect("good file").info().speakers.mask()
    };
    assert_eq!(speakers(0xb, 3), Some(0xb), "2.1");
    assert_eq!(speakers(0x107, 4), Some(0x107));
    assert_eq!(speakers(0x33, 4), None, "as four usually are");
    assert_eq!(speakers(0x60f, 6), None);
    assert_eq!(speakers(0, 4), None);
    assert_eq!(speakers(0x3, 4), None, "of two");
    assert_eq!(speakers(u32::MAX, 4), None);
    // What is not extensible has none.
    let plain = riff(&[chunk(b"fmt ", &format(1, 3, 16)), chunk(b"data", &[0; 12])]);
    assert_eq!(open_bytes(&plain).expect("good file").info().speakers.mask(), None);
}

#[test]
fn info_names_the_bits_that_say_something() {
    let bits = |file: &[u8]| open_bytes(file).expect("good file").info().bits_per_sample;
    let audio = chunk(b"data", &[0; 12]);
    assert_eq!(bits(&riff(&[chunk(b"fmt ", &format(1, 1, 20)), audio.clone()])), Some(20));
    let guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    let extension = [&[22, 0, 18, 0, 4, 0, 0, 0][..], guid].concat();
    let extensible = [format(0xfffe, 1, 32), extension].concat();
    assert_eq!(bits(&riff(&[chunk(b"fmt ", &extensible), audio])), Some(18));
}
