//! What a track's packets are, and a decoder for them.
//!
//! # Sources
//! ISO/IEC 14496-12, `stsd` (8.5.2); ISO/IEC 14496-14 (`mp4a`, `esds`) and 14496-1, 7.2.6 (what is
//! in it); Apple, *QuickTime File Format Specification*, sound sample descriptions of versions 0,
//! 1 and 2, `wave`; Apple, *ALAC Magic Cookie Description*; *Encapsulation of FLAC in ISO Base Media File
//! Format*; *Encapsulation of Opus in ISO Base Media File Format*.

use std::io::{self, Read, Seek};

use super::boxes::{Boxes, Place, child};
use super::fields::{u16_at, u32_at};
use super::layout::Framing;
use super::pcm;
use super::track::Track;
use crate::decode::failure::{Failure, corrupt, unsupported};
use crate::decode::flac::FlacPackets;
use crate::decode::packets::{Blocks, PacketCodec, frames_of};
use crate::decode::pcm::{PcmCodec, rounded};
use crate::decode::symphonia::{PacketKind, packet_codec};
use crate::decode::{Order, aac, array, opus};
use crate::spec::{AudioSpec, validate_channels};

/// Most bytes of a codec's own header.
const MAX_CONFIG_BYTES: usize = 4 << 10;

/// A decoder, and how the tables count what it decodes.
pub(super) struct Found {
    pub(super) codec: Box<dyn PacketCodec>,
    pub(super) framing: Framing,
    /// Ticks before the music, by the codec's own header.
    pub(super) priming: u64,
}

/// The fields of a sound sample description.
struct Description {
    kind: [u8; 4],
    channels: u32,
    bits: u32,
    rate: u32,
    /// Of version 2: what kind of PCM it is.
    flags: Option<u32>,
    /// The boxes behind the fields.
    children: Place,
}

/// Reads the first description of `track`.
///
/// # Errors
/// `corrupt`, `unsupported_format`, and those of the reader.
pub(super) fn read<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    track: &Track,
) -> Result<Found, Failure> {
    let missing = || corrupt("its sample description is missing");
    let stsd = child(blocks, track.tables, &[*b"stsd"])?.ok_or_else(missing)?;
    let is_version_0 = stsd.head(blocks, 1)?.first() == Some(&0);
    let (kind, entry) = Boxes::of(stsd.behind(8)).next(blocks)?.ok_or_else(missing)?;
    let entry = Description::parse(blocks, kind, entry, is_version_0)?.ok_or_else(missing)?;
    let config = |codec| Found { codec, framing: Framing::Packets, priming: 0 };
    let (rate, channels) = (entry.rate, usize::try_from(entry.channels).unwrap_or(usize::MAX));
    match &entry.kind {
        b"mp4a" => Ok(config(mpeg(blocks, &entry)?)),
        b"alac" => {
            let cookie = entry.config(blocks, *b"alac", 4)?;
            // Older encoders wrap it in what QuickTime wants.
            let cookie =
                cookie.ok_or_else(|| corrupt("the description of its ALAC stream is missing"))?;
            Ok(config(packet_codec(PacketKind::Alac, &cookie, rate, channels)?))
        }
        b"fLaC" => {
            // The blocks of metadata, the first of which is STREAMINFO.
            let header = entry.config(blocks, *b"dfLa", 4)?;
            let header =
                header.ok_or_else(|| corrupt("the description of its FLAC stream is missing"))?;
            Ok(config(Box::new(FlacPackets::new(&header)?)))
        }
        b".mp3" | b"ms\0\x55" => Ok(config(packet_codec(PacketKind::Mp3, &[], rate, channels)?)),
        b"Opus" => {
            let header = entry.config(blocks, *b"dOps", 0)?.unwrap_or_default();
            let header = [&b"OpusHead"[..], &header].concat();
            let head = opus::Head::parse_mp4(&header)?;
            let priming = frames_of(head.pre_skip(), opus::SAMPLE_RATE, track.timescale);
            Ok(Found { priming, ..config(Box::new(opus::OpusPackets::new(&head)?)) })
        }
        b"enca" | b"drms" => Err(unsupported("its audio is encrypted").into()),
        _ => Ok(uncompressed(blocks, &entry)?),
    }
}

impl Description {
    /// None where it ends too early.
    fn parse<R: Read + Seek>(
        blocks: &mut Blocks<R>,
        kind: [u8; 4],
        entry: Place,
        is_version_0: bool,
    ) -> io::Result<Option<Self>> {
        // Six bytes of nothing, an index, version, revision, vendor; channels, bits, two fields,
        // rate in 16.16.
        let bytes = entry.head(blocks, 64)?;
        let (Some(version), Some(channels), Some(bits), Some(rate)) =
            (u16_at(bytes, 8), u16_at(bytes, 16), u16_at(bytes, 18), u32_at(bytes, 24))
        else {
            return Ok(None);
        };
        let (mut rate, mut channels, mut bits) = (rate >> 16, channels.into(), bits.into());
        let (mut len, mut flags) = (28, None);
        match version {
            // In newer files of MP4, this is another version of the description as a whole.
            1 if is_version_0 => len += 16,
            2 => {
                let stated = u32_at(bytes, 28).unwrap_or(72).saturating_sub(8);
                len = u64::from(stated).max(64);
                rate = array(bytes, 32).map_or(0, |rate| rounded(f64::from_be_bytes(rate)));
                channels = u32_at(bytes, 40).unwrap_or(0);
                bits = u32_at(bytes, 48).unwrap_or(0);
                flags = u32_at(bytes, 52);
            }
            _ => {}
        }
        Ok(Some(Self { kind, channels, bits, rate, flags, children: entry.behind(len) }))
    }

