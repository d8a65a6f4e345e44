//! From `f32` to the device's sample format.

use cpal::{Data, I24, SampleFormat, U24};

use super::super::feed::Feed;

/// Values converted at a time.
const SCRATCH_VALUES: usize = 4096;

/// Whether a device of this format can be played on.
pub(super) fn is_supported(format: SampleFormat) -> bool {
    !matches!(format, SampleFormat::DsdU8 | SampleFormat::DsdU16 | SampleFormat::DsdU32)
}

/// Renders into a device's buffer of any format and any length.
///
/// `F32` and `F64` take the mix as it is, but for what is no finite number: that becomes silence
/// here, as it would stay in the filters of whatever comes next. Integers take −1..1: what is
/// beyond is clipped here, and the rest rounded to the nearest step.
#[derive(Debug)]
pub(super) struct Converter {
    scratch: Box<[f32]>,
}

impl Converter {
    pub(super) fn new(channels: usize) -> Self {
        // Whole frames, so that every piece but the last of a buffer is one.
        let values = (SCRATCH_VALUES / channels).max(1) * channels;
        Self { scratch: vec![0.0; values].into() }
    }

    /// Fills `data` with the next frames of the mix, without counting that. False if its format is
    /// not supported: then nothing was rendered. Realtime-safe.
    pub(super) fn render(&mut self, feed: &mut Feed, data: &mut Data) -> bool {
        match data.sample_format() {
            SampleFormat::F32 => {
                if let Some(out) = data.as_slice_mut::<f32>() {
                    feed.render_piece(out);
                    out.iter_mut().for_each(|value| *value = to_finite(*value));
                }
            }
            SampleFormat::F64 => {
                self.fill(feed, data.as_slice_mut(), |value| f64::from(to_finite(value)));
            }
            SampleFormat::I8 => self.fill(feed, data.as_slice_mut(), to_i8),
            SampleFormat::I16 => self.fill(feed, data.as_slice_mut(), to_i16),
            SampleFormat::I24 => self.fill(feed, data.as_slice_mut(), to_i24),
            SampleFormat::I32 => self.fill(feed, data.as_slice_mut(), to_i32),
            SampleFormat::I64 => self.fill(feed, data.as_slice_mut(), to_i64),
            SampleFormat::U8 => self.fill(feed, data.as_slice_mut(), to_u8),
            SampleFormat::U16 => self.fill(feed, data.as_slice_mut(), to_u16),
            SampleFormat::U24 => self.fill(feed, data.as_slice_mut(), to_u24),
            SampleFormat::U32 => self.fill(feed, data.as_slice_mut(), to_u32),
            SampleFormat::U64 => self.fill(feed, data.as_slice_mut(), to_u64),
            _ => return false,
        }
        true
    }

    fn fill<T>(&mut self, feed: &mut Feed, out: Option<&mut [T]>, convert: fn(f32) -> T) {
        for piece in out.unwrap_or_default().chunks_mut(self.scratch.len()) {
            let mix = &mut self.scratch[..piece.len()];
            feed.render_piece(mix);
            for (target, value) in piece.iter_mut().zip(mix) {
                *target = convert(*value);
            }
        }
    }
}

fn to_finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// A value as an integer of `bits` bits: −1 is the lowest, 1 the highest, NaN is 0.
fn to_integer(value: f32, bits: u32) -> i64 {
    let steps = (1_u64 << (bits - 1)) as f64;
    let scaled = (f64::from(value) * steps).round_ties_even().clamp(-steps, steps - 1.0);
    #[allow(clippy::cast_possible_truncation, reason = "clamped; NaN becomes 0")]
    let integer = scaled as i64;
    integer
}

/// As [`to_integer`], with 0 in the middle of an unsigned range.
fn to_unsigned(value: f32, bits: u32) -> u64 {
    let middle = 1_u64 << (bits - 1);
    middle.wrapping_add_signed(to_integer(value, bits))
}

#[allow(clippy::cast_possible_truncation, reason = "to_integer keeps to the bits it is given")]
pub(super) mod narrow {
    use cpal::Sample as _;

    use super::{I24, U24, to_integer, to_unsigned};

    pub(in super::super) fn to_i8(value: f32) -> i8 {
        to_integer(value, 8) as i8
    }

    pub(in super::super) fn to_i16(value: f32) -> i16 {
        to_integer(value, 16) as i16
    }

    pub(in super::super) fn to_i24(value: f32) -> I24 {
        I24::new(to_integer(value, 24) as i32).unwrap_or(I24::EQUILIBRIUM)
    }

    pub(in super::super) fn to_i32(value: f32) -> i32 {
        to_integer(value, 32) as i32
    }

    pub(in super::super) fn to_i64(value: f32) -> i64 {
        to_integer(value, 64)
    }

    pub(in super::super) fn to_u8(value: f32) -> u8 {
        to_unsigned(value, 8) as u8
    }

    pub(in super::super) fn to_u16(value: f32) -> u16 {
        to_unsigned(value, 16) as u16
    }

    pub(in super::super) fn to_u24(value: f32) -> U24 {
        U24::new(to_unsigned(value, 24) as i32).unwrap_or(U24::EQUILIBRIUM)
    }

    pub(in super::super) fn to_u32(value: f32) -> u32 {
        to_unsigned(value, 32) as u32
    }

    pub(in super::super) fn to_u64(value: f32) -> u64 {
        to_unsigned(value, 64)
    }
}
use narrow::{to_i8, to_i16, to_i24, to_i32, to_i64, to_u8, to_u16, to_u24, to_u32, to_u64};
