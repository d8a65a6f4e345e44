//! The files, and what is true of them.

use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use crate::Failure;

/// What the sets begin with that the programs of `benches/tempo` play.
const MADE: [&str; 3] = ["made_", "style_", "hydrogen"];
/// Sets of loops that others have made.
const REAL_LOOPS: [&str; 3] = ["loops", "breaks", "dnb_breaks"];
/// A loop is of exact length that is so close, in beats, to a whole number of them.
const EXACT_BEATS: f64 = 0.01;

/// What is true of a file.
pub(crate) struct Known {
    pub(crate) path: PathBuf,
    /// 0 of what has none.
    pub(crate) bpm: f64,
    pub(crate) set: String,
    origin: String,
    pub(crate) beats_sec: Vec<f64>,
    pub(crate) downbeats_sec: Vec<f64>,
    /// Known once it is loaded.
    pub(crate) length_sec: f64,
}

/// Reads a list: a line per file, with tabs between path, beats per minute (0 of what has none),
/// set, origin, and a file of beats (`seconds<TAB>number in the bar`) or nothing.
pub(crate) fn read(path: &Path) -> Result<Vec<Known>, Failure> {
    std::fs::read_to_string(path)?.lines().map(Known::parse).collect()
}

impl Known {
    fn parse(line: &str) -> Result<Self, Failure> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, bpm, set, origin, beats] = fields[..] else {
            return Err(format!("not five columns: {line}").into());
        };
        let mut known = Self {
            path: path.into(),
            bpm: bpm.parse()?,
            set: set.to_owned(),
            origin: origin.to_owned(),
            beats_sec: Vec::new(),
            downbeats_sec: Vec::new(),
            length_sec: 0.0,
        };
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

    /// Whether a program of `benches/tempo` has played it.
    pub(crate) fn is_made(&self) -> bool {
        MADE.iter().any(|start| self.set.starts_with(start))
    }

    /// Whether this is a loop that others have made, a whole number of beats long.
    pub(crate) fn is_exact_real_loop(&self) -> bool {
        let beats = self.length_sec * self.bpm / 60.0;
        REAL_LOOPS.contains(&self.set.as_str()) && (beats - beats.round()).abs() < EXACT_BEATS
    }

    /// Which half the files of an origin belong to.
    pub(crate) fn half(&self) -> &'static str {
        match Sha1::digest(self.origin.as_bytes())[0].is_multiple_of(2) {
            true => "dev",
            false => "held",
        }
    }
}
