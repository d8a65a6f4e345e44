//! Inputs that once did harm, each in a file: what fuzzing and mutation found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotcue::{LoadOptions, Source};
use hotcue_tests::loading::load;
use hotcue_tests::panics;

use super::memory::peak_of;

const DEADLINE: Duration = Duration::from_secs(10);
const MAX_PEAK_BYTES: usize = 192 << 20;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions")
}

/// By name, where a dependency still panics: `fuzz/regressions/panics.tsv`.
fn foreign_panics() -> BTreeMap<String, String> {
    let list = fs::read_to_string(folder().join("panics.tsv")).expect("the list is there");
    let entries = list.lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &str| {
        let (name, place) = line.split_once('\t').expect("a name and a place");
        (name.to_owned(), place.to_owned())
    };
    entries.map(entry).collect()
}

#[test]
fn inputs_that_once_did_harm_do_none_any_more() {
    let expected = foreign_panics();
    let mut seen = BTreeMap::new();
    let mut failures = Vec::new();
    let folders = fs::read_dir(folder()).expect("the folder is there");
    let folders = folders.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| fs::read_dir(folder).expect("it can be read"))
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    for path in files {
        let shown = path.strip_prefix(folder()).expect("below it").to_string_lossy().into_owned();
        let source = Source::Memory(fs::read(&path).expect("it can be read").into());
        let options = LoadOptions { max_sample_bytes: Some(1 << 20), sample_rate: Some(48_000) };
        let (outcome, peak) = peak_of(|| panics::caught(|| load(source, options, DEADLINE)));
        if peak > MAX_PEAK_BYTES {
            failures.push(format!("{shown} takes {peak} bytes"));
        }
        if let Err(panic) = outcome {
            if !panic.is_foreign {
                failures.push(format!("{shown} panics at {}: {}", panic.place, panic.message));
            }
            // Without the column.
            let place = panic.place.rsplit_once(':').map_or(&*panic.place, |(place, _)| place);
            seen.insert(shown, place.to_owned());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(seen, expected, "left: what panics in a dependency; right: what panics.tsv says");
}
