//! The blocks of a waveform as plain numbers, for whoever keeps it on disk or hands it on.

use super::{BLOCK_FRAMES, Block, ColouredWaveform};
use crate::spec::AudioSpec;

/// What the bytes of a waveform begin with; the last one is the version of their format.
const MAGIC: &[u8] = b"hotcuew\x01";

impl ColouredWaveform {
    /// All of it as bytes, about 25 for each 256 frames of a channel, to be handed to another
    /// process. Viewers read the files of [`to_dat`](Self::to_dat) instead.
    ///
    /// ```
    /// # use hotcue::SampleBuffer;
    /// # use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep, ColouredWaveform};
    /// let sample = SampleBuffer::from_planes(48_000, vec![vec![0.5; 1_000]])?;
    /// let mut job = AnalysisJob::new(sample, &[AnalysisKind::Waveform]);
    /// let waveform = loop {
    ///     if let AnalysisStep::Done(_, Ok(AnalysisResult::Waveform(waveform))) = job.step() {
    ///         break waveform;
    ///     }
    /// };
    /// assert_eq!(ColouredWaveform::from_bytes(&waveform.to_bytes()).as_ref(), Some(&*waveform));
    /// # Ok::<(), hotcue::LoadError>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let AudioSpec { sample_rate, channels } = self.spec;
        let head = [u64::from(sample_rate), channels as u64, self.frames as u64];
        let values = self.rows().flatten().flat_map(Block::values);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(head.into_iter().flat_map(u64::to_le_bytes));
        bytes.extend(values.flat_map(f32::to_le_bytes));
        bytes
    }

    /// The waveform of which these are the bytes; None where they are of none, or of another
    /// version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (rate, bytes) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (channels, bytes) = bytes.split_first_chunk()?;
        let (frames, bytes) = bytes.split_first_chunk()?;
        let sample_rate = u32::try_from(u64::from_le_bytes(*rate)).ok()?;
        let channels = usize::try_from(u64::from_le_bytes(*channels)).ok()?;
        let spec = AudioSpec { sample_rate, channels }.validate().ok()?;
        let frames = usize::try_from(u64::from_le_bytes(*frames)).ok()?;
        let (blocks, rest) = bytes.as_chunks();
        let lens = Self::row_lens(spec, frames);
        if !rest.is_empty() || lens.iter().sum::<usize>() != blocks.len() {
            return None;
        }
        let mut blocks = blocks.iter().map(Block::from_bytes);
        let rows = lens.into_iter().map(|len| blocks.by_ref().take(len).collect()).collect();
        Some(Self::from_rows(spec, frames, rows))
    }

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
    /// Bytes of its numbers.
    pub(crate) const BYTES: usize = size_of::<[f32; 6]>();

    /// Its numbers.
    pub(crate) fn values(&self) -> [f32; 6] {
        let [all, low, mid, high] = self.powers;
        [self.min, self.max, all, low, mid, high]
    }

    /// The block that has these numbers, little endian.
    pub(crate) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut values = [0.0; 6];
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        let [min, max, all, low, mid, high] = values;
        Self { min, max, powers: [all, low, mid, high] }
    }
}
