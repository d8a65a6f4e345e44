//! Stored values of fixed size, and their way into planes of `f32`.
//!
//! Integers of `n` bits are divided by 2^(n−1) and rounded once, to nearest. Those whose bits do
//! not fill their bytes lie at the upper end of them, with zeros below, so that the bytes are
//! what counts.

use super::fields::Order;
use super::law;

/// How one value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Linear {
    /// Eight bits, 128 being zero.
    Unsigned8,
    /// Two's complement in one to eight bytes.
    Signed { bytes: u8, order: Order },
    /// Two's complement of 24 bits in the first three of four bytes, lowest first.
    Low24In32,
    /// IEEE 754 of two, four or eight bytes.
    Float { bytes: u8, order: Order },
    /// Four bytes of IEEE 754, lowest first, with 2^23 as full scale.
    Float24,
    /// ITU-T G.711.
    ALaw,
    /// ITU-T G.711.
    MuLaw,
}

impl Linear {
    /// Two's complement of at most `bits` bits; None beyond 64 or for none at all.
    pub(in crate::decode) fn signed(bits: u32, order: Order) -> Option<Self> {
        let bytes = u8::try_from(bits.div_ceil(8)).ok().filter(|bytes| (1..=8).contains(bytes))?;
        Some(Self::Signed { bytes, order })
    }

    /// IEEE 754 of `bits` bits; None where there is no such thing.
    pub(in crate::decode) fn float(bits: u32, order: Order) -> Option<Self> {
        let bytes = match bits {
            16 => 2,
            32 => 4,
            64 => 8,
            _ => return None,
        };
        Some(Self::Float { bytes, order })
    }

    /// Bytes of one stored value.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::ALaw | Self::MuLaw => 1,
            Self::Low24In32 | Self::Float24 => 4,
            Self::Signed { bytes, .. } | Self::Float { bytes, .. } => usize::from(bytes),
        }
    }

    /// Whether values may be NaN, infinite or absurd.
    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::Float { .. } | Self::Float24)
    }

    /// The name that [`StreamInfo`](crate::StreamInfo) has for it.
    pub(super) fn codec(self) -> String {
        let number = |kind: char, bytes: u8, order: Order| match bytes {
            1 => format!("pcm_{kind}8"),
            _ => format!("pcm_{kind}{}{}", u32::from(bytes) * 8, order.suffix()),
        };
        match self {
            Self::Unsigned8 => "pcm_u8".to_owned(),
            Self::ALaw => "pcm_alaw".to_owned(),
            Self::MuLaw => "pcm_mulaw".to_owned(),
            Self::Low24In32 => "pcm_s24le".to_owned(),
            Self::Float24 => "pcm_f32le".to_owned(),
            Self::Signed { bytes, order } => number('s', bytes, order),
            Self::Float { bytes, order } => number('f', bytes, order),
        }
    }

    /// Converts channel `channel` of the interleaved `frames` into `plane`, one value per frame.
    #[allow(clippy::cast_possible_truncation, reason = "rounding f64 to f32 is what is wanted")]
    pub(super) fn convert(self, frames: &[u8], channels: usize, channel: usize, plane: &mut [f32]) {
        use Order::{Big, Little};
        const SCALE_16: f32 = 1.0 / 32_768.0;
        const SCALE_32: f32 = 1.0 / 2_147_483_648.0;
        const SCALE_64: f32 = 1.0 / 9_223_372_036_854_775_808.0;
        let to = Target { channels, channel, plane };
        match self {
            Self::Unsigned8 => to.fill(frames, |[a]| (f32::from(a) - 128.0) / 128.0),
            Self::ALaw => to.fill(frames, |[a]| law::A_LAW[usize::from(a)]),
            Self::MuLaw => to.fill(frames, |[a]| law::MU_LAW[usize::from(a)]),
            Self::Low24In32 => {
                to.fill(frames, |[a, b, c, _]| i32::from_le_bytes([0, a, b, c]) as f32 * SCALE_32)
            }
            Self::Float24 => to.fill(frames, |b| f32::from_le_bytes(b) / 8_388_608.0),
            Self::Signed { bytes, order } => match (bytes, order) {
                (1, _) => to.fill(frames, |b| f32::from(i8::from_le_bytes(b)) / 128.0),
                (2, Little) => {
                    to.fill(frames, |b| f32::from(i16::from_le_bytes(b)) * SCALE_16);
                }
                (2, Big) => to.fill(frames, |b| f32::from(i16::from_be_bytes(b)) * SCALE_16),
                (3, Little) => {
                    to.fill(frames, |[a, b, c]| i32::from_le_bytes([0, a, b, c]) as f32 * SCALE_32)
                }
                (3, Big) => {
                    to.fill(frames, |[a, b, c]| i32::from_be_bytes([a, b, c, 0]) as f32 * SCALE_32)
                }
                (4, Little) => to.fill(frames, |b| i32::from_le_bytes(b) as f32 * SCALE_32),
                (4, Big) => to.fill(frames, |b| i32::from_be_bytes(b) as f32 * SCALE_32),
                (5, order) => to.fill(frames, |b: [u8; 5]| wide(&b, order) as f32 * SCALE_64),
                (6, order) => to.fill(frames, |b: [u8; 6]| wide(&b, order) as f32 * SCALE_64),
                (7, order) => to.fill(frames, |b: [u8; 7]| wide(&b, order) as f32 * SCALE_64),
                (_, Little) => to.fill(frames, |b| i64::from_le_bytes(b) as f32 * SCALE_64),
                (_, Big) => to.fill(frames, |b| i64::from_be_bytes(b) as f32 * SCALE_64),
            },
            Self::Float { bytes, order } => match (bytes, order) {
                (2, Little) => to.fill(frames, |b| half(u16::from_le_bytes(b))),
                (2, Big) => to.fill(frames, |b| half(u16::from_be_bytes(b))),
                (4, Little) => to.fill(frames, f32::from_le_bytes),
                (4, Big) => to.fill(frames, f32::from_be_bytes),
                (_, Little) => to.fill(frames, |b| f64::from_le_bytes(b) as f32),
                (_, Big) => to.fill(frames, |b| f64::from_be_bytes(b) as f32),
            },
        }
    }
}

