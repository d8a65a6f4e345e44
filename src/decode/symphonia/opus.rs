//! Our decoder of Opus in the shape of symphonia's.

use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::PacketRef;

use super::ours::{Adapter, Held, Ours};
use crate::decode::opus::{Codec, Head, SAMPLE_RATE};
use crate::error::LoadError;

static INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };

/// Decodes one track.
pub(super) struct Opus {
    codec: Codec,
    /// Frames before the music that are yet to come.
    to_skip: u64,
}

/// Reads the header out of `parameters`.
///
/// # Errors
/// `corrupt` without a header or with a damaged one, `unsupported_format`.
pub(super) fn decoder(parameters: &AudioCodecParameters) -> Result<Adapter<Opus>, LoadError> {
    let head = Head::parse(parameters.extra_data.as_deref().unwrap_or(&[]))?;
    // Matroska states the rate of what was encoded.
    let mut parameters = parameters.clone();
    parameters.with_sample_rate(SAMPLE_RATE);
    Ok(Adapter::new(Opus { codec: Codec::new(&head)?, to_skip: head.pre_skip() }, parameters))
}

impl Ours for Opus {
    fn info(&self) -> &'static CodecInfo {
        &INFO
    }

    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>> {
        let frames = self.codec.decode(packet.data).ok()?;
        let trim_start = self.to_skip.min(frames as u64);
        self.to_skip -= trim_start;
        Some(Held { planes: self.codec.planes(), sample_rate: SAMPLE_RATE, trim_start })
    }
}
