//! Our decoder of AAC in the shape of symphonia's: symphonia 0.6.1 decodes AAC-LC of one or two
//! channels, and takes HE-AAC for that.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::PacketRef;

use super::ours::{Adapter, Held, Ours};
use crate::decode::aac::{Codec, config};
use crate::decode::failure::corrupt;
use crate::decode::packets::PacketCodec;
use crate::error::LoadError;

static INFO: CodecInfo =
    CodecInfo { short_name: "aac", long_name: "Advanced Audio Coding", profiles: &[] };

/// Reads the `AudioSpecificConfig` out of `parameters`, or makes one of what else they say.
///
/// # Errors
/// `corrupt` without one or with a damaged one, `unsupported_format`.
pub(super) fn decoder(parameters: &AudioCodecParameters) -> Result<Adapter<Codec>, LoadError> {
    let stated = match parameters.extra_data.as_deref() {
        Some([]) | None => {
            let count = parameters.channels.as_ref().map_or(0, Channels::count);
            // Frames of more than six have eight.
            let channels = if count > 6 { 8 } else { count };
            config(parameters.sample_rate.unwrap_or(0), channels)
                .or_else(|| config(44_100, channels))
                .ok_or_else(|| corrupt("the description of its AAC stream is missing"))?
        }
        Some(stated) => stated.to_vec(),
    };
    let codec = Codec::new(&stated)?;
    let mut parameters = parameters.clone();
    parameters.with_sample_rate(codec.spec().sample_rate);
    Ok(Adapter::new(codec, parameters))
}

impl Ours for Codec {
    fn info(&self) -> &'static CodecInfo {
        &INFO
    }

    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>> {
        let frames = self.decode(packet.data).ok()?;
        let sample_rate = self.spec().sample_rate;
        // Then the planes hold the packet before; ahead of the first one there are none.
        if frames == 0 {
            return Some(Held { planes: &[], sample_rate, trim_start: 0 });
        }
        let priming = self.take_priming(frames) as u64;
        // Unless the container says where the music begins.
        let stated = Some(packet.trim_start.get()).filter(|start| *start > 0);
        let trim_start = stated.unwrap_or(priming);
        Some(Held { planes: self.planes(), sample_rate, trim_start })
    }

    fn start_over(&mut self) {
        self.reset();
    }
}
