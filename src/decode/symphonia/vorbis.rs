//! Another decoder of Vorbis in the shape of symphonia's, for the streams that it gets wrong.

use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use super::planes::fill;
use crate::decode::vorbis::{Codec, Residues, check_joined};
use crate::error::LoadError;

/// What [`VorbisAdapter`] says of itself.
pub(super) static INFO: CodecInfo =
    CodecInfo { short_name: "vorbis", long_name: "Vorbis", profiles: &[] };

/// Decodes one track.
pub(super) struct VorbisAdapter {
    parameters: AudioCodecParameters,
    codec: Codec,
    buffer: AudioBuffer<f32>,
}

impl VorbisAdapter {
    /// Checks the headers in `parameters`. None: symphonia may decode it.
    ///
    /// # Errors
    /// `corrupt`, `unsupported_format` with too many channels.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Option<Self>, LoadError> {
        let headers = parameters.extra_data.as_deref().unwrap_or(&[]);
        let (ident, setup, residues) = check_joined(headers)?;
        if residues == Residues::Plain {
            return Ok(None);
        }
        let (codec, parameters) = (Codec::new(ident, setup)?, parameters.clone());
        Ok(Some(Self { parameters, codec, buffer: AudioBuffer::default() }))
    }
}

impl AudioDecoder for VorbisAdapter {
    fn reset(&mut self) {}

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let rate = self.codec.sample_rate();
        let Ok(planes) = self.codec.decode(packet.data) else {
            return decode_error("vorbis: damaged packet");
        };
        fill(&mut self.buffer, planes, rate, packet);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
