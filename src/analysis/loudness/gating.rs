//! From the power of short blocks to that of the windows that are gated.
//!
//! # Sources
//! ITU-R BS.1770-5, Annex 1: blocks, equation (2). EBU Tech 3341 (2023), 2.2: the sliding windows of
//! 0.4 s and 3 s.

/// Sub-blocks per second. A peak of momentary loudness of a sound that stays as loud is under-read by
/// 10 log (1 − 5 ms / 400 ms) = 0.05 LU at most; that of strokes at both ends of its 400 ms by more.
pub(super) const SUB_BLOCKS_PER_SEC: usize = 100;
/// Sub-blocks per step of the gating blocks, which overlap by 75 % of 400 ms; also how often range
/// looks at the short-term loudness.
const STEP: usize = 10;
/// Steps of the momentary window, which is also a gating block.
const MOMENTARY_STEPS: usize = 4;
/// Steps of the short-term window.
const SHORT_TERM_STEPS: usize = 30;
/// Sub-blocks of the longest window.
const RING: usize = SHORT_TERM_STEPS * STEP;

/// What makes up for the gain of the weighting at 997 Hz, in LU.
const OFFSET_LU: f64 = -0.691;

/// Equation (2): the loudness of a mean power, in LUFS.
pub(super) fn loudness_lufs(power: f64) -> f64 {
    OFFSET_LU + 10.0 * power.log10()
}

pub(super) fn power_of(loudness_lufs: f64) -> f64 {
    10.0_f64.powf((loudness_lufs - OFFSET_LU) / 10.0)
}

/// Sums the power of consecutive sub-blocks over all windows.
pub(super) struct Windows {
    /// Energy and frames of the last sub-blocks; `heard` modulo their number comes next.
    ring: Vec<Sums>,
    /// The same of each step that ends with one of them.
    steps: Vec<Sums>,
    heard: usize,
    /// All of it, to the last frame.
    pub(super) total: Sums,
    /// The greatest mean power of a window.
    pub(super) momentary_max: f64,
    pub(super) short_term_max: f64,
    /// The mean power of each gating block.
    pub(super) blocks: Vec<f64>,
    /// The mean power of each short-term window, ten per second. Only those that lie wholly within
    /// the sample.
    pub(super) short_terms: Vec<f64>,
    /// Whether there was less than one gating block.
    pub(super) is_short: bool,
}

/// Weighted energy of all channels, and how many frames it is from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) energy: f64,
    pub(super) frames: f64,
}

impl Sums {
    fn and(self, other: Self) -> Self {
        Self { energy: self.energy + other.energy, frames: self.frames + other.frames }
    }

    fn power(self) -> f64 {
        self.energy / self.frames
    }
}

impl Windows {
    pub(super) fn new() -> Self {
        Self {
            ring: vec![Sums::default(); STEP],
            steps: vec![Sums::default(); RING],
            heard: 0,
            total: Sums::default(),
            momentary_max: 0.0,
            short_term_max: 0.0,
            blocks: Vec::new(),
            short_terms: Vec::new(),
            is_short: false,
        }
    }

    /// Adds the next sub-block.
    pub(super) fn push(&mut self, sums: Sums) {
        self.total = self.total.and(sums);
        let [momentary, short_term] = self.follow(sums);
        if self.heard.is_multiple_of(STEP) {
            self.blocks.extend(momentary);
            self.short_terms.extend(short_term);
        }
    }

    /// Moves the windows on by a sub-block; the mean power of each that is full.
    fn follow(&mut self, sums: Sums) -> [Option<f64>; 2] {
        self.ring[self.heard % STEP] = sums;
        let step = self.ring.iter().copied().fold(Sums::default(), Sums::and);
        self.steps[self.heard % RING] = step;
        self.heard += 1;
        let [momentary, short_term] = [MOMENTARY_STEPS, SHORT_TERM_STEPS]
            .map(|steps| (self.heard >= steps * STEP).then(|| self.window(steps)));
        self.momentary_max = self.momentary_max.max(momentary.unwrap_or(0.0));
        self.short_term_max = self.short_term_max.max(short_term.unwrap_or(0.0));
        [momentary, short_term]
    }

    /// The mean power of the window of `steps` steps that ends now.
    fn window(&self, steps: usize) -> f64 {
        let ending = |step: usize| self.steps[(self.heard - 1 - step * STEP) % RING];
        (0..steps).map(ending).fold(Sums::default(), Sums::and).power()
    }

    /// Adds the frames behind the last whole sub-block. Silence follows them: it makes a sub-block
    /// of them, which is in no gating block, and fills windows that are longer than all of it.
    pub(super) fn conclude(&mut self, rest: Sums, rate_hz: f64) {
        let frames = |sub_blocks: usize| rate_hz * sub_blocks as f64 / SUB_BLOCKS_PER_SEC as f64;
        self.total = self.total.and(rest);
        self.follow(Sums { frames: frames(1), ..rest });
        let filled = |steps: usize| self.total.energy / frames(steps * STEP);
        if self.blocks.is_empty() {
            self.is_short = true;
            self.momentary_max = filled(MOMENTARY_STEPS);
            self.blocks.push(self.momentary_max);
        }
        if self.short_terms.is_empty() {
            self.short_term_max = filled(SHORT_TERM_STEPS);
        }
    }
}
