//! Packets to planes, the only file that names the decoder of AAC.

use rusty_aac::config::{Pce, parse as parse_config};
use rusty_aac::decode::layout::{OutputConfig, pce_layout};
use rusty_aac::{AacDecoder, BitReader, Error};

use super::{fill::Beginning, mono};
use crate::decode::packets::{PacketCodec, Undecodable};
use crate::error::{LoadError, LoadErrorKind};
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, validate_channels};

/// The audio object type of AAC-ELD (ISO/IEC 14496-3, table 1.17).
const ENHANCED_LOW_DELAY: u8 = 39;
/// An `AudioSpecificConfig` of AAC, to its last bit that must be there.
const MIN_CONFIG_BYTES: usize = 2;
/// Bytes that its optional delay takes, of 14 bits (ISO/IEC 14496-3, 4.4.1).
const MISSING_BYTES: usize = 2;
/// What libfaac begins with that is no music: one block.
const LIBFAAC_DELAY_FRAMES: usize = 1024;

/// Frames that are decoded before those that are wanted.
const LEAD_FRAMES: u64 = 8 * 1024;
/// The same with spectral band replication, whose header comes again every second at the latest.
const SBR_LEAD_FRAMES: u64 = 32 * 2048;
/// Most frames of a block without spectral band replication.
const MAX_PLAIN_BLOCK: usize = 1024;

/// Decodes the packets of one stream.
pub(crate) struct Codec {
    /// The `AudioSpecificConfig`; None where packets are ADTS frames, which have headers.
    config: Option<Vec<u8>>,
    decoder: AacDecoder,
    /// Whether it is stated to be one channel; the decoder makes two of it that are equal.
    is_mono: bool,
    /// The part of an ADTS header that all frames of a stream share.
    header: [u8; 3],
    /// The bits of `dwChannelMask` that a program's own description comes to; 0 without one.
    described: u32,
    spec: AudioSpec,
    /// Whether `spec` is what was decoded.
    is_settled: bool,
    /// Frames before the music that are yet to come, of which the encoder's name tells.
    priming: usize,
    planes: Vec<Vec<f32>>,
}

impl Codec {
    /// Reads an `AudioSpecificConfig`.
    ///
    /// # Errors
    /// `corrupt`, `unsupported_format`.
    pub(crate) fn new(config: &[u8]) -> Result<Self, LoadError> {
        let (config, decoder) = match AacDecoder::with_config_bytes(config) {
            Ok(decoder) => (config.to_vec(), decoder),
            // Some writers set the bit that a delay of another codec follows, and end there.
            Err(error) if config.len() >= MIN_CONFIG_BYTES => {
                let config = [config, &[0; MISSING_BYTES]].concat();
                let decoder = AacDecoder::with_config_bytes(&config).map_err(|_| refused(error))?;
                (config, decoder)
            }
            Err(error) => return Err(refused(error)),
        };
        // Its decoder would leave the upper half of the spectrum out.
        if decoder
            .sbr_config()
            .is_some_and(|sbr| sbr.sbr_present && sbr.core_object_type == ENHANCED_LOW_DELAY)
        {
            let message = "AAC-ELD with spectral band replication is not supported";
            return Err(LoadError::new(LoadErrorKind::UnsupportedFormat, message));
        }
        let sample_rate = decoder.output_sample_rate().unwrap_or(0);
        let is_mono = mono::is_stated(&config);
        let program = parse_config(&config).ok().and_then(|config| config.pce);
        let described = program.map_or(0, |program| mask(&program));
        Ok(Self { is_mono, described, ..Self::with(Some(config), decoder, sample_rate) })
    }

    /// Decodes whole ADTS frames.
    pub(crate) fn adts() -> Self {
        Self::with(None, AacDecoder::new(), 0)
    }

    fn with(config: Option<Vec<u8>>, decoder: AacDecoder, sample_rate: u32) -> Self {
        Self {
            config,
            decoder,
            is_mono: false,
            header: [0; 3],
            described: 0,
            spec: AudioSpec { sample_rate, channels: 0 },
            is_settled: false,
            priming: 0,
            planes: Vec::new(),
        }
    }

    /// Whether `packet` has another ADTS header than the one before it, and so may have another
    /// rate and other channels.
    fn begins_anew(&mut self, packet: &[u8]) -> bool {
        let (None, &[_, a, b, c, ..]) = (&self.config, packet) else { return false };
        // Version and layer, profile, rate, channels.
        let header = [a & 0xfe, b & 0xfd, c & 0xc0];
        std::mem::replace(&mut self.header, header) != header
    }

    /// Makes the decoder anew: a damaged packet may have changed what it expects of all others, which
    /// come out silent then, and without an error.
    fn failed(&mut self) -> Undecodable {
        self.reset();
        Undecodable
    }
}

