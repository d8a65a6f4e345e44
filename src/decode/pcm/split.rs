//! PCM in stretches: any frame may be the first one.

use std::ops::Range;

use super::PcmDecoder;
use super::decoder::CHUNK_VALUES;
use super::layout::Coding;
use super::linear::Linear;
use crate::decode::split::{Span, stretch_values};
use crate::decode::{Chunk, Cut, Odd, Splitter, Stretch, Tally, Uncut, Wanted};

/// Values of a stretch. Its bytes are read by one thread and decoded by another: they should still
/// be in a cache then.
const STRETCH_VALUES: usize = stretch_values(1 << 17);

/// Bytes that were read for stretches to come.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The frame that `bytes` begin with; None before the first stretch.
    from: Option<u64>,
    bytes: Vec<u8>,
}

impl Splitter for PcmDecoder {
    fn stretch_values(&self) -> usize {
        STRETCH_VALUES
    }

    fn cut(&mut self, wanted: &Wanted) -> Result<Cut, Uncut> {
        let Coding::Linear(linear) = self.coding else { return Err(Uncut::Odd) };
        let from = match self.ahead.from {
            Some(from) => from,
            None => {
                self.ahead.bytes = self.buffer[std::mem::take(&mut self.held)].to_vec();
                self.tally.frames
            }
        };
        let mut bytes = std::mem::take(&mut self.ahead.bytes);
        let offset = |frame: u64| self.place(from, frame);
        bytes.drain(..offset(wanted.frames.start).min(bytes.len()));
        let len = self.place(wanted.frames.start, wanted.frames.end);
        if let Some(missing) = len.checked_sub(bytes.len()).filter(|missing| *missing > 0) {
            let held = bytes.len();
            let missing = usize::try_from(self.bytes_left).unwrap_or(missing).min(missing);
            bytes.resize(held + missing, 0);
            let filled = self.read(&mut bytes[held..])?;
            bytes.truncate(held + filled);
        }
        // What was read ahead may reach further.
        let is_all = self.bytes_left == 0 && bytes.len() <= len;
        let frames = (bytes.len() / self.block_bytes) as u64;
        // A header may state fewer frames than there are bytes.
        let end = wanted.frames.end.min(self.stretches_end());
        let frames = frames.min(end.saturating_sub(wanted.frames.start));
        let is_last = is_all || end == self.stretches_end();
        let keep = self.place(wanted.frames.start, wanted.next_from).min(bytes.len());
        self.ahead = Ahead { from: Some(wanted.next_from), bytes: bytes[keep..].to_vec() };
        bytes.truncate(self.place(0, frames));
        let len = bytes.len();
        let stretch = PcmStretch {
            bytes,
            linear,
            order: self.order.clone(),
            planes: vec![Vec::new(); self.order.len()],
            block_bytes: self.block_bytes,
            at: 0,
            span: Span::new(wanted.frames.start, wanted),
        };
        Ok(Cut { stretch: Box::new(stretch), bytes: len, is_last })
    }

    fn count(&mut self, frames: u64, values: &Tally) {
        self.tally.add_values(frames, values);
        self.frames_left = self.frames_left.saturating_sub(frames);
    }
}

impl PcmDecoder {
    /// Bytes from frame `from` to frame `to`.
    fn place(&self, from: u64, to: u64) -> usize {
        usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX / 64) * self.block_bytes
    }

    /// The frame behind the last one.
    fn stretches_end(&self) -> u64 {
        self.tally.frames + self.frames_left
    }
}

/// Interleaved frames of linear PCM.
struct PcmStretch {
    bytes: Vec<u8>,
    linear: Linear,
    order: Vec<usize>,
    planes: Vec<Vec<f32>>,
    block_bytes: usize,
    at: usize,
    span: Span,
}

impl Stretch for PcmStretch {
    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Odd> {
        let channels = self.planes.len();
        let left = (self.bytes.len() - self.at) / self.block_bytes;
        let frames = (CHUNK_VALUES / channels).max(1).min(left);
        if frames == 0 {
            return Ok(None);
        }
        let bytes = &self.bytes[self.at..][..frames * self.block_bytes];
        self.at += bytes.len();
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.resize(frames, 0.0);
            self.linear.convert(bytes, channels, channel, plane);
        }
        let range: Range<usize> = match self.linear.is_float() {
            true => self.span.enter(&mut self.planes, frames),
            false => 0..frames,
        };
        Ok(Some(Chunk::new(&self.planes, &self.order, range)))
    }

    fn tally(&self) -> &Tally {
        self.span.tally()
    }
}