/// One plane to fill.
struct Target<'a> {
    channels: usize,
    channel: usize,
    plane: &'a mut [f32],
}

impl Target<'_> {
    /// Mono and stereo have loops of their own: with the stride known, these vectorise.
    fn fill<const N: usize>(self, frames: &[u8], value: impl Fn([u8; N]) -> f32) {
        let stored = frames.as_chunks::<N>().0;
        match (self.channels, self.channel) {
            (1, _) => {
                for (to, from) in self.plane.iter_mut().zip(stored) {
                    *to = value(*from);
                }
            }
            (2, 0) => {
                for (to, [left, _]) in self.plane.iter_mut().zip(stored.as_chunks().0) {
                    *to = value(*left);
                }
            }
            (2, _) => {
                for (to, [_, right]) in self.plane.iter_mut().zip(stored.as_chunks().0) {
                    *to = value(*right);
                }
            }
            (channels, channel) => {
                for (to, frame) in self.plane.iter_mut().zip(stored.chunks_exact(channels)) {
                    *to = value(frame[channel]);
                }
            }
        }
    }
}

/// Up to eight bytes at the upper end of 64 bits.
fn wide(bytes: &[u8], order: Order) -> i64 {
    let mut filled = [0; 8];
    match order {
        Order::Little => {
            filled[8 - bytes.len()..].copy_from_slice(bytes);
            i64::from_le_bytes(filled)
        }
        Order::Big => {
            filled[..bytes.len()].copy_from_slice(bytes);
            i64::from_be_bytes(filled)
        }
    }
}

/// IEEE 754-2008, 3.6: binary16 has one bit of sign, five of exponent with a bias of 15, and ten
/// of the fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    }
}
