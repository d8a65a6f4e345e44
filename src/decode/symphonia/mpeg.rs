//! Our decoder of MPEG audio in the shape of symphonia's, for the containers that symphonia reads.

use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{self, decode_error};
use symphonia::core::packet::PacketRef;

use super::planes::fill;
use crate::decode::mpeg::{Codec, Outcome};

const MP1: CodecInfo = CodecInfo { short_name: "mp1", long_name: "MPEG Layer I", profiles: &[] };
const MP2: CodecInfo = CodecInfo { short_name: "mp2", long_name: "MPEG Layer II", profiles: &[] };
const MP3: CodecInfo = CodecInfo { short_name: "mp3", long_name: "MPEG Layer III", profiles: &[] };

/// Frames at the start that may lack what was before them: the reservoir has 255 bytes, and of the
/// shortest frames, of 8 kbit/s in mono at 24 kHz, 11 each. At the rates of MPEG-1 it is 511 of 75.
///
/// # Sources
/// ISO/IEC 13818-3, 2.4.1.7: 24 bytes, less 4 of header and 9 of side information.
const MOST_WITHOUT: usize = 24;

/// Decodes one track.
pub(super) struct MpegAdapter {
    info: &'static CodecInfo,
    parameters: AudioCodecParameters,
    codec: Codec,
    buffer: AudioBuffer<f32>,
    /// Frames that may yet be silent, as of a stream that was cut out of a longer one.
    silent_left: usize,
}

impl MpegAdapter {
    /// A decoder for `parameters`, if they are of MPEG audio.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Option<Self> {
        let info = match parameters.codec {
            CODEC_ID_MP1 => &MP1,
            CODEC_ID_MP2 => &MP2,
            CODEC_ID_MP3 => &MP3,
            _ => return None,
        };
        let parameters = parameters.clone();
        Some(Self {
            info,
            parameters,
            codec: Codec::new(),
            buffer: AudioBuffer::default(),
            silent_left: MOST_WITHOUT,
        })
    }
}

impl AudioDecoder for MpegAdapter {
    fn reset(&mut self) {
        self.codec = Codec::new();
        self.silent_left = MOST_WITHOUT;
    }

    fn codec_info(&self) -> &CodecInfo {
        self.info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let left = std::mem::take(&mut self.silent_left);
        let sample_rate = match self.codec.decode(packet.data) {
            Outcome::Decoded { sample_rate, .. } => Some(sample_rate),
            Outcome::NeedsEarlier if left > 0 => {
                self.silent_left = left - 1;
                self.codec.keep_silent(packet.data)
            }
            _ => None,
        };
        let Some(sample_rate) = sample_rate else {
            return decode_error("mpeg: damaged packet");
        };
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