impl PacketCodec for Codec {
    fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        let block = if self.config.is_none() { behind_header(packet) } else { packet };
        let beginning = Beginning::of(block);
        if beginning.is_libfaac {
            self.priming = LIBFAAC_DELAY_FRAMES;
        }
        if !self.is_settled && !beginning.has_audio {
            return Ok(0);
        }
        if let Some(program) = program(block).filter(|_| !self.is_settled) {
            self.described = mask(&program);
        }
        let may_differ = self.begins_anew(packet) || !self.is_settled;
        let decoded = match self.decoder.decode(packet, None) {
            Ok(decoded) => decoded,
            Err(Error::Again) => return Ok(0),
            Err(_) => return Err(self.failed()),
        };
        let decoded_channels = usize::from(decoded.channels);
        let channels = if self.is_mono { decoded_channels.min(1) } else { decoded_channels };
        let spec = AudioSpec { sample_rate: decoded.sample_rate, channels };
        if decoded.samples.is_empty() || channels == 0 {
            return Ok(0);
        }
        if validate_channels(channels).is_err() || !may_differ && spec != self.spec {
            return Err(self.failed());
        }
        (self.spec, self.is_settled) = (spec, true);
        let frames = decoded.samples.len() / decoded_channels;
        self.planes.resize_with(channels, Vec::new);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.clear();
            plane.extend(
                decoded.samples.iter().skip(channel).step_by(decoded_channels).take(frames),
            );
        }
        Ok(frames)
    }

    fn reset(&mut self) {
        self.decoder = match &self.config {
            // It was accepted before.
            Some(config) => AacDecoder::with_config_bytes(config).unwrap_or_default(),
            None => AacDecoder::new(),
        };
    }

    /// One block overlaps with the one before it; noise that stands in for parts of the spectrum is
    /// another each time. With spectral band replication, blocks are longer, and need a header that
    /// may have come long before; only a container tells beforehand that they are.
    fn lead_frames(&self) -> Option<u64> {
        let block = self.planes.first().map_or(0, Vec::len);
        let is_plain = block <= MAX_PLAIN_BLOCK;
        let lead = if is_plain { LEAD_FRAMES } else { SBR_LEAD_FRAMES };
        (is_plain || self.config.is_some()).then_some(lead)
    }

    fn take_priming(&mut self, frames: usize) -> usize {
        let taken = self.priming.min(frames);
        self.priming -= taken;
        taken
    }

    fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }

    fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// # Sources
    /// ISO/IEC 14496-3, table 1.19: 4 is `C L R Cs`, 11 `C L R Ls Rs Cs LFE`; all others of as many
    /// channels are the usual ones; with 0 they describe themselves.
    fn speakers(&self) -> Speakers {
        let configuration = match &self.config {
            Some(config) => mono::channel_configuration(config).unwrap_or(0),
            None => u32::from(self.header[1] & 1) << 2 | u32::from(self.header[2] >> 6),
        };
        let mask = match configuration {
            4 => 0x107,
            11 => 0x13f,
            0 => self.described,
            _ => 0,
        };
        Speakers::of_mask(mask, self.spec.channels)
    }

    fn name(&self) -> String {
        "aac".to_owned()
    }
}

/// The description of channels that `block` begins with.
///
/// # Sources
/// ISO/IEC 14496-3, 4.4.2.1: three bits of 5 for `program_config_element`, four for its number.
fn program(block: &[u8]) -> Option<Pce> {
    const PROGRAM_CONFIG: u8 = 5;
    let mut bits = BitReader::new(block);
    let kind = bits.read_u8(3).ok().filter(|kind| *kind == PROGRAM_CONFIG);
    kind.and_then(|_| Pce::parse(&mut bits, 0).ok())
}

/// The bits of `dwChannelMask` for what `program` describes, which are also the order in which its
/// channels are decoded; 0 where there are none for it.
fn mask(program: &Pce) -> u32 {
    u32::try_from(OutputConfig::configure(pce_layout(program), false).mask).unwrap_or(0)
}

/// What follows the header of an ADTS frame.
fn behind_header(frame: &[u8]) -> &[u8] {
    let has_checksum = frame.get(1).is_some_and(|byte| byte & 1 == 0);
    frame.get(if has_checksum { 9 } else { 7 }..).unwrap_or(&[])
}

fn refused(error: Error) -> LoadError {
    let (kind, message) = match error {
        Error::Unsupported(what) => {
            // In its own words, but not that it is unsupported once more.
            let what = what.trim_start_matches("aac config: ");
            let message = format!("this variant of AAC is not supported: {what}");
            return LoadError::new(LoadErrorKind::UnsupportedFormat, message);
        }
        Error::InvalidData(_) => {
            (LoadErrorKind::Corrupt, "the description of its AAC stream is damaged")
        }
        _ => (LoadErrorKind::UnsupportedFormat, "this variant of AAC is not supported"),
    };
    LoadError::new(kind, message).with_source(error)
}

/// The `AudioSpecificConfig` of plain AAC-LC, for containers that lack one; None where it cannot
/// say this rate or number of channels.
///
/// # Sources
/// ISO/IEC 14496-3, 1.6.2.1 and tables 1.18 and 1.19.
pub(crate) fn config(sample_rate: u32, channels: usize) -> Option<Vec<u8>> {
    const LOW_COMPLEXITY: u16 = 2;
    let channels = match channels {
        1..=6 => u16::try_from(channels).ok()?,
        8 => 7,
        _ => return None,
    };
    let rate = u16::from(rusty_aac::sf_index_for_rate(sample_rate)?);
    Some((LOW_COMPLEXITY << 11 | rate << 7 | channels << 3).to_be_bytes().to_vec())
}
