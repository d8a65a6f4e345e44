//! Decoding with symphonia, which nothing outside of this folder names.

mod aac;
mod ends;
mod failure;
mod flac;
mod lost;
mod matroska;
mod mpeg;
mod opening;
mod opus;
mod ours;
mod packets;
mod seek;
mod spare;
mod split;
mod stream;
mod vorbis;

use std::sync::Arc;

use symphonia::core::formats::Track;
use symphonia::core::packet::Packet;

pub(crate) use packets::{PacketKind, packet_codec};

use failure::unknown_format;
use stream::{Decoded, PacketStream};

use super::channels::{alac_order, alac_speakers, wave_order, wave_speakers};
use super::clean::Change;
use super::reader::{CountingReader, ReadState};
use super::split::Packets;
use super::{Chunk, Decoder, Seeker, Splitter, StreamInfo, sniff};
use crate::error::{LoadError, LoadWarning};

/// One audio track of one source.
pub(crate) struct SymphoniaDecoder {
    info: StreamInfo,
    stream: PacketStream,
    /// The plane of each channel in WAVE order.
    order: Vec<usize>,
    /// Frames that the encoder needed to get going; not audio.
    frames_to_skip: u64,
    /// The time that the first frame has by its pages, once somebody asked.
    first_time: Option<i64>,
    /// Decoded frames wait in `stream.unpacked` for `next_chunk`.
    chunk_waits: bool,
    /// What was read for stretches; None before the first one.
    ahead: Option<Packets<Packet>>,
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
            .map_err(|error| read.take_failure().unwrap_or(error))?;
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
        info.length_stated &= info.frames.is_some();
        let delay = stream.track.delay.filter(|_| info.container == "mkv");
        let frames_to_skip = delay.map_or(0, u64::from);
        info.frames = info.frames.map(|frames| frames.saturating_sub(frames_to_skip));
        let order = match info.codec.as_str() {
            "alac" => alac_order(&layout.speakers),
            _ => wave_order(&layout.speakers),
        };
        info.speakers = match info.codec.as_str() {
            "alac" => alac_speakers(&layout.speakers),
            _ => wave_speakers(&layout.speakers),
        };
        let mut decoder = Self {
            info,
            stream,
            order,
            frames_to_skip,
            first_time: None,
            chunk_waits: true,
            ahead: None,
        };
        // Where times go wrong further on, only here.
        decoder.first_time = decoder.time_of_first();
        Ok(decoder)
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
        let stream = &mut self.stream;
        if let Some(silence) =
            stream.tally.silence(&mut stream.lost_frames, &mut self.frames_to_skip)
        {
            return Ok(Some(Chunk::silent(silence, self.order.len())));
        }
        self.chunk_waits = false;
        let frames = stream.unpacked.frames;
        let skipped = stream.tally.skip(&mut self.frames_to_skip, frames);
        Ok(Some(Chunk::new(&stream.unpacked.planes, &self.order, skipped..frames)))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        // Where other audio lies between its pages, symphonia 0.6.1 seeks for ever.
        let is_audio = |track: &&Track| opening::audio_parameters(track).is_some();
        let is_alone = self.stream.format.tracks().iter().filter(is_audio).count() == 1;
        (is_alone && self.can_be_split() && !self.stream.tally.restarted).then_some(self)
    }

    fn splitter(&mut self) -> Option<&mut dyn Splitter> {
        self.can_be_split().then_some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        let mut info = self.info.clone();
        // Where positions are wrong, the last one may be as well.
        let (frames, slack) = (self.stream.tally.frames, self.stream.clock.most_ahead());
        info.frames = info.frames.map(|stated| match stated.saturating_sub(frames) <= slack {
            true => stated.min(frames),
            false => stated,
        });
        self.stream.tally.warnings(&info)
    }
}
