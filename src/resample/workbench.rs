//! What a worker keeps from one load to the next.

use super::Resampler;
use crate::error::LoadError;

/// Resamplers kept for reuse.
const MAX_KEPT: usize = 8;
/// Memory of the kept resamplers together, about.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// What one worker reuses from load to load: resamplers, which are slow to make.
///
/// ```
/// # use hotcue::Workbench;
/// let mut bench = Workbench::default();
/// let resampler = bench.take_resampler(44_100, 48_000, 2)?;
/// // … one load …
/// bench.put_back(resampler);
/// # Ok::<(), hotcue::LoadError>(())
/// ```
#[derive(Debug, Default)]
pub struct Workbench {
    /// The one used last stands at the end.
    resamplers: Vec<Resampler>,
}

impl Workbench {
    /// A resampler at the beginning of its stream: a kept one, or else a new one.
    ///
    /// # Errors
    /// Those of [`Resampler::new`].
    pub fn take_resampler(
        &mut self,
        in_rate: u32,
        out_rate: u32,
        channels: usize,
    ) -> Result<Resampler, LoadError> {
        let wanted = (in_rate, out_rate, channels);
        match self.resamplers.iter().rposition(|kept| kept.key() == wanted) {
            Some(index) => {
                let mut resampler = self.resamplers.remove(index);
                resampler.reset();
                Ok(resampler)
            }
            None => Resampler::new(in_rate, out_rate, channels),
        }
    }

    /// Keeps a resampler, in whatever state, for a later load. Those not used for longest go
    /// when there are too many or when they are too large.
    pub fn put_back(&mut self, resampler: Resampler) {
        self.resamplers.push(resampler);
        while self.resamplers.len() > MAX_KEPT || self.kept_bytes() > MAX_KEPT_BYTES {
            self.resamplers.remove(0);
        }
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.resamplers.len()
    }

    fn kept_bytes(&self) -> usize {
        self.resamplers.iter().map(Resampler::byte_len).sum()
    }
}
