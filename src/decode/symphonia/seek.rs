//! Ogg Vorbis anywhere: pages say when they end.

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Timestamp;

use super::SymphoniaDecoder;
use super::ends::Ends;
use crate::decode::failure::source_failure;
use crate::decode::{Mark, Seeker};
use crate::error::{LoadError, LoadErrorKind};

/// So long before what is wanted it is entered, in seconds: longer than any page, of which the last
/// one's time does not tell when it begins.
const LEAD_SEC: u64 = 2;

impl Seeker for SymphoniaDecoder {
    fn mark(&self) -> Option<Mark> {
        let frame = self.stream.tally.frames;
        let time = frame.checked_add_signed(self.time_of_first()?)?;
        (!self.chunk_waits).then_some(Mark { frame, at: [time, 0, 0] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        self.first_time = self.time_of_first().or(self.first_time);
        // What follows may be another stream, with times of its own.
        let is_inside = self.info.frames.is_some_and(|frames| frame < frames);
        let time = self.first_time.filter(|_| is_inside);
        let time = time.and_then(|first| frame.checked_add_signed(first));
        Ok(time.map(|time| Mark { frame, at: [time, 0, 0] }))
    }

    fn lead_frames(&self) -> u64 {
        LEAD_SEC * u64::from(self.info.spec.sample_rate)
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let stream = &mut self.stream;
        let [time, ..] = mark.at;
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(i64::try_from(time).unwrap_or(i64::MAX)),
            track_id: stream.track.id,
        };
        let sought = stream.format.seek(SeekMode::Accurate, to);
        stream.codec.reset();
        stream.ends = Ends::of(stream.format.as_ref());
        stream.clock.forget();
        stream.unpacked.frames = 0;
        (stream.lost_frames, stream.ended) = (0, false);
        stream.tally.bad_in_a_row = 0;
        (self.frames_to_skip, self.chunk_waits) = (0, false);
        // The first packet only gets the codec going; where it ends, the frames begin.
        let first = sought
            .and_then(|_| stream.ends.next_packet(stream.format.as_mut(), stream.track.id))
            .ok()
            .flatten();
        let entered = first.and_then(|packet| {
            stream.clock.enter(&packet);
            stream.codec.decode(&packet).ok()?;
            let begins = u64::try_from(stream.clock.next()?).ok()?;
            (mark.frame + begins).checked_sub(time).filter(|frame| *frame <= mark.frame)
        });
        if let Some(frame) = entered {
            self.first_time =
                i64::try_from(time).ok().and_then(|t| t.checked_sub_unsigned(mark.frame));
            stream.tally.frames = frame;
            return Ok(frame);
        }
        let lost =
            || LoadError::new(LoadErrorKind::Corrupt, "its pages do not lead where they say");
        Err(source_failure(&stream.read).unwrap_or_else(lost))
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl SymphoniaDecoder {
    /// The time that the first frame has by its pages, told from where the decoder stands; None
    /// where something is missing there.
    fn time_of_first(&self) -> Option<i64> {
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
