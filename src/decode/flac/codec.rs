//! Frames to values.

use super::bits::Bits;
use super::checksum;
use super::header::{FrameHeader, Stereo};
use super::info::StreamInfo;
use super::subframe;

/// Why bytes do not begin with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// They end before it does.
    Cut,
    /// There is no header of a frame.
    NoFrame,
    /// A frame begins, but is damaged.
    Damaged,
}

/// What a frame was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) sample_rate: u32,
    pub(super) bits: u32,
    /// Its length in bytes.
    pub(super) len: usize,
}

/// Decodes frames, each by itself.
pub(super) struct Codec {
    info: StreamInfo,
    bits: u32,
    planes: Vec<Vec<i32>>,
    /// The difference of two channels of 32 bits, which has 33.
    difference: Vec<i64>,
}

impl Codec {
    pub(super) fn new(info: StreamInfo) -> Self {
        Self { info, bits: 0, planes: Vec::new(), difference: Vec::new() }
    }

    /// Decodes the frame that `bytes` begin with.
    ///
    /// # Errors
    /// When there is none, or not all of it. What [`fill`](Self::fill) gives then means
    /// nothing.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Result<Frame, Failure> {
        let header = FrameHeader::parse(bytes).ok_or(Failure::NoFrame)?;
        let sample_rate = header.sample_rate.unwrap_or(self.info.sample_rate);
        let bits = header.bits.map_or(self.info.bits, u32::from);
        if sample_rate == 0 || bits == 0 {
            return Err(Failure::Damaged);
        }
        let mut reader = Bits::new(&bytes[header.len..]);
        let read = self.subframes(&mut reader, &header, bits);
        let ends = reader.align();
        if reader.is_over() {
            return Err(Failure::Cut);
        }
        let end = ends.filter(|_| read.is_ok()).ok_or(Failure::Damaged)? + header.len;
        let stated = bytes.get(end..end + 2).ok_or(Failure::Cut)?;
        if checksum::of_frame(&bytes[..end]).to_be_bytes() != stated {
            return Err(Failure::Damaged);
        }
        self.bits = bits;
        Ok(Frame { header, sample_rate, bits, len: end + 2 })
    }

    fn subframes(
        &mut self,
        reader: &mut Bits<'_>,
        header: &FrameHeader,
        bits: u32,
    ) -> Result<(), subframe::Damaged> {
        self.planes.resize_with(usize::from(header.channels), Vec::new);
        let frames = header.block_frames as usize;
        self.planes.iter_mut().for_each(|plane| plane.resize(frames, 0));
        if header.stereo == Stereo::Plain {
            return self
                .planes
                .iter_mut()
                .try_for_each(|plane| subframe::read(reader, bits, plane));
        }
        let [first, second] = self.planes.as_mut_slice() else { return Err(subframe::Damaged) };
        if bits < 32 {
            let one_more = |is_difference| bits + u32::from(is_difference);
            subframe::read(reader, one_more(header.stereo == Stereo::SideRight), first)?;
            subframe::read(reader, one_more(header.stereo != Stereo::SideRight), second)?;
            join(header.stereo, first, second);
            return Ok(());
        }
        self.difference.resize(frames, 0);
        if header.stereo == Stereo::SideRight {
            subframe::read(reader, bits + 1, &mut self.difference)?;
            subframe::read(reader, bits, second)?;
        } else {
            subframe::read(reader, bits, first)?;
            subframe::read(reader, bits + 1, &mut self.difference)?;
        }
        join_wide(header.stereo, first, second, &self.difference);
        Ok(())
    }

    pub(super) fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Channels of the last frame.
    pub(super) fn channels(&self) -> usize {
        self.planes.len()
    }

    /// Frames of audio in the last frame.
    pub(super) fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    /// Puts the values of a channel of the last frame into `target`: divided by 2^(bits−1), rounded
    /// once.
    ///
    /// # Panics
    /// Without such a channel.
    pub(super) fn fill(&self, channel: usize, target: &mut [f32]) {
        // A power of two: the product is exact.
        let scale = 1.0 / (1_u64 << (self.bits.max(1) - 1)) as f32;
        for (target, value) in target.iter_mut().zip(&self.planes[channel]) {
            *target = *value as f32 * scale;
        }
    }

    /// Puts all channels of the last frame into `planes`.
    pub(super) fn copy_to(&self, planes: &mut Vec<Vec<f32>>) {
        planes.resize_with(self.channels(), Vec::new);
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.resize(self.frames(), 0.0);
            self.fill(channel, plane);
        }
    }
}

/// Makes left and right of what was coded in their place.
///
/// # Sources
/// RFC 9639, 4.2: the lowest bit of the sum is that of the difference.
fn join(stereo: Stereo, first: &mut [i32], second: &mut [i32]) {
    let pairs = first.iter_mut().zip(second);
    match stereo {
        Stereo::Plain => {}
        Stereo::LeftSide => pairs.for_each(|(left, side)| *side = left.wrapping_sub(*side)),
        Stereo::SideRight => pairs.for_each(|(side, right)| *side = side.wrapping_add(*right)),
        Stereo::MidSide => pairs.for_each(|(mid, side)| {
            // Without an overflow: the sum has one bit more.
            let right = mid.wrapping_sub(*side >> 1);
            (*mid, *side) = (right.wrapping_add(*side), right);
        }),
    }
}

/// As [`join`], where the difference needs 33 bits.
#[allow(clippy::cast_possible_truncation, reason = "left and right have 32 bits again")]
fn join_wide(stereo: Stereo, first: &mut [i32], second: &mut [i32], difference: &[i64]) {
    let pairs = first.iter_mut().zip(second).zip(difference);
    match stereo {
        Stereo::Plain => {}
        Stereo::LeftSide => pairs.for_each(|((left, right), side)| {
            *right = i64::from(*left).wrapping_sub(*side) as i32;
        }),
        Stereo::SideRight => pairs.for_each(|((left, right), side)| {
            *left = side.wrapping_add(i64::from(*right)) as i32;
        }),
        Stereo::MidSide => pairs.for_each(|((left, right), side)| {
            let value = i64::from(*left).wrapping_sub(side >> 1);
            (*left, *right) = (value.wrapping_add(*side) as i32, value as i32);
        }),
    }
}
