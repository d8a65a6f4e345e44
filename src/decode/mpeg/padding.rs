//! What lies behind the music, by the tag: held back, in case more follows and it was none.

use std::ops::Range;

/// The end of a stream as its tag states it.
#[derive(Debug, Default)]
pub(super) struct Padding {
    stated: Option<Stated>,
    /// One plane per channel.
    held: Vec<Vec<f32>>,
    /// What was held and is lent.
    released: Vec<Vec<f32>>,
}

/// How long a stream is.
#[derive(Clone, Copy, Debug)]
struct Stated {
    packets: u64,
    /// The frame of audio behind the music, counted from the first one that is decoded.
    end: u64,
}

impl Padding {
    /// Of a stream of `packets` packets, the music in which ends before frame `end`.
    pub(super) fn new(packets: Option<u64>, end: Option<u64>) -> Self {
        let stated = packets.zip(end).map(|(packets, end)| Stated { packets, end });
        Self { stated, ..Self::default() }
    }

    /// How many packets are missing after `packets` of them.
    pub(super) fn missing(&self, packets: u64) -> u64 {
        self.stated.map_or(0, |stated| stated.packets.saturating_sub(packets))
    }

    /// How many of `frames` frames from the first one on are music.
    pub(super) fn music(&self, frames: u64) -> u64 {
        self.stated.map_or(frames, |stated| stated.end.min(frames))
    }

    /// Gives up what is stated if `packets` packets are more than that.
    pub(super) fn check(&mut self, packets: u64) {
        self.stated = self.stated.filter(|stated| packets <= stated.packets);
    }

    /// Holds back what of the `waiting` frames in `planes`, the first of which is number `before` of
    /// the stream, lies behind the music.
    pub(super) fn hold(&mut self, before: u64, waiting: &mut Range<usize>, planes: &[Vec<f32>]) {
        let Some(stated) = self.stated else { return };
        let kept = usize::try_from(stated.end.saturating_sub(before)).unwrap_or(usize::MAX);
        if kept >= waiting.end {
            return;
        }
        self.held.resize_with(planes.len(), Vec::new);
        for (held, plane) in self.held.iter_mut().zip(planes) {
            held.extend_from_slice(&plane[kept..waiting.end]);
        }
        waiting.end = kept;
    }

    /// Whether anything is held back.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Forgets what is held: the stream goes on elsewhere.
    pub(super) fn let_go(&mut self) {
        self.held.clear();
    }

    /// Whether something was held that is no padding.
    pub(super) fn has_music(&self) -> bool {
        self.stated.is_none() && !self.held.is_empty()
    }

    /// Lets go what was held; how many frames that is.
    pub(super) fn release(&mut self) -> usize {
        self.released = std::mem::take(&mut self.held);
        self.released.first().map_or(0, Vec::len)
    }

    /// What was let go last.
    pub(super) fn released(&self) -> &[Vec<f32>] {
        &self.released
    }
}
