//! PCM in packets, for containers that are read elsewhere.

use super::adpcm::Adpcm;
use super::fields::Order;
use super::layout::Coding;
use super::linear::Linear;
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::spec::AudioSpec;

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum PcmKind {
    /// Eight bits, 128 being zero.
    Unsigned8,
    /// Two's complement.
    Signed { bits: u32, is_little: bool },
    /// IEEE 754.
    Float { bits: u32, is_little: bool },
    /// ITU-T G.711.
    ALaw,
    /// ITU-T G.711.
    MuLaw,
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
    /// None where there are no such values.
    pub(in crate::decode) fn new(kind: PcmKind, spec: AudioSpec) -> Option<Self> {
        let coding = coding(kind, spec.channels)?;
        Some(Self { kind, coding, spec, planes: vec![Vec::new(); spec.channels] })
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

fn coding(kind: PcmKind, channels: usize) -> Option<Coding> {
    let order = |is_little| if is_little { Order::Little } else { Order::Big };
    Some(Coding::Linear(match kind {
        PcmKind::Unsigned8 => Linear::Unsigned8,
        PcmKind::Signed { bits, is_little } => Linear::signed(bits, order(is_little))?,
        PcmKind::Float { bits, is_little } => Linear::float(bits, order(is_little))?,
        PcmKind::ALaw => Linear::ALaw,
        PcmKind::MuLaw => Linear::MuLaw,
        PcmKind::Ima4 => return Some(Coding::Adpcm(Adpcm::quick_time(channels))),
    }))
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
        if let Some(coding) = coding(self.kind, self.spec.channels) {
            self.coding = coding;
        }
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
