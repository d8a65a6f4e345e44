//! Waveforms against a search through all frames.

use crate::buffer::{SampleBuffer, SampleWriter, Waveform};
use crate::error::LoadError;
use crate::spec::AudioSpec;

const RATE: u32 = 1_000;
const CHANNELS: usize = 3;

/// The least and the greatest value from `start_sec` to `end_sec`, by looking at each.
fn searched(planes: &[Vec<f32>], width: usize, start_sec: f64, end_sec: f64) -> Waveform {
    let (mut min, mut max) = (Vec::new(), Vec::new());
    for plane in planes {
        for pixel in 0..width {
            let frame = |pixel: usize| {
                let share = pixel as f64 / width as f64;
                ((start_sec + (end_sec - start_sec) * share) * f64::from(RATE) + 1e-6).floor()
            };
            let (first, next) = (frame(pixel), frame(pixel + 1));
            let within = |at: usize| {
                let at = at as f64;
                at >= first && at < next.max(first + 1.0)
            };
            let values = plane.iter().enumerate().filter(|(at, _)| within(*at)).map(|(_, v)| *v);
            let values: Vec<f32> = values.collect();
            min.push(values.iter().copied().reduce(f32::min).unwrap_or(0.0));
            max.push(values.iter().copied().reduce(f32::max).unwrap_or(0.0));
        }
    }
    Waveform { width, min, max }
}

/// Planes of values that repeat after 2^16 only, each smaller than 1.
fn noise(frames: usize, seed: u16) -> Vec<Vec<f32>> {
    let mut state = seed;
    let mut next = || {
        // A full period: the increment is odd, the factor 1 more than a multiple of 4.
        state = state.wrapping_mul(25_173).wrapping_add(13_849);
        f32::from(state) / 32_768.0 - 1.0
    };
    (0..CHANNELS).map(|_| (0..frames).map(|_| next()).collect()).collect()
}

#[test]
fn waveforms_are_exact_at_any_zoom() -> Result<(), LoadError> {
    let planes = noise(70_000, 1);
    let sample = SampleBuffer::from_planes(RATE, planes.clone())?;
    let stretches = [
        (0.0, 70.0),
        (0.0, 71.3),
        (-1.5, 2.0),
        (0.256, 8.192 * 3.0),
        (12.345, 12.4),
        (33.0, 33.01),
        (69.9995, 70.0),
        (80.0, 90.0),
        (5.0, 5.0),
    ];
    for (start_sec, end_sec) in stretches {
        for width in [1, 2, 7, 200] {
            let found = sample.waveform(width, start_sec, end_sec);
            let expected = searched(&planes, width, start_sec, end_sec);
            assert_eq!(found, expected, "{width} pixels of {start_sec}..{end_sec} s");
        }
    }
    Ok(())
}

#[test]
fn an_arriving_sample_is_drawn_as_far_as_it_is_there() -> Result<(), LoadError> {
    let planes = noise(40_000, 2);
    let spec = AudioSpec { sample_rate: RATE, channels: CHANNELS };
    for known in [true, false] {
        let mut writer = match known {
            true => SampleWriter::with_capacity(spec, 40_000)?,
            false => SampleWriter::growing(spec)?,
        };
        let mut written = 0;
        for frames in [1, 254, 1, 1, 511, 7_424, 20_000, 11_808] {
            let until = written + frames;
            let next: Vec<&[f32]> = planes.iter().map(|plane| &plane[written..until]).collect();
            writer.append(&next)?;
            written = until;
            let ready: Vec<Vec<f32>> = planes.iter().map(|plane| plane[..until].to_vec()).collect();
            if let Some(sample) = writer.buffer() {
                assert_eq!(sample.waveform(50, 0.0, 40.0), searched(&ready, 50, 0.0, 40.0));
            }
        }
        let sample = writer.finish();
        assert_eq!(sample.waveform(50, 0.0, 40.0), searched(&planes, 50, 0.0, 40.0));
    }
    Ok(())
}

#[test]
fn what_is_no_stretch_of_a_sample_is_flat() -> Result<(), LoadError> {
    let sample = SampleBuffer::from_planes(RATE, noise(1_000, 3))?;
    for (start_sec, end_sec) in [(f64::NAN, 1.0), (1e300, f64::INFINITY), (0.5, -1e300)] {
        let waveform = sample.waveform(4, start_sec, end_sec);
        assert!(waveform.min.iter().zip(&waveform.max).all(|(min, max)| min <= max));
    }
    assert_eq!(sample.waveform(0, 0.0, 1.0), Waveform::default());
    Ok(())
}
