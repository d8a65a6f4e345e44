//! A file's frames as a decoder.

use std::sync::Arc;

use super::codec::{Codec, Outcome};
use super::frames::{Frame, Frames};
use super::header::{self, HEADER_BYTES, MAX_PADDING_BYTES};
use super::padding::Padding;
use super::seek::Settling;
use super::tag::Tag;
use crate::decode::channels::fit;
use crate::decode::clean::{Change, MAX_BAD_PACKETS_IN_A_ROW, Tally};
use crate::decode::failure::io_failure;
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::split::Packets;
use crate::decode::{Chunk, Decoder, Seeker, Splitter, StreamInfo};
use crate::error::{LoadError, LoadWarning};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// One stream of frames.
pub(super) struct MpegDecoder {
    pub(super) info: StreamInfo,
    pub(super) frames: Frames<CountingReader>,
    pub(super) read: Arc<ReadState>,
    pub(super) codec: Codec,
    pub(super) order: Vec<usize>,
    pub(super) tally: Tally,
    /// What lies in the codec's planes and has not been lent.
    pub(super) waiting: Option<std::ops::Range<usize>>,
    /// Frames that are missing before that.
    pub(super) lost_frames: u64,
    /// Frames before the music that are yet to come.
    pub(super) frames_to_skip: u64,
    pub(super) padding: Padding,
    /// Frames of MPEG audio so far.
    pub(super) packets: u64,
    /// Whether any of them could be decoded.
    pub(super) has_begun: bool,
    pub(super) ended: bool,
    /// Frames of audio in each frame of MPEG audio, and those before the music in all.
    pub(super) per_packet: u64,
    pub(super) delay: u64,
    /// What the codec lacks since it was put to another place.
    pub(super) settling: Settling,
    /// What was read for stretches; None before the first one.
    pub(super) ahead: Option<Packets<Vec<u8>>>,
}

impl MpegDecoder {
    /// Decodes up to the first frame. `container`: its name, and whether it states more bytes than it
    /// has.
    ///
    /// # Errors
    /// `corrupt`, `empty`, `io`, `unsupported_format`.
    pub(super) fn new(
        mut frames: Frames<CountingReader>,
        read: Arc<ReadState>,
        container: Option<(&str, bool)>,
        byte_len: u64,
    ) -> Result<Self, LoadError> {
        let first = frames.next().map_err(|error| io_failure(&read, error))?;
        let first = first.ok_or_else(|| Tally::default().without_a_frame("frames"))?;
        let tag = Tag::parse(&first.header, &frames.sight()[..first.len]);
        if tag.is_some() {
            frames.leave(first.len);
        }
        let tag = tag.unwrap_or_default();
        let per_packet = first.header.frames();
        let all = tag.packets.map(|packets| packets.saturating_mul(per_packet));
        let (delay, padding) = tag.gaps.unwrap_or_default();
        // Of a file of some frames, more may be stated as padding than there is.
        let fits = all.is_none_or(|all| delay.saturating_add(padding) < all);
        let padding = if fits { padding } else { 0 };
        // More frames than there is room for are not believed.
        let room = frames.rest() / first.header.shortest_bytes().max(1) as u64;
        let is_possible = tag.packets.is_some_and(|packets| packets <= room);
        let guess = || {
            // As many bytes a frame as in the first ones.
            let bytes = frames.rest();
            Some(bytes / mean_len(&frames, &first)?.max(1) * per_packet)
        };
        let mut this = Self {
            info: StreamInfo {
                speakers: Speakers::USUAL,
                spec: AudioSpec {
                    sample_rate: first.header.sample_rate,
                    channels: first.header.channels,
                },
                frames: match all.filter(|_| is_possible) {
                    Some(all) => Some(all.saturating_sub(delay + padding)),
                    None => guess(),
                }
                .filter(|frames| *frames > 0),
                frames_estimated: !is_possible || tag.gaps.is_none(),
                frames_counted: is_possible && tag.gaps.is_some(),
                length_stated: all.is_some(),
                container: match container {
                    Some((name, _)) => name.to_owned(),
                    None => format!("mp{}", first.header.layer),
                },
                codec: format!("mp{}", first.header.layer),
                bits_per_sample: None,
                byte_len,
            },
            frames,
            read,
            codec: Codec::new(),
            order: (0..first.header.channels).collect(),
            tally: Tally {
                cut_off: container.is_some_and(|(_, is_cut)| is_cut),
                ..Tally::default()
            },
            waiting: None,
            lost_frames: 0,
            frames_to_skip: delay,
            padding: Padding::new(tag.packets, all.map(|all| all.saturating_sub(padding))),
            packets: 0,
            has_begun: false,
            ended: false,
            per_packet,
            delay,
            settling: Settling::default(),
            ahead: None,
        };
        this.info.spec.validate()?;
        // The first frame may be made of nothing but what was before it.
        while this.waiting.is_none() && !this.ended {
            this.advance()?;
        }
        if this.waiting.is_none() {
            this.begin_with_silence()?;
        }
        Ok(this)
    }

