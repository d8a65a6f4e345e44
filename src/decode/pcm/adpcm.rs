//! Adaptive differential PCM: 4 bits per value, in blocks.

mod ima;
mod ms;

use ima::Arithmetic;
pub(super) use ms::Coefficients;

/// A codec, with what it carries from block to block.
pub(super) enum Adpcm {
    /// Of WAV. `block_bytes` of all channels.
    Ima { block_bytes: usize, arithmetic: Arithmetic },
    /// Of AIFF and CAF.
    QuickTime(Vec<ima::State>),
    /// Microsoft's. `block_bytes` of all channels.
    Ms { block_bytes: usize, coefficients: Coefficients },
}

impl Adpcm {
    /// IMA ADPCM in blocks of `block_bytes`; None where such a block cannot hold a frame.
    pub(super) fn ima(block_bytes: usize, channels: usize) -> Option<Self> {
        let codec = Self::Ima { block_bytes, arithmetic: Arithmetic::Added };
        (codec.block_frames(block_bytes, channels) > 0).then_some(codec)
    }

    /// The same codec, prepared for the encoder that made `audio`, some of what it is to decode.
    pub(super) fn suited_to(self, audio: &[u8], channels: usize) -> Self {
        match self {
            Self::Ima { block_bytes, .. } => {
                let arithmetic = Arithmetic::of(audio, block_bytes, channels);
                Self::Ima { block_bytes, arithmetic }
            }
            other => other,
        }
    }

    /// Microsoft's ADPCM in blocks of `block_bytes`; None where such a block cannot hold a frame.
    pub(super) fn ms(
        block_bytes: usize,
        channels: usize,
        coefficients: Coefficients,
    ) -> Option<Self> {
        let codec = Self::Ms { block_bytes, coefficients };
        (codec.block_frames(block_bytes, channels) > 0).then_some(codec)
    }

    /// IMA ADPCM in QuickTime's packets.
    pub(super) fn quick_time(channels: usize) -> Self {
        Self::QuickTime(vec![ima::State::default(); channels])
    }

    /// Whether each block says itself all that it begins with.
    pub(super) fn has_blocks_apart(&self) -> bool {
        !matches!(self, Self::QuickTime(_))
    }

    /// Bytes of a whole block.
    pub(super) fn block_bytes(&self, channels: usize) -> usize {
        match self {
            Self::Ima { block_bytes, .. } | Self::Ms { block_bytes, .. } => *block_bytes,
            Self::QuickTime(_) => ima::PACKET_BYTES * channels,
        }
    }

    /// Frames in a block of which `bytes` are there.
    pub(super) fn block_frames(&self, bytes: usize, channels: usize) -> usize {
        match self {
            Self::Ima { .. } => ima::block_frames(bytes, channels),
            Self::QuickTime(_) => bytes / (ima::PACKET_BYTES * channels) * ima::PACKET_FRAMES,
            Self::Ms { .. } => ms::block_frames(bytes, channels),
        }
    }

    /// Appends the frames of `block`, which may be cut short, to `planes`, one per channel.
    pub(super) fn decode(&mut self, block: &[u8], planes: &mut [Vec<f32>]) {
        let frames = self.block_frames(block.len(), planes.len());
        if frames == 0 {
            return;
        }
        match self {
            Self::Ima { arithmetic, .. } => ima::decode_block(*arithmetic, block, frames, planes),
            Self::QuickTime(states) => ima::decode_packets(states, block, planes),
            Self::Ms { coefficients, .. } => {
                ms::decode_block(coefficients, block, frames, planes);
            }
        }
    }

    /// The name that [`StreamInfo`](crate::StreamInfo) has for it.
    pub(super) fn codec(&self) -> &'static str {
        match self {
            Self::Ima { .. } => "adpcm_ima_wav",
            Self::QuickTime(_) => "adpcm_ima_qt",
            Self::Ms { .. } => "adpcm_ms",
        }
    }
}
