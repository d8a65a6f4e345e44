//! symphonia's decoders for containers that are read elsewhere.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_ALAC, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::mpeg;
use super::opening::{check_size, theirs};
use super::stream::Unpacked;
use crate::decode::channels::{alac_order, alac_speakers, wave_order, wave_speakers};
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::error::LoadError;
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// The codecs that are decoded so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketKind {
    Alac,
    Mp3,
}

/// A decoder for packets of `kind`, whose own header is `header`.
///
/// # Errors
/// `corrupt`, `unsupported_format`.
pub(crate) fn packet_codec(
    kind: PacketKind,
    header: &[u8],
    sample_rate: u32,
    channels: usize,
) -> Result<Box<dyn PacketCodec>, LoadError> {
    let id = match kind {
        PacketKind::Alac => CODEC_ID_ALAC,
        PacketKind::Mp3 => CODEC_ID_MP3,
    };
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(id).with_sample_rate(sample_rate);
    let header = if kind == PacketKind::Alac { magic_cookie(header) } else { header };
    if !header.is_empty() {
        parameters.with_extra_data(header.into());
    }
    if let Some(bits) = bits(kind, header) {
        parameters.with_bits_per_sample(bits);
    }
    check_size(&parameters)?;
    let decoder: Box<dyn AudioDecoder> = match mpeg::decoder(&parameters) {
        Some(decoder) => Box::new(decoder),
        None => theirs(&parameters)?,
    };
    Ok(Box::new(Packets {
        kind,
        decoder,
        unpacked: Unpacked::default(),
        speakers: Vec::new(),
        stated: AudioSpec { sample_rate, channels },
    }))
}

/// What symphonia demands of an ALAC stream's header: 24 bytes, or 48 with a layout of channels,
/// out of the boxes that QuickTime wraps them in.
///
/// # Sources
/// Apple, *ALAC Magic Cookie Description*: older ones have the boxes `frma` and `alac` in front.
fn magic_cookie(mut header: &[u8]) -> &[u8] {
    for wrapper in [b"frma", b"alac"] {
        if header.get(4..8) == Some(wrapper) {
            header = header.get(12..).unwrap_or(&[]);
        }
    }
    let len = if header.len() < 48 { 24 } else { 48 };
    header.get(..len).unwrap_or(header)
}

/// Bits of one value, by the stream's header.
fn bits(kind: PacketKind, header: &[u8]) -> Option<u32> {
    match kind {
        PacketKind::Alac => header.get(5).copied().map(u32::from),
        PacketKind::Mp3 => None,
    }
}

/// Decodes one track.
struct Packets {
    kind: PacketKind,
    decoder: Box<dyn AudioDecoder>,
    unpacked: Unpacked,
    speakers: Vec<Option<u32>>,
    stated: AudioSpec,
}

impl PacketCodec for Packets {
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        let packet = Packet::new(0, Timestamp::ZERO, Duration::ZERO, packet);
        let decoded = self.decoder.decode(&packet).map_err(|_| Undecodable)?;
        self.unpacked.take(&decoded);
        if let Some(layout) = self.unpacked.new_layout.take() {
            self.speakers = layout.speakers;
        }
        Ok(self.unpacked.frames)
    }

    fn reset(&mut self) {
        self.decoder.reset();
    }

    fn lead_frames(&self) -> Option<u64> {
        (self.kind == PacketKind::Alac).then_some(0)
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.unpacked.planes
    }

    fn spec(&self) -> AudioSpec {
        self.unpacked.spec.unwrap_or(self.stated)
    }

    fn order(&self) -> Vec<usize> {
        match self.kind {
            PacketKind::Alac => alac_order(&self.speakers),
            _ => wave_order(&self.speakers),
        }
    }

    fn speakers(&self) -> Speakers {
        match self.kind {
            PacketKind::Alac => alac_speakers(&self.speakers),
            _ => wave_speakers(&self.speakers),
        }
    }

    fn name(&self) -> String {
        self.decoder.codec_info().short_name.to_owned()
    }

    fn bits_per_sample(&self) -> Option<u32> {
        if self.kind == PacketKind::Mp3 {
            return None;
        }
        let parameters = self.decoder.codec_params();
        parameters.bits_per_sample.or(parameters.bits_per_coded_sample)
    }

    fn is_lossless(&self) -> bool {
        self.kind != PacketKind::Mp3
    }
}
