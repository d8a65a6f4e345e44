//! A container's packets through their codec.

use std::sync::Arc;

use super::{Blocks, Next, Packet, PacketCodec, PacketSource, frames_of};
use crate::decode::clean::{Change, MAX_BAD_PACKETS_IN_A_ROW, Tally};
use crate::decode::failure::io_failure;
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::{Chunk, Decoder, Seeker, StreamInfo};
use crate::error::{LoadError, LoadWarning};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// What a container says of its audio as a whole.
pub(in crate::decode) struct About {
    pub(in crate::decode) container: &'static str,
    /// Whether the container states a length at all.
    pub(in crate::decode) length_stated: bool,
    /// Length of the whole source in bytes.
    pub(in crate::decode) byte_len: u64,
}

/// The audio of one file.
pub(in crate::decode) struct PacketDecoder {
    pub(super) info: StreamInfo,
    blocks: Blocks<CountingReader>,
    read: Arc<ReadState>,
    pub(super) source: Box<dyn PacketSource>,
    pub(super) codec: Box<dyn PacketCodec>,
    order: Vec<usize>,
    /// The decoded frames that wait in the codec's planes.
    pub(super) waiting: std::ops::Range<usize>,
    /// Frames that are missing before them.
    pub(super) lost_frames: u64,
    /// Those before the first that could be decoded: how long they are, that one says.
    bad_at_first: Vec<Packet>,
    /// Frames that only the codec knew to lie before the music.
    pub(super) primed_frames: u64,
    /// The frames of every packet so far, if all had as many.
    pub(super) common_frames: Option<usize>,
    /// Since it was put to another place: the frame from which on what is decoded is sound.
    pub(super) settled_from: u64,
    pub(super) tally: Tally,
    pub(super) ended: bool,
}

impl PacketDecoder {
    /// Decodes up to the first frame.
    ///
    /// # Errors
    /// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
    pub(in crate::decode) fn new(
        blocks: Blocks<CountingReader>,
        read: Arc<ReadState>,
        source: Box<dyn PacketSource>,
        codec: Box<dyn PacketCodec>,
        about: &About,
    ) -> Result<Self, LoadError> {
        let mut this = Self {
            info: StreamInfo {
                spec: codec.spec(),
                speakers: Speakers::USUAL,
                frames: None,
                frames_estimated: false,
                frames_counted: false,
                length_stated: about.length_stated,
                container: about.container.to_owned(),
                codec: codec.name(),
                bits_per_sample: codec.bits_per_sample(),
                byte_len: about.byte_len,
            },
            blocks,
            read,
            source,
            codec,
            order: Vec::new(),
            waiting: 0..0,
            lost_frames: 0,
            bad_at_first: Vec::new(),
            primed_frames: 0,
            common_frames: None,
            settled_from: 0,
            tally: Tally::default(),
            ended: false,
        };
        while this.waiting.is_empty() {
            this.advance()?;
            if this.ended && this.waiting.is_empty() {
                return Err(this.tally.without_a_frame("packets"));
            }
        }
        let rate = this.info.spec.sample_rate;
        let frames = this.source.frames(rate);
        let frames = frames.map(|frames| frames.saturating_sub(this.primed_frames));
        this.info.frames = frames.filter(|frames| *frames > 0);
        // Of a clock that does not count frames, the last one may be off.
        let counts_frames = matches!(this.source.timescale(), 0) || this.source.timescale() == rate;
        this.info.frames_counted = counts_frames && about.length_stated;
        this.info.frames_estimated = !(counts_frames && this.codec.is_lossless());
        Ok(this)
    }

    /// Decodes one packet, or passes what is none.
    ///
    /// # Errors
    /// `io`, `unsupported_format` of the first one.
    fn advance(&mut self) -> Result<(), LoadError> {
        if self.ended {
            return Ok(());
        }
        let next = self.source.next(&mut self.blocks);
        match next.map_err(|error| io_failure(&self.read, error))? {
            Next::Packet(packet) => self.decode(&packet),
            Next::Junk(bytes) => {
                self.tally.skipped_bytes += bytes;
                Ok(())
            }
            Next::End { cut_off } => self.end(cut_off),
        }
    }

