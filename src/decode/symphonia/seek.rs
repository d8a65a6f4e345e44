//! Ogg Vorbis anywhere: pages say when they end.

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Timestamp;

use super::SymphoniaDecoder;
use crate::decode::vorbis::Numbering;
use crate::decode::{Mark, Seeker};
use crate::error::{LoadError, LoadErrorKind};

/// So long before what is wanted it is entered, in seconds: longer than any page, of which the last
/// one's time does not tell when it begins.
const LEAD_SEC: u64 = 2;
/// How much earlier it is tried again, in seconds, where that does not lead there: what lies before
/// a place may be damaged, or a page hold nothing that begins in it.
const EARLIER_SEC: [u64; 4] = [0, 4, 16, 64];

/// Packets in which the next page has to begin.
const MOST_PACKETS: usize = 512;

impl Seeker for SymphoniaDecoder {
    fn mark(&self) -> Option<Mark> {
        let frame = self.stream.tally.frames;
        let time = frame.checked_add_signed(self.time_of_first()?)?;
        (!self.chunk_waits).then_some(Mark { frame, at: [time, 0, 0] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        if self.stream.positions.numbering.is_none() {
            self.first_time = self.time_of_first().or(self.first_time);
        }
        // What follows may be another stream, with times of its own.
        let is_inside = self.info.frames.is_some_and(|frames| frame < frames);
        let time = self.first_time.filter(|_| is_inside);
        let time = time.and_then(|first| match &self.stream.positions.numbering {
            Some(numbering) => u64::try_from(numbering.time_of(frame, first)).ok(),
            None => frame.checked_add_signed(first),
        });
        Ok(time.map(|time| Mark { frame, at: [time, 0, 0] }))
    }

    fn lead_frames(&self) -> u64 {
        LEAD_SEC * u64::from(self.info.spec.sample_rate)
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let rate = u64::from(self.info.spec.sample_rate);
        let furthest = mark.frame.min(mark.at[0]);
        let mut tried = None;
        for sec in EARLIER_SEC {
            let earlier = (sec * rate).min(furthest);
            if tried == Some(earlier) {
                break;
            }
            tried = Some(earlier);
            let at = [mark.at[0] - earlier, 0, 0];
            let entered = self.enter(&Mark { frame: mark.frame - earlier, at });
            if let Some(frame) = entered.filter(|frame| *frame <= mark.frame) {
                return Ok(frame);
            }
            self.stream.read.check()?;
        }
        Err(LoadError::new(LoadErrorKind::Corrupt, "its pages do not lead where they say"))
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl SymphoniaDecoder {
    /// Goes to the page that says that it holds `mark`; the number of the first frame after the
    /// packet that is met there, None where there is none.
    fn enter(&mut self, mark: &Mark) -> Option<u64> {
        let stream = &mut self.stream;
        let [time, ..] = mark.at;
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(i64::try_from(time).ok()?),
            track_id: stream.track.id,
        };
        let sought = stream.format.seek(SeekMode::Accurate, to);
        stream.codec.reset();
        stream.ends = stream.ends.anew();
        stream.clock.forget();
        stream.unpacked.frames = 0;
        (stream.lost_frames, stream.ended) = (0, false);
        stream.tally.bad_in_a_row = 0;
        (self.frames_to_skip, self.chunk_waits) = (0, false);
        sought.ok()?;
        if let Some(numbering) = stream.positions.numbering.clone() {
            let first_time = self.first_time?;
            let frame = self.enter_by(&numbering, first_time)?;
            self.stream.tally.frames = frame;
            return Some(frame);
        }
        // The first packet only gets the codec going; where it ends, the frames begin.
        let packet = stream.ends.next_packet(stream.format.as_mut(), stream.track.id).ok()??;
        stream.clock.enter(&packet);
        stream.codec.decode(&packet).ok()?;
        let begins = u64::try_from(stream.clock.next()?).ok()?;
        let frame = (mark.frame + begins).checked_sub(time)?;
        self.first_time = i64::try_from(time).ok()?.checked_sub_unsigned(mark.frame);
        stream.tally.frames = frame;
        Some(frame)
    }

    /// Goes on to the end of the first packet of the next page; the number of the frame behind it. The
    /// times of packets on the page that is met are told from its end, and so may be wrong.
    fn enter_by(&mut self, numbering: &Numbering, first_time: i64) -> Option<u64> {
        let stream = &mut self.stream;
        for number in 0..MOST_PACKETS {
            let packet =
                stream.ends.next_packet(stream.format.as_mut(), stream.track.id).ok()??;
            stream.clock.enter(&packet);
            stream.codec.decode(&packet).ok()?;
            let time = packet.pts.get();
            if let Some(frame) = numbering.frame_at(time, first_time).filter(|_| number > 0) {
                let frame = frame + packet.block_dur().get();
                let lag =
                    time.checked_sub(first_time)?.checked_add_unsigned(packet.block_dur().get())?;
                stream.clock.set_deficit(lag.checked_sub_unsigned(frame)?);
                return Some(frame);
            }
        }
        None
    }

    /// The time that the first frame has by its pages, told from where the decoder stands; None
    /// where something is missing there.
    pub(super) fn time_of_first(&self) -> Option<i64> {
        let stream = &self.stream;
        let is_plain = !stream.ended
            && stream.lost_frames == 0
            && self.frames_to_skip == 0
            && stream.tally.bad_in_a_row == 0;
        let waiting = if self.chunk_waits { stream.unpacked.frames as u64 } else { 0 };
        let next = stream.clock.next().filter(|_| is_plain)?;
        next.checked_sub_unsigned(stream.tally.frames + waiting)
    }
}
