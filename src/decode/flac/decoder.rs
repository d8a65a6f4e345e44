//! A file's frames as a decoder.

use std::sync::Arc;

use super::codec::Frame;
use super::frames::{Frames, Next};
use super::header::FrameHeader;
use super::info::Preamble;
use super::place::{self, Gap, Place};
use super::split::RawFrame;
use crate::buffer::SampleWriter;
use crate::decode::channels::fit;
use crate::decode::clean::{Change, MAX_BAD_PACKETS_IN_A_ROW, Tally};
use crate::decode::failure::io_failure;
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::split::Packets;
use crate::decode::{Chunk, Decoder, Seeker, Splitter, StreamInfo, append_next};
use crate::error::{LoadError, LoadWarning};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// Frames that a byte cannot hold more of: 65,536 in a frame of 12 bytes, of which header and
/// checksum have 10 (RFC 9639, 9).
const MAX_FRAMES_PER_BYTE: u64 = 65_536 / 12 + 1;

/// The frames of one file.
pub(in crate::decode) struct FlacDecoder {
    pub(super) info: StreamInfo,
    pub(super) frames: Frames<CountingReader>,
    pub(super) read: Arc<ReadState>,
    pub(super) order: Vec<usize>,
    pub(super) tally: Tally,
    /// Frames of audio in the codec that have not been lent.
    pub(super) waiting: usize,
    /// Frames that are missing before them.
    pub(super) lost_frames: u64,
    planes: Vec<Vec<f32>>,
    pub(super) place: Place,
    /// Where the first frame begins, and its header.
    pub(super) first: Option<(u64, FrameHeader)>,
    /// Frames of audio that are lost before that one.
    pub(super) lost_first: u64,
    /// The length that the stream states, in frames; 0: it does not.
    pub(super) stated_frames: u64,
    /// Whether a frame that would have been the next one is damaged, and no other came since.
    last_is_damaged: bool,
    pub(super) ended: bool,
    /// What was read for stretches; None before the first one.
    pub(super) ahead: Option<Packets<RawFrame>>,
}

impl FlacDecoder {
    /// Decodes up to the first frame.
    ///
    /// # Errors
    /// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
    pub(super) fn new(
        reader: CountingReader,
        read: Arc<ReadState>,
        preamble: &Preamble,
        byte_len: u64,
    ) -> Result<Self, LoadError> {
        let frames = Frames::new(reader, preamble).map_err(|error| io_failure(&read, error))?;
        let most = byte_len.saturating_mul(MAX_FRAMES_PER_BYTE);
        let stated_frames = Some(preamble.info.frames).filter(|frames| *frames <= most);
        let stated_frames = stated_frames.unwrap_or(0);
        let mut this = Self {
            info: StreamInfo {
                spec: AudioSpec { sample_rate: 0, channels: 0 },
                speakers: Speakers::USUAL,
                frames: Some(stated_frames).filter(|frames| *frames > 0),
                frames_estimated: false,
                frames_counted: true,
                length_stated: stated_frames > 0,
                container: "flac".to_owned(),
                codec: "flac".to_owned(),
                bits_per_sample: None,
                byte_len,
            },
            frames,
            read,
            order: Vec::new(),
            tally: Tally::default(),
            waiting: 0,
            lost_frames: 0,
            planes: Vec::new(),
            place: Place::default(),
            first: None,
            lost_first: 0,
            stated_frames,
            last_is_damaged: false,
            ended: false,
            ahead: None,
        };
        while this.waiting == 0 {
            this.advance()?;
            if this.ended && this.waiting == 0 {
                return Err(this.tally.without_a_frame("frames"));
            }
        }
        Ok(this)
    }

    /// Decodes one frame, or passes what is none.
    ///
    /// # Errors
    /// `io`, `unsupported_format` of the first one.
    fn advance(&mut self) -> Result<(), LoadError> {
        if self.ended {
            return Ok(());
        }
        if self.limit().is_some_and(|limit| self.tally.frames >= limit) {
            return self.look_behind_the_end();
        }
        match self.frames.next().map_err(|error| io_failure(&self.read, error))? {
            Next::Frame(frame) => self.enter(&frame),
            Next::Damaged { header, is_cut } => {
                if self.place.is_next(&header) {
                    self.last_is_damaged = !is_cut;
                    self.tally.cut_off = is_cut;
                }
                self.place.pass(1);
                self.tally.bad_in_a_row += 1;
                if self.tally.bad_in_a_row < MAX_BAD_PACKETS_IN_A_ROW {
                    return Ok(());
                }
                self.tally.cut_off = true;
                self.end()
            }
            Next::Junk(bytes) => {
                self.place.pass(bytes);
                Ok(())
            }
            Next::Joined(_) => {
                self.join();
                Ok(())
            }
            Next::End => self.end(),
        }
    }

    /// Passes what lies behind the stated end, up to another stream.
    ///
    /// # Errors
    /// `io`.
    pub(super) fn look_behind_the_end(&mut self) -> Result<(), LoadError> {
        match self.frames.next().map_err(|error| io_failure(&self.read, error))? {
            Next::Junk(_) => Ok(()),
            Next::Damaged { .. } => {
                self.tally.bad_in_a_row += 1;
                if self.tally.bad_in_a_row < MAX_BAD_PACKETS_IN_A_ROW {
                    return Ok(());
                }
                self.end()
            }
            Next::Joined(_) => {
                self.join();
                Ok(())
            }
            Next::Frame(_) | Next::End => self.end(),
        }
    }

    /// Goes on with another stream.
    fn join(&mut self) {
        self.place = Place::default();
        self.tally.restarted = true;
        // What the first one states is not the whole.
        self.info.frames_estimated = true;
    }

