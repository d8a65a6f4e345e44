//! Audio in packets: where they lie is the container's business, what is in them the codec's.
//! MP4, CAF and ADTS meet AAC, ALAC and others here.

mod blocks;
mod codec;
mod decoder;
mod seek;

pub(super) use blocks::Blocks;
pub(super) use codec::{PacketCodec, Undecodable};
pub(super) use decoder::{About, PacketDecoder};

use std::io;

use super::reader::CountingReader;

/// A packet, and what of it is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where in the file it begins.
    pub(super) at: u64,
    /// Its length in bytes.
    pub(super) len: usize,
    /// The first tick of it that is audio.
    pub(super) from: u64,
    /// The tick that is no audio any more; None: all to its end.
    pub(super) to: Option<u64>,
    /// Whether it does not follow the packet before it.
    pub(super) jumps: bool,
}

/// What a container comes to next.
#[derive(Debug)]
pub(super) enum Next {
    Packet(Packet),
    /// Bytes that belong to no packet, though one should be there.
    Junk(u64),
    /// The last packet has been told; whether there should have been more.
    End {
        cut_off: bool,
    },
}

/// A packet that was found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) place: [u64; 2],
    /// The tick that it begins with, counted from the first one that is audio.
    pub(super) tick: u64,
    /// Ticks of it; None for those that have frames of their own accord.
    pub(super) ticks: Option<u64>,
}

/// Packets one after another.
pub(super) trait PacketSource: Send {
    /// The next packet.
    ///
    /// # Errors
    /// Those of the reader.
    fn next(&mut self, blocks: &mut Blocks<CountingReader>) -> io::Result<Next>;

    /// Where the next packet is, for [`go_to`](Self::go_to).
    fn place(&self) -> [u64; 2];

    /// Goes on with the packet at `place`, which the codec is to take for a first one.
    fn go_to(&mut self, place: [u64; 2]);

    /// The packet in which `tick` is, counted from the first tick that is audio; None where the
    /// container does not say.
    fn find(&self, _tick: u64) -> Option<Spot> {
        None
    }

    /// Ticks per second of a packet's `from` and `to`; 0: they are frames.
    fn timescale(&self) -> u32;

    /// The length that the container states, in frames at `sample_rate`.
    fn frames(&self, sample_rate: u32) -> Option<u64>;
}

/// `ticks` of a clock of `timescale` ticks per second in frames at `rate`, to the nearest.
pub(super) fn frames_of(ticks: u64, timescale: u32, rate: u32) -> u64 {
    if timescale == 0 || timescale == rate {
        return ticks;
    }
    let (ticks, timescale) = (u128::from(ticks), u128::from(timescale));
    u64::try_from((ticks * u128::from(rate) + timescale / 2) / timescale).unwrap_or(u64::MAX)
}
