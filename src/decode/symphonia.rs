//! Decoding with symphonia, the only file that names it.

mod aac;
mod failure;
mod flac;
mod lost;
mod matroska;
mod mpeg;
mod opus;
mod packets;
mod planes;
mod vorbis;

use std::io;
use std::sync::Arc;

pub(crate) use packets::{PacketKind, packet_codec};

use aac::AacAdapter;
use failure::{opening_failed, unknown_codec, unknown_format};
use flac::FlacAdapter;
use lost::Clock;
use mpeg::MpegAdapter;
use opus::OpusAdapter;
use vorbis::VorbisAdapter;

use symphonia::core::audio::{ChannelLabel, Channels, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_FLAC, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::channels::{alac_order, wave_order};
use super::clean::{Change, MAX_BAD_PACKETS_IN_A_ROW, Tally};
use super::failure::{io_failure, source_failure};
use super::reader::{CountingReader, ReadState};
use super::vorbis::check_ogg;
use super::{Chunk, Decoder, StreamInfo, mkv, sniff};
use crate::error::{LoadError, LoadErrorKind, LoadWarning};
use crate::spec::{AudioSpec, validate_channels};

/// Most frames of one packet that a header may state. The formats read here have 65,536 at most,
/// in ALAC and FLAC.
const MAX_PACKET_FRAMES: u64 = 1 << 17;

impl MediaSource for CountingReader {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(CountingReader::byte_len(self))
    }
}

/// Lent in place of frames that are lost.
static SILENCE: [f32; 1152] = [0.0; 1152];

/// One audio track of one source.
pub(crate) struct SymphoniaDecoder {
    info: StreamInfo,
    stream: PacketStream,
    /// The plane of each channel in WAVE order.
    order: Vec<usize>,
    /// Frames that the encoder needed to get going; not audio.
    frames_to_skip: u64,
    /// Decoded frames wait in `stream.unpacked` for `next_chunk`.
    chunk_waits: bool,
}

impl SymphoniaDecoder {
    /// Probes what `reader` shows, beginning with `head`, and decodes up to the first frame: some
    /// formats tell their rate and channels only there.
    ///
    /// # Errors
    /// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
    pub(crate) fn open(
        reader: CountingReader,
        read: &Arc<ReadState>,
        head: &[u8],
        byte_len: u64,
    ) -> Result<Self, LoadError> {
        let mut stream = PacketStream::open(reader, read, head)
            .map_err(|error| source_failure(read).unwrap_or(error))?;
        if !sniff::may_be(stream.container(), head) {
            return Err(unknown_format());
        }
        let layout = loop {
            match stream.decode_next()? {
                Decoded::Frames => {
                    if let Some(layout) = stream.unpacked.new_layout.take() {
                        break layout;
                    }
                }
                Decoded::Nothing => {}
                Decoded::End => return Err(stream.tally.without_a_frame("packets")),
            }
        };
        let mut info = stream.info(layout.spec.validate()?, byte_len);
        info.length_stated = info.frames.is_some() && info.container != "aac";
        let delay = stream.track.delay.filter(|_| info.container == "mkv");
        let frames_to_skip = delay.map_or(0, u64::from);
        info.frames = info.frames.map(|frames| frames.saturating_sub(frames_to_skip));
        let order = match info.codec.as_str() {
            "alac" => alac_order(&layout.speakers),
            _ => wave_order(&layout.speakers),
        };
        Ok(Self { info, stream, order, frames_to_skip, chunk_waits: true })
    }
}

impl Decoder for SymphoniaDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError> {
        if !self.chunk_waits {
            match self.stream.decode_next()? {
                Decoded::Frames => self.chunk_waits = true,
                Decoded::Nothing => return Ok(Some(Chunk::silent(&[], self.order.len()))),
                Decoded::End => return Ok(None),
            }
        }
        if let Some(layout) = self.stream.unpacked.new_layout.take()
            && layout.spec != self.info.spec
        {
            self.stream.tally.change = Some(Change { from: self.info.spec, to: layout.spec });
            self.stream.ended = true;
            return Ok(None);
        }
        // What is lost lies before what was decoded after it.
        let lost = usize::try_from(self.stream.lost_frames).unwrap_or(usize::MAX);
        let silent = lost.min(SILENCE.len());
        let frames = if silent > 0 { silent } else { self.stream.unpacked.frames };
        let skipped = usize::try_from(self.frames_to_skip).map_or(frames, |skip| skip.min(frames));
        self.frames_to_skip -= skipped as u64;
        self.stream.tally.frames += (frames - skipped) as u64;
        if silent > 0 {
            self.stream.lost_frames -= silent as u64;
            self.stream.tally.zero_filled += (silent - skipped) as u64;
            return Ok(Some(Chunk::silent(&SILENCE[skipped..silent], self.order.len())));
        }
        self.chunk_waits = false;
        Ok(Some(Chunk::new(&self.stream.unpacked.planes, &self.order, skipped..frames)))
    }

    fn byte_position(&self) -> u64 {
        self.stream.read.position()
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        self.stream.tally.warnings(&self.info)
    }
}

