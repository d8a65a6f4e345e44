#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "signals are computed in f64, and lengths are short"
)]

use std::num::NonZeroUsize;

use super::{BLOCK_FRAMES, ColouredWaveform, Pixel, Resolution, WaveformMeter};
use crate::buffer::SampleBuffer;
use crate::spec::AudioSpec;

fn measure(sample_rate: u32, planes: &[Vec<f32>]) -> ColouredWaveform {
    let frames = planes[0].len();
    let mut meter = WaveformMeter::new(AudioSpec { sample_rate, channels: planes.len() }, frames);
    let mut from = 0;
    for size in [1, 4_096, 777].into_iter().cycle() {
        let to = frames.min(from + size);
        let block: Vec<&[f32]> = planes.iter().map(|plane| &plane[from..to]).collect();
        meter.measure(&block);
        from = to;
        if from == frames {
            break;
        }
    }
    let waveform = meter.result();
    for blocks in waveform.levels.iter().flatten() {
        assert_eq!(blocks.capacity(), blocks.len(), "there was room from the start");
    }
    waveform
}

#[test]
fn it_is_shown_by_its_length() {
    let waveform = measure(48_000, &[vec![0.5; 1_000_000], vec![0.5; 1_000_000]]);
    let shown = format!("{waveform:?}");
    assert!(shown.len() < 200 && shown.contains("frames: 1000000"), "{shown}");
}

/// White noise from −1 to 1 that swells, the same each time.
fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..frames).map(|at| next() * (at as f32 / 9_000.0).sin()).collect()
}

fn tone(rate: u32, frequency_hz: f64, frames: usize) -> Vec<f32> {
    let turns = |at: usize| frequency_hz * at as f64 / f64::from(rate);
    (0..frames).map(|at| (0.5 * (std::f64::consts::TAU * turns(at)).sin()) as f32).collect()
}

/// Within the steps of `f32`.
#[track_caller]
fn assert_equal(found: f32, expected: f64, what: &str) {
    let tolerance = expected * f64::from(f32::EPSILON);
    assert!((f64::from(found) - expected).abs() <= tolerance, "{what}: {found}, not {expected}");
}

#[test]
fn every_level_is_that_of_its_frames() {
    // Ends within a block of each level.
    let planes = [noise(3 * 8_192 + 1_000, 1), noise(3 * 8_192 + 1_000, 2), noise(25_576, 3)];
    let waveform = measure(44_100, &planes);
    for (level, block_frames) in waveform.levels.iter().zip(BLOCK_FRAMES) {
        for (blocks, plane) in level.iter().zip(&planes) {
            assert_eq!(blocks.len(), plane.len().div_ceil(block_frames));
            for (block, frames) in blocks.iter().zip(plane.chunks(block_frames)) {
                let min = frames.iter().copied().fold(f32::INFINITY, f32::min);
                let max = frames.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!((block.min, block.max), (min, max));
                let squares = frames.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
                assert_equal(block.powers[0], squares / frames.len() as f64, "mean square");
            }
        }
    }
}

/// A coarse block has the bands of the fine ones in it.
#[test]
fn the_bands_of_a_level_are_those_of_the_finer_one() {
    let waveform = measure(48_000, &[noise(2 * 8_192 + 700, 7)]);
    let [fine, coarse] = &waveform.levels;
    let ratio = BLOCK_FRAMES[1] / BLOCK_FRAMES[0];
    for (index, block) in coarse[0].iter().enumerate() {
        let parts = &fine[0][index * ratio..fine[0].len().min((index + 1) * ratio)];
        for band in 0..4 {
            let frames = |part: usize| match index * ratio + part {
                64.. if part + 1 == parts.len() => 700 % 256,
                _ => 256,
            };
            let sum: f64 = parts
                .iter()
                .enumerate()
                .map(|(part, block)| f64::from(block.powers[band]) * frames(part) as f64)
                .sum();
            let count: usize = (0..parts.len()).map(frames).sum();
            let expected = sum / count as f64;
            let error = (f64::from(block.powers[band]) - expected).abs();
            assert!(error <= expected * 2.0 * f64::from(f32::EPSILON), "block {index} band {band}");
        }
    }
}

#[test]
fn pixels_agree_with_the_minima_and_maxima_of_the_sample() {
    let planes = vec![noise(100_000, 4), noise(100_000, 5)];
    let waveform = measure(48_000, &planes);
    let sample = SampleBuffer::from_planes(48_000, planes).expect("a sample");
    // Pixels that begin and end with blocks.
    for (width, blocks) in [(390, 1), (100, 3), (4, 64), (3, 100)] {
        let end_sec = (width * blocks * 256) as f64 / 48_000.0;
        let exact = sample.waveform(width, 0.0, end_sec);
        let pixels = waveform.pixels(width, 0.0, end_sec);
        let all: Vec<Pixel> = pixels.concat();
        assert_eq!(all.iter().map(|pixel| pixel.min).collect::<Vec<_>>(), exact.min);
        assert_eq!(all.iter().map(|pixel| pixel.max).collect::<Vec<_>>(), exact.max);
    }
}

