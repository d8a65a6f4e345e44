//! How long nothing is heard at both ends.

/// Below this part of the peak is silence: −60 dB.
const SILENCE: f32 = 0.001;

/// The first and the last frame that is not silent.
pub(super) struct Silence {
    /// What is louder is heard.
    threshold: f32,
    frames: usize,
    first: Option<usize>,
    /// The frame after the last one that is heard.
    end: usize,
}

impl Silence {
    /// Of a sample with this peak.
    pub(super) fn new(peak: f32) -> Self {
        Self { threshold: SILENCE * peak, frames: 0, first: None, end: 0 }
    }

    pub(super) fn hear(&mut self, planes: &[&[f32]]) {
        let is_heard = |value: &f32| value.abs() > self.threshold;
        if self.first.is_none() {
            let first = planes.iter().filter_map(|plane| plane.iter().position(is_heard)).min();
            self.first = first.map(|at| self.frames + at);
        }
        if let Some(last) = planes.iter().filter_map(|plane| plane.iter().rposition(is_heard)).max()
        {
            self.end = self.frames + last + 1;
        }
        self.frames += planes.first().map_or(0, |plane| plane.len());
    }

    /// Seconds before and after what is heard; the whole length before, where nothing is.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn ends_sec(&self, sample_rate: u32) -> (f64, f64) {
        let seconds = |frames: usize| frames as f64 / f64::from(sample_rate);
        match self.first {
            Some(first) => (seconds(first), seconds(self.frames - self.end)),
            None => (seconds(self.frames), 0.0),
        }
    }
}