/// What one packet came to.
enum Decoded {
    /// Frames are in `unpacked`, planes in the codec's order.
    Frames,
    /// Nothing: another track's packet, or an undecodable one.
    Nothing,
    End,
}

/// Rate and speakers of a decoded packet.
struct Layout {
    spec: AudioSpec,
    /// Bits of `dwChannelMask`, or beyond them, by plane.
    speakers: Vec<Option<u32>>,
}

struct PacketStream {
    format: Box<dyn FormatReader>,
    codec: Box<dyn AudioDecoder>,
    track: Track,
    read: Arc<ReadState>,
    clock: Clock,
    unpacked: Unpacked,
    /// Frames that are missing before those in `unpacked`.
    lost_frames: u64,
    tally: Tally,
    ended: bool,
}

impl PacketStream {
    fn open(reader: CountingReader, read: &Arc<ReadState>, head: &[u8]) -> Result<Self, LoadError> {
        let format = format_reader(reader, read, head)?;
        let (track, codec) = audio_decoder(format.as_ref())?;
        Ok(Self {
            clock: Clock::new(&track, has_frame_times(format.as_ref())),
            format,
            codec,
            track,
            read: Arc::clone(read),
            unpacked: Unpacked::default(),
            lost_frames: 0,
            tally: Tally::default(),
            ended: false,
        })
    }

    fn container(&self) -> &'static str {
        match self.format.format_info().short_name {
            "wave" => "wav",
            "matroska" => "mkv",
            other => other,
        }
    }

    fn info(&self, spec: AudioSpec, byte_len: u64) -> StreamInfo {
        let container = self.container();
        let codec = self.codec.codec_info().short_name;
        let parameters = self.codec.codec_params();
        // Read from the first frames, or in the container's own clock: no count of frames.
        let frames_estimated = match container {
            "aac" => true,
            // Some writers count whole packets.
            "caf" => !codec.starts_with("pcm_"),
            // A duration of all tracks together.
            "mkv" => true,
            _ => false,
        };
        let lossless = codec.starts_with("pcm_") || matches!(codec, "flac" | "alac");
        StreamInfo {
            spec,
            frames: self
                .track
                .num_frames
                .or_else(|| lost::frames_of_media(self.format.media_info(), spec.sample_rate))
                .filter(|frames| *frames > 0),
            frames_estimated,
            length_stated: true,
            container: container.to_owned(),
            codec: codec.to_owned(),
            bits_per_sample: lossless
                .then(|| parameters.bits_per_sample.or(parameters.bits_per_coded_sample))
                .flatten(),
            byte_len: Some(byte_len),
        }
    }

    fn decode_next(&mut self) -> Result<Decoded, LoadError> {
        if self.ended {
            return Ok(Decoded::End);
        }
        let packet = match self.format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.end(),
            Err(Error::ResetRequired) => return self.restart(),
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.tally.cut_off = true;
                return self.end();
            }
            // The container is broken here. What was decoded up to this place is kept.
            Err(_) => {
                self.tally.bad_packets += 1;
                self.tally.cut_off = true;
                return self.end();
            }
        };
        if packet.track_id != self.track.id {
            return Ok(Decoded::Nothing);
        }
        if let Some(gap) = self.clock.gap_before(&packet) {
            self.tally.bad_packets += 1;
            self.lose(gap);
        }
        match self.codec.decode(&packet) {
            Ok(decoded) => {
                self.unpacked.take(&decoded);
                self.tally.bad_in_a_row = 0;
                if self.unpacked.frames == 0 {
                    return Ok(Decoded::Nothing);
                }
                self.tally.clean_all(&mut self.unpacked.planes);
                Ok(Decoded::Frames)
            }
            Err(Error::ResetRequired) => self.restart(),
            Err(_) => {
                self.tally.bad_packets += 1;
                self.tally.bad_in_a_row += 1;
                self.lose(self.clock.frames_of(&packet, &self.unpacked));
                if self.tally.bad_in_a_row < MAX_BAD_PACKETS_IN_A_ROW {
                    return Ok(Decoded::Nothing);
                }
                self.tally.cut_off = true;
                self.end()
            }
        }
    }

    /// Notes that `frames` frames are missing before what is decoded next; None: nobody knows how
    /// many.
    fn lose(&mut self, frames: Option<u64>) {
        match frames {
            Some(frames) => self.lost_frames += frames,
            None => self.tally.bad_left_out += 1,
        }
    }

    /// Goes on with the next stream of a chain, e.g. of concatenated Ogg files.
    fn restart(&mut self) -> Result<Decoded, LoadError> {
        match audio_decoder(self.format.as_ref()) {
            Ok((track, codec)) => {
                self.clock = Clock::new(&track, has_frame_times(self.format.as_ref()));
                self.track = track;
                self.codec = codec;
                self.tally.restarted = true;
                Ok(Decoded::Nothing)
            }
            Err(_) => {
                self.tally.cut_off = true;
                self.end()
            }
        }
    }

    fn end(&mut self) -> Result<Decoded, LoadError> {
        self.ended = true;
        match source_failure(&self.read) {
            Some(error) => Err(error),
            None => Ok(Decoded::End),
        }
    }
}

