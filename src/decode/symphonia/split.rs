//! Ogg Vorbis in stretches.

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::packet::Packet;

use super::spare::SpareDecoder;
use super::stream::Unpacked;
use super::{SymphoniaDecoder, vorbis};
use crate::decode::split::{PacketStretch, Packets, StretchCodec, stretch_values};
use crate::decode::{Cut, Splitter, Tally, Uncut, Wanted};
use crate::spec::AudioSpec;

const STRETCH_VALUES: usize = stretch_values(1 << 18);
/// Packets that have to be decoded before one: it overlaps with the one before.
const LEAD: usize = 1;

impl Splitter for SymphoniaDecoder {
    fn stretch_values(&self) -> usize {
        STRETCH_VALUES
    }

    fn cut(&mut self, wanted: &Wanted) -> Result<Cut, Uncut> {
        let (mut ahead, pending) = match self.ahead.take() {
            Some(ahead) => (ahead, None),
            None => {
                let stream = &self.stream;
                if stream.lost_frames > 0 || self.frames_to_skip > 0 || stream.ended {
                    return Err(Uncut::Odd);
                }
                let pending = if self.chunk_waits { stream.unpacked.frames } else { 0 };
                (Packets::new(stream.tally.frames + pending as u64), Some(pending))
            }
        };
        while !self.stream.ended && ahead.end() < wanted.frames.end {
            self.read_ahead(&mut ahead)?;
        }
        let end = if self.stream.ended { ahead.end() } else { u64::MAX };
        let (wanted, is_last) = wanted.up_to(end);
        let lead = |before: &[_]| (before.len() >= LEAD).then_some(LEAD);
        let packets = ahead.take(&wanted, pending.is_some(), lead)?;
        let bytes = packets.0.iter().map(|placed| placed.packet.data.len()).sum();
        let fresh: Box<dyn AudioDecoder> =
            Box::new(SpareDecoder::new(self.stream.codec.codec_params())?);
        let (codec, unpacked) = match pending {
            // The first stretch goes on with what the codec has in it.
            Some(_) => (
                std::mem::replace(&mut self.stream.codec, fresh),
                std::mem::take(&mut self.stream.unpacked),
            ),
            None => (fresh, Unpacked::default()),
        };
        let codec = StretchOfPackets { codec, unpacked, spec: self.info.spec };
        let stretch = PacketStretch::new(codec, packets, &self.order, &wanted)
            .behind(pending.unwrap_or(0), pending.is_some());
        self.ahead = Some(ahead);
        Ok(Cut { stretch: Box::new(stretch), bytes, is_last })
    }

    fn count(&mut self, frames: u64, values: &Tally) {
        self.stream.tally.add_values(frames, values);
    }
}

impl SymphoniaDecoder {
    /// Whether it is a codec that needs no more than a packet before it, in a container that knows
    /// how long each packet is.
    pub(super) fn can_be_split(&self) -> bool {
        let parameters = self.stream.codec.codec_params();
        self.info.container == "ogg"
            && parameters.codec == CODEC_ID_VORBIS
            && !std::ptr::eq(self.stream.codec.codec_info(), &vorbis::INFO)
    }

    /// Reads one packet, or finds the end.
    fn read_ahead(&mut self, ahead: &mut Packets<Packet>) -> Result<(), Uncut> {
        let stream = &mut self.stream;
        let next = stream.ends.next_packet(stream.format.as_mut(), stream.track.id);
        match next {
            Ok(Some(mut packet)) if stream.gap_before(&packet).is_none() => {
                stream.clock.give_back(&mut packet);
                ahead.push(packet.dur.get(), packet);
                Ok(())
            }
            Ok(None) => {
                stream.end()?;
                Ok(())
            }
            Ok(Some(_)) => Err(Uncut::Odd),
            // What the source says comes first.
            Err(_) => Err(stream.read.take_failure().map_or(Uncut::Odd, Uncut::Failed)),
        }
    }
}

/// Packets of Vorbis.
struct StretchOfPackets {
    codec: Box<dyn AudioDecoder>,
    unpacked: Unpacked,
    spec: AudioSpec,
}

impl StretchCodec for StretchOfPackets {
    type Packet = Packet;

    fn decode(&mut self, packet: &Packet) -> Option<usize> {
        let decoded = self.codec.decode(packet).ok()?;
        self.unpacked.take(&decoded);
        let is_alike = self.unpacked.spec.is_none_or(|spec| spec == self.spec);
        is_alike.then_some(self.unpacked.frames)
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.unpacked.planes
    }
}
