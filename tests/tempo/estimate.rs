//! Estimates: hotcue's, and those that others have written down.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep};
use hotcue::{LoadJob, LoadOptions, SampleBuffer, Source, Step, Workbench};
use hotcue_tests::thread_cpu;

use crate::Failure;

/// What an estimator says of a file.
#[derive(Default)]
pub(crate) struct Estimate {
    pub(crate) bpm: Option<f64>,
    pub(crate) confidence: f64,
    pub(crate) beats_sec: Vec<f64>,
    /// None of an estimator that knows no bars.
    pub(crate) downbeats_sec: Option<Vec<f64>>,
    pub(crate) cpu_sec: f64,
}

pub(crate) fn load(path: &Path) -> Result<Arc<SampleBuffer>, Failure> {
    let mut job = LoadJob::new(Source::Path(path.into()), LoadOptions::default());
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(loaded) = job.step(&mut bench)? {
            return Ok(loaded.buffer);
        }
    }
}

pub(crate) fn seconds(sample: &SampleBuffer) -> f64 {
    sample.ready_frames() as f64 / f64::from(sample.sample_rate())
}

/// What hotcue says. Only the audio is given to it.
pub(crate) fn of(sample: Arc<SampleBuffer>) -> Estimate {
    let begin = thread_cpu();
    let mut job = AnalysisJob::new(sample, &[AnalysisKind::Onsets, AnalysisKind::Bpm]);
    let mut estimate = Estimate::default();
    loop {
        match job.step() {
            AnalysisStep::Done(_, Ok(AnalysisResult::Bpm(result))) => {
                estimate.bpm = result.bpm;
                estimate.confidence = result.confidence;
                estimate.beats_sec = result.beats_sec;
                estimate.downbeats_sec = Some(result.downbeats_sec);
            }
            AnalysisStep::Finished => break,
            _ => {}
        }
    }
    estimate.cpu_sec = (thread_cpu() - begin).as_secs_f64();
    estimate
}

/// What others say, by file. Per line, with tabs between: who, path, beats per minute (0 of what
/// has none), seconds of processor time, beats in seconds with spaces between.
pub(crate) type Others = HashMap<PathBuf, Vec<(String, Estimate)>>;

pub(crate) fn read(path: &Path) -> Result<Others, Failure> {
    let mut others = Others::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let [who, path, bpm, cpu_sec, beats] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not five columns: {line}").into());
        };
        let bpm: f64 = bpm.parse()?;
        let beats = beats.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let estimate = Estimate {
            bpm: (bpm > 0.0).then_some(bpm),
            beats_sec: beats,
            cpu_sec: cpu_sec.parse()?,
            ..Estimate::default()
        };
        others.entry(path.into()).or_default().push((who.to_owned(), estimate));
    }
    Ok(others)
}
