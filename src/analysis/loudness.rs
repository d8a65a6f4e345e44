//! Loudness and peaks.
//!
//! # Sources
//! ITU-R BS.1770-5 (11/2023), EBU R 128 (2023), EBU Tech 3341 and 3342 (2023), the *`ReplayGain`
//! 2.0 specification* (hydrogenaudio wiki).

mod channels;
mod gates;
mod gating;
#[cfg(test)]
mod tests;
mod true_peak;
mod weighting;

use super::biquad::{LANES, in_pairs};
use super::{AnalysisResult, Analyzer, Block, Conclusion};
use crate::speakers::Speakers;
use channels::weight;
use gates::Gates;
use gating::{SUB_BLOCKS_PER_SEC, Sums, Windows, loudness_lufs};
use true_peak::Peaks;
use weighting::Weighting;

/// What `ReplayGain` 2 brings audio to, in LUFS.
const REPLAY_GAIN_LUFS: f64 = -18.0;
/// By how much a channel that comes from two loudspeakers is louder, in LU: 10 log 2.
const DUAL_MONO_LU: f64 = 3.010_299_956_639_812;

/// How loud a sample is, and how high its peaks are. Nothing here is ever infinite or no number.
///
/// Channels are weighted by the [speakers](crate::Speakers) that they are for: surrounds at the sides
/// count 1.41, LFE is not measured. A sample of one channel is measured as one channel,
/// as EBU R 128 has it.
///
/// Windows that are longer than the sample are filled up with silence: of less than 400 ms,
/// `integrated_lufs` is what a meter shows at most while the sample is played by itself, and
/// `is_short` is set. It is that, too, where nothing is louder than −70 LUFS but what comes behind the
/// last gating block, which is up to 100 ms before the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness, gated, in LUFS. None where nothing is louder than −70 LUFS.
    pub integrated_lufs: Option<f64>,
    /// The greatest loudness of any 400 ms, in LUFS. None of silence.
    pub momentary_max_lufs: Option<f64>,
    /// The greatest loudness of any 3 s, in LUFS. None of silence.
    pub short_term_max_lufs: Option<f64>,
    /// Loudness range, in LU. None of less than 3 s, and where nothing is louder than −70 LUFS.
    pub range_lu: Option<f64>,
    /// The greatest absolute value of all channels, linear.
    pub sample_peak: f32,
    /// The greatest absolute value of the waveform, between the samples too, linear:
    /// oversampled 16 times at rates below 16 kHz, 8 times below 32, four times below 96, twice
    /// below 192. Silence lies before and behind the sample.
    pub true_peak: f32,
    /// Whether the sample is shorter than the 400 ms of one gating block.
    pub is_short: bool,
    /// Whether the sample has one channel only.
    pub is_mono: bool,
}

/// What `ReplayGain` 2 tags say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayGain {
    /// What to amplify by, in dB: up or down to −18 LUFS.
    pub gain_db: f64,
    /// The true peak, linear.
    pub peak: f32,
}

impl Loudness {
    /// [`sample_peak`](Self::sample_peak) in dBFS; None of silence.
    pub fn sample_peak_dbfs(&self) -> Option<f64> {
        decibels(self.sample_peak)
    }

    /// [`true_peak`](Self::true_peak) in dBTP; None of silence.
    pub fn true_peak_dbtp(&self) -> Option<f64> {
        decibels(self.true_peak)
    }

    /// Gain and peak as `ReplayGain` 2 tags have them; None without an integrated loudness.
    pub fn replay_gain(&self) -> Option<ReplayGain> {
        let gain_db = REPLAY_GAIN_LUFS - self.integrated_lufs?;
        Some(ReplayGain { gain_db, peak: self.true_peak })
    }

    /// The linear gain that brings the sample to `target_lufs`, or as near as its true peak may
    /// come to `ceiling_dbtp`. 1 where there is no integrated loudness, and for a target or a
    /// ceiling that is no number.
    ///
    /// A sample of one channel sounds from two loudspeakers, each at full level, and is 3 LU
    /// louder then than it was measured: it gets 3 dB less.
    ///
    /// ```
    /// # use hotcue::analysis::Loudness;
    /// # let loudness = Loudness { integrated_lufs: Some(-20.0), momentary_max_lufs: None,
    /// #     short_term_max_lufs: None, range_lu: None, sample_peak: 0.5, true_peak: 0.5,
    /// #     is_short: false, is_mono: false };
    /// // −20 LUFS, peaks of −6 dBTP: there is room for 6 dB.
    /// assert_eq!(loudness.gain(-23.0, 0.0), 10.0_f32.powf(-3.0 / 20.0));
    /// assert_eq!(loudness.gain(-10.0, 0.0), 2.0);
    /// ```
    pub fn gain(&self, target_lufs: f64, ceiling_dbtp: f64) -> f32 {
        let Some(integrated) = self.integrated_lufs else { return 1.0 };
        let heard = if self.is_mono { integrated + DUAL_MONO_LU } else { integrated };
        let wanted = ratio(target_lufs - heard);
        let most = ratio(ceiling_dbtp) / f64::from(self.true_peak);
        let gain = wanted.min(most);
        #[expect(clippy::cast_possible_truncation, reason = "a gain in f32 is what is wanted")]
        match (target_lufs + ceiling_dbtp).is_finite() {
            true => gain.min(f64::from(f32::MAX)) as f32,
            false => 1.0,
        }
    }
}

