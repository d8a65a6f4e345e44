//! Our decoder of FLAC in the shape of symphonia's.

use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::PacketRef;

use super::ours::{Adapter, Held, Ours};
use crate::decode::flac::FlacPackets;
use crate::decode::packets::PacketCodec;
use crate::error::LoadError;

static INFO: CodecInfo = CodecInfo { short_name: "flac", long_name: "FLAC", profiles: &[] };

/// A decoder for the stream whose header is in `parameters`.
///
/// # Errors
/// `corrupt` without `STREAMINFO`.
pub(super) fn decoder(
    parameters: &AudioCodecParameters,
) -> Result<Adapter<FlacPackets>, LoadError> {
    let codec = FlacPackets::new(parameters.extra_data.as_deref().unwrap_or(&[]))?;
    let mut parameters = parameters.clone();
    if let Some(bits) = codec.bits_per_sample() {
        parameters.with_bits_per_sample(bits);
    }
    Ok(Adapter::new(codec, parameters))
}

impl Ours for FlacPackets {
    fn info(&self) -> &'static CodecInfo {
        &INFO
    }

    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>> {
        self.decode(packet.data).ok()?;
        let (sample_rate, trim_start) = (self.spec().sample_rate, packet.trim_start.get());
        Some(Held { planes: self.planes(), sample_rate, trim_start })
    }
}