    fn decode(&mut self, packet: &Packet) -> Result<(), LoadError> {
        let looked = self.blocks.look(packet.at, packet.len);
        let bytes = looked.map_err(|error| io_failure(&self.read, error))?;
        if bytes.len() < packet.len {
            return self.end(true);
        }
        if packet.jumps {
            self.codec.reset();
        }
        match self.codec.decode(bytes) {
            // Before the first one with any, these get the codec going.
            Ok(0) if self.common_frames.is_none() => Ok(()),
            Ok(frames @ 1..) => {
                self.tally.bad_in_a_row = 0;
                self.settle(self.codec.spec())?;
                if self.ended {
                    return Ok(());
                }
                let is_first = self.common_frames.is_none() && self.tally.frames == 0;
                let same = self.common_frames == Some(frames);
                self.common_frames = Some(frames).filter(|_| is_first || same);
                for bad in std::mem::take(&mut self.bad_at_first) {
                    self.lost_frames += self.heard(&bad, frames).len() as u64;
                }
                self.waiting = self.heard(packet, frames);
                self.tally.clean_all(self.codec.planes());
                Ok(())
            }
            Ok(0) | Err(_) => {
                self.tally.bad_packets += 1;
                self.tally.bad_in_a_row += 1;
                match self.common_frames {
                    _ if self.order.is_empty() => self.bad_at_first.push(*packet),
                    Some(frames) => self.lost_frames += self.kept(packet, frames).len() as u64,
                    None => self.tally.bad_left_out += 1,
                }
                if self.tally.bad_in_a_row < MAX_BAD_PACKETS_IN_A_ROW {
                    return Ok(());
                }
                self.end(true)
            }
        }
    }

    /// Learns rate and channels from the first packet; where they change, the audio ends.
    ///
    /// # Errors
    /// `unsupported_format`, `io`.
    fn settle(&mut self, spec: AudioSpec) -> Result<(), LoadError> {
        if self.order.is_empty() {
            self.info.spec = spec.validate()?;
            self.order = self.codec.order();
            self.info.speakers = self.codec.speakers();
            return Ok(());
        }
        if spec == self.info.spec {
            return Ok(());
        }
        self.tally.change = Some(Change { from: self.info.spec, to: spec });
        self.end(false)
    }

    /// Which of the packet's `frames` frames are to be heard.
    fn kept(&self, packet: &Packet, frames: usize) -> std::ops::Range<usize> {
        let (timescale, rate) = (self.source.timescale(), self.codec.spec().sample_rate);
        let place = |ticks| {
            usize::try_from(frames_of(ticks, timescale, rate)).map_or(frames, |n| n.min(frames))
        };
        let to = packet.to.map_or(frames, place);
        place(packet.from).min(to)..to
    }

    /// The same of the packet that comes next, without what only the codec knows to be no music.
    fn heard(&mut self, packet: &Packet, frames: usize) -> std::ops::Range<usize> {
        let kept = self.kept(packet, frames);
        let priming = self.codec.take_priming(frames);
        // Unless the container says where the music begins.
        let priming = if packet.from == 0 { priming } else { 0 };
        self.primed_frames += priming as u64;
        priming.max(kept.start).min(kept.end)..kept.end
    }

    fn end(&mut self, cut_off: bool) -> Result<(), LoadError> {
        self.ended = true;
        self.tally.cut_off |= cut_off;
        self.read.check()
    }
}

impl Decoder for PacketDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError> {
        if self.waiting.is_empty() {
            self.advance()?;
        }
        if self.waiting.is_empty() {
            let empty = Chunk::silent(&[], self.order.len());
            return Ok(Some(empty).filter(|_| !self.ended));
        }
        if let Some(silence) = self.tally.silence(&mut self.lost_frames, &mut 0) {
            return Ok(Some(Chunk::silent(silence, self.order.len())));
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.tally.frames += waiting.len() as u64;
        Ok(Some(Chunk::new(self.codec.planes(), &self.order, waiting)))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        self.codec.lead_frames().is_some().then_some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        self.tally.warnings(&self.info)
    }
}
