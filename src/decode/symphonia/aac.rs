//! Our decoder of AAC in the shape of symphonia's, for the containers that symphonia reads:
//! symphonia 0.6.1 decodes AAC-LC of one or two channels, and takes HE-AAC for that.

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use super::planes::fill_from;
use crate::decode::aac::{Codec, config};
use crate::decode::packets::PacketCodec;
use crate::error::{LoadError, LoadErrorKind};

const INFO: CodecInfo =
    CodecInfo { short_name: "aac", long_name: "Advanced Audio Coding", profiles: &[] };

/// Decodes one track.
pub(super) struct AacAdapter {
    parameters: AudioCodecParameters,
    codec: Codec,
    buffer: AudioBuffer<f32>,
}

impl AacAdapter {
    /// Reads the `AudioSpecificConfig` out of `parameters`.
    ///
    /// # Errors
    /// `corrupt` without one or with a damaged one, `unsupported_format`.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, LoadError> {
        let missing = || {
            let message = "the description of its AAC stream is missing";
            LoadError::new(LoadErrorKind::Corrupt, message)
        };
        let stated = match parameters.extra_data.as_deref() {
            Some([]) | None => {
                let channels = parameters.channels.as_ref().map_or(0, Channels::count);
                config(parameters.sample_rate.unwrap_or(0), channels).ok_or_else(missing)?
            }
            Some(stated) => stated.to_vec(),
        };
        let codec = Codec::new(&stated)?;
        let mut parameters = parameters.clone();
        parameters.with_sample_rate(codec.spec().sample_rate);
        Ok(Self { parameters, codec, buffer: AudioBuffer::default() })
    }
}

impl AudioDecoder for AacAdapter {
    fn reset(&mut self) {
        self.codec.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let Ok(frames) = self.codec.decode(packet.data) else {
            return decode_error("aac: damaged packet");
        };
        // Then the planes hold the packet before; ahead of the first one there are none.
        if frames == 0 {
            return Ok(self.buffer.as_generic_audio_buffer_ref());
        }
        let priming = self.codec.take_priming(frames) as u64;
        // Unless the container says where the music begins.
        let start = Some(packet.trim_start.get()).filter(|start| *start > 0).unwrap_or(priming);
        let sample_rate = self.codec.spec().sample_rate;
        fill_from(start, &mut self.buffer, self.codec.planes(), sample_rate, packet);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
