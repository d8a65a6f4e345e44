//! Packets to planes for streams that symphonia 0.6.1 decodes to noise, the only file that names
//! their decoder.
//!
//! Where several channels have residues of type 0 or 1 side by side, as libvorbis makes them of more
//! than two channels, symphonia's table of partitions is overwritten by that of the channel before
//! it, whenever the last code word of a channel covers more partitions than are left.

use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};

use super::damaged;
use crate::decode::channels::vorbis_order;
use crate::decode::packets::Undecodable;
use crate::error::LoadError;

/// Decodes one stream.
pub(crate) struct Codec {
    ident: IdentHeader,
    setup: SetupHeader,
    window: PreviousWindowRight,
    /// The plane of each channel in WAVE order.
    order: Vec<usize>,
    planes: Vec<Vec<f32>>,
}

impl Codec {
    /// Takes headers that were checked.
    ///
    /// # Errors
    /// `corrupt`.
    pub(crate) fn new(ident: &[u8], setup: &[u8]) -> Result<Self, LoadError> {
        let ident = read_header_ident(ident).map_err(|_| damaged())?;
        let blocks = (ident.blocksize_0, ident.blocksize_1);
        let setup =
            read_header_setup(setup, ident.audio_channels, blocks).map_err(|_| damaged())?;
        let channels = usize::from(ident.audio_channels);
        let order = vorbis_order(channels).unwrap_or_else(|| (0..channels).collect());
        let planes = vec![Vec::new(); channels];
        Ok(Self { ident, setup, window: PreviousWindowRight::new(), order, planes })
    }

    pub(crate) fn sample_rate(&self) -> u32 {
        self.ident.audio_sample_rate
    }

    /// Decodes `packet`; the planes in WAVE order. The first packet of a stream has no frames.
    ///
    /// # Errors
    /// When it is damaged.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<&[Vec<f32>], Undecodable> {
        let decoded: Vec<Vec<f32>> =
            read_audio_packet_generic(&self.ident, &self.setup, packet, &mut self.window)
                .map_err(|_| Undecodable)?;
        if decoded.len() != self.order.len() {
            return Err(Undecodable);
        }
        let mut decoded: Vec<Option<Vec<f32>>> = decoded.into_iter().map(Some).collect();
        for (plane, from) in self.planes.iter_mut().zip(&self.order) {
            *plane = decoded[*from].take().unwrap_or_default();
        }
        Ok(&self.planes)
    }
}
