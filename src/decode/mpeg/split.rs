//! MPEG audio in stretches.

use super::codec::{Codec, Outcome};
use super::decoder::MpegDecoder;
use super::header::HEADER_BYTES;
use super::tag::Tag;
use crate::decode::failure::io_failure;
use crate::decode::split::{PacketStretch, Packets, Placed, StretchCodec, stretch_values};
use crate::decode::{Cut, Odd, Splitter, Tally, Uncut, Wanted};
use crate::spec::AudioSpec;

const STRETCH_VALUES: usize = stretch_values(1 << 18);
/// Frames of MPEG audio that have to be decoded before one, though nothing in it refers to them:
/// the transform overlaps with the half before, the filter bank with what came of that.
pub(super) const LEAD: usize = 2;
/// Bytes that a frame of Layer III may refer back to.
///
/// # Sources
/// ISO/IEC 11172-3, 2.4.1.7: nine bits say how many.
pub(super) const RESERVOIR_BYTES: usize = 511;
/// Longest header with its checksum and side information.
pub(super) const MAX_SIDE_BYTES: usize = HEADER_BYTES + 2 + 32;

impl Splitter for MpegDecoder {
    fn stretch_values(&self) -> usize {
        STRETCH_VALUES
    }

    fn cut(&mut self, wanted: &Wanted) -> Result<Cut, Uncut> {
        let (mut ahead, first) = match self.ahead.take() {
            Some(ahead) => (ahead, None),
            None => {
                let (ahead, pending) = self.begin_to_split()?;
                (ahead, Some(pending))
            }
        };
        while !self.ended
            && (ahead.end() < wanted.frames.end || self.music_end() < wanted.frames.end)
        {
            self.read_ahead(&mut ahead)?;
        }
        let end = if self.ended { self.music_end().min(ahead.end()) } else { u64::MAX };
        let (wanted, is_last) = wanted.up_to(end);
        let is_layer_3 = self.info.codec == "mp3";
        let begins = first.is_some();
        let packets = ahead.take(&wanted, begins, |before| lead(before, is_layer_3))?;
        let bytes = packets.0.iter().map(|placed| placed.packet.len()).sum();
        let pending = first.unwrap_or(0);
        // The first stretch goes on with what the codec has in it.
        let codec = match begins {
            true => std::mem::replace(&mut self.codec, Codec::new()),
            false => Codec::new(),
        };
        let codec = StretchOfFrames { codec, spec: self.info.spec };
        let stretch =
            PacketStretch::new(codec, packets, &self.order, &wanted).behind(pending, begins);
        self.ahead = Some(ahead);
        Ok(Cut { stretch: Box::new(stretch), bytes, is_last })
    }

    fn count(&mut self, frames: u64, values: &Tally) {
        self.tally.add_values(frames, values);
    }
}

impl MpegDecoder {
    /// Where the packets that are read next belong, and how many frames before that wait in the
    /// codec.
    fn begin_to_split(&mut self) -> Result<(Packets<Vec<u8>>, usize), Odd> {
        let pending = self.waiting.clone().unwrap_or(0..0);
        let at = self.tally.frames + pending.len() as u64;
        let is_plain = self.has_begun
            && self.lost_frames == 0
            && self.frames_to_skip == 0
            && pending.start == 0
            && at == self.place_of(self.packets)
            && at <= self.music_end();
        if is_plain { Ok((Packets::new(at), pending.len())) } else { Err(Odd) }
    }

    /// The first frame of audio in frame `packets` of MPEG audio.
    fn place_of(&self, packets: u64) -> u64 {
        (packets * self.per_packet).saturating_sub(self.delay)
    }

    /// The frame of audio that the music ends before, as far as that is known.
    fn music_end(&self) -> u64 {
        self.padding.music(u64::MAX).saturating_sub(self.delay)
    }

    /// Reads one frame of MPEG audio, or finds the end.
    fn read_ahead(&mut self, ahead: &mut Packets<Vec<u8>>) -> Result<(), Uncut> {
        let next = self.frames.next().map_err(|error| io_failure(&self.read, error))?;
        let Some(frame) = next else { return Ok(self.end()?) };
        let bytes = &self.frames.sight()[..frame.len];
        let spec =
            AudioSpec { sample_rate: frame.header.sample_rate, channels: frame.header.channels };
        let is_plain = frame.skipped == 0
            && spec == self.info.spec
            && frame.header.frames() == self.per_packet
            && !frame.header.is_free()
            && Tag::parse(&frame.header, bytes).is_none();
        if !is_plain {
            return Err(Uncut::Odd);
        }
        ahead.push(self.per_packet, bytes.to_vec());
        self.frames.leave(frame.len);
        self.packets += 1;
        self.padding.check(self.packets);
        Ok(())
    }
}

/// How many of the frames before one have to be decoded for it: [`LEAD`], and all that these refer
/// to.
fn lead(before: &[Placed<Vec<u8>>], is_layer_3: bool) -> Option<usize> {
    let mut missing = if is_layer_3 { RESERVOIR_BYTES } else { 0 };
    let mut count = LEAD;
    while missing > 0 {
        let placed = before.get(before.len().checked_sub(count + 1)?)?;
        missing = missing.saturating_sub(placed.packet.len().saturating_sub(MAX_SIDE_BYTES));
        count += 1;
    }
    (count <= before.len()).then_some(count)
}

/// Frames of MPEG audio.
struct StretchOfFrames {
    codec: Codec,
    spec: AudioSpec,
}

impl StretchCodec for StretchOfFrames {
    type Packet = Vec<u8>;

    fn decode(&mut self, packet: &Vec<u8>) -> Option<usize> {
        match self.codec.decode(packet) {
            Outcome::Decoded { frames, .. } if self.codec.planes().len() == self.spec.channels => {
                Some(frames)
            }
            _ => None,
        }
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        self.codec.planes()
    }
}
