//! Every fixture decodes to what other programs made of it, or ends as its damage demands.
//!
//! `fixtures/manifest.tsv` says what that is; `scripts/make_audio.py` makes both.

mod golden {
    mod formats;
    mod truncation;
}

use std::time::Duration;

use hotcue::{LoadOptions, LoadedSample, Source, WarningCode};
use hotcue_tests::fixtures;
use hotcue_tests::loading::{interleaved, load, sha1_of};
use hotcue_tests::manifest::{Row, load_fixture, manifest};

/// One step of the 16 bits that the references of lossy files are rounded to.
const STEP: f32 = 1.0 / 32_768.0;

const DEADLINE: Duration = Duration::from_secs(20);
/// The rows of `kind` that can be loaded.
fn rows(kind: &str) -> Vec<Row> {
    let rows: Vec<Row> = manifest().into_iter().filter(|row| row.kind == kind).collect();
    assert!(!rows.is_empty(), "the manifest has fixtures of kind {kind}");
    rows
}

/// Runs `check` on each row; all failures are told at once.
fn for_each(kind: &str, check: impl Fn(&Row) -> Result<(), String>) {
    let failures: Vec<String> = rows(kind)
        .iter()
        .filter_map(|row| check(row).err().map(|why| format!("{}: {why}", row.file)))
        .collect();
    assert!(failures.is_empty(), "{} of {kind} differ:\n{}", failures.len(), failures.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what} is {got:?}, expected {expected:?}"))
}

/// Loads and compares everything but the values.
fn loads_as(row: &Row) -> Result<LoadedSample, String> {
    let sample = load_fixture(&row.file).map_err(|error| error.full_message())?;
    same("sample rate", sample.buffer.sample_rate(), row.rate)?;
    same("source rate", sample.source_rate, row.rate)?;
    same("channel count", sample.buffer.channels(), row.channels)?;
    same("length", sample.buffer.frames(), Some(row.frames))?;
    same("codec", sample.codec.as_str(), row.codec.as_str())?;
    let warnings: Vec<WarningCode> = sample.warnings.iter().map(|warning| warning.code).collect();
    let expected: &[_] = match row.states_length() {
        true => &[],
        false => &[WarningCode::LengthEstimated],
    };
    same("warnings", warnings.as_slice(), expected)?;
    Ok(sample)
}

#[test]
fn lossless_files_equal_the_reference_bit_by_bit() {
    for_each("lossless", |row| {
        let sample = loads_as(row)?;
        same("SHA-1", sha1_of(&interleaved(&sample.buffer)), row.expected.clone())
    });
}

/// Largest deviation in 16-bit steps. Half a step is the reference's own rounding.
fn tolerance_steps(codec: &str) -> f32 {
    match codec {
        // Encoders add shifted steps or multiply once. Of so few blocks of so loud a tone nobody
        // can tell which, and it matters little: 60 dB below full scale at most.
        "adpcm_ima_wav" => 32.0,
        // ISO/IEC 11172-4 calls a Layer II decoder accurate within 2^-14 of full scale.
        "mp2" => 2.0,
        // The reference is libopus, and the decoder is held to its last bits.
        "opus" => 0.51,
        _ => 1.0,
    }
}

#[test]
fn lossy_files_are_within_their_tolerance_of_the_reference() {
    for_each("lossy", |row| {
        let sample = loads_as(row)?;
        let bytes = std::fs::read(fixtures().join(&row.expected)).map_err(|e| e.to_string())?;
        let reference: Vec<f32> = bytes
            .chunks_exact(2)
            .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) * STEP)
            .collect();
        let values = interleaved(&sample.buffer);
        same("number of values", values.len(), reference.len())?;
        let worst =
            values.iter().zip(&reference).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / STEP;
        let tolerance = tolerance_steps(&row.codec);
        if worst <= tolerance {
            return Ok(());
        }
        Err(format!("{worst} steps off, {tolerance} are allowed"))
    });
}

#[test]
fn formats_without_a_decoder_are_refused_as_unsupported() {
    for_each("unsupported", |row| match load_fixture(&row.file) {
        Ok(sample) => Err(format!("loads as {}/{}", sample.container, sample.codec)),
        Err(error) => same("kind", error.kind().as_str(), row.expected.as_str()),
    });
}

#[test]
fn damaged_files_end_in_their_error_or_warning() {
    for_each("broken", |row| {
        let outcomes: Vec<String> = match load_fixture(&row.file) {
            Err(error) => vec![error.kind().as_str().to_owned()],
            Ok(sample) if sample.warnings.is_empty() => vec!["success".to_owned()],
            Ok(sample) => sample
                .warnings
                .iter()
                .map(|warning| format!("warning:{}", warning.code.as_str()))
                .collect(),
        };
        let wanted: Vec<&str> = row.expected.split('|').collect();
        if outcomes.iter().any(|outcome| wanted.contains(&outcome.as_str())) {
            return Ok(());
        }
        Err(format!("ends in {outcomes:?}, expected one of {wanted:?}"))
    });
}

#[test]
fn every_fixture_loads_at_another_rate_with_the_exact_length() {
    for row in rows("lossless") {
        let options = LoadOptions { sample_rate: Some(48_000), ..LoadOptions::default() };
        let source = Source::Path(fixtures().join(&row.file));
        let sample = load(source, options, DEADLINE)
            .unwrap_or_else(|error| panic!("{}: {}", row.file, error.full_message()));
        let frames = (row.frames as u64 * 48_000).div_ceil(u64::from(row.rate));
        assert_eq!(
            sample.buffer.frames().map(|frames| frames as u64),
            Some(frames),
            "{}",
            row.file
        );
        assert_eq!(sample.buffer.sample_rate(), 48_000, "{}", row.file);
        assert_eq!(sample.source_rate, row.rate, "{}", row.file);
    }
}
