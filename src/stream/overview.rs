//! Minima and maxima of a file that is not in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::buffer::{Extremes, Waveform};

/// Most blocks of one channel: of two channels, 0.5 MB.
const MOST_BLOCKS: usize = 1 << 15;
/// What a border may lie beside that of a block and still count as that: times in seconds are seldom
/// exact.
const TOLERANCE: f64 = 1e-6;
/// Frames of a block to begin with.
const BLOCK_FRAMES: u64 = 256;

/// The extremes of blocks of frames, as far as somebody has been there. Blocks get twice as long
/// whenever there are too many.
#[derive(Debug)]
pub(super) struct StreamOverview {
    blocks: Mutex<Blocks>,
}

#[derive(Debug)]
struct Blocks {
    frames_per_block: u64,
    /// Of each channel; all but the last one are full.
    channels: Vec<Vec<Extremes>>,
    /// Frames seen.
    frames: u64,
}

impl StreamOverview {
    /// Of nothing yet.
    pub(super) fn new(channels: usize) -> Self {
        let channels = vec![Vec::new(); channels];
        let blocks = Blocks { frames_per_block: BLOCK_FRAMES, channels, frames: 0 };
        Self { blocks: Mutex::new(blocks) }
    }

    /// What it comes to at most.
    pub(super) fn most_bytes(channels: usize) -> usize {
        MOST_BLOCKS * channels * size_of::<Extremes>()
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the frames that follow those before.
    pub(super) fn add(&self, planes: &[&[f32]]) {
        let mut blocks = self.lock();
        let frames = planes.first().map_or(0, |plane| plane.len());
        let mut at = 0;
        while at < frames {
            let into = blocks.frames % blocks.frames_per_block;
            if into == 0 && blocks.channels.iter().any(|blocks| blocks.len() >= MOST_BLOCKS) {
                blocks.halve();
                continue;
            }
            let room = usize::try_from(blocks.frames_per_block - into).unwrap_or(usize::MAX);
            let part = at..frames.min(at.saturating_add(room));
            for (channel, plane) in blocks.channels.iter_mut().zip(planes) {
                let extremes = Extremes::of(&plane[part.clone()]);
                match channel.last_mut().filter(|_| into > 0) {
                    Some(last) => *last = last.and(extremes),
                    None => channel.push(extremes),
                }
            }
            blocks.frames += part.len() as u64;
            at = part.end;
        }
    }

    /// As [`SampleBuffer::waveform`](crate::SampleBuffer::waveform), of frames at `rate` Hz, made
    /// of whole blocks: what a pixel shows may lie up to a block beside it. Where nobody has been
    /// yet, it is flat.
    pub(super) fn waveform(
        &self,
        width: usize,
        start_sec: f64,
        end_sec: f64,
        rate: u32,
    ) -> Waveform {
        let blocks = self.lock();
        let per_sec = f64::from(rate) / blocks.frames_per_block as f64;
        let mut waveform = Waveform { width, min: Vec::new(), max: Vec::new() };
        for channel in &blocks.channels {
            for pixel in 0..width {
                let border = |pixel: usize| {
                    (start_sec + (end_sec - start_sec) * (pixel as f64 / width as f64)) * per_sec
                };
                let extremes = among(channel, border(pixel), border(pixel + 1));
                waveform.min.push(extremes.min);
                waveform.max.push(extremes.max);
            }
        }
        waveform
    }

    /// Bytes held.
    pub(super) fn byte_len(&self) -> usize {
        let held = |blocks: &Vec<Extremes>| blocks.capacity() * size_of::<Extremes>();
        self.lock().channels.iter().map(held).sum()
    }
}

impl Blocks {
    /// Makes one block of two.
    fn halve(&mut self) {
        for channel in &mut self.channels {
            let pairs = channel.chunks(2).map(|pair| match *pair {
                [one, other] => one.and(other),
                _ => pair[0],
            });
            *channel = pairs.collect();
        }
        self.frames_per_block *= 2;
    }
}

/// The extremes of the blocks that `from..to` touches, at least of one; flat where there are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and NaN becomes 0"
)]
fn among(blocks: &[Extremes], from: f64, to: f64) -> Extremes {
    let flat = Extremes { min: 0.0, max: 0.0 };
    if to <= 0.0 {
        return flat;
    }
    let first = (from.max(0.0) + TOLERANCE).floor() as usize;
    let last = ((to - TOLERANCE).ceil() as usize).max(first.saturating_add(1)).min(blocks.len());
    let touched = blocks.get(first..last).unwrap_or(&[]);
    touched.iter().copied().reduce(Extremes::and).unwrap_or(flat)
}
