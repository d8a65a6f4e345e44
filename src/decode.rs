//! Bytes to planar `f32`: the trait that job and decoders share, and what they say of a stream.

mod aac;
mod channels;
mod clean;
mod failure;
mod flac;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod kept;
pub(crate) mod mkv;
pub(crate) mod mp4;
mod mpeg;
mod ogg;
mod opus;
mod packets;
mod pcm;
mod reader;
mod seek;
mod sniff;
mod split;
mod symphonia;
#[cfg(test)]
mod tests;
mod vorbis;

use std::io::{self, Seek, SeekFrom};

use crate::buffer::SampleWriter;
use crate::error::{LoadError, LoadErrorKind, LoadWarning};
use crate::metadata::{self, Collector};
use crate::speakers::Speakers;
use crate::spec::{AudioSpec, MAX_CHANNELS};

pub(crate) use clean::Tally;
use failure::Failure;
pub(crate) use kept::Kept;
pub(crate) use ogg::{Next, Page, Pages};
pub(crate) use pcm::{Chunk as HeaderChunk, Chunks, Order, Window, array};
pub(crate) use reader::{CountingReader, OpenedSource, ReadState, open_itself};
pub(crate) use seek::{Mark, Seeker};
pub(crate) use sniff::{id3v2_len, is_mp4};
pub(crate) use split::{Cut, Odd, Splitter, Stretch, Uncut, Wanted, stretch_values};
use symphonia::SymphoniaDecoder;

/// Values that a step of whoever decodes comes to: about 1 ms of the slowest codec.
pub(crate) const VALUES_PER_STEP: usize = 32_768;
/// Packets that it looks at: those of other tracks and undecodable ones count too.
pub(crate) const PACKETS_PER_STEP: usize = 64;

/// What a decoder knows of its stream once the first frame is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamInfo {
    /// The file's own sample rate and channel count.
    pub spec: AudioSpec,
    /// Which loudspeakers the channels are for, as far as the file says that.
    pub speakers: Speakers,
    /// The length that the file states, in frames. A claim: the file may hold more or less.
    pub frames: Option<u64>,
    /// Whether `frames` is only a guess, e.g. from the first frames of an MP3 without header.
    pub frames_estimated: bool,
    /// Whether `frames`, if it is estimated, nevertheless comes of a count of frames, so that it is
    /// seldom wrong: what an index says of a lossy codec, or the number of the last block.
    pub frames_counted: bool,
    /// Whether the file itself says how long it is, be it only roughly. Where it does not,
    /// `frames`, if there, was guessed from the size of the first frames.
    pub length_stated: bool,
    /// The container, lower-case: `wav` (also RIFX, RF64, BW64), `w64`, `aiff`, `8svx`, `au`, `voc`,
    /// `caf`, `flac`, `ogg`, `mp1`, `mp2`, `mp3`, `mp4`, `mkv`, `aac`.
    pub container: String,
    /// The codec, lower-case: `pcm_s16le`, `flac`, `alac`, `vorbis`, `mp3`, `aac`, ….
    pub codec: String,
    /// Bits of one stored value, where the codec has such a thing.
    pub bits_per_sample: Option<u32>,
    /// Length of the whole source in bytes.
    pub byte_len: u64,
}

impl StreamInfo {
    /// The length that the file states, in frames, unless that is only a guess.
    pub(crate) fn sure_frames(&self) -> Option<u64> {
        self.frames.filter(|_| !self.frames_estimated)
    }
}

/// Some frames, lent by a decoder: planar `f32` in WAVE order, finite, not clamped.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    planes: [&'a [f32]; MAX_CHANNELS],
    channels: usize,
}

impl<'a> Chunk<'a> {
    /// Lends frames `range` of `planes`, which `order` sorts.
    ///
    /// # Panics
    /// With more than [`MAX_CHANNELS`] planes, or a range beyond one of them.
    fn new(planes: &'a [Vec<f32>], order: &[usize], range: std::ops::Range<usize>) -> Self {
        let mut lent: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        for (place, &plane) in lent.iter_mut().zip(order) {
            *place = &planes[plane][range.clone()];
        }
        Self { planes: lent, channels: order.len() }
    }

    /// Lends `silence` as every channel.
    ///
    /// # Panics
    /// With more than [`MAX_CHANNELS`] channels.
    fn silent(silence: &'a [f32], channels: usize) -> Self {
        let mut lent: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        lent[..channels].fill(silence);
        Self { planes: lent, channels }
    }

    /// One slice per channel, all of one length.
    pub(crate) fn planes(&self) -> &[&'a [f32]] {
        &self.planes[..self.channels]
    }

    /// Frames in this chunk; may be 0.
    pub(crate) fn frames(&self) -> usize {
        self.planes().first().map_or(0, |plane| plane.len())
    }
}

/// Decodes one stream from its start to its end.
pub(crate) trait Decoder: Send {
    /// What is known of the stream.
    fn info(&self) -> &StreamInfo;

