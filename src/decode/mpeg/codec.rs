//! Frames to planes, the only file that names the decoder of MPEG audio.

use nanomp3_core::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME};

use super::header::Header;

/// What came of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its audio is in [`Codec::planes`].
    Decoded {
        /// Frames of audio.
        frames: usize,
        sample_rate: u32,
    },
    /// Part of it was in frames before it that were not seen.
    NeedsEarlier,
    Damaged,
}

/// Decodes one stream of Layer I, II or III.
pub(crate) struct Codec {
    /// Has its 22 kB of memory inline.
    decoder: Box<Decoder>,
    interleaved: Box<[f32]>,
    planes: Vec<Vec<f32>>,
}

impl Codec {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Box::new(Decoder::new()),
            interleaved: vec![0.0; MAX_SAMPLES_PER_FRAME].into(),
            planes: Vec::new(),
        }
    }

    /// Decodes the frame that `bytes` begin with and, unless it is a free one, end with.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Outcome {
        if has_mixed_blocks_at_8_khz(bytes) {
            return Outcome::Damaged;
        }
        let (_, result) = self.decoder.decode(bytes, &mut self.interleaved);
        match result {
            Ok(info) if info.samples_produced > 0 => {
                let channels = usize::from(info.channels.num());
                let values = &self.interleaved[..info.samples_produced * channels];
                self.planes.resize_with(channels, Vec::new);
                take_apart(values, &mut self.planes);
                let (frames, sample_rate) = (info.samples_produced, info.sample_rate);
                Outcome::Decoded { frames, sample_rate }
            }
            Err(DecodeError::ReservoirUnavailable(_)) => Outcome::NeedsEarlier,
            _ => Outcome::Damaged,
        }
    }

    /// Lets the frame that `bytes` begin with be silent; its rate.
    pub(crate) fn keep_silent(&mut self, bytes: &[u8]) -> Option<u32> {
        let header = Header::parse(bytes)?;
        let frames = usize::try_from(header.frames()).ok()?;
        self.planes.clear();
        self.planes.resize(header.channels, vec![0.0; frames]);
        Some(header.sample_rate)
    }

    /// What the last frame held: one plane per channel.
    pub(crate) fn planes(&mut self) -> &mut Vec<Vec<f32>> {
        &mut self.planes
    }
}

/// Puts one or two interleaved channels into planes.
fn take_apart(values: &[f32], planes: &mut [Vec<f32>]) {
    let frames = values.len() / planes.len().max(1);
    planes.iter_mut().for_each(|plane| plane.resize(frames, 0.0));
    match planes {
        [left, right] => {
            // In one loop for both: that is what gets vectorised.
            let pairs = values.as_chunks().0.iter();
            for ((&[of_left, of_right], left), right) in pairs.zip(left).zip(right) {
                (*left, *right) = (of_left, of_right);
            }
        }
        planes => planes.iter_mut().for_each(|plane| plane.copy_from_slice(values)),
    }
}

/// Whether `frame` is of Layer III at 8 kHz and has short blocks mixed with long ones: of the first
/// bands it has fewer lines than nanomp3 0.2.0 thinks, which then panics. No encoder is known that
/// makes such frames.
///
/// # Sources
/// ISO/IEC 11172-3, 2.4.1.3 (header), and 13818-3, 2.4.1.7 (side information of the lower rates): 8
/// bits for where the frame begins, one or two of no meaning, then 63 per channel, of which the 39th
/// says that more follow: two for the kind of blocks (2: short) and one for whether they are mixed.
fn has_mixed_blocks_at_8_khz(frame: &[u8]) -> bool {
    let &[_, second, third, fourth, ..] = frame else { return false };
    // MPEG-2.5 and Layer III; the third of its rates.
    if second & 0b0001_1110 != 0b0000_0010 || third >> 2 & 3 != 2 {
        return false;
    }
    let side = frame.get(if second & 1 == 0 { 6 } else { 4 }..).unwrap_or(&[]);
    let bit = |at: usize| side.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let starts = if fourth >> 6 == 3 { [9, 9] } else { [10, 10 + 63] };
    starts.iter().any(|start| {
        let [switches, high, low, mixed] = [38, 39, 40, 41].map(|at| bit(start + at));
        switches && high && !low && mixed
    })
}
