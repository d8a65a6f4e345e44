//! Where a stream begins and ends, as its packets say.

use std::collections::VecDeque;

use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::errors::{self, Error};
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::opening::audio_parameters;
use crate::decode::vorbis::{Gap, Positions};

/// Packets that wait at most until it shows whether the stream ends with them: those of one page.
const MAX_WAITING: usize = 255;
/// Most frames of a page of Vorbis, whose packets have 4,096 at most.
const MAX_PAGE_FRAMES: u64 = 255 * 4_096;

/// Reads packets, and lets only the last ones of a stream be cut at their end. An Ogg page whose
/// position says less than its packets hold cuts the last page; elsewhere that is a writer's
/// mistake, and everything is played; but on the first page of Vorbis it means that the stream
/// begins later, so that what lies before position 0 is cut off; unless the page itself says that it
/// ends before 0, as some encoder counts from its own delay on.
///
/// # Sources
/// *Vorbis I specification*, A.2: a position below the count of frames means an end, on the last
/// page, or else a start, on the first one.
pub(super) struct Ends {
    /// Elsewhere than in Ogg a packet may be cut anywhere.
    is_ogg: bool,
    /// Whether what lies before position 0 is cut off.
    cuts_start: bool,
    /// Where pages are missing before the last one.
    gap: Option<Gap>,
    waiting: VecDeque<Packet>,
    /// What came behind them, if that was no packet.
    after: Option<errors::Result<Option<Packet>>>,
}

impl Ends {
    /// Of `track` in `format`. That its first page ends before position 0, as it says, no program
    /// means to be cut off.
    pub(super) fn of(format: &dyn FormatReader, track: &Track, positions: &Positions) -> Self {
        let is_ogg = format.format_info().short_name == "ogg";
        let codec = audio_parameters(track).map(|audio| audio.codec);
        let cuts_start = is_ogg && !positions.begin_before && codec == Some(CODEC_ID_VORBIS);
        Self { is_ogg, cuts_start, gap: positions.gap, waiting: VecDeque::new(), after: None }
    }

    /// The same, of a stream that was put to another place.
    pub(super) fn anew(&self) -> Self {
        Self { waiting: VecDeque::new(), after: None, ..*self }
    }

    /// The next packet of this track.
    ///
    /// # Errors
    /// Those of the format.
    pub(super) fn next_packet(
        &mut self,
        format: &mut dyn FormatReader,
        track_id: u32,
    ) -> errors::Result<Option<Packet>> {
        while self.after.is_none() && !self.is_decided() {
            self.read_one(format, track_id);
        }
        let first = self.waiting.front().map(|packet| packet.pts.get().cast_unsigned());
        if let Some(gap) = self.gap.filter(|gap| first == Some(gap.begin)) {
            self.move_last_page(format, track_id, gap);
        }
        match self.waiting.pop_front() {
            Some(packet) => Ok(Some(packet)),
            None => self.after.take().unwrap_or(Ok(None)),
        }
    }

    /// Whether the times of the packets behind `packet`, before which `gap` frames seem to be missing,
    /// fall back by about as much: then the page before it has a wrong position. Packets begin where
    /// the page before theirs says that it ends.
    pub(super) fn falls_back(
        &mut self,
        format: &mut dyn FormatReader,
        track_id: u32,
        packet: &Packet,
        gap: u64,
    ) -> bool {
        let end_of = |packet: &Packet| packet.pts.saturating_add(packet.block_dur());
        let mut end = end_of(packet);
        for at in 0..MAX_WAITING {
            while self.is_ogg && self.waiting.len() <= at && self.after.is_none() {
                self.read_one(format, track_id);
            }
            let Some(next) = self.waiting.get(at) else { return false };
            if next.pts != end {
                return next.pts.duration_to(end).is_some_and(|back| back.get() >= gap / 2);
            }
            end = end_of(next);
        }
        false
    }

    /// Moves the packets that wait, and those behind them, to behind `gap`, if they are the last
    /// ones and seem to end before they should. How much of the last one is to be cut off, only a
    /// damaged page can tell.
    fn move_last_page(&mut self, format: &mut dyn FormatReader, track_id: u32, gap: Gap) {
        while self.after.is_none() && self.waiting.len() <= MAX_WAITING {
            self.read_one(format, track_id);
        }
        let is_end = matches!(self.after, Some(Ok(None) | Err(Error::IoError(_))));
        let ends = self.waiting.front().zip(self.waiting.back()).filter(|_| is_end);
        let Some((first, last)) = ends else { return };
        let first = first.block_dur().get();
        let seems = last.pts.saturating_add(last.block_dur()).get();
        let Some(least) = gap.last.checked_sub(seems.cast_unsigned()) else { return };
        let most = least + last.block_dur().get();
        // A packet that begins on a damaged page and ends on the last one is lost as well: as long
        // as the one behind it, most likely.
        let stated = gap.end.and_then(|end| end.checked_sub(gap.begin));
        let with_packet = stated.map(|stated| stated.saturating_add(first));
        let may_be = |missing: &u64| (least..most).contains(missing);
        let missing = [stated, with_packet].into_iter().flatten().find(may_be).unwrap_or(least);
        for packet in &mut self.waiting {
            packet.pts = packet.pts.saturating_add(Duration::new(missing));
        }
        if let Some(last) = self.waiting.back_mut() {
            last.trim_end = Duration::new(missing - least);
            last.dur = last.dur.saturating_sub(last.trim_end);
        }
    }

    /// Reads one more packet of this track into those that wait, or what comes behind them.
    fn read_one(&mut self, format: &mut dyn FormatReader, track_id: u32) {
        match format.next_packet() {
            Ok(Some(packet)) if packet.track_id != track_id => {}
            Ok(Some(mut packet)) => {
                if self.cuts_start {
                    cut_start(&mut packet);
                }
                if packet.trim_end == Duration::ZERO {
                    self.waiting.iter_mut().for_each(make_whole);
                }
                self.waiting.push_back(packet);
            }
            other => self.after = Some(other),
        }
    }

    /// Whether it is known of the first packet if the stream ends with it.
    fn is_decided(&self) -> bool {
        let decides = |packet: &Packet| !self.is_ogg || packet.trim_end == Duration::ZERO;
        self.waiting.front().is_some_and(decides) || self.waiting.len() > MAX_WAITING
    }
}

/// Cuts nothing off the end of `packet`.
fn make_whole(packet: &mut Packet) {
    packet.dur = packet.dur.saturating_add(packet.trim_end);
    packet.trim_end = Duration::ZERO;
}

/// Cuts off what of `packet` lies before position 0, unless its position is absurd.
fn cut_start(packet: &mut Packet) {
    let start = packet.pts.saturating_add(packet.trim_start);
    let before = start.duration_to(Timestamp::ZERO).map_or(0, Duration::get);
    if before <= MAX_PAGE_FRAMES {
        let cut = Duration::new(before).min(packet.dur);
        packet.trim_start = packet.trim_start.saturating_add(cut);
        packet.dur = packet.dur.saturating_sub(cut);
    }
}
