//! The audio of one file of the containers that are read here.

use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use super::layout::{Coding, Layout};
use super::split::Ahead;
use super::spread::Spread;
use crate::buffer::SampleWriter;
use crate::decode::clean::Tally;
use crate::decode::failure::io_failure;
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::{Chunk as Lent, Decoder, Seeker, Splitter, StreamInfo, append_next};
use crate::error::{LoadError, LoadWarning};

/// Bytes that are read at once: system calls are few, and the second pass over them finds them in
/// the processor's cache.
const READ_BYTES: usize = 64 << 10;
/// Values that are lent at once, so that a step of a job can keep to its budget.
pub(super) const CHUNK_VALUES: usize = 1 << 14;

/// The audio of one file.
pub(in crate::decode) struct PcmDecoder {
    pub(super) info: StreamInfo,
    pub(super) reader: CountingReader,
    pub(super) read: Arc<ReadState>,
    pub(super) coding: Coding,
    pub(super) order: Vec<usize>,
    /// Bytes of the block that all frames come in.
    pub(super) block_bytes: usize,
    spread: Spread,
    /// Where the audio begins, and its bytes.
    pub(super) audio: Range<u64>,
    /// Bytes of audio not yet read.
    pub(super) bytes_left: u64,
    /// Frames not yet lent.
    pub(super) frames_left: u64,
    pub(super) buffer: Vec<u8>,
    /// What of `buffer` is read, but not yet decoded.
    pub(super) held: Range<usize>,
    planes: Vec<Vec<f32>>,
    pub(super) tally: Tally,
    /// What was read for stretches.
    pub(super) ahead: Ahead,
    /// The length by the header, which the file may not keep; None where that does not state one.
    stated_frames: Option<u64>,
}

impl PcmDecoder {
    /// Decodes what `layout` says.
    ///
    /// # Errors
    /// `empty` without a frame, those of seeking.
    pub(super) fn new(
        mut reader: CountingReader,
        read: Arc<ReadState>,
        layout: Layout,
        byte_len: u64,
    ) -> Result<Self, LoadError> {
        let Layout { container, spec, coding, bits, audio, frames, order, speakers, spread } =
            layout;
        let channels = spec.channels;
        let most = frames.filter(|frames| *frames > 0).unwrap_or(u64::MAX);
        let frames_in = |bytes| coding.frames_in(bytes, channels).min(most);
        let frames_left = frames_in(audio.len);
        if frames_left == 0 {
            return Err(LoadError::no_frame());
        }
        reader.seek(SeekFrom::Start(audio.start)).map_err(|error| io_failure(&read, error))?;
        let block_bytes = coding.block_bytes(channels);
        let most_at_once = usize::try_from(audio.len).unwrap_or(READ_BYTES).min(READ_BYTES);
        let buffer_bytes = most_at_once.div_ceil(block_bytes) * block_bytes;
        Ok(Self {
            info: StreamInfo {
                spec,
                speakers,
                frames: Some(frames_left),
                frames_estimated: false,
                frames_counted: true,
                length_stated: audio.stated.is_some(),
                container: container.to_owned(),
                codec: coding.codec(),
                bits_per_sample: bits,
                byte_len,
            },
            stated_frames: audio.stated.map(frames_in),
            reader,
            read,
            coding,
            order,
            block_bytes,
            spread,
            audio: audio.start..audio.start.saturating_add(audio.len),
            bytes_left: audio.len,
            frames_left,
            buffer: vec![0; buffer_bytes],
            held: 0..0,
            planes: vec![Vec::new(); channels],
            tally: Tally::default(),
            ahead: Ahead::default(),
        })
    }

    /// Reads the next blocks; only the last one of a file may be incomplete.
    ///
    /// # Errors
    /// `io`.
    fn fill(&mut self) -> Result<(), LoadError> {
        let room = self.buffer.len() as u64;
        let wanted = usize::try_from(self.bytes_left.min(room)).unwrap_or(self.buffer.len());
        let mut buffer = std::mem::take(&mut self.buffer);
        let filled = self.read(&mut buffer[..wanted]);
        self.buffer = buffer;
        self.held = 0..filled?;
        Ok(())
    }

