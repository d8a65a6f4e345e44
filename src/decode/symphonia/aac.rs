//! Our decoder of AAC in the shape of symphonia's, for the containers that symphonia reads:
//! symphonia 0.6.1 decodes AAC-LC of one or two channels, and takes HE-AAC for that.

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use crate::decode::aac::{Codec, config};
use crate::decode::packets::PacketCodec;
use crate::error::{LoadError, LoadErrorKind};

const INFO: CodecInfo =
    CodecInfo { short_name: "aac", long_name: "Advanced Audio Coding", profiles: &[] };

/// Decodes one track.
pub(super) struct AacAdapter {
    parameters: AudioCodecParameters,
    codec: Codec,
    /// What `buffer` was made for.
    made: Option<crate::spec::AudioSpec>,
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
        Ok(Self { parameters, codec, made: None, buffer: AudioBuffer::new(spec(1, 1), 0) })
    }
}

/// Channels are in WAVE order already.
fn spec(sample_rate: u32, channels: usize) -> AudioSpec {
    // Not more than 64.
    let channels = Channels::Discrete(u16::try_from(channels).unwrap_or(u16::MAX));
    AudioSpec::new(sample_rate, channels)
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
        let made = self.codec.spec();
        if self.made != Some(made) || self.buffer.capacity() < frames {
            self.buffer = AudioBuffer::new(spec(made.sample_rate, made.channels), frames);
            self.made = Some(made);
        }
        self.buffer.render_uninit(Some(frames));
        for (channel, plane) in self.codec.planes().iter().enumerate() {
            if let Some(to) = self.buffer.plane_mut(channel) {
                to.copy_from_slice(plane);
            }
        }
        let cut = |frames: u64| usize::try_from(frames).unwrap_or(usize::MAX);
        let (start, end) = (cut(packet.trim_start.get()), cut(packet.trim_end.get()));
        let priming = self.codec.take_priming(frames);
        // Unless the container says where the music begins.
        let start = if start == 0 { priming } else { start };
        self.buffer.trim(start.min(frames), end.min(frames));
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