fn decibels(peak: f32) -> Option<f64> {
    (peak > 0.0).then(|| 20.0 * f64::from(peak).log10())
}

fn ratio(decibels: f64) -> f64 {
    10.0_f64.powf(decibels / 20.0)
}

/// Measures a sample block by block.
pub(super) struct LoudnessMeter {
    rate: usize,
    /// The weight of each channel.
    weights: Vec<f64>,
    /// One for each pair of channels that counts.
    weightings: Vec<Weighting>,
    /// What the current sub-block has so far.
    open: Sums,
    /// Frames until it is whole.
    missing_frames: usize,
    sub_blocks: usize,
    windows: Windows,
    peaks: Peaks,
    /// Once all is heard.
    gates: Option<Gates>,
    is_told: bool,
}

impl LoudnessMeter {
    /// Starts a measurement of `channels` channels, for `speakers`, at `rate` Hz.
    pub(super) fn new(speakers: Speakers, channels: usize, rate: u32) -> Self {
        let rate_hz = f64::from(rate);
        let rate = rate as usize;
        Self {
            rate,
            weights: (0..channels).map(|channel| weight(speakers, channels, channel)).collect(),
            weightings: (0..channels.div_ceil(LANES)).map(|_| Weighting::new(rate_hz)).collect(),
            open: Sums::default(),
            missing_frames: sub_block_end(0, rate),
            sub_blocks: 0,
            windows: Windows::new(),
            peaks: Peaks::new(channels, rate_hz),
            gates: None,
            is_told: false,
        }
    }

    /// Hears the frames that follow: one plane per channel, all of one length.
    fn measure(&mut self, planes: &[&[f32]]) {
        self.peaks.hear(planes);
        let frames = planes.first().map_or(0, |plane| plane.len());
        let mut from = 0;
        while from < frames {
            let to = frames.min(from + self.missing_frames);
            self.add(planes, from, to);
            self.missing_frames -= to - from;
            if self.missing_frames == 0 {
                self.windows.push(std::mem::take(&mut self.open));
                let end = sub_block_end(self.sub_blocks, self.rate);
                self.sub_blocks += 1;
                self.missing_frames = sub_block_end(self.sub_blocks, self.rate) - end;
            }
            from = to;
        }
    }

    /// Adds frames `from..to` to the current sub-block.
    fn add(&mut self, planes: &[&[f32]], from: usize, to: usize) {
        let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[from..to]).collect();
        let weights = self.weights.chunks(LANES);
        for ((pair, weights), weighting) in in_pairs(&part).zip(weights).zip(&mut self.weightings) {
            let energies = weighting.energy(pair);
            self.open.energy +=
                weights.iter().zip(energies).map(|(weight, energy)| weight * energy).sum::<f64>();
        }
        self.open.frames += (to - from) as f64;
    }

    /// Works on what all that was heard comes to, as much as a step may; that, once it is known.
    fn result(&mut self) -> Option<Loudness> {
        let Self { windows, gates, .. } = self;
        let gates = gates.get_or_insert_with(|| {
            windows.conclude(self.open, self.rate as f64);
            Gates::new()
        });
        if gates.step(windows) {
            return None;
        }
        let [sample_peak, true_peak] = self.peaks.conclude();
        let audible = |power: f64| (power > 0.0).then(|| loudness_lufs(power));
        Some(Loudness {
            integrated_lufs: gates.integrated_lufs,
            momentary_max_lufs: audible(windows.momentary_max),
            short_term_max_lufs: audible(windows.short_term_max),
            range_lu: gates.range_lu,
            sample_peak,
            true_peak,
            is_short: windows.is_short,
            is_mono: self.weights.len() == 1,
        })
    }
}

impl Analyzer for LoudnessMeter {
    fn hear(&mut self, block: &Block<'_>) {
        self.measure(block.planes);
    }

    fn conclude(&mut self) -> Conclusion {
        if self.is_told {
            return Conclusion::End;
        }
        let Some(loudness) = self.result() else { return Conclusion::More };
        self.is_told = true;
        Conclusion::Result(AnalysisResult::Loudness(loudness))
    }
}

/// The frame at which sub-block `index` ends: to the nearest one, and so exact over any time. No
/// larger number comes up on the way: where a `usize` is 32 bits, minutes would be too long.
fn sub_block_end(index: usize, rate: usize) -> usize {
    let (seconds, rest) = ((index + 1) / SUB_BLOCKS_PER_SEC, (index + 1) % SUB_BLOCKS_PER_SEC);
    seconds * rate + (rest * rate + SUB_BLOCKS_PER_SEC / 2) / SUB_BLOCKS_PER_SEC
}