#[test]
fn levels_are_those_of_the_blocks_that_a_pixel_covers() {
    let frames = 20_000;
    // 0.25 for one block, 0.5 for the next, and so on.
    let value = |at: usize| [0.25, 0.5][at / 256 % 2];
    let waveform = measure(1_000, &[(0..frames).map(value).collect()]);
    // From the middle of a block to the middle of the next: both count the same.
    let pixel = waveform.pixels(1, 0.128, 0.384)[0][0];
    let expected = ((0.25_f32.powi(2) + 0.5_f32.powi(2)) / 2.0).sqrt();
    assert_eq!((pixel.min, pixel.max, pixel.rms), (0.25, 0.5, expected));
    // Within one block.
    assert_eq!(waveform.pixels(1, 0.3, 0.301)[0][0].rms, 0.5);
    // All of it, by blocks of both levels.
    let squares: f64 = (0..frames).map(|at| f64::from(value(at)).powi(2)).sum();
    let pixel = waveform.pixels(1, 0.0, 20.0)[0][0];
    assert_equal(pixel.rms, (squares / frames as f64).sqrt(), "all");
}

#[test]
fn where_there_is_no_frame_all_is_zero() {
    let waveform = measure(1_000, &[vec![1.0; 1_000]]);
    let of = |width, start, end| waveform.pixels(width, start, end);
    assert_eq!(of(2, 1.0, 3.0)[0], [Pixel::default(); 2]);
    assert_eq!(of(1, -1.0, -0.5)[0], [Pixel::default()]);
    assert_eq!(of(1, f64::NAN, f64::INFINITY)[0], [Pixel::default()]);
    assert_eq!(of(0, 0.0, 1.0)[0], []);
    assert_eq!(measure(1_000, &[Vec::new()]).pixels(1, 0.0, 1.0)[0], [Pixel::default()]);
}

/// The power of a tone is in its band, and half of its amplitude in either at a crossover.
#[test]
fn bands_divide_at_200_hz_and_2_khz() {
    for rate in [44_100, 96_000, 768_000] {
        for (frequency_hz, shares) in [
            (40.0, [1.0, 0.0, 0.0]),
            (200.0, [0.5, 0.5, 0.0]),
            (632.0, [0.01, 1.0, 0.01]),
            (2_000.0, [0.0, 0.5, 0.5]),
            (15_000.0, [0.0, 0.0, 1.0]),
        ] {
            let frames = rate as usize;
            let waveform = measure(rate, &[tone(rate, frequency_hz, frames)]);
            let pixel = waveform.pixels(1, 0.25, 1.0)[0][0];
            let full = f64::from(0.5 / std::f32::consts::SQRT_2);
            assert!((f64::from(pixel.rms) - full).abs() < 0.002);
            for (found, share) in [pixel.low, pixel.mid, pixel.high].into_iter().zip(shares) {
                let found = f64::from(found) / full;
                assert!((found - share).abs() < 0.02, "{found} at {frequency_hz} Hz of {rate}");
            }
        }
    }
}

