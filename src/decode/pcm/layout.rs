//! What a container's header says of its audio.

use super::adpcm::Adpcm;
use super::chunks::Chunk;
use super::gsm::Gsm;
use super::linear::Linear;
use super::spread::Spread;
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// What a header was found to say.
pub(in crate::decode) enum Found {
    /// Audio that is read here.
    Audio(Layout),
    /// A stream of MPEG frames, which says all the rest itself, and the name of its container.
    Mpeg(Chunk, &'static str),
    /// Another codec, whose container somebody else reads.
    Elsewhere,
}

/// Where the audio lies and how it is stored.
pub(in crate::decode) struct Layout {
    pub(super) container: &'static str,
    pub(super) spec: AudioSpec,
    pub(super) coding: Coding,
    /// Bits of one stored value, where the codec has such a thing.
    pub(super) bits: Option<u32>,
    pub(super) audio: Chunk,
    /// Frames beyond which what is stored only fills up, where the header says so.
    pub(super) frames: Option<u64>,
    /// For each channel in WAVE order, the index of the one that holds it.
    pub(super) order: Vec<usize>,
    /// Which loudspeakers they are for then.
    pub(super) speakers: Speakers,
    /// How the bytes of `audio` lie.
    pub(super) spread: Spread,
}

/// How values are stored.
pub(super) enum Coding {
    Linear(Linear),
    Adpcm(Adpcm),
    Gsm(Box<Gsm>),
}

impl Coding {
    /// Bytes that have to be decoded as one.
    pub(super) fn block_bytes(&self, channels: usize) -> usize {
        match self {
            Self::Linear(linear) => linear.bytes() * channels,
            Self::Adpcm(adpcm) => adpcm.block_bytes(channels),
            Self::Gsm(gsm) => gsm.block_bytes(),
        }
    }

    /// Frames in `bytes` bytes. The last block may be incomplete.
    pub(super) fn frames_in(&self, bytes: u64, channels: usize) -> u64 {
        let block_bytes = self.block_bytes(channels) as u64;
        match self {
            Self::Linear(_) => bytes / block_bytes,
            Self::Gsm(gsm) => (bytes / block_bytes).saturating_mul(gsm.block_frames() as u64),
            Self::Adpcm(adpcm) => {
                let whole = adpcm.block_frames(adpcm.block_bytes(channels), channels) as u64;
                let rest = usize::try_from(bytes % block_bytes).unwrap_or(0);
                (bytes / block_bytes)
                    .saturating_mul(whole)
                    .saturating_add(adpcm.block_frames(rest, channels) as u64)
            }
        }
    }

    /// The name that [`StreamInfo`](crate::StreamInfo) has for it.
    pub(super) fn codec(&self) -> String {
        match self {
            Self::Linear(linear) => linear.codec(),
            Self::Adpcm(adpcm) => adpcm.codec().to_owned(),
            Self::Gsm(_) => "gsm".to_owned(),
        }
    }
}
