//! Opus in Ogg.
//!
//! # Sources
//! RFC 7845: pages and packets (3), granule positions and how the end is cut by them (4), the
//! header (5.1).

mod link;
mod seek;

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use link::{Link, Queued};
use seek::Survey;

use super::framing::packet_frames;
use super::{Codec, Head, SAMPLE_RATE};
use crate::decode::clean::{Change, MAX_BAD_PACKETS_IN_A_ROW, Tally};
use crate::decode::failure::io_failure;
use crate::decode::ogg::{MAX_PAGE_BYTES, Next, Page, Pages, damaged_at_start, first_audio};
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::{Chunk, Decoder, Opened, Seeker, StreamInfo};
use crate::error::{LoadError, LoadWarning};
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// Opens the file that begins with `head`, if Opus is its first audio in Ogg.
///
/// # Errors
/// `unsupported_format`, `corrupt`, `empty` without a single frame, `io`.
pub(in crate::decode) fn open(
    mut reader: CountingReader,
    read: &Arc<ReadState>,
    head: &[u8],
    byte_len: u64,
) -> Result<Opened, LoadError> {
    if !head.starts_with(b"OggS") {
        return Ok(Opened::Elsewhere(reader));
    }
    let failed = |error| io_failure(read, error);
    let first = first_audio(&mut reader).map_err(failed)?;
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    let Some((serial, packet)) = first.filter(|(_, packet)| Head::begins(packet)) else {
        return Ok(Opened::Elsewhere(reader));
    };
    let head = Head::parse(&packet)?;
    let end = last_granule(&mut reader, serial).map_err(failed)?;
    let damaged = damaged_at_start(&mut reader, Some(serial)).map_err(failed)?;
    let lost = damaged.iter().filter(|page| !page.is_others).count() as u64;
    let link = if lost > 0 { Link::new(serial).since_zero() } else { Link::new(serial) };
    let mut decoder = OggOpusDecoder::new(reader, Arc::clone(read), link, &head, end, byte_len)?;
    decoder.tally.bad_packets += lost;
    Ok(Opened::Here(Box::new(decoder)))
}

/// The granule position that stream `serial` ends at; None where another one follows it, or where
/// that is not to be seen at the very end of the file.
fn last_granule(reader: &mut CountingReader, serial: u32) -> io::Result<Option<u64>> {
    // Holds one whole page at least.
    let tail = (2 * MAX_PAGE_BYTES as u64).min(reader.byte_len());
    reader.seek(SeekFrom::Start(reader.byte_len() - tail))?;
    let mut pages = Pages::new(reader.take(tail));
    let mut last: Option<(u32, u64)> = None;
    loop {
        match pages.next()? {
            Next::Page(page) => {
                last = page.granule.map(|granule| (page.serial, granule)).or(last);
            }
            Next::Junk => {}
            Next::End => {
                return Ok(last.filter(|last| last.0 == serial).map(|last| last.1));
            }
        }
    }
}

/// The first Opus stream of an Ogg file, and those that are chained to it.
pub(crate) struct OggOpusDecoder {
    info: StreamInfo,
    pages: Pages<CountingReader>,
    read: Arc<ReadState>,
    link: Link,
    /// The header of the stream that is played.
    head: Head,
    codec: Codec,
    /// Decoded frames wait in the codec's planes.
    waiting: usize,
    /// Frames of them that count.
    kept: usize,
    /// Frames that are missing before them.
    lost_frames: u64,
    /// Frames that the encoder needed to get going; not audio.
    frames_to_skip: u64,
    /// As [`crate::decode::channels`] wants it: the codec has put the planes in order.
    order: Vec<usize>,
    tally: Tally,
    ended: bool,
    /// Since it was put to another place: the frame from which on what is decoded is sound.
    settled_from: u64,
    survey: Survey,
}

impl OggOpusDecoder {
    /// Decodes up to the first frame of stream `serial`, which ends at granule position `end`.
    ///
    /// # Errors
    /// As [`open`].
    fn new(
        reader: CountingReader,
        read: Arc<ReadState>,
        link: Link,
        head: &Head,
        end: Option<u64>,
        byte_len: u64,
    ) -> Result<Self, LoadError> {
        let spec = AudioSpec { sample_rate: SAMPLE_RATE, channels: head.channels() };
        let mut this = Self {
            info: StreamInfo {
                speakers: Speakers::USUAL,
                spec,
                frames: None,
                frames_estimated: false,
                frames_counted: true,
                length_stated: false,
                container: "ogg".to_owned(),
                codec: "opus".to_owned(),
                bits_per_sample: None,
                byte_len,
            },
            pages: Pages::new(reader),
            read,
            survey: Survey::new(link.clone()),
            link,
            head: head.clone(),
            codec: Codec::new(head)?,
            waiting: 0,
            kept: 0,
            lost_frames: 0,
            frames_to_skip: head.pre_skip(),
            order: (0..spec.channels).collect(),
            tally: Tally::default(),
            ended: false,
            settled_from: 0,
        };
        while this.waiting == 0 {
            this.advance()?;
            if this.ended && this.waiting == 0 {
                return Err(this.tally.without_a_frame("packets"));
            }
        }
        // A stream cut out of a longer one does not start at 0.
        let before = this.link.start().unwrap_or(0).saturating_add_unsigned(head.pre_skip());
        let frames = end.and_then(|end| end.cast_signed().checked_sub(before));
        let frames = frames.and_then(|frames| u64::try_from(frames).ok());
        this.info.frames = frames.filter(|frames| *frames > 0);
        this.info.length_stated = this.info.frames.is_some();
        Ok(this)
    }

