//! What other programs make of a file.

mod ffmpeg;
mod libsndfile;

pub(crate) use ffmpeg::Ffmpeg;
pub(crate) use libsndfile::Libsndfile;

use std::time::Duration;

/// After this time a reference has hung, and counts as one that refuses.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a reference decodes of a file, always at least a frame.
pub(crate) struct Audio {
    pub(crate) rate: u32,
    pub(crate) channels: usize,
    /// Frame by frame.
    pub(crate) values: Vec<f32>,
}

impl Audio {
    pub(crate) fn frames(&self) -> usize {
        self.values.len() / self.channels
    }
}
