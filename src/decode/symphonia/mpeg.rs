//! Our decoder of MPEG audio in the shape of symphonia's.

use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::packet::PacketRef;

use super::ours::{Adapter, Held, Ours};
use crate::decode::mpeg::{Codec, Outcome};

static MP1: CodecInfo = CodecInfo { short_name: "mp1", long_name: "MPEG Layer I", profiles: &[] };
static MP2: CodecInfo = CodecInfo { short_name: "mp2", long_name: "MPEG Layer II", profiles: &[] };
static MP3: CodecInfo = CodecInfo { short_name: "mp3", long_name: "MPEG Layer III", profiles: &[] };

/// Frames at the start that may lack what was before them: the reservoir has 255 bytes, and of the
/// shortest frames, of 8 kbit/s in mono at 24 kHz, 11 each. At the rates of MPEG-1 it is 511 of 75.
///
/// # Sources
/// ISO/IEC 13818-3, 2.4.1.7: 24 bytes, less 4 of header and 9 of side information.
const MOST_WITHOUT: usize = 24;

/// Decodes one track.
pub(super) struct Mpeg {
    info: &'static CodecInfo,
    codec: Codec,
    /// Frames that may yet be silent, as of a stream that was cut out of a longer one.
    silent_left: usize,
}

/// A decoder for `parameters`, if they are of MPEG audio.
pub(super) fn decoder(parameters: &AudioCodecParameters) -> Option<Adapter<Mpeg>> {
    let info = match parameters.codec {
        CODEC_ID_MP1 => &MP1,
        CODEC_ID_MP2 => &MP2,
        CODEC_ID_MP3 => &MP3,
        _ => return None,
    };
    let codec = Mpeg { info, codec: Codec::new(), silent_left: MOST_WITHOUT };
    Some(Adapter::new(codec, parameters.clone()))
}

impl Ours for Mpeg {
    fn info(&self) -> &'static CodecInfo {
        self.info
    }

    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>> {
        let left = std::mem::take(&mut self.silent_left);
        let sample_rate = match self.codec.decode(packet.data) {
            Outcome::Decoded { sample_rate, .. } => sample_rate,
            Outcome::NeedsEarlier if left > 0 => {
                self.silent_left = left - 1;
                self.codec.keep_silent(packet.data)?
            }
            _ => return None,
        };
        let trim_start = packet.trim_start.get();
        Some(Held { planes: self.codec.planes(), sample_rate, trim_start })
    }

    fn start_over(&mut self) {
        (self.codec, self.silent_left) = (Codec::new(), MOST_WITHOUT);
    }
}
