//! The committed fixtures and what is known of them.

use std::time::Duration;

use hotcue::{LoadError, LoadOptions, LoadedSample, Source};

use crate::fixtures;
use crate::loading::load;

/// No fixture takes a second; a hang is what this finds.
const DEADLINE: Duration = Duration::from_secs(20);
/// Good files that do not say how long they are, by the nature of their format.
const NO_LENGTH: &[&str] = &[
    "mp3_no_tag.mp3",
    "mp3_cbr.wav",
    "mp2.mp2",
    // Its frames have no room for a tag.
    "mp3_mpeg25_8k.mp3",
    "flac_16_live.mka",
    "aac_fragments.mp4",
    "alac_fragments.mp4",
    "pcm_s16_fragments.mov",
];

/// One line of `fixtures/manifest.tsv`, whose head explains it; empty and 0: unknown.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the manifest explains its columns")]
pub struct Row {
    pub file: String,
    pub format: String,
    pub codec: String,
    pub rate: u32,
    pub channels: usize,
    pub frames: usize,
    pub kind: String,
    pub expected: String,
}

impl Row {
    /// Whether the file says how long it is. No ADTS does.
    pub fn states_length(&self) -> bool {
        self.format != "aac" && !NO_LENGTH.contains(&self.file.as_str())
    }
}

/// All lines of the manifest.
///
/// # Panics
/// When it is not there or lacks a column.
pub fn manifest() -> Vec<Row> {
    let manifest =
        std::fs::read_to_string(fixtures().join("manifest.tsv")).expect("the manifest is there");
    let mut lines = manifest.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("the manifest has a header").split('\t').collect();
    let parse = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |name: &str| {
            let at = header.iter().position(|title| *title == name).expect("the column is there");
            *cells.get(at).unwrap_or(&"")
        };
        Row {
            file: cell("file").to_owned(),
            format: cell("format").to_owned(),
            codec: cell("codec").to_owned(),
            rate: cell("rate").parse().unwrap_or(0),
            channels: cell("channels").parse().unwrap_or(0),
            frames: cell("frames").parse().unwrap_or(0),
            kind: cell("kind").to_owned(),
            expected: cell("expected").to_owned(),
        }
    };
    lines.map(parse).collect()
}

/// Loads a fixture at its own rate.
///
/// # Errors
/// The load's own.
pub fn load_fixture(file: &str) -> Result<LoadedSample, LoadError> {
    load(Source::Path(fixtures().join(file)), LoadOptions::default(), DEADLINE)
}
