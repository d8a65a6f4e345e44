//! IMA ADPCM as WAV files and as QuickTime have it.
//!
//! # Sources
//! Interactive Multimedia Association, *Recommended Practices for Enhancing Digital Audio
//! Compatibility in Multimedia Systems 3.0* (1992), 4; Microsoft, *New Multimedia Data Types and
//! Data Techniques 3.0* (1994), IMA ADPCM wave type; Apple, *Ice Floe 3: IMA compression*.

use crate::decode::pcm::fields::Order;

/// Bytes of one channel's QuickTime packet.
pub(super) const PACKET_BYTES: usize = 34;
/// Frames of one QuickTime packet.
pub(super) const PACKET_FRAMES: usize = 64;
/// Bytes of one channel at the start of a WAV's block.
const HEADER_BYTES: usize = 4;
/// How near the state that a packet's header rounds must be to the running one to be the same.
const ROUNDING: i32 = 0x7f;

const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];
const INDEX_CHANGES: [isize; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// How a code and the step make a change: two kinds of encoders are about, and a decoder of the
/// other kind drifts away within each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode::pcm) enum Arithmetic {
    /// Halves of the step are added, each rounded down, as the specification has it.
    Added,
    /// The step is multiplied and rounded once, as `ffmpeg` and `SoX` do.
    Multiplied,
}

impl Arithmetic {
    /// The kind that fits `audio`, some blocks from the start of a file: the next block's first
    /// value, which is stored as it is, lies nearer to the last one decoded. Loud audio may
    /// deceive, but there the drift is small by comparison.
    pub(in crate::decode::pcm) fn of(audio: &[u8], block_bytes: usize, channels: usize) -> Self {
        let frames = block_frames(block_bytes, channels);
        let gaps = |arithmetic| {
            let (mut gaps, mut planes) = (0.0, vec![Vec::new(); channels]);
            for block in audio.chunks_exact(block_bytes) {
                let lasts: Vec<Option<f32>> = planes.iter().map(|p| p.last().copied()).collect();
                planes.iter_mut().for_each(Vec::clear);
                decode_block(arithmetic, block, frames, &mut planes);
                for (last, plane) in lasts.iter().zip(&planes) {
                    gaps += last.zip(plane.first()).map_or(0.0, |(last, next)| (last - next).abs());
                }
            }
            gaps
        };
        if gaps(Self::Multiplied) < gaps(Self::Added) { Self::Multiplied } else { Self::Added }
    }
}

/// What one channel carries from value to value.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::decode::pcm) struct State {
    predicted: i32,
    index: usize,
}

impl State {
    fn new(predicted: i32, index: u8) -> Self {
        Self { predicted, index: usize::from(index).min(STEPS.len() - 1) }
    }

    /// The value of the next four bits.
    fn next(&mut self, arithmetic: Arithmetic, code: u8) -> f32 {
        let step = STEPS[self.index];
        let magnitude = code & 7;
        let change = match arithmetic {
            Arithmetic::Multiplied => ((2 * i32::from(magnitude) + 1) * step) >> 3,
            Arithmetic::Added => [(4, 0), (2, 1), (1, 2)]
                .into_iter()
                .filter(|(bit, _)| magnitude & bit != 0)
                .fold(step >> 3, |sum, (_, halvings)| sum + (step >> halvings)),
        };
        let predicted =
            if code & 8 == 0 { self.predicted + change } else { self.predicted - change };
        self.predicted = predicted.clamp(-32_768, 32_767);
        self.index = self
            .index
            .saturating_add_signed(INDEX_CHANGES[usize::from(magnitude)])
            .min(STEPS.len() - 1);
        self.value()
    }

    fn value(self) -> f32 {
        self.predicted as f32 / 32_768.0
    }
}

/// Frames in `bytes` of a WAV's block: the first stands in the header, then eight at a time in
/// four bytes of each channel.
pub(super) fn block_frames(bytes: usize, channels: usize) -> usize {
    match bytes.checked_sub(HEADER_BYTES * channels) {
        Some(rest) => 1 + rest / (4 * channels) * 8,
        None => 0,
    }
}

/// Appends the frames of a WAV's block.
pub(super) fn decode_block(
    arithmetic: Arithmetic,
    block: &[u8],
    frames: usize,
    planes: &mut [Vec<f32>],
) {
    let channels = planes.len();
    let (headers, words) = block.split_at(HEADER_BYTES * channels);
    for ((channel, plane), header) in planes.iter_mut().enumerate().zip(headers.as_chunks().0) {
        let [low, high, index, _] = *header;
        let mut state = State::new(i16::from_le_bytes([low, high]).into(), index);
        plane.reserve(frames);
        plane.push(state.value());
        for word in words.chunks_exact(4).skip(channel).step_by(channels).take(frames / 8) {
            extend(plane, &mut state, arithmetic, word);
        }
    }
}

/// Appends the frames of one QuickTime packet per channel. Each repeats the state in nine bits;
/// the running one, where it agrees, is more exact.
pub(super) fn decode_packets(states: &mut [State], block: &[u8], planes: &mut [Vec<f32>]) {
    for ((packet, state), plane) in block.chunks_exact(PACKET_BYTES).zip(states).zip(planes) {
        let Some(preamble) = Order::Big.u16(packet, 0) else { return };
        let [high, low] = (preamble & 0xff80).to_be_bytes();
        let predicted = i32::from(i16::from_be_bytes([high, low]));
        let stated = State::new(predicted, preamble.to_be_bytes()[1] & 0x7f);
        if state.index != stated.index || (state.predicted - predicted).abs() > ROUNDING {
            *state = stated;
        }
        plane.reserve(PACKET_FRAMES);
        extend(plane, state, Arithmetic::Added, &packet[2..]);
    }
}

/// Two values a byte, the lower bits first.
fn extend(plane: &mut Vec<f32>, state: &mut State, arithmetic: Arithmetic, bytes: &[u8]) {
    for byte in bytes {
        plane.push(state.next(arithmetic, byte & 0x0f));
        plane.push(state.next(arithmetic, byte >> 4));
    }
}
