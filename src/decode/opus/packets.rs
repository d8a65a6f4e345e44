//! Our decoder of Opus for containers that bring packets.

use super::{Codec, Head, LEAD_FRAMES, SAMPLE_RATE};
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::error::LoadError;
use crate::spec::AudioSpec;

/// Decodes one track.
pub(crate) struct OpusPackets {
    head: Head,
    codec: Codec,
}

impl OpusPackets {
    /// # Errors
    /// As [`Codec::new`].
    pub(crate) fn new(head: &Head) -> Result<Self, LoadError> {
        Ok(Self { head: head.clone(), codec: Codec::new(head)? })
    }
}

impl PacketCodec for OpusPackets {
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        self.codec.decode(packet)
    }

    fn reset(&mut self) {
        if let Ok(codec) = Codec::new(&self.head) {
            self.codec = codec;
        }
    }

    /// What a decoder carries on fades away, but never to nothing.
    fn lead_frames(&self) -> Option<u64> {
        Some(LEAD_FRAMES)
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        self.codec.planes()
    }

    fn spec(&self) -> AudioSpec {
        AudioSpec { sample_rate: SAMPLE_RATE, channels: self.head.channels() }
    }

    /// The codec has put them in order.
    fn order(&self) -> Vec<usize> {
        (0..self.head.channels()).collect()
    }

    fn name(&self) -> String {
        "opus".to_owned()
    }
}
