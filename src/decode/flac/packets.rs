//! FLAC out of containers that have their own framing.

use super::codec::Codec;
use super::info::StreamInfo;
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::error::LoadError;
use crate::spec::AudioSpec;

/// Decodes the packets of one stream, each of which is a frame.
pub(in crate::decode) struct FlacPackets {
    codec: Codec,
    planes: Vec<Vec<f32>>,
    spec: AudioSpec,
    bits: u32,
}

impl FlacPackets {
    /// Takes what the container keeps of the stream's header.
    ///
    /// # Errors
    /// `corrupt` without `STREAMINFO`.
    pub(in crate::decode) fn new(private: &[u8]) -> Result<Self, LoadError> {
        let info = StreamInfo::of_container(private)?;
        let spec = AudioSpec { sample_rate: info.sample_rate, channels: info.channels };
        Ok(Self { codec: Codec::new(info), planes: Vec::new(), spec, bits: info.bits })
    }
}

impl PacketCodec for FlacPackets {
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        let frame = self.codec.decode(packet).map_err(|_| Undecodable)?;
        self.codec.copy_to(&mut self.planes);
        self.bits = frame.bits;
        self.spec = AudioSpec { sample_rate: frame.sample_rate, channels: self.codec.channels() };
        Ok(self.codec.frames())
    }

    fn reset(&mut self) {}

    fn lead_frames(&self) -> Option<u64> {
        Some(0)
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }

    fn spec(&self) -> AudioSpec {
        self.spec
    }

    fn name(&self) -> String {
        "flac".to_owned()
    }

    fn bits_per_sample(&self) -> Option<u32> {
        Some(self.bits)
    }
}
