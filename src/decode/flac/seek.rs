//! FLAC anywhere: each frame stands by itself and says which one it is.

use super::decoder::FlacDecoder;
use super::header::FrameHeader;
use super::place::Place;
use crate::decode::failure::io_failure;
use crate::decode::{Mark, Seeker};
use crate::error::LoadError;

/// So near before a frame a place is near enough, as a share of a second.
const NEAR: u64 = 4;
/// Bytes that are read at once in search of a frame.
const PROBE_BYTES: u64 = 32 << 10;
/// Looks into the file after which the best place so far has to do.
const MAX_PROBES: u32 = 24;
/// Looks that go by proportion; what is left then is halved.
const PROBES_BY_PROPORTION: u32 = 6;

impl Seeker for FlacDecoder {
    fn mark(&self) -> Option<Mark> {
        let is_plain =
            self.waiting == 0 && self.lost_frames == 0 && !self.ended && !self.tally.restarted;
        let (number, block) = self.place.next().filter(|_| is_plain)?;
        Some(Mark { frame: self.tally.frames, at: [self.frames.byte_position(), number, block] })
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        // What follows may be another stream, with numbers of its own: so where the last frame is not
        // the one that the first stream ends with.
        let is_one = self.stated_frames == 0 || !self.info.frames_estimated;
        let is_inside = is_one && self.info.frames.is_some_and(|frames| frame < frames);
        let Some((start, first)) = self.first.filter(|_| is_inside && !self.tally.restarted) else {
            return Ok(None);
        };
        let near = u64::from(self.info.spec.sample_rate) / NEAR;
        let mark = |byte, header: &FrameHeader| Mark {
            frame: self.lost_first + self.place.frames_between(&first, header),
            at: [byte, header.number, u64::from(header.block_frames)],
        };
        let mut best = mark(start, &first);
        let mut end = (self.frames.byte_len(), self.info.frames);
        for probe in 0..MAX_PROBES {
            let (from, room) = (best.at[0], end.0.saturating_sub(best.at[0]));
            if frame.saturating_sub(best.frame) <= near || room < PROBE_BYTES {
                break;
            }
            let guess = match end.1.and_then(|end| end.checked_sub(best.frame)) {
                Some(frames) if probe < PROBES_BY_PROPORTION && frames > 0 => {
                    let wanted = u128::from(frame.saturating_sub(best.frame).min(frames));
                    let bytes = u128::from(room) * wanted / u128::from(frames);
                    let bytes = u64::try_from(bytes).unwrap_or(room);
                    from + bytes.saturating_sub(2 * PROBE_BYTES).max(1)
                }
                _ => from + room / 2,
            };
            let found = self
                .frames
                .probe(guess, PROBE_BYTES, &first)
                .map_err(|error| io_failure(&self.read, error))?;
            match found.map(|(byte, header)| mark(byte, &header)) {
                Some(found) if found.frame <= frame => best = found,
                Some(found) => end = (guess, Some(found.frame)),
                None => end = (guess, None),
            }
        }
        Ok(Some(best))
    }

    fn lead_frames(&self) -> u64 {
        0
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let [byte, number, block] = mark.at;
        self.frames.go_to(byte).map_err(|error| io_failure(&self.read, error))?;
        self.place.go_to(number, block);
        self.tally.frames = mark.frame;
        self.tally.bad_in_a_row = 0;
        (self.waiting, self.lost_frames, self.ended) = (0, 0, false);
        Ok(mark.frame)
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl Place {
    /// The number that the next frame bears, and the length of the last one; None in the midst of
    /// what belongs to no frame.
    fn next(&self) -> Option<(u64, u64)> {
        let last = self.last.as_ref().filter(|_| self.passed == 0)?;
        Some((self.next_number(last), u64::from(last.block_frames)))
    }

    /// The next frame bears `number`, the one before it had `block` frames of audio.
    fn go_to(&mut self, number: u64, block: u64) {
        self.passed = 0;
        let Some(mut last) = self.last else { return };
        last.block_frames = u32::try_from(block).unwrap_or(last.block_frames);
        let passed = self.next_number(&last) - last.number;
        self.last = number.checked_sub(passed).map(|number| FrameHeader { number, ..last });
    }

    /// Frames of audio from frame `first` of a stream to frame `other`.
    fn frames_between(&self, first: &FrameHeader, other: &FrameHeader) -> u64 {
        let passed = other.number.saturating_sub(first.number);
        let counts_frames = first.is_fixed && !self.counts_audio;
        passed.saturating_mul(if counts_frames { u64::from(first.block_frames) } else { 1 })
    }
}
