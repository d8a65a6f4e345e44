//! The blocks of a waveform as plain numbers, for whoever keeps it on disk.

use super::{BLOCK_FRAMES, Block, ColouredWaveform};
use crate::spec::AudioSpec;

impl ColouredWaveform {
    /// The blocks of each level and channel, the finest level first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Block]> {
        self.levels.iter().flatten().map(Vec::as_slice)
    }

    /// How many blocks each of the rows of a sample has.
    pub(crate) fn row_lens(spec: AudioSpec, frames: usize) -> Vec<usize> {
        let of_level = |block: usize| vec![frames.div_ceil(block); spec.channels];
        BLOCK_FRAMES.into_iter().flat_map(of_level).collect()
    }

    /// What has these rows, which are as long as [`row_lens`](Self::row_lens) says.
    pub(crate) fn from_rows(spec: AudioSpec, frames: usize, mut fine: Vec<Vec<Block>>) -> Self {
        let coarse = fine.split_off(spec.channels);
        Self { spec, frames, levels: [fine, coarse] }
    }
}

impl Block {
    /// Its numbers.
    pub(crate) fn values(&self) -> [f32; 6] {
        let [all, low, mid, high] = self.powers;
        [self.min, self.max, all, low, mid, high]
    }

    /// The block that has these numbers.
    pub(crate) fn from_values([min, max, all, low, mid, high]: [f32; 6]) -> Self {
        Self { min, max, powers: [all, low, mid, high] }
    }
}
