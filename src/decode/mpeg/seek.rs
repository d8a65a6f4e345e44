//! MPEG audio anywhere: frame by frame, once the codec has what the frames refer to.

use super::codec::{Codec, Outcome};
use super::decoder::MpegDecoder;
use super::frames::Frame;
use super::split::{LEAD, MAX_SIDE_BYTES, RESERVOIR_BYTES};
use crate::decode::failure::io_failure;
use crate::decode::{Mark, Seeker};
use crate::error::LoadError;

/// Frames of MPEG audio that are decoded before the one that is wanted: of 64 kbit/s the reservoir
/// takes four.
const USUAL_LEAD: u64 = LEAD as u64 + 4;

/// What is missing until a codec is where one that comes from the start would be.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// Bytes of the reservoir.
    bytes: usize,
    /// Frames of MPEG audio that have all of it.
    frames: usize,
}

impl Settling {
    /// Of a codec that has seen nothing yet.
    pub(super) fn anew(is_layer_3: bool) -> Self {
        // One more than lead up to the first that is sound.
        Self { bytes: if is_layer_3 { RESERVOIR_BYTES } else { 0 }, frames: LEAD + 1 }
    }

    /// Whether the last frame was sound.
    pub(super) fn is_over(&self) -> bool {
        self.frames == 0
    }

    /// Takes in one more frame, and what came of it.
    pub(super) fn enter(&mut self, frame: &Frame, outcome: Outcome) {
        let is_layer_3 = frame.header.layer == 3;
        if self.is_over() {
            return;
        }
        if self.bytes > 0 {
            self.bytes = self.bytes.saturating_sub(frame.len.saturating_sub(MAX_SIDE_BYTES));
        } else if matches!(outcome, Outcome::Decoded { .. }) {
            self.frames -= 1;
        } else {
            *self = Self::anew(is_layer_3);
        }
    }
}

impl Seeker for MpegDecoder {
    fn mark(&self) -> Option<Mark> {
        let is_plain = self.waiting.is_none()
            && self.has_begun
            && !self.ended
            && self.lost_frames == 0
            && self.frames_to_skip == 0
            && !self.padding.holds()
            && self.frames.is_in_step();
        let at = [self.frames.position(), self.packets, 0];
        is_plain.then_some(Mark { frame: self.tally.frames, at })
    }

    fn lead_frames(&self) -> u64 {
        USUAL_LEAD * self.per_packet
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let [byte, packets, _] = mark.at;
        self.frames.go_to(byte).map_err(|error| io_failure(&self.read, error))?;
        self.codec = Codec::new();
        self.settling = Settling::anew(self.info.codec == "mp3");
        self.tally.frames = mark.frame;
        self.tally.bad_in_a_row = 0;
        (self.waiting, self.lost_frames, self.frames_to_skip) = (None, 0, 0);
        (self.packets, self.ended) = (packets, false);
        self.padding.let_go();
        Ok(mark.frame)
    }

    fn is_settled(&self) -> bool {
        self.settling.is_over()
    }
}
