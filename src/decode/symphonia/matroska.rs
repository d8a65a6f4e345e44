//! Our reader of Matroska in the shape of symphonia's, for its codecs.

use std::io;

use symphonia::core::audio::Channels;
use symphonia::core::audio::sample::SampleFormat;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::errors::{Error, Result, seek_error};
use symphonia::core::formats::well_known::FORMAT_ID_MKV;
use symphonia::core::formats::{
    FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track,
};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::failure::unknown_codec;
use super::lost::BlockTimes;
use super::opening::whole;
use crate::decode::mkv::{self, Matroska};
use crate::decode::reader::CountingReader;
use crate::decode::{opus, vorbis};
use crate::error::{LoadError, LoadErrorKind};

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_MKV, short_name: "matroska", long_name: "Matroska" };

/// Gives out the packets of one track.
pub(super) struct MatroskaReader {
    file: Matroska<CountingReader>,
    track: mkv::Track,
    sample_rate: u32,
    tracks: [Track; 1],
    media: MediaInfo,
    metadata: MetadataLog,
}

impl MatroskaReader {
    /// Takes the first track of those that a player would play whose codec is known.
    ///
    /// # Errors
    /// `unsupported_format`, `corrupt`.
    pub(super) fn new(file: Matroska<CountingReader>) -> std::result::Result<Self, LoadError> {
        let mut tracks: Vec<&mkv::Track> = file.tracks().iter().collect();
        if tracks.is_empty() {
            let message = "has no audio track";
            return Err(LoadError::new(LoadErrorKind::UnsupportedFormat, message));
        }
        tracks.sort_by_key(|track| !track.is_default);
        let known = tracks.iter().find_map(|track| Some((*track, codec(track)?)));
        let (track, (id, private)) = known.ok_or_else(unknown_codec)?;
        if track.is_encoded {
            let message = "its audio is compressed twice or encrypted";
            return Err(LoadError::new(LoadErrorKind::UnsupportedFormat, message));
        }
        let track = track.clone();
        let parameters = parameters(&track, id, private)?;
        let sample_rate = if id == id::CODEC_ID_OPUS {
            opus::SAMPLE_RATE
        } else {
            parameters.sample_rate.unwrap_or(0)
        };
        let number = u32::try_from(track.number).unwrap_or(u32::MAX);
        let mut theirs = Track::new(number);
        theirs.with_codec_params(CodecParameters::Audio(parameters));
        if let Some(sec) = file.duration_sec() {
            // Whole milliseconds mostly, of which the last may have begun only.
            theirs.with_num_frames(whole(sec * f64::from(sample_rate)));
        }
        // Packets bear nanoseconds, for `BlockTimes` alone.
        if let Some(base) = TimeBase::try_from_recip(1000) {
            theirs.with_time_base(base);
        }
        // Opus says that itself.
        if id != id::CODEC_ID_OPUS {
            let delay = frames(track.delay_ns, sample_rate);
            theirs.with_delay(u32::try_from(delay).unwrap_or(0));
        }
        let media = MediaInfo::from_track(&theirs);
        let (tracks, metadata) = ([theirs], MetadataLog::default());
        Ok(Self { file, track, sample_rate, tracks, media, metadata })
    }
}

impl FormatReader for MatroskaReader {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _: SeekMode, _: SeekTo) -> Result<SeekedTo> {
        seek_error(symphonia::core::errors::SeekErrorKind::Unseekable)
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let next = self.file.next(&self.track).map_err(Error::IoError)?;
        self.file.reader().used_up_to(self.file.position());
        let Some(next) = next else { return Ok(None) };
        let time = match next.time_ns {
            _ if next.is_passed => BlockTimes::PASSED,
            time => time.and_then(|ns| i64::try_from(ns).ok()).unwrap_or(BlockTimes::NONE),
        };
        let time = Timestamp::new(time);
        let mut packet = Packet::new(self.tracks[0].id, time, Duration::ZERO, next.data);
        packet.trim_end = Duration::new(frames(next.padding_ns, self.sample_rate));
        Ok(Some(packet))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        let reader = Box::new(self.file.into_reader());
        MediaSourceStream::new(reader, MediaSourceStreamOptions::default())
    }
}

