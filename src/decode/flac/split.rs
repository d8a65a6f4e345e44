//! FLAC in stretches: each frame stands by itself, and begins where the next header is that bears
//! the next number.

use super::codec::Codec;
use super::decoder::FlacDecoder;
use super::frames::NextRaw;
use super::info::MAGIC;
use super::place::Gap;
use crate::decode::failure::io_failure;
use crate::decode::split::{PacketStretch, Packets, StretchCodec, stretch_values};
use crate::decode::{Cut, Splitter, Tally, Uncut, Wanted};

const STRETCH_VALUES: usize = stretch_values(1 << 18);

/// The bytes of a frame.
#[derive(Clone)]
pub(super) struct RawFrame {
    bytes: Vec<u8>,
    /// Something else may follow within them.
    may_trail: bool,
}

impl Splitter for FlacDecoder {
    fn stretch_values(&self) -> usize {
        STRETCH_VALUES
    }

    fn cut(&mut self, wanted: &Wanted) -> Result<Cut, Uncut> {
        let (mut ahead, pending) = match self.ahead.take() {
            Some(ahead) => (ahead, None),
            None => {
                let is_plain =
                    self.lost_frames == 0 && self.frames.codec().channels() == self.order.len();
                if !is_plain {
                    return Err(Uncut::Odd);
                }
                (Packets::new(self.tally.frames + self.waiting as u64), Some(self.waiting))
            }
        };
        let limit = self.limit().unwrap_or(u64::MAX);
        while !self.ended && ahead.end() < wanted.frames.end.min(limit) {
            self.read_ahead(&mut ahead, limit)?;
        }
        if ahead.end() >= limit {
            // Another stream may follow.
            while !self.ended {
                self.look_behind_the_end()?;
                if self.tally.restarted {
                    return Err(Uncut::Odd);
                }
            }
        }
        let end = if self.ended { limit.min(ahead.end()) } else { u64::MAX };
        let (wanted, is_last) = wanted.up_to(end);
        let packets = ahead.take(&wanted, pending.is_some(), |_| Some(0))?;
        let bytes = packets.0.iter().map(|placed| placed.packet.bytes.len()).sum();
        let mut codec = StretchOfFrames {
            codec: Codec::new(*self.frames.codec().info()),
            planes: Vec::new(),
            sample_rate: self.info.spec.sample_rate,
            channels: self.order.len(),
        };
        if pending.is_some() {
            self.frames.codec().copy_to(&mut codec.planes);
        }
        let stretch = PacketStretch::new(codec, packets, &self.order, &wanted)
            .behind(pending.unwrap_or(0), false);
        self.ahead = Some(ahead);
        Ok(Cut { stretch: Box::new(stretch), bytes, is_last })
    }

    fn count(&mut self, frames: u64, values: &Tally) {
        self.tally.add_values(frames, values);
    }
}

impl FlacDecoder {
    /// Reads one frame, or finds the end.
    fn read_ahead(&mut self, ahead: &mut Packets<RawFrame>, limit: u64) -> Result<(), Uncut> {
        let place = &self.place;
        let next = self.frames.next_raw(|header, next| place.follows(header, next));
        let (header, bytes) = match next.map_err(|error| io_failure(&self.read, error))? {
            NextRaw::Frame(header, bytes) => (header, bytes),
            NextRaw::Junk => return Err(Uncut::Odd),
            NextRaw::End => return Ok(self.end()?),
        };
        let rate = self.info.spec.sample_rate;
        if !self.place.is_next(&header) || self.place.enter(&header, rate) != Gap::None {
            return Err(Uncut::Odd);
        }
        let frames = u64::from(header.block_frames);
        let may_trail = ahead.end() + frames >= limit;
        if may_trail && bytes.windows(MAGIC.len()).any(|window| window == MAGIC) {
            return Err(Uncut::Odd);
        }
        ahead.push(frames, RawFrame { bytes, may_trail });
        Ok(())
    }
}

/// Frames of FLAC.
struct StretchOfFrames {
    codec: Codec,
    planes: Vec<Vec<f32>>,
    sample_rate: u32,
    channels: usize,
}

impl StretchCodec for StretchOfFrames {
    type Packet = RawFrame;

    fn decode(&mut self, raw: &RawFrame) -> Option<usize> {
        let frame = self.codec.decode(&raw.bytes).ok()?;
        let is_whole = frame.len == raw.bytes.len() || raw.may_trail;
        let is_alike =
            frame.sample_rate == self.sample_rate && self.codec.channels() == self.channels;
        if !is_whole || !is_alike {
            return None;
        }
        self.codec.copy_to(&mut self.planes);
        Some(self.codec.frames())
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }
}
