//! The identification header.
//!
//! # Sources
//! RFC 7845, 5.1: `OpusHead`, version, channels, pre-skip, rate of the input, output gain in
//! 1/256 dB, mapping family; but for family 0 then the number of streams, of coupled streams
//! among them, and for each channel the decoded channel that it is. RFC 8486, 3: families 2 and 3
//! are ambisonics. *Encapsulation of Opus in ISO Base Media File Format*, 4.3.2: the box `dOps`
//! has the same fields from the version on, numbers with the higher byte first.

use crate::decode::channels::vorbis_order;
use crate::error::{LoadError, LoadErrorKind};
use crate::spec::{MAX_SAMPLE_RATE, validate_channels};

const MAGIC: &[u8] = b"OpusHead";
/// In the mapping: this channel is silent.
const SILENT: u8 = 255;

/// What a stream is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// Frames before the music, which the decoder needs to get going.
    pub(super) pre_skip: u16,
    /// Factor for every value.
    pub(super) gain: f32,
    /// Streams side by side in each packet.
    pub(super) streams: usize,
    /// How many of them, the first ones, have two channels.
    pub(super) coupled: usize,
    /// For each channel in WAVE order, the decoded channel that it is: two of each coupled
    /// stream, then one of each other stream. None: silence.
    pub(super) sources: Vec<Option<usize>>,
}

impl Head {
    /// Whether `packet` is such a header, be it a broken one.
    pub(super) fn begins(packet: &[u8]) -> bool {
        packet.starts_with(MAGIC)
    }

    /// Reads the header as Ogg, WebM and Matroska have it.
    ///
    /// # Errors
    /// `corrupt`; `unsupported_format` for later versions, other mappings, too many channels.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, LoadError> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        Self::parse_fields(bytes, u16::from_le_bytes)
    }

    /// Reads the content of an MP4's `dOps` behind the magic bytes of the other containers. Older
    /// writers, such as GStreamer's, put the lower byte first all the same, which the rate betrays.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_mp4(bytes: &[u8]) -> Result<Self, LoadError> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        // Version, channels and pre-skip come before it.
        let rate = bytes.get(4..8).and_then(|rate| rate.try_into().ok()).ok_or_else(damaged)?;
        let is_rate = |rate: u32| (1..=MAX_SAMPLE_RATE).contains(&rate);
        let is_swapped =
            u32::from_be_bytes(rate) > MAX_SAMPLE_RATE && is_rate(u32::from_le_bytes(rate));
        let number = if is_swapped { u16::from_le_bytes } else { u16::from_be_bytes };
        Self::parse_fields(bytes, number)
    }

    fn parse_fields(bytes: &[u8], number: fn([u8; 2]) -> u16) -> Result<Self, LoadError> {
        let &[
            version,
            channels,
            skip_a,
            skip_b,
            _,
            _,
            _,
            _,
            gain_a,
            gain_b,
            family,
            ref table @ ..,
        ] = bytes
        else {
            return Err(damaged());
        };
        if version & 0xf0 != 0 {
            return Err(unsupported(format!("Opus of version {version} is not supported")));
        }
        if channels == 0 {
            return Err(damaged());
        }
        validate_channels(usize::from(channels))?;
        let (streams, coupled, mapping) = match (family, table) {
            (0, _) if channels <= 2 => (1, channels - 1, &[0, 1][..]),
            (0, _) => return Err(damaged()),
            (1 | 2 | 255, &[streams, coupled, ref mapping @ ..]) => (streams, coupled, mapping),
            (1 | 2 | 255, _) => return Err(damaged()),
            _ => {
                let what = format!("the channel mapping {family} of Opus is not supported");
                return Err(unsupported(what));
            }
        };
        let mapping = mapping.get(..usize::from(channels)).ok_or_else(damaged)?;
        let decoded = u16::from(streams) + u16::from(coupled);
        let fits = |source: u8| source == SILENT || u16::from(source) < decoded;
        let named = mapping.iter().all(|source| fits(*source));
        if streams == 0 || coupled > streams || decoded > 255 || !named {
            return Err(damaged());
        }
        let order = match family {
            1 => vorbis_order(mapping.len()).ok_or_else(damaged)?,
            _ => (0..mapping.len()).collect(),
        };
        let gain_db = f32::from(number([gain_a, gain_b]).cast_signed()) / 256.0;
        Ok(Self {
            pre_skip: number([skip_a, skip_b]),
            gain: 10_f32.powf(gain_db / 20.0),
            streams: usize::from(streams),
            coupled: usize::from(coupled),
            sources: order
                .into_iter()
                .map(|channel| mapping[channel])
                .map(|source| Some(usize::from(source)).filter(|_| source != SILENT))
                .collect(),
        })
    }

    /// How many channels the stream has.
    pub(crate) fn channels(&self) -> usize {
        self.sources.len()
    }

    /// Frames before the music.
    pub(crate) fn pre_skip(&self) -> u64 {
        u64::from(self.pre_skip)
    }
}

fn damaged() -> LoadError {
    LoadError::new(LoadErrorKind::Corrupt, "the header of its Opus stream is damaged")
}

fn unsupported(what: String) -> LoadError {
    LoadError::new(LoadErrorKind::UnsupportedFormat, what)
}
