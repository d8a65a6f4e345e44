//! One stream of Opus in Ogg: its packets, and what granule positions say of them.

use std::collections::VecDeque;

use crate::decode::ogg::Page;
use crate::decode::opus::framing::packet_frames;
use crate::decode::opus::{MAX_PACKET_FRAMES, SAMPLE_RATE};

/// Longest packet that is kept, in bytes: 120 ms of 255 streams of 510 kbit/s are 2 MB. Comments
/// may be longer, with their pictures; nobody reads them here.
const MAX_PACKET_BYTES: usize = 4 << 20;
/// Longest gap that is believed: beyond it the granule position is damaged rather than the file.
const MAX_GAP_FRAMES: u64 = 10 * SAMPLE_RATE as u64;

/// What is next to be decoded.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Queued {
    /// A packet, and how many of its frames, the last ones, are not audio.
    Packet { bytes: Vec<u8>, cut: usize },
    /// Frames that are missing; None where nobody knows how many.
    Lost(Option<u64>),
}

/// One stream.
#[derive(Clone, Debug)]
pub(super) struct Link {
    serial: u32,
    begun: bool,
    /// Whether the packet after the header has passed, which is its comment.
    comment_passed: bool,
    /// The start of a packet that goes on on the next page.
    partial: Vec<u8>,
    /// The sequence number that the next page should have.
    sequence: Option<u32>,
    /// The granule position that the next page starts at.
    position: Option<u64>,
    start: Option<i64>,
    queue: VecDeque<Queued>,
    ended: bool,
    /// Something that is no Opus follows.
    pub(super) is_followed: bool,
}

impl Link {
    pub(super) fn new(serial: u32) -> Self {
        Self {
            serial,
            begun: false,
            comment_passed: false,
            partial: Vec::new(),
            sequence: None,
            position: None,
            start: None,
            queue: VecDeque::new(),
            ended: false,
            is_followed: false,
        }
    }

    /// The same, of which pages are lost at the start: it begins at 0 all the same.
    pub(super) fn since_zero(self) -> Self {
        Self { position: Some(0), ..self }
    }

    pub(super) fn serial(&self) -> u32 {
        self.serial
    }

    /// Enters its first page, which has nothing but the header.
    pub(super) fn begin(&mut self, page: &Page) {
        self.begun = true;
        self.sequence = Some(page.sequence.wrapping_add(1));
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether a page with audio was entered.
    pub(super) fn has_audio(&self) -> bool {
        self.start.is_some()
    }

    /// Whether the last page was entered.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The granule position of its first packet, its pre-skip included; below 0 where the first page
    /// says less than it holds.
    pub(super) fn start(&self) -> Option<i64> {
        self.start
    }

    /// What is to be known to go on here, where a page does and a packet with it, and nothing of the
    /// pages before is left: the granule position and the number of the page.
    pub(super) fn border(&self) -> Option<[u64; 2]> {
        let is_border = self.queue.is_empty() && self.partial.is_empty() && !self.ended;
        let (position, sequence) = self.position.zip(self.sequence)?;
        (is_border && self.has_audio()).then_some([position, sequence.into()])
    }

    /// Goes on at such a place.
    pub(super) fn go_to(&mut self, [position, sequence]: [u64; 2]) {
        self.partial.clear();
        self.queue.clear();
        (self.sequence, self.position) = (u32::try_from(sequence).ok(), Some(position));
        (self.ended, self.is_followed) = (false, false);
    }

    pub(super) fn next(&mut self) -> Option<Queued> {
        self.queue.pop_front()
    }

    /// Enters the packets that end on `page`, unless it is another stream's.
    pub(super) fn enter(&mut self, page: &Page) {
        if page.serial != self.serial || !self.begun || self.ended {
            return;
        }
        let is_next = self.sequence.is_none_or(|sequence| sequence == page.sequence);
        self.sequence = Some(page.sequence.wrapping_add(1));
        self.ended = page.is_last();
        let packets = self.packets(page, is_next);
        self.place(packets, page, is_next);
    }

    /// The packets of audio that end on `page`.
    fn packets(&mut self, page: &Page, is_next: bool) -> Vec<Vec<u8>> {
        let goes_on = page.is_continued() && is_next && !self.partial.is_empty();
        // The end of a packet whose start is lost.
        let mut skip = page.is_continued() && !goes_on;
        if !goes_on {
            self.partial.clear();
        }
        let mut packets = Vec::new();
        for (part, is_end) in page.parts() {
            let room = MAX_PACKET_BYTES.saturating_sub(self.partial.len());
            if !std::mem::take(&mut skip) {
                self.partial.extend_from_slice(&part[..part.len().min(room)]);
            }
            if !is_end {
                break;
            }
            let packet = std::mem::take(&mut self.partial);
            let is_comment = !self.comment_passed && packet.starts_with(b"OpusTags");
            self.comment_passed = true;
            if !is_comment && !packet.is_empty() {
                packets.push(packet);
            }
        }
        packets
    }

    /// Queues `packets`, which end on `page`, with what is missing before them and without what is
    /// beyond the end.
    fn place(&mut self, packets: Vec<Vec<u8>>, page: &Page, is_next: bool) {
        if packets.is_empty() {
            return;
        }
        let lengths: Vec<usize> =
            packets.iter().map(|packet| packet_frames(packet).unwrap_or(0)).collect();
        let frames: u64 = lengths.iter().map(|frames| *frames as u64).sum();
        let end = page.granule;
        let position = self.position.unwrap_or_else(|| match end {
            // All of the stream: what is more than its length is cut off at the end.
            Some(_) if page.is_last() => 0,
            Some(end) => end.saturating_sub(frames),
            None => 0,
        });
        let counted = position.saturating_add(frames);
        let end = end.unwrap_or(counted);
        if self.start.is_none() {
            let is_known = page.is_last() || self.position.is_some();
            let first = if is_known { position } else { end.wrapping_sub(frames) };
            self.start = Some(first.cast_signed());
        }
        let gap = end.saturating_sub(counted);
        if !is_next && gap > 0 {
            self.queue.push_back(Queued::Lost(Some(gap).filter(|gap| *gap <= MAX_GAP_FRAMES)));
        }
        let beyond = if page.is_last() { counted.saturating_sub(end) } else { 0 };
        let mut kept = frames.saturating_sub(beyond);
        for (bytes, frames) in packets.into_iter().zip(lengths) {
            let keep = usize::try_from(kept).unwrap_or(MAX_PACKET_FRAMES).min(frames);
            kept -= keep as u64;
            if keep > 0 || frames == 0 {
                self.queue.push_back(Queued::Packet { bytes, cut: frames - keep });
            }
        }
        self.position = Some(end);
    }
}