    /// Decodes the next packet; None after the last one. A chunk may be empty: that packet held
    /// no audio or could not be decoded. Silence comes in place of packets that cannot be
    /// decoded, where their length is known and audio follows. A stream ends where its rate or its
    /// channels change.
    ///
    /// # Errors
    /// `io` when the source fails. What was lent before stays valid data.
    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError>;

    /// Decodes the next packet right into the sample that `writer` writes, without a copy where
    /// the format allows; the frames appended, None after the last packet.
    ///
    /// # Errors
    /// Those of [`next_chunk`](Self::next_chunk) and of [`SampleWriter::append`].
    fn decode_into(&mut self, writer: &mut SampleWriter) -> Result<Option<usize>, LoadError> {
        append_next(self, writer)
    }

    /// The decoder as one that cuts what it has not lent yet into stretches; None where it cannot.
    fn splitter(&mut self) -> Option<&mut dyn Splitter> {
        None
    }

    /// The decoder as one that can be put to another place; None where it has to come from the
    /// start.
    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        None
    }

    /// What was odd so far. Complete once [`next_chunk`](Self::next_chunk) returned None.
    fn warnings(&self) -> Vec<LoadWarning>;
}

/// Appends the next chunk of `decoder`; the frames appended, None after the last one.
fn append_next(
    decoder: &mut (impl Decoder + ?Sized),
    writer: &mut SampleWriter,
) -> Result<Option<usize>, LoadError> {
    let Some(chunk) = decoder.next_chunk()? else { return Ok(None) };
    writer.append(chunk.planes())?;
    Ok(Some(chunk.frames()))
}

/// Who reads a file.
enum Opened {
    /// The one who was asked.
    Here(Box<dyn Decoder>),
    /// Somebody else: what the reader shows, from its start.
    Elsewhere(CountingReader),
}

impl Opened {
    /// Asks `next` where nobody reads the file yet.
    ///
    /// # Errors
    /// Those of `next`.
    fn or(
        self,
        next: impl FnOnce(CountingReader) -> Result<Self, LoadError>,
    ) -> Result<Self, LoadError> {
        match self {
            Self::Here(_) => Ok(self),
            Self::Elsewhere(reader) => next(reader),
        }
    }
}

/// Finds out the format of `source`, puts what it says beside its audio into `found`, and decodes
/// up to the first frame.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io` when the source fails.
pub(crate) fn open(
    source: OpenedSource,
    found: &mut Collector,
) -> Result<Box<dyn Decoder>, LoadError> {
    open_with(source, &Kept::default(), found)
}

/// As [`open`], for a file of which something may be kept already.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn open_with(
    source: OpenedSource,
    kept: &Kept,
    found: &mut Collector,
) -> Result<Box<dyn Decoder>, LoadError> {
    let byte_len = source.byte_len();
    if byte_len == 0 {
        return Err(LoadError::new(LoadErrorKind::Empty, "the file is empty"));
    }
    let (mut reader, read) = source.into_reader();
    let ahead = sniff::look_ahead(&mut reader, found);
    let head = ahead.map_err(|error| failure::io_failure(&read, error))?;
    sniff::refuse_known(&head)?;
    let mut reader = match pcm::open(reader, &read, &head, byte_len, found)? {
        Opened::Here(decoder) => return Ok(decoder),
        Opened::Elsewhere(reader) => reader,
    };
    metadata::read_elsewhere(&mut reader, &head, found)
        .and_then(|()| reader.seek(SeekFrom::Start(0)))
        .map_err(|error| failure::io_failure(&read, error))?;
    if head.starts_with(b"OggS") {
        vorbis::hide_junk_behind(&mut reader).map_err(|error| failure::io_failure(&read, error))?;
    }
    let opened = opus::open(reader, &read, &head, byte_len)?
        .or(|reader| mp4::open(reader, &read, &head, byte_len, kept))?
        .or(|reader| flac::open(reader, &read, &head, byte_len, found))?
        .or(|reader| aac::open(reader, &read, &head, byte_len))?;
    // MPEG audio begins with nothing of its own, and with any kind of rubbish in front.
    let opened = match opened {
        Opened::Elsewhere(reader) if !sniff::is_container(&head) => {
            mpeg::open(reader, &read, None, byte_len)?
                .or(|reader| flac::open_behind(reader, &read, byte_len, found))?
                .or(|reader| aac::open_behind(reader, &read, byte_len))?
        }
        opened => opened,
    };
    match opened {
        Opened::Here(decoder) => Ok(decoder),
        Opened::Elsewhere(reader) => {
            Ok(Box::new(SymphoniaDecoder::open(reader, &read, &head, byte_len)?))
        }
    }
}

/// Puts what the source says beside its audio into `found`, also where the audio is unknown.
///
/// # Errors
/// Those of the source.
pub(crate) fn read_metadata(reader: &mut CountingReader, found: &mut Collector) -> io::Result<()> {
    let head = sniff::look_ahead(reader, found)?;
    match pcm::find(reader, &head, found) {
        Err(Failure::Io(error)) => Err(error),
        Ok(pcm::Found::Elsewhere) => metadata::read_elsewhere(reader, &head, found),
        Ok(_) | Err(Failure::Load(_)) => Ok(()),
    }
}
