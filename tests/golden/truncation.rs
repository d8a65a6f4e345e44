//! Files that end too early, at any byte.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hotcue::{LoadOptions, LoadedSample, SampleBuffer, Source, WarningCode};
use hotcue_tests::loading::load;
use hotcue_tests::manifest::{Row, load_fixture, manifest};
use hotcue_tests::{fixtures, long_form};

const DEADLINE: Duration = Duration::from_secs(20);
/// Bytes at the start, where headers are, and at the end, where files end that have only lost
/// their last block: in the short form each of them is a place to cut.
const EDGE_BYTES: usize = 384;
/// How many places between these the short form takes.
const PLACES_BETWEEN: usize = 128;
/// By how much what is left of Microsoft's IMA ADPCM may differ: encoders add shifted steps or
/// multiply once, and the audio that is there shows which. See `tolerance_steps` in `golden.rs`.
const ADPCM_TOLERANCE: f32 = 32.0 / 32_768.0;

/// Where a file of `len` bytes is cut.
fn cuts(len: usize) -> Vec<usize> {
    let stride = (len / PLACES_BETWEEN).max(1);
    let is_place = |cut: &usize| {
        *cut < EDGE_BYTES || len - cut <= EDGE_BYTES || cut.is_multiple_of(stride) || long_form()
    };
    (0..len).filter(is_place).collect()
}

/// What is wrong with what came of the first bytes of a file that holds `whole`.
fn fault(
    outcome: std::thread::Result<Result<LoadedSample, hotcue::LoadError>>,
    whole: &SampleBuffer,
    row: &Row,
) -> Option<String> {
    let sample = match outcome {
        Err(_) => return Some("panics".to_owned()),
        Ok(Err(error)) if error.full_message().contains("deadline") => {
            return Some("hangs".to_owned());
        }
        Ok(Err(_)) => return None,
        Ok(Ok(sample)) => sample,
    };
    let (frames, all) = (sample.buffer.ready_frames(), whole.ready_frames());
    let warned = sample.warnings.iter().any(|warning| warning.code == WarningCode::Truncated);
    if frames > all {
        return Some(format!("{frames} frames, whole {all}"));
    }
    if sample.buffer.spec() != whole.spec() {
        return Some("other rate or channels".to_owned());
    }
    let tolerance = if row.codec == "adpcm_ima_wav" { ADPCM_TOLERANCE } else { 0.0 };
    for channel in 0..whole.channels() {
        let (got, expected) = (sample.buffer.plane(channel), whole.plane(channel));
        if let Some(at) = got.iter().zip(expected).position(|(a, b)| (a - b).abs() > tolerance) {
            return Some(format!("channel {channel} differs from frame {at} of {frames} on"));
        }
    }
    match (frames < all, warned) {
        (true, false) if row.states_length() || row.format == "wav" => {
            Some(format!("{frames} of {all} frames, no warning"))
        }
        (false, true) => Some("a warning, but nothing is missing".to_owned()),
        _ => None,
    }
}

fn check(kind: &str) {
    let rows: Vec<Row> = manifest().into_iter().filter(|row| row.kind == kind).collect();
    let mut faults = Vec::new();
    let mut cut_files = 0;
    for row in &rows {
        let Ok(whole) = load_fixture(&row.file) else { continue };
        let bytes = std::fs::read(fixtures().join(&row.file)).expect("a fixture can be read");
        cut_files += 1;
        for cut in cuts(bytes.len()) {
            let source = Source::Memory(Arc::from(&bytes[..cut]));
            let outcome =
                catch_unwind(AssertUnwindSafe(|| load(source, LoadOptions::default(), DEADLINE)));
            if let Some(fault) = fault(outcome, &whole.buffer, row) {
                faults.push(format!("{} cut at {cut} of {}: {fault}", row.file, bytes.len()));
            }
        }
    }
    assert!(cut_files > 10, "only {cut_files} files of kind {kind}");
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn lossless_files_cut_at_any_byte_are_refused_or_keep_what_is_there() {
    check("lossless");
}

#[test]
fn lossy_files_cut_at_any_byte_are_refused_or_keep_what_is_there() {
    check("lossy");
}
