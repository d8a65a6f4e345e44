//! Another decoder of Vorbis in the shape of symphonia's, for the streams that it gets wrong.

use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::PacketRef;

use super::ours::{Adapter, Held, Ours};
use crate::decode::vorbis::{Codec, Residues, check_joined};
use crate::error::LoadError;

/// What it says of itself.
pub(super) static INFO: CodecInfo =
    CodecInfo { short_name: "vorbis", long_name: "Vorbis", profiles: &[] };

/// Checks the headers in `parameters`. None: symphonia may decode it.
///
/// # Errors
/// `corrupt`, `unsupported_format` with too many channels.
pub(super) fn decoder(
    parameters: &AudioCodecParameters,
) -> Result<Option<Adapter<Codec>>, LoadError> {
    let headers = parameters.extra_data.as_deref().unwrap_or(&[]);
    let (ident, setup, residues) = check_joined(headers)?;
    if residues == Residues::Plain {
        return Ok(None);
    }
    Ok(Some(Adapter::new(Codec::new(ident, setup)?, parameters.clone())))
}

impl Ours for Codec {
    fn info(&self) -> &'static CodecInfo {
        &INFO
    }

    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>> {
        let (sample_rate, trim_start) = (self.sample_rate(), packet.trim_start.get());
        let planes = self.decode(packet.data).ok()?;
        Some(Held { planes, sample_rate, trim_start })
    }
}