    /// The content of the box `kind` behind its first `skipped` bytes, be it in the description or
    /// in QuickTime's `wave`.
    fn config<R: Read + Seek>(
        &self,
        blocks: &mut Blocks<R>,
        kind: [u8; 4],
        skipped: u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut found = child(blocks, self.children, &[kind])?;
        if found.is_none() {
            found = child(blocks, self.children, &[*b"wave", kind])?;
        }
        match found {
            Some(found) => Ok(Some(found.behind(skipped).head(blocks, MAX_CONFIG_BYTES)?.to_vec())),
            None => Ok(None),
        }
    }

    fn spec(&self) -> Result<AudioSpec, Failure> {
        let channels = usize::try_from(self.channels).unwrap_or(usize::MAX);
        validate_channels(channels)?;
        Ok(AudioSpec { sample_rate: self.rate, channels }.validate()?)
    }
}

/// What `mp4a` holds, by the elementary stream's descriptors.
fn mpeg<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    entry: &Description,
) -> Result<Box<dyn PacketCodec>, Failure> {
    let esds = entry.config(blocks, *b"esds", 4)?;
    let stream = esds.as_deref().and_then(Stream::parse).unwrap_or_default();
    let channels = usize::try_from(entry.channels).unwrap_or(usize::MAX);
    // ISO/IEC 14496-1, table 5, and the registered ones of mp4ra.org.
    match stream.kind {
        // AAC of MPEG-4 and MPEG-2; files without descriptors hold AAC.
        0 | 0x40 | 0x66..=0x68 => {
            let config = match stream.config {
                [] => aac::config(entry.rate, channels)
                    .ok_or_else(|| corrupt("the description of its AAC stream is missing"))?,
                config => config.to_vec(),
            };
            Ok(Box::new(aac::Codec::new(&config)?))
        }
        0x69 | 0x6b => Ok(packet_codec(PacketKind::Mp3, &[], entry.rate, channels)?),
        other => {
            Err(unsupported(format!("MPEG audio of kind 0x{other:02x} is not supported")).into())
        }
    }
}

/// What descriptors say of a stream.
#[derive(Default)]
pub(super) struct Stream<'a> {
    kind: u8,
    pub(super) config: &'a [u8],
}

impl<'a> Stream<'a> {
    pub(super) fn parse(descriptors: &'a [u8]) -> Option<Self> {
        const STREAM: u8 = 3;
        const DECODER: u8 = 4;
        const CONFIG: u8 = 5;
        let stream = descriptor(descriptors, STREAM).or_else(|| {
            // QuickTime may leave it out.
            descriptors.first().filter(|tag| **tag == DECODER).map(|_| descriptors)
        })?;
        let decoder = if descriptors.first() == Some(&DECODER) {
            stream
        } else {
            let flags = *stream.get(2)?;
            let mut at = 3;
            if flags & 0x80 != 0 {
                at += 2;
            }
            if flags & 0x40 != 0 {
                at += 1 + usize::from(*stream.get(at)?);
            }
            if flags & 0x20 != 0 {
                at += 2;
            }
            stream.get(at..)?
        };
        let decoder = descriptor(decoder, DECODER)?;
        let config = decoder.get(13..).and_then(|rest| descriptor(rest, CONFIG));
        Some(Self { kind: *decoder.first()?, config: config.unwrap_or(&[]) })
    }
}

/// The content of the first descriptor with `tag`: its length has seven bits in each byte, up to
/// four of them.
fn descriptor(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (found, mut rest) = bytes.split_first()?;
        let mut len = 0_usize;
        for _ in 0..4 {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            len = len << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let content = &rest[..len.min(rest.len())];
        if *found == tag {
            return Some(content);
        }
        bytes = &rest[content.len()..];
    }
}

/// PCM of any kind.
fn uncompressed<R: Read + Seek>(
    blocks: &mut Blocks<R>,
    entry: &Description,
) -> Result<Found, Failure> {
    let mut bits = entry.bits;
    // QuickTime's `enda` says 1 for the lower byte first; `pcmC` has it in bit 0 of its flags, and
    // the bits behind it.
    let order_of = |is_little| if is_little { Order::Little } else { Order::Big };
    let mut order = None;
    if let Some(enda) = entry.config(blocks, *b"enda", 0)? {
        order = u16_at(&enda, 0).map(|value| order_of(value == 1));
    }
    if let Some(&[flags, stated, ..]) = entry.config(blocks, *b"pcmC", 4)?.as_deref() {
        order = Some(order_of(flags & 1 != 0));
        bits = stated.into();
    }
    let kind = match (&entry.kind, entry.flags) {
        (b"lpcm", Some(flags)) => pcm::kind_of_flags(flags, bits),
        _ => pcm::kind(entry.kind, bits, order),
    };
    let not_supported = || {
        let name = entry.kind.escape_ascii();
        unsupported(format!("a track of codec \"{name}\" is not supported"))
    };
    let kind = kind.ok_or_else(not_supported)?;
    let spec = entry.spec()?;
    let codec = PcmCodec::new(kind, spec);
    let bytes = u32::try_from(codec.block_bytes()).unwrap_or(u32::MAX);
    let frames = u32::try_from(codec.block_frames()).unwrap_or(1);
    let framing = Framing::Blocks { bytes, frames, rate: spec.sample_rate };
    Ok(Found { codec: Box::new(codec), framing, priming: 0 })
}
