//! Our decoder of Opus in the shape of symphonia's, for the containers that symphonia reads.

use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use super::planes::fill_from;
use crate::decode::opus::{Codec, Head, SAMPLE_RATE};
use crate::error::LoadError;

const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };

/// Decodes one track.
pub(super) struct OpusAdapter {
    parameters: AudioCodecParameters,
    codec: Codec,
    buffer: AudioBuffer<f32>,
    /// Frames before the music that are yet to come.
    to_skip: u64,
}

impl OpusAdapter {
    /// Reads the header out of `parameters`.
    ///
    /// # Errors
    /// `corrupt` without a header or with a damaged one, `unsupported_format`.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, LoadError> {
        let header = parameters.extra_data.as_deref().unwrap_or(&[]);
        let head = Head::parse(header)?;
        // Matroska states the rate of what was encoded.
        let mut parameters = parameters.clone();
        parameters.with_sample_rate(SAMPLE_RATE);
        Ok(Self {
            parameters,
            codec: Codec::new(&head)?,
            buffer: AudioBuffer::default(),
            to_skip: head.pre_skip(),
        })
    }
}

impl AudioDecoder for OpusAdapter {
    fn reset(&mut self) {}

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let Ok(frames) = self.codec.decode(packet.data) else {
            return decode_error("opus: damaged packet");
        };
        let skipped = self.to_skip.min(frames as u64);
        self.to_skip -= skipped;
        fill_from(skipped, &mut self.buffer, self.codec.planes(), SAMPLE_RATE, packet);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
