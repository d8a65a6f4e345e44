//! Our decoder of Opus in the shape of symphonia's, for the containers that symphonia reads.

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

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
            buffer: buffer(head.channels(), 0),
            to_skip: head.pre_skip(),
        })
    }
}

/// Room for `frames` frames, whose channels are in WAVE order already.
fn buffer(channels: usize, frames: usize) -> AudioBuffer<f32> {
    // Not more than 64.
    let channels = Channels::Discrete(u16::try_from(channels).unwrap_or(u16::MAX));
    AudioBuffer::new(AudioSpec::new(SAMPLE_RATE, channels), frames)
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
        if self.buffer.capacity() < frames {
            self.buffer = buffer(self.codec.planes().len(), frames);
        }
        self.buffer.render_uninit(Some(frames));
        for (channel, plane) in self.codec.planes().iter().enumerate() {
            if let Some(to) = self.buffer.plane_mut(channel) {
                to.copy_from_slice(plane);
            }
        }
        let skipped = usize::try_from(self.to_skip).map_or(frames, |skip| skip.min(frames));
        self.to_skip -= skipped as u64;
        let cut = usize::try_from(packet.trim_end.get()).unwrap_or(frames);
        self.buffer.trim(skipped, cut);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
