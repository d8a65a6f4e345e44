//! Frames to planes, the only file that names the decoder of MPEG audio.

use nanomp3_core::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME};

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
        let (_, result) = self.decoder.decode(bytes, &mut self.interleaved);
        match result {
            Ok(info) if info.samples_produced > 0 => {
                let channels = usize::from(info.channels.num());
                let values = &self.interleaved[..info.samples_produced * channels];
                self.planes.resize_with(channels, Vec::new);
                for (channel, plane) in self.planes.iter_mut().enumerate() {
                    plane.clear();
                    plane.extend(values.iter().skip(channel).step_by(channels));
                }
                let (frames, sample_rate) = (info.samples_produced, info.sample_rate);
                Outcome::Decoded { frames, sample_rate }
            }
            Err(DecodeError::ReservoirUnavailable(_)) => Outcome::NeedsEarlier,
            _ => Outcome::Damaged,
        }
    }

    /// What the last frame held: one plane per channel.
    pub(crate) fn planes(&mut self) -> &mut Vec<Vec<f32>> {
        &mut self.planes
    }
}