#[test]
fn any_input_has_a_result_of_numbers() {
    for value in [0.0, 1.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NAN, f32::from_bits(1)] {
        for (rate, channels) in [(1_000, 1), (8_000, 8), (768_000, 3)] {
            for frames in [1, 255, 256, 10_000] {
                let mut plane = noise(frames, 9);
                plane[frames / 2] = value;
                for planes in [vec![plane; channels], vec![vec![value; frames]; channels]] {
                    let pixels = measure(rate, &planes).pixels(3, 0.0, 10.0).concat();
                    let values = pixels.iter().flat_map(|pixel| {
                        [pixel.min, pixel.max, pixel.rms, pixel.low, pixel.mid, pixel.high]
                    });
                    assert!(values.into_iter().all(f32::is_finite), "{value} {frames}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_number_is_no_sound() {
    let mut plane = vec![0.5; 4 * 256];
    plane[256..512].fill(f32::NAN);
    plane[512..768].fill(f32::INFINITY);
    let pixels = measure(1_000, &[plane]).pixels(4, 0.0, 1.024).remove(0);
    assert_eq!(pixels[1], Pixel::default());
    let (min, max) = (f32::MAX, f32::MAX);
    assert_eq!(pixels[2], Pixel { min, max, ..Pixel::default() });
    for of_numbers in [pixels[0], pixels[3]] {
        assert_eq!((of_numbers.min, of_numbers.max, of_numbers.rms), (0.5, 0.5, 0.5));
    }
}

#[test]
fn a_pixel_that_is_narrower_than_a_frame_is_of_one_frame() {
    let mut plane = vec![0.25; 512];
    plane[256..].fill(-0.5);
    let waveform = measure(1_000, &[plane]);
    // Four pixels of half a frame, of which the frames lie in two blocks.
    let pixels = waveform.pixels(4, 0.255, 0.257).remove(0);
    assert_eq!(pixels.iter().map(|pixel| pixel.max).collect::<Vec<_>>(), [0.25, 0.25, -0.5, -0.5]);
    assert_eq!(pixels.iter().map(|pixel| pixel.rms).collect::<Vec<_>>(), [0.25, 0.25, 0.5, 0.5]);
}

#[test]
fn what_is_no_number_leaves_the_blocks_behind_it_as_they_are() {
    let mut plane = noise(30 * 256, 11);
    let whole = measure(48_000, &[plane.clone()]);
    plane[100] = f32::NAN;
    let [last, expected] = [measure(48_000, &[plane]), whole]
        .map(|waveform| waveform.pixels(30, 0.0, 30.0 * 256.0 / 48_000.0)[0][29]);
    assert_eq!((last.min, last.max, last.rms), (expected.min, expected.max, expected.rms));
    // The filters have begun anew.
    for (found, expected) in
        [(last.low, expected.low), (last.mid, expected.mid), (last.high, expected.high)]
    {
        assert!((found / expected - 1.0).abs() < 1e-3, "{found}, expected {expected}");
    }
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

/// A stereo sample of two pixels and a bit.
fn to_export() -> ColouredWaveform {
    let mut left = vec![0.0; 600];
    (left[0], left[300], left[599]) = (-0.5, 0.25, 2.0);
    let mut right = vec![0.0; 600];
    (right[100], right[256], right[511]) = (1.0, -1.0, 0.003);
    measure(44_100, &[left, right])
}

#[test]
fn a_dat_file_is_as_the_format_says() {
    let header = |flags: u8, frames: u16, length: u8| {
        let [low, high] = frames.to_le_bytes();
        [
            [2, 0, 0, 0],
            [flags, 0, 0, 0],
            [0x44, 0xac, 0, 0],
            [low, high, 0, 0],
            [length, 0, 0, 0],
            [2, 0, 0, 0],
        ]
        .concat()
    };
    let values: [i16; 12] = [-16_384, 0, 0, 32_767, 0, 8_192, -32_768, 98, 0, 32_767, 0, 0];
    let mut expected = header(0, 256, 3);
    expected.extend(values.into_iter().flat_map(i16::to_le_bytes));
    assert_eq!(to_export().to_dat(Resolution::Bits16, one()), expected);

    let mut expected = header(1, 512, 2);
    expected.extend([-64, 32, -128, 127, 0, 127, 0, 0].map(i8::cast_unsigned));
    let two = NonZeroUsize::new(2).expect("not zero");
    assert_eq!(to_export().to_dat(Resolution::Bits8, two), expected);
}

#[test]
fn eight_bits_are_sixteen_divided_by_256_towards_zero() {
    let mut plane = vec![0.0; 256];
    (plane[0], plane[1]) = (-0.3, 0.3);
    let json = measure(44_100, &[plane]).to_json(Resolution::Bits8, one());
    // Of 16 bits −9,830 and 9,830.
    assert!(json.contains("\"data\":[-38,38]"), "{json}");
}

#[test]
fn a_json_file_says_the_same_and_the_levels() {
    let json = to_export().to_json(Resolution::Bits8, one());
    let start = "{\"version\":2,\"channels\":2,\"sample_rate\":44100,\"samples_per_pixel\":256,\
        \"bits\":8,\"length\":3,\"data\":[-64,0,0,127,0,32,-128,0,0,127,0,0],\"rms\":[";
    assert!(json.starts_with(start), "{json}");
    for name in ["rms", "low", "mid", "high"] {
        let list = json.split(&format!("\"{name}\":[")).nth(1).expect("the list");
        let list = list.split(']').next().expect("its end");
        assert_eq!(list.split(',').count(), 6, "{name}");
    }
    assert!(json.ends_with("]}"));
}

#[test]
fn bytes_are_the_whole_waveform_or_none() {
    for (frames, channels) in [(1, 1), (255, 3), (256, 1), (8_192, 2), (70_000, 2)] {
        let planes: Vec<_> = (1..=channels).map(|seed| noise(frames, seed)).collect();
        let waveform = measure(44_100, &planes);
        let bytes = waveform.to_bytes();
        assert_eq!(ColouredWaveform::from_bytes(&bytes), Some(waveform));
        for len in 0..bytes.len().min(1_000) {
            assert_eq!(ColouredWaveform::from_bytes(&bytes[..len]), None, "{len} bytes");
        }
        assert_eq!(ColouredWaveform::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(ColouredWaveform::from_bytes(&[&*bytes, &[0]].concat()), None);
    }
}

#[test]
fn bytes_that_lie_are_no_waveform() {
    let bytes = measure(44_100, &[noise(1_000, 1)]).to_bytes();
    // Version; rate, channels and frames, each with its highest byte.
    for at in [7, 8, 15, 16, 23, 24, 31] {
        let mut lie = bytes.clone();
        lie[at] ^= 0x80;
        let found = ColouredWaveform::from_bytes(&lie);
        // 44,228 Hz, and 872 frames as well, may be told of as many blocks.
        let may_be = matches!(at, 8 | 24);
        assert_eq!(found.is_some(), may_be, "byte {at}");
    }
}