    /// Decodes one packet or reads one page.
    ///
    /// # Errors
    /// `io`; `corrupt` where far more seems to be pages than can be.
    fn advance(&mut self) -> Result<(), LoadError> {
        if self.ended {
            return Ok(());
        }
        if let Some(queued) = self.link.next() {
            self.decode(&queued);
            return Ok(());
        }
        match self.pages.next().map_err(|error| io_failure(&self.read, error))? {
            Next::Page(page) if page.is_first() => self.begin(&page),
            Next::Page(page) => {
                self.link.enter(&page);
                Ok(())
            }
            Next::Junk => Ok(()),
            Next::End => self.end(),
        }
    }

    /// The first page of a stream: this one's own, another one's beside it, or the next in a chain.
    fn begin(&mut self, page: &Page) -> Result<(), LoadError> {
        let is_opus = page.parts().next().is_some_and(|(packet, _)| Head::begins(packet));
        if !self.link.has_begun() {
            if page.serial == self.link.serial() {
                self.link.begin(page);
            }
            return Ok(());
        }
        // Of streams side by side the first is played; they all begin before any goes on.
        if !self.link.has_audio() {
            return Ok(());
        }
        if !is_opus {
            self.link.is_followed = true;
            return Ok(());
        }
        let Some((packet, _)) = page.parts().next() else { return Ok(()) };
        let Ok(head) = Head::parse(packet) else {
            self.link.is_followed = true;
            return Ok(());
        };
        if head.channels() != self.info.spec.channels {
            let from = self.info.spec;
            let to = AudioSpec { channels: head.channels(), ..from };
            self.tally.change = Some(Change { from, to });
            return self.end();
        }
        self.tally.restarted = true;
        self.codec = Codec::new(&head)?;
        self.frames_to_skip = head.pre_skip();
        self.head = head;
        self.link = Link::new(page.serial);
        self.link.begin(page);
        Ok(())
    }

    fn decode(&mut self, queued: &Queued) {
        match *queued {
            Queued::Lost(frames) => {
                self.tally.bad_packets += 1;
                self.lose(frames);
            }
            Queued::Packet { ref bytes, cut } => match self.codec.decode(bytes) {
                Ok(frames) => {
                    self.tally.bad_in_a_row = 0;
                    self.tally.clean_all(self.codec.planes());
                    self.waiting = frames;
                    self.kept = frames - cut.min(frames);
                }
                Err(_) => {
                    self.tally.bad_packets += 1;
                    self.tally.bad_in_a_row += 1;
                    let frames = packet_frames(bytes).map(|frames| frames.saturating_sub(cut));
                    self.lose(frames.map(|frames| frames as u64));
                    if self.tally.bad_in_a_row >= MAX_BAD_PACKETS_IN_A_ROW {
                        self.tally.cut_off = true;
                        self.ended = true;
                    }
                }
            },
        }
    }

    /// Notes that `frames` frames are missing before what is decoded next; None: nobody knows how
    /// many.
    fn lose(&mut self, frames: Option<u64>) {
        match frames {
            Some(frames) => {
                self.lost_frames += frames;
                // Silence gets no codec going.
                if self.tally.frames < self.settled_from {
                    self.settled_from += frames;
                }
            }
            None => self.tally.bad_left_out += 1,
        }
    }

    fn end(&mut self) -> Result<(), LoadError> {
        self.ended = true;
        self.tally.cut_off |= !self.link.has_ended() || self.link.is_followed;
        self.read.check()
    }
}

impl Decoder for OggOpusDecoder {
    fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, LoadError> {
        if self.waiting == 0 {
            self.advance()?;
        }
        if self.waiting == 0 {
            let empty = Chunk::silent(&[], self.order.len());
            return Ok(Some(empty).filter(|_| !self.ended));
        }
        if let Some(silence) = self.tally.silence(&mut self.lost_frames, &mut self.frames_to_skip) {
            return Ok(Some(Chunk::silent(silence, self.order.len())));
        }
        self.waiting = 0;
        let kept = self.kept;
        let skipped = self.tally.skip(&mut self.frames_to_skip, kept);
        Ok(Some(Chunk::new(self.codec.planes(), &self.order, skipped..kept)))
    }

    fn seeker(&mut self) -> Option<&mut dyn Seeker> {
        Some(self)
    }

    fn warnings(&self) -> Vec<LoadWarning> {
        self.tally.warnings(&self.info)
    }
}