/// `ns` nanoseconds at `rate`, to the nearest frame.
fn frames(ns: u64, rate: u32) -> u64 {
    let scaled = u128::from(ns) * u128::from(rate);
    u64::try_from((scaled + 500_000_000) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// The codec of a track, and what of its description the codec wants to know.
///
/// # Sources
/// *Matroska Media Container Codec Specifications*, 6.
fn codec(track: &mkv::Track) -> Option<(AudioCodecId, &[u8])> {
    let private = track.private.as_slice();
    let id = match track.codec_id.as_str() {
        "A_MPEG/L1" => id::CODEC_ID_MP1,
        "A_MPEG/L2" => id::CODEC_ID_MP2,
        "A_MPEG/L3" => id::CODEC_ID_MP3,
        "A_FLAC" => id::CODEC_ID_FLAC,
        "A_OPUS" => id::CODEC_ID_OPUS,
        "A_VORBIS" => id::CODEC_ID_VORBIS,
        "A_ALAC" => id::CODEC_ID_ALAC,
        name if name.starts_with("A_AAC") => id::CODEC_ID_AAC,
        "A_PCM/INT/LIT" | "A_PCM/INT/BIG" if track.bits == Some(8) => id::CODEC_ID_PCM_U8,
        "A_PCM/INT/LIT" => match track.bits? {
            16 => id::CODEC_ID_PCM_S16LE,
            24 => id::CODEC_ID_PCM_S24LE,
            32 => id::CODEC_ID_PCM_S32LE,
            _ => return None,
        },
        "A_PCM/INT/BIG" => match track.bits? {
            16 => id::CODEC_ID_PCM_S16BE,
            24 => id::CODEC_ID_PCM_S24BE,
            32 => id::CODEC_ID_PCM_S32BE,
            _ => return None,
        },
        "A_PCM/FLOAT/IEEE" => match track.bits? {
            32 => id::CODEC_ID_PCM_F32LE,
            64 => id::CODEC_ID_PCM_F64LE,
            _ => return None,
        },
        // A WAVEFORMATEX: what it is, channels, rate (4 bytes), bytes (4), frame, bits.
        "A_MS/ACM" => {
            let word =
                |at: usize| Some(u16::from_le_bytes([*private.get(at)?, *private.get(at + 1)?]));
            return match (word(0)?, word(14)?) {
                (1, 8) => Some((id::CODEC_ID_PCM_U8, &[])),
                (1, 16) => Some((id::CODEC_ID_PCM_S16LE, &[])),
                (1, 24) => Some((id::CODEC_ID_PCM_S24LE, &[])),
                (1, 32) => Some((id::CODEC_ID_PCM_S32LE, &[])),
                (3, 32) => Some((id::CODEC_ID_PCM_F32LE, &[])),
                (3, 64) => Some((id::CODEC_ID_PCM_F64LE, &[])),
                (6, _) => Some((id::CODEC_ID_PCM_ALAW, &[])),
                (7, _) => Some((id::CODEC_ID_PCM_MULAW, &[])),
                (0x50, _) => Some((id::CODEC_ID_MP2, &[])),
                (0x55, _) => Some((id::CODEC_ID_MP3, &[])),
                (0xff, _) => Some((id::CODEC_ID_AAC, private.get(18..)?)),
                _ => None,
            };
        }
        _ => return None,
    };
    Some((id, private))
}

fn parameters(
    track: &mkv::Track,
    id: AudioCodecId,
    private: &[u8],
) -> std::result::Result<AudioCodecParameters, LoadError> {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(id);
    parameters.with_sample_rate(u32::try_from(whole(track.sample_rate)).unwrap_or(0));
    let channels = u16::try_from(track.channels).unwrap_or(u16::MAX);
    parameters.with_channels(match channels {
        1 => symphonia::core::audio::layouts::CHANNEL_LAYOUT_MONO,
        2 => symphonia::core::audio::layouts::CHANNEL_LAYOUT_STEREO,
        channels => Channels::Discrete(channels),
    });
    // Of these, some files state those that they are expanded to.
    let is_law = matches!(id, id::CODEC_ID_PCM_ALAW | id::CODEC_ID_PCM_MULAW);
    let bits = track.bits.and_then(|bits| u32::try_from(bits).ok());
    if let Some(bits) = bits.filter(|_| !is_law) {
        parameters.with_bits_per_sample(bits);
        match bits {
            8 => parameters.with_sample_format(SampleFormat::U8),
            16 => parameters.with_sample_format(SampleFormat::S16),
            24 => parameters.with_sample_format(SampleFormat::S24),
            _ => parameters.with_sample_format(SampleFormat::S32),
        };
    }
    let extra = match id {
        id::CODEC_ID_VORBIS => vorbis::unlace(private)?,
        // Which describes itself by its rate and channels alone.
        id::CODEC_ID_AAC if private.len() < 2 => Vec::new(),
        _ => private.to_vec(),
    };
    if !extra.is_empty() {
        parameters.with_extra_data(extra.into());
    }
    Ok(parameters)
}

/// Reads the file that begins with `head`, if it is one.
///
/// # Errors
/// As [`MatroskaReader::new`]; those of the reader.
pub(super) fn open(
    reader: CountingReader,
) -> io::Result<std::result::Result<MatroskaReader, LoadError>> {
    let byte_len = reader.byte_len();
    Ok(MatroskaReader::new(Matroska::open(reader, byte_len)?))
}
