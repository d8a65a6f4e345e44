//! How far estimates are right, by set, by tempo and by length.

use std::collections::BTreeMap;
use std::fmt;

use super::beats::{continuity, f_measure, is_near};
use super::estimate::Estimate;
use super::list::Known;

/// A tempo within this part of the true one is right.
const TOLERANCE_PART: f64 = 0.04;
/// These multiples of it are, where octaves are forgiven.
const OCTAVES: [f64; 5] = [1.0, 2.0, 3.0, 0.5, 1.0 / 3.0];
const CLOSE_BPM: f64 = 0.5;
/// How far a bar's start may be from a beat for the grid to be in phase.
const PHASE_SEC: f64 = 0.035;
/// What all files together are called.
pub(crate) const ALL: &str = "all";
/// What programs of `benches/tempo` play, and what others have made.
pub(crate) const GROUPS: [&str; 2] = ["made here", "made by others"];
/// Among these the loops of exact length.
const EXACT: &str = "real loops of exact length";
/// Who comes first.
pub(crate) const OURS: &str = "hotcue";
/// The part of the files that an estimator is surest of.
const SUREST_PART: f64 = 0.75;

/// Some of the files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    /// A set or a group of sets.
    pub(crate) of: String,
    pub(crate) cut: Cut,
}

/// All of a set, or which of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    Whole,
    Tempo(Band),
    Length(Band),
}

/// Bands rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Band {
    Low,
    Middle,
    High,
}

impl Band {
    fn of(value: f64, [middle, high]: [f64; 2]) -> Self {
        match value {
            _ if value < middle => Self::Low,
            _ if value < high => Self::Middle,
            _ => Self::High,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = match self.cut {
            Cut::Whole => return f.pad(&self.of),
            Cut::Tempo(Band::Low) => "under 90 BPM",
            Cut::Tempo(Band::Middle) => "90 to 130 BPM",
            Cut::Tempo(Band::High) => "130 BPM and more",
            Cut::Length(Band::Low) => "under 3 s",
            Cut::Length(Band::Middle) => "3 to 12 s",
            Cut::Length(Band::High) => "12 s and more",
        };
        f.pad(&format!("{}, {which}", self.of))
    }
}

/// Sums of one row.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) files: u32,
    right: u32,
    octave: u32,
    close: u32,
    none: u32,
    beats: Mean,
    continuity: Mean,
    downbeats: Mean,
    phase: Mean,
    /// Confidence, and whether the tempo was close.
    sure: Vec<(f64, bool)>,
    length_sec: f64,
    cpu_sec: f64,
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => f.pad("–"),
            count => f.pad(&format!("{:.3}", self.sum / f64::from(count))),
        }
    }
}

/// All rows, by the part of the files and by who estimates.
#[derive(Default)]
pub(crate) struct Table(pub(crate) BTreeMap<(Part, String), Row>);

impl Table {
    pub(crate) fn add(&mut self, known: &Known, estimator: &str, estimate: &Estimate) {
        let length = Cut::Length(Band::of(known.length_sec, [3.0, 12.0]));
        let tempo = Cut::Tempo(Band::of(known.bpm, [90.0, 130.0]));
        let [made, real] = GROUPS;
        let group = if known.is_made() { made } else { real };
        let exact = known.is_exact_real_loop().then_some(EXACT);
        for of in [&known.set, ALL, group].into_iter().chain(exact) {
            for cut in [Cut::Whole, tempo, length] {
                let part = Part { of: of.to_owned(), cut };
                let row = self.0.entry((part, estimator.to_owned())).or_default();
                row.add(known, estimate);
            }
        }
    }
}

impl Row {
    fn add(&mut self, known: &Known, estimate: &Estimate) {
        self.files += 1;
        self.length_sec += known.length_sec;
        self.cpu_sec += estimate.cpu_sec;
        let bpm = estimate.bpm.unwrap_or(0.0);
        self.none += u32::from(estimate.bpm.is_none());
        let is_within =
            |multiple: f64| (bpm / (known.bpm * multiple) - 1.0).abs() <= TOLERANCE_PART;
        let is_close = (bpm - known.bpm).abs() <= CLOSE_BPM;
        self.right += u32::from(is_within(1.0));
        self.octave += u32::from(OCTAVES.iter().any(|multiple| is_within(*multiple)));
        self.close += u32::from(is_close);
        self.sure.push((estimate.confidence, is_close));
        if !known.beats_sec.is_empty() {
            self.beats.add(f_measure(&known.beats_sec, &estimate.beats_sec));
            self.continuity.add(continuity(&known.beats_sec, &estimate.beats_sec));
        }
        if !known.downbeats_sec.is_empty() {
            if let Some(found) = &estimate.downbeats_sec {
                self.downbeats.add(f_measure(&known.downbeats_sec, found));
            }
            let on_beat = |bar: &&f64| is_near(&estimate.beats_sec, **bar, PHASE_SEC);
            let in_phase = known.downbeats_sec.iter().filter(on_beat).count();
            let all = known.downbeats_sec.len();
            // Of a loop every bar, so that the grid as a whole is in phase.
            self.phase.add(f64::from(u8::from(in_phase == all)));
        }
    }

    fn percent(&self, count: u32) -> f64 {
        100.0 * f64::from(count) / f64::from(self.files)
    }

    /// Acc1, Acc2, and what is close, in percent.
    pub(crate) fn tempi(&self) -> String {
        let [right, octave, close] =
            [self.right, self.octave, self.close].map(|count| self.percent(count));
        format!("{right:.0}/{octave:.0}/{close:.0}")
    }

    /// F-measure, continuity and phase of the beats; None where no beats are known.
    pub(crate) fn grid(&self) -> Option<String> {
        let Self { beats, continuity, phase, .. } = self;
        (beats.count > 0).then(|| format!("{beats}/{continuity}/{phase}"))
    }

    /// Whether any of its beats was right: not of an estimator that tells none.
    pub(crate) fn tells_beats(&self) -> bool {
        self.beats.sum > 0.0
    }

    pub(crate) fn cpu_sec_per_min(&self) -> f64 {
        self.cpu_sec / (self.length_sec / 60.0)
    }

    /// The percentage that is close among those that the estimator is surest of.
    fn surest(&self) -> f64 {
        let mut sure = self.sure.clone();
        sure.sort_by(|one, other| other.0.total_cmp(&one.0));
        let count = (SUREST_PART * sure.len() as f64).ceil() as usize;
        let close = sure[..count].iter().filter(|(_, is_close)| *is_close).count();
        100.0 * close as f64 / count.max(1) as f64
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:44}{:22}{:>6}{:>7}{:>7}{:>7}{:>7}{:>7}{:>8}{:>7}{:>7}{:>7}{:>9}",
            "set",
            "estimator",
            "files",
            "Acc1",
            "Acc2",
            "±0.5",
            "surest",
            "none",
            "beat F",
            "CMLt",
            "phase",
            "bar F",
            "ms/min"
        )?;
        for ((part, estimator), row) in &self.0 {
            writeln!(
                f,
                "{part:44}{estimator:22}{:>6}{:>7.1}{:>7.1}{:>7.1}{:>7.1}{:>7.1}{:>8}{:>7}{:>7}{:>7}{:>9.1}",
                row.files,
                row.percent(row.right),
                row.percent(row.octave),
                row.percent(row.close),
                row.surest(),
                row.percent(row.none),
                row.beats,
                row.continuity,
                row.phase,
                row.downbeats,
                1_000.0 * row.cpu_sec_per_min(),
            )?;
        }
        Ok(())
    }
}
