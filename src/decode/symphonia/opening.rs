//! From bytes to a track and its decoder.

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_FLAC, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::failure::{no_audio_track, opening_failed, unknown_codec, unknown_format};
use super::spare::SpareDecoder;
use super::{aac, flac, matroska, mpeg, opus, vorbis};
use crate::decode::failure::io_failure;
use crate::decode::mkv;
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::sniff;
use crate::decode::vorbis::{Positions, check_ogg};
use crate::error::{LoadError, LoadErrorKind};
use crate::spec::validate_channels;

/// Most frames of one packet that a header may state. The formats read here have 65,536 at most,
/// in ALAC and FLAC.
pub(super) const MAX_PACKET_FRAMES: u64 = 1 << 17;

/// Bytes of the header of an Ogg page with one packet.
const OGG_HEAD_BYTES: usize = 28;

impl MediaSource for CountingReader {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(CountingReader::byte_len(self))
    }
}

/// The reader of the format that `head` begins, and what the pages of Ogg Vorbis say.
pub(super) fn format_reader(
    mut reader: CountingReader,
    read: &ReadState,
    head: &[u8],
) -> Result<(Box<dyn FormatReader>, Positions), LoadError> {
    if mkv::begins(head) {
        let format = matroska::open(reader).map_err(|error| io_failure(read, error))??;
        return Ok((Box::new(format), Positions::default()));
    }
    let positions = match head.starts_with(b"OggS") {
        true => check_ogg(&mut reader).map_err(|error| io_failure(read, error))??,
        false => Positions::default(),
    };
    // symphonia 0.6.1 forgives what is no page, and damaged ones further on.
    positions.damaged.iter().for_each(|page| reader.blot(page.at));
    let bytes = MediaSourceStream::new(Box::new(reader), Default::default());
    symphonia::default::get_probe()
        .probe(&Hint::new(), bytes, FormatOptions::default(), MetadataOptions::default())
        .map(|format| (format, positions))
        .map_err(|error| match sniff::begins_something(head) {
            true if is_video(head) => no_audio_track(),
            true => opening_failed(error),
            // What was tried is a word in its middle.
            false => unknown_format(),
        })
}

/// Whether the Ogg file that begins with `head` has pictures in its first stream; what is there of
/// audio would have been found by now.
fn is_video(head: &[u8]) -> bool {
    const KINDS: [&[u8]; 4] = [b"\x80theora", b"fishead", b"BBCD", b"\x01video"];
    let content = head.get(OGG_HEAD_BYTES..).unwrap_or(&[]);
    head.starts_with(b"OggS") && KINDS.iter().any(|kind| content.starts_with(kind))
}

/// The track that a player would play, which is that with the number `first` if there is one, and a
/// decoder for it.
pub(super) fn audio_decoder(
    format: &dyn FormatReader,
    first: Option<u32>,
) -> Result<(Track, Box<dyn AudioDecoder>), LoadError> {
    let track = format
        .tracks()
        .iter()
        // symphonia 0.6.1 has those of Ogg in the order of their numbers, and calls all others 0.
        .find(|track| Some(track.id) == first && audio_parameters(track).is_some())
        .or_else(|| format.default_track(TrackType::Audio))
        .or_else(|| format.first_track(TrackType::Audio))
        .ok_or_else(no_audio_track)?;
    let parameters = audio_parameters(track).ok_or_else(unknown_codec)?;
    check_size(parameters)?;
    let codec: Box<dyn AudioDecoder> = match parameters.codec {
        CODEC_ID_OPUS => Box::new(opus::decoder(parameters)?),
        CODEC_ID_AAC => Box::new(aac::decoder(parameters)?),
        CODEC_ID_FLAC => Box::new(flac::decoder(parameters)?),
        CODEC_ID_VORBIS => match vorbis::decoder(parameters)? {
            Some(codec) => Box::new(codec),
            None => Box::new(SpareDecoder::new(parameters)?),
        },
        _ => match mpeg::decoder(parameters) {
            Some(codec) => Box::new(codec),
            None => theirs(parameters)?,
        },
    };
    Ok((track.clone(), codec))
}

/// A decoder of symphonia's own.
///
/// # Errors
/// As [`opening_failed`] tells them.
pub(super) fn theirs(
    parameters: &AudioCodecParameters,
) -> Result<Box<dyn AudioDecoder>, LoadError> {
    symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(opening_failed)
}

/// Refuses what would make a decoder set aside gigabytes for its first packet: decoders take room
/// for channels × frames before they have read a byte, and what cannot be had ends the process.
///
/// # Errors
/// `unsupported_format` beyond [`MAX_CHANNELS`], `corrupt` beyond [`MAX_PACKET_FRAMES`].
pub(super) fn check_size(parameters: &AudioCodecParameters) -> Result<(), LoadError> {
    if let Some(channels) = &parameters.channels {
        validate_channels(channels.count())?;
    }
    match parameters.max_frames_per_packet {
        Some(frames) if frames > MAX_PACKET_FRAMES => Err(LoadError::new(
            LoadErrorKind::Corrupt,
            format!("its header states packets of {frames} frames"),
        )),
        _ => Ok(()),
    }
}

pub(super) fn audio_parameters(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref().and_then(CodecParameters::audio)
}

/// A number of the file as a whole one; 0 where it is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(super) fn whole(number: f64) -> u64 {
    number.round() as u64
}
