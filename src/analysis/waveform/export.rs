//! Files for viewers of waveforms.
//!
//! # Sources
//! BBC, *Waveform data file format* (audiowaveform, `doc/DataFormat.md`), version 2: the header
//! is 24 bytes, whatever the offsets in its tables of samples say. Values of 8 bits are those of 16
//! bits divided by 256, towards zero, as audiowaveform has them.

use std::fmt::Write;
use std::num::NonZeroUsize;

use super::{BLOCK_FRAMES, ColouredWaveform, Pixel};

const VERSION: u8 = 2;

/// Bits of each value in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// −128 to 127.
    Bits8,
    /// −32,768 to 32,767.
    Bits16,
}

impl Resolution {
    fn bits(self) -> u8 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
        }
    }

    /// A value as the file has it; beyond full scale it is clipped.
    #[expect(clippy::cast_possible_truncation, reason = "a cast to i16 clips")]
    fn quantized(self, value: f32) -> i16 {
        let value = (value * 32_768.0).round() as i16;
        match self {
            Self::Bits8 => value / 256,
            Self::Bits16 => value,
        }
    }
}

impl ColouredWaveform {
    /// The minima and maxima as a `.dat` file of BBC's audiowaveform, version 2, which peaks.js and
    /// other viewers read: 256 · `blocks` frames per pixel, exact; channels stay apart.
    pub fn to_dat(&self, resolution: Resolution, blocks: NonZeroUsize) -> Vec<u8> {
        let pixels = self.exported(blocks);
        let flags = match resolution {
            Resolution::Bits8 => 1,
            Resolution::Bits16 => 0,
        };
        let header = [
            VERSION.into(),
            flags,
            self.spec.sample_rate,
            saturated(frames_of(blocks)),
            saturated(pixels.len()),
            saturated(self.spec.channels),
        ];
        let mut bytes: Vec<u8> = header.into_iter().flat_map(u32::to_le_bytes).collect();
        for pixel in pixels.iter().flatten() {
            for value in [pixel.min, pixel.max] {
                let value = resolution.quantized(value).to_le_bytes();
                bytes.extend_from_slice(&value[..usize::from(resolution.bits() / 8)]);
            }
        }
        bytes
    }

    /// The same as a `.json` file. Beyond what the format has, `rms`, `low`, `mid` and `high` hold
    /// one value per pixel and channel, in the order of `data`; viewers pass over them.
    pub fn to_json(&self, resolution: Resolution, blocks: NonZeroUsize) -> String {
        let pixels = self.exported(blocks);
        let all = || pixels.iter().flatten();
        let extremes = all().flat_map(|pixel| [pixel.min, pixel.max]);
        let mut json = format!(
            "{{\"version\":{VERSION},\"channels\":{},\"sample_rate\":{},\"samples_per_pixel\":{},\
             \"bits\":{},\"length\":{},\"data\":",
            self.spec.channels,
            self.spec.sample_rate,
            frames_of(blocks),
            resolution.bits(),
            pixels.len(),
        );
        list(&mut json, extremes, resolution);
        type Level = (&'static str, fn(&Pixel) -> f32);
        let levels: [Level; 4] = [
            ("rms", |pixel| pixel.rms),
            ("low", |pixel| pixel.low),
            ("mid", |pixel| pixel.mid),
            ("high", |pixel| pixel.high),
        ];
        for (name, level) in levels {
            write!(json, ",\"{name}\":").ok();
            list(&mut json, all().map(level), resolution);
        }
        json.push('}');
        json
    }

    /// The pixels of all channels, one after the other in time.
    fn exported(&self, blocks: NonZeroUsize) -> Vec<Vec<Pixel>> {
        let step = frames_of(blocks);
        let of_all = |start: usize| {
            let end = start.saturating_add(step).min(self.frames);
            (0..self.spec.channels).map(|channel| self.pixel(channel, start, end)).collect()
        };
        (0..self.frames).step_by(step).map(of_all).collect()
    }
}

fn frames_of(blocks: NonZeroUsize) -> usize {
    blocks.get().saturating_mul(BLOCK_FRAMES[0])
}

/// The fields of the header are signed but for the length.
fn saturated(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs())
}

/// Writes an array of JSON.
fn list(json: &mut String, values: impl Iterator<Item = f32>, resolution: Resolution) {
    json.push('[');
    for (n, value) in values.enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // Writing to a `String` cannot fail.
        write!(json, "{comma}{}", resolution.quantized(value)).ok();
    }
    json.push(']');
}
