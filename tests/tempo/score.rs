//! How far estimates are right, by set, by tempo and by length.

use std::collections::BTreeMap;
use std::fmt;

use hotcue::analysis::TempoEstimate;

use crate::Failure;

/// A tempo within this part of the true one is right.
const TOLERANCE_PART: f64 = 0.04;
/// These multiples of it are, where octaves are forgiven.
const OCTAVES: [f64; 5] = [1.0, 2.0, 3.0, 0.5, 1.0 / 3.0];
const CLOSE_BPM: f64 = 0.5;
/// A beat is right that is no farther from a true one. Source: the beat-tracking task of MIREX.
const BEAT_SEC: f64 = 0.07;

/// What is true of a file, and what the estimate took.
pub(crate) struct Known {
    bpm: f64,
    beats_sec: Vec<f64>,
    downbeats_sec: Vec<f64>,
    length_sec: f64,
    cpu_sec: f64,
}

impl Known {
    /// Reads the beats of the file `beats`, if that is named.
    pub(crate) fn new(
        bpm: f64,
        beats: &str,
        length_sec: f64,
        cpu_sec: f64,
    ) -> Result<Self, Failure> {
        let mut known =
            Self { bpm, beats_sec: Vec::new(), downbeats_sec: Vec::new(), length_sec, cpu_sec };
        if !beats.is_empty() {
            for line in std::fs::read_to_string(beats)?.lines() {
                let (at_sec, place) = line.split_once('\t').ok_or("a beat has two columns")?;
                known.beats_sec.push(at_sec.parse()?);
                if place == "1" {
                    known.downbeats_sec.push(at_sec.parse()?);
                }
            }
        }
        Ok(known)
    }
}

/// Sums of one row.
#[derive(Default)]
struct Row {
    files: u32,
    right: u32,
    octave: u32,
    close: u32,
    none: u32,
    /// F-measures of beats and downbeats, of files whose tempo is right.
    beats: (f64, u32),
    downbeats: (f64, u32),
    length_sec: f64,
    cpu_sec: f64,
}

/// All rows, by name.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Row>);

impl Table {
    pub(crate) fn add(&mut self, set: &str, known: &Known, estimate: &TempoEstimate) {
        let length = match known.length_sec {
            ..3.0 => "under 3 s",
            3.0..12.0 => "3 to 12 s",
            _ => "12 s and more",
        };
        let tempo = match known.bpm {
            ..90.0 => "under 90 BPM",
            90.0..130.0 => "90 to 130 BPM",
            _ => "130 BPM and more",
        };
        let all = ["".to_owned(), format!(", {length}"), format!(", {tempo}")];
        for part in all {
            self.0.entry(format!("{set}{part}")).or_default().add(known, estimate);
        }
    }
}

impl Row {
    fn add(&mut self, known: &Known, estimate: &TempoEstimate) {
        self.files += 1;
        self.length_sec += known.length_sec;
        self.cpu_sec += known.cpu_sec;
        let Some(bpm) = estimate.bpm else {
            self.none += 1;
            return;
        };
        let is_within =
            |multiple: f64| (bpm / (known.bpm * multiple) - 1.0).abs() <= TOLERANCE_PART;
        self.right += u32::from(is_within(1.0));
        self.octave += u32::from(OCTAVES.iter().any(|multiple| is_within(*multiple)));
        self.close += u32::from((bpm - known.bpm).abs() <= CLOSE_BPM);
        if is_within(1.0) {
            for (sum, truth, found) in [
                (&mut self.beats, &known.beats_sec, &estimate.beats_sec),
                (&mut self.downbeats, &known.downbeats_sec, &estimate.downbeats_sec),
            ] {
                if !truth.is_empty() {
                    sum.0 += f_measure(truth, found);
                    sum.1 += 1;
                }
            }
        }
    }
}

/// Twice the hits over all true and all found beats; both lists rise.
fn f_measure(truth: &[f64], found: &[f64]) -> f64 {
    let mut hits = 0.0;
    let mut rest = found;
    for beat in truth {
        let early = rest.iter().take_while(|other| **other < beat - BEAT_SEC).count();
        rest = &rest[early..];
        if rest.first().is_some_and(|other| *other <= beat + BEAT_SEC) {
            hits += 1.0;
            rest = &rest[1..];
        }
    }
    2.0 * hits / (truth.len() + found.len()).max(1) as f64
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:34}{:>6}{:>7}{:>7}{:>9}{:>7}{:>8}{:>8}{:>9}",
            "set", "files", "Acc1", "Acc2", "±0.5 BPM", "none", "beat F", "bar F", "ms/min"
        )?;
        for (name, row) in &self.0 {
            let percent = |count: u32| 100.0 * f64::from(count) / f64::from(row.files);
            let mean = |(sum, count): (f64, u32)| match count {
                0 => "–".to_owned(),
                _ => format!("{:.3}", sum / f64::from(count)),
            };
            writeln!(
                f,
                "{name:34}{:>6}{:>7.1}{:>7.1}{:>9.1}{:>7.1}{:>8}{:>8}{:>9.1}",
                row.files,
                percent(row.right),
                percent(row.octave),
                percent(row.close),
                percent(row.none),
                mean(row.beats),
                mean(row.downbeats),
                1_000.0 * row.cpu_sec / (row.length_sec / 60.0),
            )?;
        }
        Ok(())
    }
}
