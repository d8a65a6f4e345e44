//! Packets from anywhere.

use super::{PacketDecoder, frames_of};
use crate::decode::{Mark, Seeker};
use crate::error::LoadError;

impl Seeker for PacketDecoder {
    fn mark(&self) -> Option<Mark> {
        let is_plain = self.waiting.is_empty() && self.lost_frames == 0 && !self.ended;
        let [a, b] = self.source.place();
        is_plain.then_some(Mark { frame: self.tally.frames, at: [a, b, 0] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        let rate = self.info.spec.sample_rate;
        let per_tick = match self.source.timescale() {
            0 => 1,
            timescale => u64::from(rate / timescale),
        };
        let is_whole = per_tick > 0 && frames_of(1, self.source.timescale(), rate) == per_tick;
        if !is_whole {
            return Ok(None);
        }
        let from_first = frame + self.primed_frames;
        let Some(spot) = self.source.find(from_first / per_tick) else { return Ok(None) };
        // What comes out is to be as long as the container says.
        let is_as_stated = spot
            .ticks
            .is_none_or(|ticks| self.common_frames.map(|n| n as u64) == Some(ticks * per_tick));
        let first = (spot.tick * per_tick).checked_sub(self.primed_frames);
        let [a, b] = spot.place;
        Ok(first.filter(|_| is_as_stated).map(|frame| Mark { frame, at: [a, b, 0] }))
    }

    fn lead_frames(&self) -> u64 {
        self.codec.lead_frames().unwrap_or(0)
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let [a, b, _] = mark.at;
        self.source.go_to([a, b]);
        self.codec.reset();
        self.settled_from = mark.frame + self.lead_frames();
        self.tally.frames = mark.frame;
        self.tally.bad_in_a_row = 0;
        (self.waiting, self.lost_frames, self.ended) = (0..0, 0, false);
        Ok(mark.frame)
    }

    fn is_settled(&self) -> bool {
        self.tally.frames >= self.settled_from
    }
}
