//! Decoding of files made here, with arithmetic as the truth.

mod chained;
mod hostile;
mod lost;
mod mp4;
mod pcm;
mod sources;

use std::sync::Arc;

use super::channels::wave_order;
use super::{Decoder, OpenedSource, open};
use crate::error::{LoadError, LoadErrorKind, LoadWarning, WarningCode};
use crate::metadata::{Collector, Pictures};
use crate::source::Source;
use crate::testing::{FLOAT, PCM, WAV_HEADER_BYTES, ramp_wav, wav};

pub(super) fn open_bytes(file: &[u8]) -> Result<Box<dyn Decoder>, LoadError> {
    let source = OpenedSource::open(&Source::Memory(Arc::from(file)), Arc::default())?;
    open(source, &mut Collector::new(Pictures::Note))
}

/// All planes and warnings of `file`.
pub(super) fn decode(file: &[u8]) -> Result<(Vec<Vec<f32>>, Vec<LoadWarning>), LoadError> {
    let mut decoder = open_bytes(file)?;
    let mut planes = vec![Vec::new(); decoder.info().spec.channels];
    while let Some(chunk) = decoder.next_chunk()? {
        for (plane, part) in planes.iter_mut().zip(chunk.planes()) {
            plane.extend_from_slice(part);
        }
    }
    Ok((planes, decoder.warnings()))
}

fn kind_of(file: &[u8]) -> LoadErrorKind {
    decode(file).expect_err("must not decode").kind()
}

#[test]
fn integers_are_divided_by_their_full_scale_and_rounded_once() {
    for bits in [8_u16, 16, 24, 32] {
        let full_scale = 2_f64.powi(i32::from(bits) - 1);
        let top = (1_i64 << (bits - 1)) - 1;
        let values = [0, 1, -1, top, -top - 1, top / 3, -top / 7, top - 1];
        let data: Vec<u8> = values
            .iter()
            .flat_map(|value| {
                // Eight bits are unsigned in WAV, with 128 as the middle.
                let stored = if bits == 8 { value + 128 } else { *value };
                stored.to_le_bytes().into_iter().take(usize::from(bits / 8)).collect::<Vec<u8>>()
            })
            .collect();
        let (planes, warnings) = decode(&wav(PCM, bits, 1, 48_000, &data)).expect("good file");
        #[allow(clippy::cast_possible_truncation, reason = "rounding to f32 is what is tested")]
        let expected: Vec<f32> =
            values.iter().map(|value| (*value as f64 / full_scale) as f32).collect();
        assert_eq!(planes, [expected], "{bits} bits");
        assert_eq!(warnings, []);
    }
}

#[test]
fn floats_pass_unchanged_also_beyond_full_scale() {
    let values = [0.0_f32, -0.25, 1.0, 3.5, -1e10, 1e-20];
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let (planes, _) = decode(&wav(FLOAT, 32, 2, 44_100, &data)).expect("good file");
    assert_eq!(planes, [[0.0, 1.0, -1e10], [-0.25, 3.5, 1e-20]]);

    let wide: Vec<u8> = values.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect();
    let (planes, _) = decode(&wav(FLOAT, 64, 1, 44_100, &wide)).expect("good file");
    assert_eq!(planes, [values]);
}

#[test]
fn what_is_not_finite_becomes_silence_and_is_counted() {
    let values = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e20, -0.5];
    let data: Vec<u8> = values.iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
    let (planes, warnings) = decode(&wav(FLOAT, 32, 1, 44_100, &data)).expect("good file");
    assert_eq!(planes, [[0.5, 0.0, 0.0, 0.0, 0.0, -0.5]]);
    let [warning] = warnings.as_slice() else {
        panic!("one warning, not {warnings:?}");
    };
    assert_eq!(warning.code, WarningCode::NonFinite);
    assert_eq!(warning.numbers, [("values", 4.0)]);
}

#[test]
fn a_file_cut_short_decodes_up_to_the_cut_with_a_warning() {
    let whole = ramp_wav(1000, 48_000);
    let (planes, warnings) = decode(&whole[..WAV_HEADER_BYTES + 4 * 300]).expect("300 frames");
    assert_eq!(planes[0].len(), 300);
    let [warning] = warnings.as_slice() else {
        panic!("one warning, not {warnings:?}");
    };
    assert_eq!(warning.code, WarningCode::Truncated);
    assert_eq!(warning.numbers, [("frames", 300.0), ("stated_frames", 1000.0)]);
}

#[test]
fn rates_and_channels_outside_the_limits_are_unsupported() {
    let data = [0; 64];
    for rate in [1_000, 768_000] {
        assert!(decode(&wav(PCM, 16, 1, rate, &data)).is_ok(), "{rate} Hz");
    }
    for rate in [0, 1, 999, 768_001, u32::MAX / 4] {
        let kind = kind_of(&wav(PCM, 16, 1, rate, &data));
        assert!(
            matches!(kind, LoadErrorKind::UnsupportedFormat | LoadErrorKind::Corrupt),
            "{rate} Hz ends in {kind:?}"
        );
    }
    assert_eq!(kind_of(&wav(PCM, 16, 1, 999, &data)), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn no_byte_and_no_frame_are_empty() {
    assert_eq!(kind_of(b""), LoadErrorKind::Empty);
    assert_eq!(kind_of(&wav(PCM, 16, 2, 48_000, b"")), LoadErrorKind::Empty);
}

#[test]
fn formats_that_hide_another_one_are_not_taken_for_it() {
    let inner = ramp_wav(1000, 48_000);
    for head in [&b"wvpk"[..], b"RF64", b"\x89PNG", b"some text\n", b"ID3\x04\0\0\0\0\0\x04data"] {
        let file = [head, &inner].concat();
        let expected = LoadErrorKind::UnsupportedFormat;
        if head.starts_with(b"ID3") {
            assert!(decode(&file).is_ok(), "a tag in front of a file is no format of its own");
        } else {
            assert_eq!(kind_of(&file), expected, "{}", String::from_utf8_lossy(head));
        }
    }
}

#[test]
fn info_names_container_codec_and_length() {
    let file = ramp_wav(1234, 22_050);
    let decoder = open_bytes(&file).expect("good file");
    let info = decoder.info();
    assert_eq!((info.container.as_str(), info.codec.as_str()), ("wav", "pcm_s16le"));
    assert_eq!((info.spec.sample_rate, info.spec.channels), (22_050, 2));
    assert_eq!((info.frames, info.frames_estimated), (Some(1234), false));
    assert_eq!((info.bits_per_sample, info.byte_len), (Some(16), file.len() as u64));
}

#[test]
fn planes_are_ordered_by_the_bits_of_the_channel_mask() {
    let order = |bits: &[u32]| wave_order(&bits.iter().copied().map(Some).collect::<Vec<_>>());
    assert_eq!(order(&[0, 1]), [0, 1]);
    // L C R Ls Rs LFE, as Vorbis has 5.1, into L R C LFE Ls Rs.
    assert_eq!(order(&[0, 2, 1, 4, 5, 3]), [0, 2, 1, 5, 3, 4]);
    assert_eq!(order(&[1, 0]), [1, 0]);
    assert_eq!(order(&[2, 0, 2]), [0, 1, 2], "two of one speaker stay as they are");
    assert_eq!(wave_order(&[Some(1), None, Some(0)]), [0, 1, 2], "unknown ones stay");
    assert_eq!(wave_order(&[]), [0; 0]);
}