    /// Takes a sound frame; where rate or channels change, the audio ends.
    ///
    /// # Errors
    /// `unsupported_format` of the first one, `io`.
    fn enter(&mut self, frame: &Frame) -> Result<(), LoadError> {
        let spec = AudioSpec {
            sample_rate: frame.sample_rate,
            channels: usize::from(frame.header.channels),
        };
        let is_first = self.order.is_empty();
        if is_first {
            self.info.spec = spec.validate()?;
            self.info.bits_per_sample = Some(frame.bits);
            self.order = (0..spec.channels).collect();
        }
        let was = self.info.spec;
        let may_mix = was.channels.max(spec.channels) <= 2;
        if was.sample_rate != spec.sample_rate || (was.channels != spec.channels && !may_mix) {
            self.tally.change = Some(Change { from: was, to: spec });
            return self.end();
        }
        self.tally.bad_in_a_row = 0;
        (self.tally.cut_off, self.last_is_damaged) = (false, false);
        match self.place.enter(&frame.header, spec.sample_rate) {
            Gap::None => {}
            Gap::Lost { packets, frames } => {
                self.tally.bad_packets += packets;
                match frames {
                    Some(frames) => self.lost_frames += frames,
                    None => self.tally.bad_left_out += 1,
                }
            }
            Gap::Skipped(bytes) => self.tally.skipped_bytes += bytes,
        }
        if is_first {
            self.settle(frame)?;
        }
        let frames = self.frames.codec().frames();
        self.waiting = frames;
        if let Some(limit) = self.limit() {
            let room = limit.saturating_sub(self.tally.frames);
            self.lost_frames = self.lost_frames.min(room);
            let room = usize::try_from(room - self.lost_frames).unwrap_or(usize::MAX);
            self.waiting = frames.min(room);
        }
        Ok(())
    }

    /// Learns from the first frame where the stream begins, and from the last one how long it is.
    ///
    /// # Errors
    /// `io`.
    fn settle(&mut self, frame: &Frame) -> Result<(), LoadError> {
        let start = self.frames.byte_position().saturating_sub(frame.len as u64);
        self.first = Some((start, frame.header));
        self.lost_first = self.lost_frames;
        let last = self.frames.last(frame).map_err(|error| io_failure(&self.read, error))?;
        let counted = last.and_then(|last| place::length(&frame.header, &last, self.stated_frames));
        let counted = counted.map(|counted| counted.saturating_add(self.lost_first));
        // A stream that is cut out of a longer one states how long that was.
        let is_cut_out = frame.header.number > 0 && self.lost_first == 0;
        if let Some(counted) = counted.filter(|counted| is_cut_out && *counted < self.stated_frames)
        {
            let end = place::start(&frame.header).saturating_add(counted);
            self.info.length_stated = end == self.stated_frames;
            self.stated_frames = if self.info.length_stated { counted } else { 0 };
            self.info.frames = Some(counted);
        }
        if let Some(counted) = counted.filter(|counted| *counted != self.stated_frames) {
            self.info.frames = Some(counted.max(self.stated_frames));
            self.info.frames_estimated = true;
        }
        Ok(())
    }

    /// The frame that the audio ends before, where that is beyond doubt.
    pub(super) fn limit(&self) -> Option<u64> {
        self.info.sure_frames()
    }

    pub(super) fn end(&mut self) -> Result<(), LoadError> {
        self.ended = true;
        self.tally.bad_packets += u64::from(std::mem::take(&mut self.last_is_damaged));
        // Where a length is stated, it tells.
        self.tally.cut_off &= self.stated_frames == 0;
        self.read.check()
    }

    /// Puts what waits into the planes, as many of them as the stream began with.
    fn unpack(&mut self) {
        self.frames.codec().copy_to(&mut self.planes);
        fit(&mut self.planes, self.order.len());
        self.tally.clean_all(&mut self.planes);
    }
}

impl Decoder for FlacDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError> {
        if self.waiting == 0 && self.lost_frames == 0 {
            self.advance()?;
        }
        if let Some(silence) = self.tally.silence(&mut self.lost_frames, &mut 0) {
            return Ok(Some(Chunk::silent(silence, self.order.len())));
        }
        let waiting = std::mem::take(&mut self.waiting);
        if waiting == 0 {
            let empty = Chunk::silent(&[], self.order.len());
            return Ok(Some(empty).filter(|_| !self.ended));
        }
        self.unpack();
        self.tally.frames += waiting as u64;
        Ok(Some(Chunk::new(&self.planes, &self.order, 0..waiting)))
    }

    fn decode_into(&mut self, writer: &mut SampleWriter) -> Result<Option<usize>, LoadError> {
        if self.waiting == 0 && self.lost_frames == 0 && !self.ended {
            self.advance()?;
        }
        let codec = self.frames.codec();
        let is_plain = self.lost_frames == 0 && codec.channels() == self.order.len();
        if self.waiting == 0 || !is_plain {
            return append_next(self, writer);
        }
        let (waiting, tally) = (std::mem::take(&mut self.waiting), &mut self.tally);
        writer.write_with(waiting, |channel, target| {
            codec.fill(channel, target);
            tally.clean(target);
        })?;
        tally.frames += waiting as u64;
        Ok(Some(waiting))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        Some(self)
    }

    fn splitter(&mut self) -> Option<&mut dyn Splitter> {
        Some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        if self.stated_frames == 0 {
            return self.tally.warnings(&self.info);
        }
        // What is estimated is how much more there may be.
        let frames = Some(self.stated_frames);
        self.tally.warnings(&StreamInfo { frames, frames_estimated: false, ..self.info.clone() })
    }
}
