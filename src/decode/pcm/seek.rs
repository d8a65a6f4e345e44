//! PCM anywhere: where a block lies is a matter of arithmetic.

use std::io::{Seek, SeekFrom};

use super::decoder::PcmDecoder;
use super::layout::Coding;
use crate::decode::failure::io_failure;
use crate::decode::{Mark, Seeker};
use crate::error::LoadError;

impl Seeker for PcmDecoder {
    fn mark(&self) -> Option<Mark> {
        None
    }

    fn find(&mut self, frame: u64) -> Result<Option<Mark>, LoadError> {
        let frame = frame.min(self.tally.frames + self.frames_left);
        Ok(Some(self.mark_of(frame / self.block_frames())))
    }

    fn length(&self) -> Option<u64> {
        let is_plain = matches!(self.coding, Coding::Linear(_));
        is_plain.then_some(self.tally.frames + self.frames_left)
    }

    fn lead_frames(&self) -> u64 {
        0
    }

    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError> {
        let bytes = mark.at[0].saturating_mul(self.block_bytes as u64);
        let bytes = bytes.min(self.audio.end - self.audio.start);
        let end = self.tally.frames + self.frames_left;
        self.reader
            .seek(SeekFrom::Start(self.audio.start + bytes))
            .map_err(|error| io_failure(&self.read, error))?;
        self.bytes_left = self.audio.end - self.audio.start - bytes;
        self.tally.frames = mark.frame;
        self.frames_left = end.saturating_sub(mark.frame);
        self.held = 0..0;
        Ok(mark.frame)
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl PcmDecoder {
    /// Whether a block can be decoded without those before it.
    pub(super) fn has_blocks_apart(&self) -> bool {
        match &self.coding {
            Coding::Linear(_) => true,
            Coding::Adpcm(adpcm) => adpcm.has_blocks_apart(),
            Coding::Gsm(_) => false,
        }
    }

    /// Frames of a block.
    fn block_frames(&self) -> u64 {
        let channels = self.info.spec.channels;
        self.coding.frames_in(self.block_bytes as u64, channels).max(1)
    }

    fn mark_of(&self, block: u64) -> Mark {
        Mark { frame: block * self.block_frames(), at: [block, 0, 0] }
    }
}