/// The last decoded packet, copied out of its codec.
#[derive(Default)]
struct Unpacked {
    planes: Vec<Vec<f32>>,
    frames: usize,
    /// The frames of every packet so far, if all had as many.
    common_frames: Option<usize>,
    spec: Option<AudioSpec>,
    /// Set by the first packet and by every one whose spec differs from the one before.
    new_layout: Option<Layout>,
}

impl Unpacked {
    /// Copies frames out as `f32`: integers of `n` bits divided by 2^(n−1), rounded once.
    fn take(&mut self, decoded: &GenericAudioBufferRef<'_>) {
        self.frames = decoded.frames();
        if self.frames == 0 {
            return;
        }
        let is_first = self.spec.is_none();
        self.common_frames =
            Some(self.frames).filter(|frames| is_first || self.common_frames == Some(*frames));
        let spec = AudioSpec { sample_rate: decoded.spec().rate(), channels: decoded.num_planes() };
        if self.spec != Some(spec) {
            self.spec = Some(spec);
            self.new_layout = Some(Layout { spec, speakers: speakers(decoded.spec().channels()) });
        }
        decoded.copy_to_vecs_planar::<f32>(&mut self.planes);
    }
}

/// The reader of the format that `head` begins.
fn format_reader(
    mut reader: CountingReader,
    read: &ReadState,
    head: &[u8],
) -> Result<Box<dyn FormatReader>, LoadError> {
    if mkv::begins(head) {
        let format = matroska::open(reader).map_err(|error| io_failure(read, error))??;
        return Ok(Box::new(format));
    }
    if head.starts_with(b"OggS") {
        check_ogg(&mut reader).map_err(|error| io_failure(read, error))??;
    }
    let bytes = MediaSourceStream::new(Box::new(reader), Default::default());
    symphonia::default::get_probe()
        .probe(&Hint::new(), bytes, FormatOptions::default(), MetadataOptions::default())
        .map_err(opening_failed)
}

/// Whether packets carry a time of their own, in frames, so that a missing one shows.
fn has_frame_times(format: &dyn FormatReader) -> bool {
    matches!(format.format_info().short_name, "flac" | "ogg")
}

/// The track that a player would play, and a decoder for it.
fn audio_decoder(format: &dyn FormatReader) -> Result<(Track, Box<dyn AudioDecoder>), LoadError> {
    let track = format
        .default_track(TrackType::Audio)
        .or_else(|| format.first_track(TrackType::Audio))
        .ok_or_else(|| LoadError::new(LoadErrorKind::UnsupportedFormat, "has no audio track"))?;
    let parameters = audio_parameters(track).ok_or_else(unknown_codec)?;
    check_size(parameters)?;
    if parameters.codec == CODEC_ID_OPUS {
        let codec = OpusAdapter::new(parameters)?;
        return Ok((track.clone(), Box::new(codec)));
    }
    if parameters.codec == CODEC_ID_AAC {
        return Ok((track.clone(), Box::new(AacAdapter::new(parameters)?)));
    }
    if parameters.codec == CODEC_ID_VORBIS
        && let Some(codec) = VorbisAdapter::new(parameters)?
    {
        return Ok((track.clone(), Box::new(codec)));
    }
    if parameters.codec == CODEC_ID_FLAC {
        return Ok((track.clone(), Box::new(FlacAdapter::new(parameters)?)));
    }
    if let Some(codec) = MpegAdapter::new(parameters) {
        return Ok((track.clone(), Box::new(codec)));
    }
    let codec = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(opening_failed)?;
    Ok((track.clone(), codec))
}

/// Refuses what would make a decoder set aside gigabytes for its first packet: decoders take room
/// for channels × frames before they have read a byte, and what cannot be had ends the process.
///
/// # Errors
/// `unsupported_format` beyond [`MAX_CHANNELS`], `corrupt` beyond [`MAX_PACKET_FRAMES`].
fn check_size(parameters: &AudioCodecParameters) -> Result<(), LoadError> {
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

fn audio_parameters(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref().and_then(CodecParameters::audio)
}

/// A number of the file as a whole one; 0 where it is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The place of each plane in `dwChannelMask`. symphonia's positions carry the same bits, and
/// place planes of a mask in the order of its bits.
fn speakers(channels: &Channels) -> Vec<Option<u32>> {
    match channels {
        Channels::Positioned(mask) => {
            mask.iter().map(|position| Some(position.bits().trailing_zeros())).collect()
        }
        Channels::Custom(labels) => labels
            .iter()
            .map(|label| match label {
                ChannelLabel::Positioned(position) => Some(position.bits().trailing_zeros()),
                _ => None,
            })
            .collect(),
        other => vec![None; other.count()],
    }
}