    /// Lets a stream be silent that is too short to have in it what its frames need.
    ///
    /// # Errors
    /// `corrupt` or `empty` of all others without a frame that can be decoded.
    fn begin_with_silence(&mut self) -> Result<(), LoadError> {
        self.lost_frames = self.padding.music(self.lost_frames);
        if self.tally.bad_packets > 0 || self.lost_frames <= self.frames_to_skip {
            self.tally.bad_packets += self.packets;
            return Err(self.tally.without_a_frame("frames"));
        }
        self.tally.bad_packets = self.packets;
        Ok(())
    }

    /// Decodes one frame; where the rate changes, the audio ends.
    ///
    /// # Errors
    /// `io`.
    fn advance(&mut self) -> Result<(), LoadError> {
        let frame = self.frames.next().map_err(|error| io_failure(&self.read, error))?;
        let Some(frame) = frame else { return self.end() };
        let from = self.info.spec;
        let (sample_rate, channels) = (frame.header.sample_rate, frame.header.channels);
        if sample_rate != from.sample_rate {
            self.tally.change = Some(Change { from, to: AudioSpec { sample_rate, channels } });
            return self.end();
        }
        if self.packets > 0 {
            self.tally.skipped_bytes += frame.skipped;
        }
        let is_tag = Tag::parse(&frame.header, &self.frames.sight()[..frame.len]).is_some();
        let outcome = if is_tag { None } else { Some(self.decode(&frame)) };
        self.frames.leave(frame.len);
        if let Some(outcome) = outcome {
            self.settling.enter(&frame, outcome);
        }
        match outcome {
            // Of a stream that follows the first one.
            None => return Ok(()),
            Some(Outcome::Decoded { frames, .. }) => {
                self.has_begun = true;
                self.tally.bad_in_a_row = 0;
                fit(self.codec.planes(), self.order.len());
                self.tally.clean_all(self.codec.planes());
                self.waiting = Some(0..frames);
            }
            Some(outcome) => {
                self.lost_frames += frame.header.frames();
                // A stream that was cut out of a longer one begins so.
                let is_start = !self.has_begun && outcome == Outcome::NeedsEarlier;
                if !is_start {
                    self.tally.bad_packets += 1;
                    self.tally.bad_in_a_row += 1;
                }
                if self.tally.bad_in_a_row >= MAX_BAD_PACKETS_IN_A_ROW {
                    self.tally.cut_off = true;
                    self.ended = true;
                }
            }
        }
        let before = self.packets * frame.header.frames();
        self.packets += 1;
        self.padding.check(self.packets);
        if let Some(waiting) = &mut self.waiting {
            self.padding.hold(before, waiting, self.codec.planes());
        }
        Ok(())
    }

    fn decode(&mut self, frame: &Frame) -> Outcome {
        let sight = self.frames.sight();
        match self.codec.decode(&sight[..frame.len]) {
            // The decoder has to find out the length, too, by the headers of the next two.
            Outcome::Damaged if frame.header.is_free() => {
                let seen = sight.len().min(3 * (frame.len + MAX_PADDING_BYTES) + HEADER_BYTES);
                self.codec.decode(&sight[..seen])
            }
            outcome => outcome,
        }
    }

    pub(super) fn end(&mut self) -> Result<(), LoadError> {
        self.ended = true;
        // Some encoders count their own tag.
        let missing = self.padding.missing(self.packets);
        // Where the length is exact, it shows.
        self.tally.cut_off |= self.info.frames_estimated && (self.frames.is_cut || missing > 1);
        self.read.check()
    }
}

impl Decoder for MpegDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError> {
        if self.waiting.is_none() && !self.ended {
            self.advance()?;
        }
        // Of a stream of nothing else, what is lost is all there is.
        let is_silent = !self.has_begun && self.lost_frames > 0;
        if self.waiting.is_none() && !is_silent {
            let empty = Chunk::silent(&[], self.order.len());
            return Ok(Some(empty).filter(|_| !self.ended));
        }
        // It was not the end after all.
        if self.padding.has_music() {
            let frames = self.padding.release();
            let skipped = self.tally.skip(&mut self.frames_to_skip, frames);
            return Ok(Some(Chunk::new(self.padding.released(), &self.order, skipped..frames)));
        }
        if let Some(silence) = self.tally.silence(&mut self.lost_frames, &mut self.frames_to_skip) {
            return Ok(Some(Chunk::silent(silence, self.order.len())));
        }
        let frames = self.waiting.take().map_or(0, |waiting| waiting.end);
        let skipped = self.tally.skip(&mut self.frames_to_skip, frames);
        Ok(Some(Chunk::new(self.codec.planes(), &self.order, skipped..frames)))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        Some(self)
    }

    fn splitter(&mut self) -> Option<&mut dyn Splitter> {
        Some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        self.tally.warnings(&self.info)
    }
}

/// The mean length of the frames in sight, which `first` begins.
fn mean_len<R: std::io::Read>(frames: &Frames<R>, first: &Frame) -> Option<u64> {
    let (sight, mut at, mut count) = (frames.sight(), 0, 0_u64);
    while let Some(header) = sight.get(at..).and_then(header::Header::parse)
        && let Some(len) = header.frame_bytes(if header.is_free() { first.len } else { 0 })
        && at + len <= sight.len()
    {
        at += len;
        count += 1;
    }
    (at as u64).checked_div(count)
}
