//! What turns packets into frames.

use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// A packet that cannot be decoded. The next one may be.
#[derive(Debug)]
pub(crate) struct Undecodable;

/// Decodes the packets of one stream.
pub(in crate::decode) trait PacketCodec: Send {
    /// Decodes `packet` into [`planes`](Self::planes); the frames in it, which may be none.
    ///
    /// # Errors
    /// When it is damaged. What the planes hold then means nothing.
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable>;

    /// Forgets all packets so far: the next one follows none of them.
    fn reset(&mut self);

    /// How many frames before one have to be decoded for it; None where that is all of them. What
    /// some codecs carry from packet to packet never quite ends: these say how much is enough.
    fn lead_frames(&self) -> Option<u64> {
        None
    }

    /// How many of the `frames` frames of the last packet lie before the music, as the stream itself
    /// tells; where a container says where the music begins, that counts instead.
    fn take_priming(&mut self, _frames: usize) -> usize {
        0
    }

    /// What the last packet held, one plane per channel.
    fn planes(&mut self) -> &mut [Vec<f32>];

    /// Rate and channels of the last packet; before the first one what the header says.
    fn spec(&self) -> AudioSpec;

    /// For each channel in WAVE order, the plane that holds it.
    fn order(&self) -> Vec<usize> {
        (0..self.spec().channels).collect()
    }

    /// Which loudspeakers the channels are for then.
    fn speakers(&self) -> Speakers {
        Speakers::USUAL
    }

    /// The name that [`StreamInfo`](crate::StreamInfo) has for it.
    fn name(&self) -> String;

    /// Bits of one stored value, where the codec has such a thing.
    fn bits_per_sample(&self) -> Option<u32> {
        None
    }

    /// Whether what is decoded is what was encoded.
    fn is_lossless(&self) -> bool {
        self.bits_per_sample().is_some()
    }
}
