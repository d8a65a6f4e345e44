//! What passes the gates, of as many values as a step may take.
//!
//! # Sources
//! ITU-R BS.1770-5, Annex 1: equations (5) to (7). EBU Tech 3342 (2023), 3.1 and 5: loudness range.

use super::gating::{Windows, loudness_lufs, power_of};

/// Values that are looked at in one step.
const STEP_VALUES: usize = 65_536;

/// Γa, the absolute gate, in LUFS.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// The relative gate, in LU below the loudness behind the absolute one.
const RELATIVE_GATE_LU: f64 = -10.0;
/// The same for loudness range.
const RANGE_GATE_LU: f64 = -20.0;
/// The percentiles that range lies between.
const LOW: u64 = 10;
const HIGH: u64 = 95;

/// Bits of a value by which it is counted in one pass.
const DIGIT_BITS: u32 = 8;

/// Gated loudness and its range, between two steps.
pub(super) struct Gates {
    stage: Stage,
    /// None where nothing is loud.
    pub(super) integrated_lufs: Option<f64>,
    /// None without a window of 3 s that passes the gates.
    pub(super) range_lu: Option<f64>,
}

enum Stage {
    /// What is behind the absolute gate, then behind both.
    Absolute(Mean),
    Relative(Mean),
    /// The same of range: how many there are is all that is wanted then.
    RangeAbsolute(Mean),
    RangeRelative(Mean),
    /// The lower percentile, then, with it, the upper one.
    Low(Ranked, u32),
    High(Ranked, f64),
    Done,
}

impl Gates {
    pub(super) fn new() -> Self {
        // Blocks are to exceed their gates, windows to reach them.
        let stage = Stage::Absolute(Mean::new(power_of(ABSOLUTE_GATE_LUFS).next_up()));
        Self { stage, integrated_lufs: None, range_lu: None }
    }

    /// Looks at some more of what was heard, which is whole; false once there is nothing left to do.
    pub(super) fn step(&mut self, windows: &Windows) -> bool {
        let mut left = STEP_VALUES;
        while left > 0 && !matches!(self.stage, Stage::Done) {
            self.advance(windows, &mut left);
        }
        !matches!(self.stage, Stage::Done)
    }

    fn advance(&mut self, windows: &Windows, left: &mut usize) {
        let absolute = power_of(ABSOLUTE_GATE_LUFS);
        let (blocks, short_terms) = (&windows.blocks, &windows.short_terms);
        let range = Stage::RangeAbsolute(Mean::new(absolute));
        let next = match &mut self.stage {
            Stage::Absolute(mean) => mean.of(blocks, left).map(|()| match mean.value() {
                Some(mean) => {
                    let relative = mean * 10.0_f64.powf(RELATIVE_GATE_LU / 10.0);
                    Stage::Relative(Mean::new(absolute.max(relative).next_up()))
                }
                // Where all that sounds is behind the last whole block, the greatest window.
                None => {
                    let most = windows.momentary_max;
                    self.integrated_lufs = (most > absolute).then(|| loudness_lufs(most));
                    range
                }
            }),
            Stage::Relative(mean) => mean.of(blocks, left).map(|()| {
                self.integrated_lufs = mean.value().map(loudness_lufs);
                range
            }),
            Stage::RangeAbsolute(mean) => mean.of(short_terms, left).map(|()| match mean.value() {
                Some(mean) => {
                    let relative = mean * 10.0_f64.powf(RANGE_GATE_LU / 10.0);
                    Stage::RangeRelative(Mean::new(absolute.max(relative)))
                }
                None => Stage::Done,
            }),
            Stage::RangeRelative(mean) => mean.of(short_terms, left).map(|()| {
                let last = mean.count.checked_sub(1);
                last.map_or(Stage::Done, |last| Stage::Low(Ranked::new(mean.gate, last, LOW), last))
            }),
            Stage::Low(ranked, last) => ranked
                .of(short_terms, left)
                .map(|low| Stage::High(Ranked::new(ranked.gate, *last, HIGH), low)),
            Stage::High(ranked, low) => ranked.of(short_terms, left).map(|high| {
                self.range_lu = Some(10.0 * (high / *low).log10());
                Stage::Done
            }),
            Stage::Done => None,
        };
        if let Some(next) = next {
            self.stage = next;
        }
    }
}

/// The mean of the values that reach a gate.
struct Mean {
    gate: f64,
    at: usize,
    sum: f64,
    count: u32,
}

impl Mean {
    fn new(gate: f64) -> Self {
        Self { gate, at: 0, sum: 0.0, count: 0 }
    }

    /// Adds the next `left` of `values`; something once these are all.
    fn of(&mut self, values: &[f64], left: &mut usize) -> Option<()> {
        for value in next(values, &mut self.at, left).iter().filter(|value| **value >= self.gate) {
            self.sum += value;
            self.count += 1;
        }
        (self.at == values.len()).then_some(())
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// The value of a rank among those that reach a gate, which is positive: of positive numbers, the
/// greater one has the greater bits. Each pass counts by the next digit of these.
struct Ranked {
    gate: f64,
    at: usize,
    /// Among those that begin with the digits that are known.
    rank: u64,
    digits: u64,
    known_bits: u32,
    counts: [u64; 1 << DIGIT_BITS],
}

impl Ranked {
    /// That which is so many percent of the way to the `last`, rounded half up, as in the document.
    fn new(gate: f64, last: u32, percent: u64) -> Self {
        let rank = (u64::from(last) * percent + 50) / 100;
        Self { gate, at: 0, rank, digits: 0, known_bits: 0, counts: [0; 1 << DIGIT_BITS] }
    }

    /// Counts the next `left` of `values`; the value once it is known.
    fn of(&mut self, values: &[f64], left: &mut usize) -> Option<f64> {
        for value in next(values, &mut self.at, left).iter().filter(|value| **value >= self.gate) {
            // The digits that are known, and the next one.
            let digits = value.to_bits() >> (u64::BITS - self.known_bits - DIGIT_BITS);
            if digits >> DIGIT_BITS == self.digits {
                self.counts[(digits % (1 << DIGIT_BITS)) as usize] += 1;
            }
        }
        if self.at < values.len() {
            return None;
        }
        let mut digit = 0;
        for count in self.counts {
            if self.rank < count {
                break;
            }
            self.rank -= count;
            digit += 1;
        }
        self.digits = (self.digits << DIGIT_BITS) + digit;
        self.known_bits += DIGIT_BITS;
        (self.at, self.counts) = (0, [0; 1 << DIGIT_BITS]);
        (self.known_bits == u64::BITS).then(|| f64::from_bits(self.digits))
    }
}

/// The next `left` of `values` from `at` on, which moves behind them.
fn next<'a>(values: &'a [f64], at: &mut usize, left: &mut usize) -> &'a [f64] {
    let from = *at;
    *at = values.len().min(from + *left);
    *left -= *at - from;
    &values[from..*at]
}
