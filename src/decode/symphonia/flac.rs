//! Our decoder of FLAC in the shape of symphonia's, for the containers that symphonia reads.

use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use super::planes::fill;
use crate::decode::flac::FlacPackets;
use crate::decode::packets::PacketCodec;
use crate::error::LoadError;

const INFO: CodecInfo = CodecInfo { short_name: "flac", long_name: "FLAC", profiles: &[] };

/// Decodes one track.
pub(super) struct FlacAdapter {
    parameters: AudioCodecParameters,
    codec: FlacPackets,
    buffer: AudioBuffer<f32>,
}

impl FlacAdapter {
    /// A decoder for the stream whose header is in `parameters`.
    ///
    /// # Errors
    /// `corrupt` without `STREAMINFO`.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, LoadError> {
        let codec = FlacPackets::new(parameters.extra_data.as_deref().unwrap_or(&[]))?;
        let mut parameters = parameters.clone();
        if let Some(bits) = codec.bits_per_sample() {
            parameters.with_bits_per_sample(bits);
        }
        Ok(Self { parameters, codec, buffer: AudioBuffer::default() })
    }
}

impl AudioDecoder for FlacAdapter {
    fn reset(&mut self) {}

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        if self.codec.decode(packet.data).is_err() {
            return decode_error("flac: damaged packet");
        }
        let sample_rate = self.codec.spec().sample_rate;
        fill(&mut self.buffer, self.codec.planes(), sample_rate, packet);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
