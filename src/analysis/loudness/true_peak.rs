//! The peak of the waveform between the samples.
//!
//! # Sources
//! ITU-R BS.1770-5, Annex 2: oversampling to at least 192 kHz, four times at 48 kHz, by "a method
//! that gives similar or superior results". The filter of its table has half a decibel of ripple
//! and no phase that keeps the samples; this one has twice the taps and keeps them. Window: J. F.
//! Kaiser, *Nonrecursive digital filter design using the I0-sinh window function* (1974).

use crate::kaiser::{kaiser, sinc};

/// Taps of each phase.
const TAPS: usize = 24;
/// β of the window: pass band to 0.4 of the rate within 0.1 dB, images below −60 dB.
const BETA: f64 = 6.0;
/// Positions that are looked at together.
const WINDOW: usize = 32;
/// Values that are multiplied side by side.
const LANES: usize = 8;
/// Rates below which so many points are looked at for each sample, one at least at 192 kHz.
const POINTS: [(f64, i32); 4] = [(16_000.0, 16), (32_000.0, 8), (96_000.0, 4), (192_000.0, 2)];

/// Follows the sample peak and the true peak of all channels.
pub(super) struct Peaks {
    /// The filter for each point between two samples.
    phases: Vec<[f32; TAPS]>,
    /// The most that a phase makes of values of 1.
    most_gain: f32,
    /// Of each channel, what is not looked at yet, behind what that depends on.
    pending: Vec<Vec<f32>>,
    sample_peak: f32,
    /// Of the points between the samples.
    between: f32,
}

impl Peaks {
    pub(super) fn new(channels: usize, rate_hz: f64) -> Self {
        let points = POINTS.iter().find(|(below_hz, _)| rate_hz < *below_hz);
        let points = points.map_or(1, |(_, points)| *points);
        let phases: Vec<_> =
            (1..points).map(|point| phase(f64::from(point) / f64::from(points))).collect();
        let gain = |phase: &[f32; TAPS]| phase.iter().map(|tap| tap.abs()).sum::<f32>();
        Self {
            most_gain: phases.iter().map(gain).fold(0.0, f32::max),
            phases,
            pending: vec![vec![0.0; TAPS - 1]; channels],
            sample_peak: 0.0,
            between: 0.0,
        }
    }

    /// Hears the next frames.
    pub(super) fn hear(&mut self, planes: &[&[f32]]) {
        for (channel, plane) in planes.iter().enumerate() {
            self.sample_peak = self.sample_peak.max(greatest(plane));
            if !self.phases.is_empty() {
                self.hear_between(channel, plane);
            }
        }
    }

    /// Computes every point from here on.
    #[cfg(test)]
    pub(super) fn never_leave_out(&mut self) {
        self.most_gain = f32::INFINITY;
    }

    fn hear_between(&mut self, channel: usize, plane: &[f32]) {
        let pending = &mut self.pending[channel];
        pending.extend_from_slice(plane);
        let mut done = 0;
        while let Some(values) = pending[done..].first_chunk() {
            // Where not even the worst case comes up to the peak, there is nothing to find.
            let known = self.between.max(self.sample_peak);
            if greatest(values) * self.most_gain > known {
                let found = self.phases.iter().map(|phase| greatest_filtered(phase, values));
                self.between = found.fold(self.between, f32::max);
            }
            done += WINDOW;
        }
        pending.drain(..done);
    }

    /// Both peaks, after silence that follows the last frame: sample peak and true peak, linear.
    pub(super) fn conclude(&mut self) -> [f32; 2] {
        let silence = [0.0; WINDOW + TAPS];
        for channel in 0..self.pending.len() {
            if !self.phases.is_empty() {
                self.hear_between(channel, &silence);
            }
        }
        // What a file means by more than that, no number can say.
        [self.sample_peak, self.sample_peak.max(self.between)].map(|peak| peak.min(f32::MAX))
    }
}

/// The taps for the point at `fraction` of the way from one sample to the next.
fn phase(fraction: f64) -> [f32; TAPS] {
    let half = (TAPS / 2) as f64;
    let taps: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = tap as f64 - (half - 1.0) - fraction;
        sinc(distance) * kaiser(BETA, distance / half)
    });
    let sum: f64 = taps.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "taps for f32")]
    taps.map(|tap| (tap / sum) as f32)
}

/// The greatest of the absolute values; what is no number is none.
fn greatest(values: &[f32]) -> f32 {
    let larger = |one: f32, other: f32| if other > one { other } else { one };
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = larger(lanes[lane], chunk[lane].abs());
        }
    }
    lanes.into_iter().chain(rest.iter().map(|value| value.abs())).fold(0.0, larger)
}

/// The greatest absolute value that a filter makes of the positions of a window.
fn greatest_filtered(phase: &[f32; TAPS], values: &[f32; WINDOW + TAPS - 1]) -> f32 {
    let mut peak = 0.0;
    for from in (0..WINDOW).step_by(LANES) {
        let mut sums = [0.0; LANES];
        for (by, values) in phase.iter().zip(values[from..].windows(LANES)) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += by * value;
            }
        }
        peak = greatest(&sums).max(peak);
    }
    peak
}
