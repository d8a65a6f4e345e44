//! PCM in packets, for containers that are read elsewhere.

use super::adpcm::Adpcm;
use super::layout::Coding;
use super::linear::Linear;
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::spec::AudioSpec;

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum PcmKind {
    Linear(Linear),
    /// QuickTime's IMA ADPCM.
    Ima4,
}

/// Decodes packets of whole blocks.
pub(in crate::decode) struct PcmCodec {
    kind: PcmKind,
    coding: Coding,
    spec: AudioSpec,
    planes: Vec<Vec<f32>>,
}

impl PcmCodec {
    pub(in crate::decode) fn new(kind: PcmKind, spec: AudioSpec) -> Self {
        let coding = coding(kind, spec.channels);
        Self { kind, coding, spec, planes: vec![Vec::new(); spec.channels] }
    }

    /// Bytes that are decoded as one.
    pub(in crate::decode) fn block_bytes(&self) -> usize {
        self.coding.block_bytes(self.spec.channels)
    }

    /// Frames of such a block.
    pub(in crate::decode) fn block_frames(&self) -> u64 {
        self.coding.frames_in(self.block_bytes() as u64, self.spec.channels)
    }
}

fn coding(kind: PcmKind, channels: usize) -> Coding {
    match kind {
        PcmKind::Linear(linear) => Coding::Linear(linear),
        PcmKind::Ima4 => Coding::Adpcm(Adpcm::quick_time(channels)),
    }
}

impl PacketCodec for PcmCodec {
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        let channels = self.spec.channels;
        let block_bytes = self.coding.block_bytes(channels);
        let frames = self.coding.frames_in(packet.len() as u64, channels);
        let frames = usize::try_from(frames).map_err(|_| Undecodable)?;
        match &mut self.coding {
            Coding::Linear(linear) => {
                for (channel, plane) in self.planes.iter_mut().enumerate() {
                    plane.resize(frames, 0.0);
                    linear.convert(packet, channels, channel, plane);
                }
            }
            Coding::Adpcm(adpcm) => {
                self.planes.iter_mut().for_each(Vec::clear);
                for block in packet.chunks(block_bytes) {
                    adpcm.decode(block, &mut self.planes);
                }
            }
            // No container of packets has it.
            Coding::Gsm(_) => return Err(Undecodable),
        }
        Ok(frames)
    }

    fn reset(&mut self) {
        self.coding = coding(self.kind, self.spec.channels);
    }

    fn lead_frames(&self) -> Option<u64> {
        matches!(self.coding, Coding::Linear(_)).then_some(0)
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }

    fn spec(&self) -> AudioSpec {
        self.spec
    }

    fn name(&self) -> String {
        self.coding.codec()
    }

    fn bits_per_sample(&self) -> Option<u32> {
        match self.coding {
            Coding::Linear(linear) => u32::try_from(8 * linear.bytes()).ok(),
            Coding::Adpcm(_) | Coding::Gsm(_) => None,
        }
    }
}
