//! Microsoft's ADPCM.
//!
//! # Sources
//! Microsoft, *New Multimedia Data Types and Data Techniques 3.0* (1994), Microsoft ADPCM wave
//! type.

use crate::decode::pcm::fields::Order;

/// Bytes of one channel at the start of a block.
const HEADER_BYTES: usize = 7;
/// How a step changes with each code, of 256.
const ADAPTATION: [i32; 16] =
    [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
const MIN_STEP: i32 = 16;
/// Larger ones would overflow; beyond 2^16 all sound alike.
const MAX_STEP: i32 = 1 << 20;
/// Coefficients that every file has.
const STANDARD: [[i32; 2]; 7] =
    [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];

/// Weights of the last value and the one before, of 256, for a block to choose from.
#[derive(Clone, Debug)]
pub(in crate::decode::pcm) struct Coefficients(Vec<[i32; 2]>);

impl Coefficients {
    /// Those that the format chunk brings behind its first 20 bytes; the standard ones where it
    /// has none.
    pub(in crate::decode::pcm) fn parse(format: &[u8], order: Order) -> Self {
        let count = usize::from(order.u16(format, 20).unwrap_or(0)).min(256);
        let pair = |at| {
            let [first, second] = [order.u16(format, at)?, order.u16(format, at + 2)?];
            Some([i32::from(first.cast_signed()), i32::from(second.cast_signed())])
        };
        let own: Vec<[i32; 2]> = (0..count).map_while(|n| pair(22 + 4 * n)).collect();
        Self(if own.is_empty() { STANDARD.to_vec() } else { own })
    }
}

/// What one channel carries from value to value.
#[derive(Clone, Copy, Default)]
struct State {
    weights: [i32; 2],
    step: i32,
    last: i32,
    before: i32,
}

impl State {
    #[allow(clippy::cast_possible_truncation, reason = "clamped to 16 bits before")]
    fn next(&mut self, code: u8) -> f32 {
        let [first, second] = self.weights.map(i64::from);
        let predicted = (i64::from(self.last) * first + i64::from(self.before) * second) >> 8;
        // Four bits of two's complement.
        let signed = i32::from(code) - if code & 8 == 0 { 0 } else { 16 };
        let value = predicted + i64::from(signed * self.step);
        let value = i32::from(value.clamp(-32_768, 32_767) as i16);
        self.step = ((ADAPTATION[usize::from(code)] * self.step) >> 8).clamp(MIN_STEP, MAX_STEP);
        (self.before, self.last) = (self.last, value);
        scaled(value)
    }
}

fn scaled(value: i32) -> f32 {
    value as f32 / 32_768.0
}

/// Frames in `bytes` of a block: two stand in the header.
pub(super) fn block_frames(bytes: usize, channels: usize) -> usize {
    match bytes.checked_sub(HEADER_BYTES * channels) {
        Some(rest) => 2 + rest * 2 / channels,
        None => 0,
    }
}

/// Appends the frames of a block.
pub(super) fn decode_block(
    Coefficients(coefficients): &Coefficients,
    block: &[u8],
    frames: usize,
    planes: &mut [Vec<f32>],
) {
    let channels = planes.len();
    let (header, codes) = block.split_at(HEADER_BYTES * channels);
    let (choices, words) = header.split_at(channels);
    let word = |n: usize| i32::from(i16::from_le_bytes([words[2 * n], words[2 * n + 1]]));
    for (channel, plane) in planes.iter_mut().enumerate() {
        let choice = usize::from(choices[channel]).min(coefficients.len() - 1);
        let mut state = State {
            weights: coefficients[choice],
            step: word(channel),
            last: word(channels + channel),
            before: word(2 * channels + channel),
        };
        plane.reserve(frames);
        plane.extend([scaled(state.before), scaled(state.last)]);
        // The codes of all channels take turns, the upper bits of a byte first.
        for n in (channel..).step_by(channels).take(frames - 2) {
            let byte = codes[n / 2];
            plane.push(state.next(if n % 2 == 0 { byte >> 4 } else { byte & 0x0f }));
        }
    }
}