    /// Reads the next bytes of audio into `target`, which is not longer than what is left; how many
    /// there were.
    ///
    /// # Errors
    /// `io`.
    pub(super) fn read(&mut self, target: &mut [u8]) -> Result<usize, LoadError> {
        let passed = self.audio.end - self.audio.start - self.bytes_left;
        let channels = self.info.spec.channels;
        let filled = self
            .spread
            .read(&mut self.reader, self.audio.start, passed, channels, target)
            .map_err(|error| io_failure(&self.read, error))?;
        // Shorter than it was when it was opened.
        self.bytes_left = if filled < target.len() { 0 } else { self.bytes_left - filled as u64 };
        Ok(filled)
    }
}

impl PcmDecoder {
    /// The next bytes to decode, as a range of the buffer, and the frames in them; None at the
    /// end of the audio.
    ///
    /// # Errors
    /// `io`.
    fn next_bytes(&mut self) -> Result<Option<(Range<usize>, usize)>, LoadError> {
        if self.held.is_empty() {
            self.fill()?;
        }
        let channels = self.info.spec.channels;
        let block_values =
            self.coding.frames_in(self.block_bytes as u64, channels).max(1) * channels as u64;
        let blocks = usize::try_from(CHUNK_VALUES as u64 / block_values).unwrap_or(1).max(1);
        let bytes = (blocks * self.block_bytes).min(self.held.len());
        let frames = self.coding.frames_in(bytes as u64, channels).min(self.frames_left);
        if frames == 0 {
            return Ok(None);
        }
        let start = self.held.start;
        self.held.start += bytes;
        self.frames_left -= frames;
        self.tally.frames += frames;
        // As many as there are bytes, at most.
        Ok(Some((start..start + bytes, usize::try_from(frames).unwrap_or(0))))
    }
}

impl Decoder for PcmDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Lent<'_>>, LoadError> {
        let Some((bytes, frames)) = self.next_bytes()? else { return Ok(None) };
        let (bytes, planes) = (&self.buffer[bytes], &mut self.planes);
        match &mut self.coding {
            Coding::Linear(linear) => {
                let channels = planes.len();
                for (channel, plane) in planes.iter_mut().enumerate() {
                    plane.resize(frames, 0.0);
                    linear.convert(bytes, channels, channel, plane);
                    if linear.is_float() {
                        self.tally.clean(plane);
                    }
                }
            }
            Coding::Adpcm(adpcm) => {
                planes.iter_mut().for_each(Vec::clear);
                for block in bytes.chunks(self.block_bytes) {
                    adpcm.decode(block, planes);
                }
            }
            Coding::Gsm(gsm) => {
                // There is only one.
                let plane = &mut planes[0];
                plane.clear();
                for block in bytes.chunks(self.block_bytes) {
                    gsm.decode(block, plane);
                }
            }
        }
        Ok(Some(Lent::new(planes, &self.order, 0..frames)))
    }

    fn decode_into(&mut self, writer: &mut SampleWriter) -> Result<Option<usize>, LoadError> {
        let Coding::Linear(linear) = self.coding else {
            return append_next(self, writer);
        };
        let Some((bytes, frames)) = self.next_bytes()? else { return Ok(None) };
        let (bytes, channels) = (&self.buffer[bytes], self.info.spec.channels);
        let tally = &mut self.tally;
        writer.write_with(frames, |channel, plane| {
            linear.convert(bytes, channels, self.order[channel], plane);
            if linear.is_float() {
                tally.clean(plane);
            }
        })?;
        Ok(Some(frames))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        self.has_blocks_apart().then_some(self)
    }

    fn splitter(&mut self) -> Option<&mut dyn Splitter> {
        matches!(self.coding, Coding::Linear(_)).then_some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        let frames = self.stated_frames.or(self.info.frames);
        self.tally.warnings(&StreamInfo { frames, ..self.info.clone() })
    }
}
