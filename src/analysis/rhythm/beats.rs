//! Where the beats are, once the tempo is known.

/// How much a beat that is not one period after its predecessor costs: this times the square of
/// the logarithm of the ratio, in standard deviations of the novelty.
///
/// # Sources
/// D. P. W. Ellis, *Beat tracking by dynamic programming*, Journal of New Music Research 36 (2007).
/// The weight was not tuned.
const TIGHTNESS: f64 = 400.0;
/// Beats are looked for between these parts of a period after the last one.
const SHORTEST: f64 = 0.5;
const LONGEST: f64 = 2.0;

/// The best chain of beats, frame by frame.
pub(super) struct Tracker {
    period: f64,
    /// The best score of a chain that ends in each frame.
    scores: Vec<f64>,
    /// The frame of the beat before, or this one's own: it is the first.
    before: Vec<u32>,
    /// What a distance costs, by frames beyond the shortest.
    costs: Vec<f64>,
    shortest: usize,
}

impl Tracker {
    /// Tracks beats of about `period` frames in a sample of so many frames.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a period is a hundred frames or so"
    )]
    pub(super) fn new(period: f64, frames: usize) -> Self {
        let shortest = ((SHORTEST * period).round() as usize).max(1);
        let longest = (LONGEST * period).round() as usize;
        let costs = (shortest..=longest)
            .map(|distance| TIGHTNESS * (distance as f64 / period).ln().powi(2))
            .collect();
        Self {
            period,
            scores: Vec::with_capacity(frames),
            before: Vec::with_capacity(frames),
            costs,
            shortest,
        }
    }

    /// Frames taken so far.
    pub(super) fn frames(&self) -> usize {
        self.scores.len()
    }

    /// Takes the novelty of the next frame, in standard deviations.
    #[expect(clippy::cast_possible_truncation, reason = "frames of hours fit")]
    pub(super) fn add(&mut self, novelty: f64) {
        let now = self.scores.len();
        let mut best = (0.0, now);
        for (at, cost) in self.costs.iter().enumerate() {
            let Some(before) = now.checked_sub(self.shortest + at) else { break };
            let score = self.scores[before] - cost;
            if score > best.0 {
                best = (score, before);
            }
        }
        self.scores.push(novelty + best.0);
        self.before.push(best.1 as u32);
    }

    /// The frame of the last beat of the best chain.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a period is a hundred frames or so"
    )]
    pub(super) fn last(&self) -> Option<usize> {
        let from = self.scores.len().saturating_sub(self.period.round() as usize);
        (from..self.scores.len())
            .max_by(|one, other| self.scores[*one].total_cmp(&self.scores[*other]))
    }

    /// The frame of the beat before that of a frame; None before the first.
    pub(super) fn before(&self, beat: usize) -> Option<usize> {
        Some(self.before[beat] as usize).filter(|before| *before != beat)
    }
}

/// A straight line through beats: `first + n · period`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) first: f64,
    pub(super) period: f64,
    /// Root of the mean square of what is left over.
    pub(super) residual: f64,
}

/// The line through `beats` that leaves the least squares over; None with fewer than three.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn line(beats: &[f64]) -> Option<Line> {
    if beats.len() < 3 {
        return None;
    }
    let count = beats.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = beats.iter().sum::<f64>() / count;
    let numbered = || beats.iter().enumerate().map(|(n, beat)| (n as f64 - middle, beat - mean));
    let squares: f64 = numbered().map(|(n, _)| n * n).sum();
    let period = numbered().map(|(n, beat)| n * beat).sum::<f64>() / squares;
    let left: f64 = numbered().map(|(n, beat)| (beat - n * period).powi(2)).sum();
    let residual = (left / count).sqrt();
    Some(Line { first: mean - middle * period, period, residual })
}

/// A distance of beats that differs from a period by more of it is that of a beat that was missed.
const MISSED: f64 = 0.1;

/// The mean distance of beats about a `period` apart; None where too few are.
pub(super) fn mean_period(beats: &[f64], period: f64) -> Option<f64> {
    let distances = beats.windows(2).map(|pair| pair[1] - pair[0]);
    let (mut sum, mut count) = (0.0, 0_usize);
    for distance in distances.filter(|distance| (distance / period - 1.0).abs() < MISSED) {
        sum += distance;
        count += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    (2 * count > beats.len()).then(|| sum / count as f64)
}

/// The means of the frames of `signal` that lie a period apart, for every frame of a period.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a period is a hundred frames or so"
)]
pub(super) fn fold(signal: &[f32], period: f64) -> Vec<f64> {
    (0..period.ceil() as usize).map(|phase| mean_at(signal, phase as f64, period)).collect()
}

/// The mean of the values of `signal` at `from` and a period apart from there on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "frames are far below 2^53 and not negative"
)]
pub(super) fn mean_at(signal: &[f32], from: f64, period: f64) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    let mut at = from.max(0.0);
    while let Some([low, high]) = signal.get(at as usize..at as usize + 2) {
        let part = at.fract();
        sum += f64::from(*low) * (1.0 - part) + f64::from(*high) * part;
        count += 1.0;
        at += period;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}
