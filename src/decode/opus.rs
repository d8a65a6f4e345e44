//! Opus: what its header says, packets to planes, and Ogg as its container.
//!
//! Matroska, WebM and MP4 hand their packets to [`Codec`]. Ogg is read here: symphonia 0.6.1 knows
//! neither mapping family 255 nor packets of more than 31 frames.

mod codec;
mod framing;
mod head;
mod ogg;
mod packets;
#[cfg(test)]
mod tests;

pub(super) use codec::Codec;
#[cfg(any(test, fuzzing))]
pub(super) use framing::packet_frames;
pub(super) use head::Head;
pub(super) use ogg::open;
pub(super) use packets::OpusPackets;

/// The rate that Opus is decoded at, whatever was encoded, in Hz.
pub(super) const SAMPLE_RATE: u32 = 48_000;
/// Most frames of one packet: 120 ms.
const MAX_PACKET_FRAMES: usize = 5_760;

/// Frames that are decoded before those that are wanted: half a second.
///
/// # Sources
/// RFC 7845, 4.6: at least 80 ms.
pub(crate) const LEAD_FRAMES: u64 = SAMPLE_RATE as u64 / 2;
