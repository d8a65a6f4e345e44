//! `hotcue.analyze`: decodes and hears in the caller's thread, without an engine.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hotcue::analysis::{AnalysisJob, AnalysisKind, AnalysisResult, AnalysisStep, GridSlicing};
use hotcue::{
    AudioSpec, Cache, CachedAnalysis, CachedHearing, HearingStep, LoadOptions, LoadedSample,
    Metadata, SampleBuffer, Source, SourceFacts, Workbench,
};
use numpy::PyArray2;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::analysis;
use crate::args::{integer, optional_integer, wrong_type};
use crate::array::{in_range, load_numpy, sample_of};
use crate::calls::call;
use crate::errors::{cache_error, guarded};
use crate::events::fill;
use crate::fork::Home;
use crate::here::{failed, load, with_signals};
use crate::sample::Sample;
use crate::source;

type Results = Vec<AnalysisResult>;

/// Hears what `read` gives, which is called once all else has been checked: a `Sample`, a float32
/// array of channels × frames, which is of `sample_rate`, or what a load reads from, which is
/// converted to that if it is not None. What was heard is looked for in the folder `cache_dir`, and
/// left there.
///
/// Returns what is known of the audio, and the results by kind. What `heed` raises, which is called
/// now and then, ends it.
#[pyfunction]
pub(crate) fn analyze<'py>(
    py: Python<'py>,
    read: &Bound<'py, PyAny>,
    kinds: &Bound<'py, PyAny>,
    sample_rate: &Bound<'py, PyAny>,
    cache_dir: Option<PathBuf>,
    cache_bytes: &Bound<'py, PyAny>,
    heed: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    guarded(py, || {
        let kinds = analysis::kinds(kinds, "kinds")?;
        let cache_bytes = integer(cache_bytes, "cache_bytes", 1..=i64::MAX)?;
        let cache = cache_dir.map(|folder| cache(py, folder, cache_bytes)).transpose()?;
        let source = call(read, (), None)?;
        let (facts, mut results) = match (audio(&source, sample_rate)?, cache) {
            (Audio::Here(buffer), cache) => {
                (Facts::of_audio(&buffer), hear(py, buffer, &kinds, cache, heed)?)
            }
            (Audio::Elsewhere(source, options), None) => {
                let sample = load(py, source, options, heed)?;
                let buffer = Arc::clone(&sample.buffer);
                (Facts::of_sample(sample), hear(py, buffer, &kinds, None, heed)?)
            }
            (Audio::Elsewhere(source, options), Some(cache)) => {
                let hearing = CachedHearing::new(cache, source, options, &kinds);
                recall(py, hearing, heed)?
            }
        };
        // What the cache had came first.
        results.sort_by_key(AnalysisResult::kind);
        let by_kind = PyDict::new(py);
        for result in &results {
            by_kind.set_item(result.kind().as_str(), analysis::result(py, result)?)?;
        }
        Ok((facts.row(py)?, by_kind))
    })
}

/// Hears what is in memory.
fn hear(
    py: Python<'_>,
    sample: Arc<SampleBuffer>,
    kinds: &[AnalysisKind],
    cache: Option<Arc<Cache>>,
    heed: Option<&Bound<'_, PyAny>>,
) -> PyResult<Results> {
    let mut step: Box<dyn FnMut() -> AnalysisStep + Send> = match cache {
        None => {
            let mut job = AnalysisJob::new(sample, kinds);
            Box::new(move || job.step())
        }
        Some(cache) => {
            let mut job = CachedAnalysis::new(cache, sample, kinds);
            Box::new(move || job.step())
        }
    };
    let mut results = Results::new();
    let ended = with_signals(py, heed, || match step() {
        AnalysisStep::More => None,
        AnalysisStep::Done(_, Ok(result)) => {
            results.push(result);
            None
        }
        AnalysisStep::Done(_, Err(error)) => Some(Err(error)),
        AnalysisStep::Finished => Some(Ok(())),
    })?;
    ended.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(results)
}

/// Hears a source, or finds what was heard of it.
fn recall(
    py: Python<'_>,
    mut hearing: CachedHearing,
    heed: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Facts, Results)> {
    let mut bench = Workbench::default();
    let mut results = Results::new();
    let mut refused = None;
    let facts = with_signals(py, heed, || match hearing.step(&mut bench) {
        Ok(HearingStep::Working) => None,
        Ok(HearingStep::Done(_, result)) => {
            match result {
                Ok(result) => results.push(result),
                Err(error) => refused = Some(error),
            }
            None
        }
        Ok(HearingStep::Finished(facts)) => Some(Ok(facts)),
        Err(error) => Some(Err(error)),
    })?;
    let facts = facts.map_err(|error| failed(py, &error, hearing.stage()))?;
    match refused {
        None => Ok((Facts::of_source(facts), results)),
        Some(error) => Err(PyRuntimeError::new_err(error.to_string())),
    }
}

/// The cache in a folder: to open one is to list it, so that the one that was used last stays open.
///
/// # Errors
/// `OSError` where there can be none.
fn cache(py: Python<'_>, folder: PathBuf, max_bytes: u64) -> PyResult<Arc<Cache>> {
    struct Open {
        home: Home,
        folder: PathBuf,
        max_bytes: u64,
        cache: Arc<Cache>,
    }
    /// Locked by who holds the GIL only, and not for long: no child of a fork finds it locked.
    static LAST: Mutex<Option<Open>> = Mutex::new(None);
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if folder.as_os_str().is_empty() {
        return Err(PyValueError::new_err("cache_dir is empty"));
    }
    let home = Home::here();
    if let Some(open) = last().as_ref()
        && (open.home.is_here(), &open.folder, open.max_bytes) == (true, &folder, max_bytes)
    {
        return Ok(Arc::clone(&open.cache));
    }
    let opened = py.detach(|| Cache::open(&folder, max_bytes));
    let cache = Arc::new(opened.map_err(|error| {
        let message = format!("could not open the cache: {}: {error}", folder.display());
        cache_error(&folder, &error, message)
    })?);
    let open = Open { home, folder, max_bytes, cache: Arc::clone(&cache) };
    // What it was before is dropped once it is unlocked.
    let _before = last().replace(open);
    Ok(cache)
}

/// The frames at which a `Sample`, or a float32 array of channels × frames, is cut into parts of
/// beats.
#[pyfunction]
pub(crate) fn grid_slices(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    beats_sec: Vec<f64>,
    per_beat: &Bound<'_, PyAny>,
    sample_rate: &Bound<'_, PyAny>,
) -> PyResult<Vec<u64>> {
    guarded(py, || {
        let per_beat = integer(per_beat, "per_beat", 1..=1024)?;
        let found = buffer(source, sample_rate)?;
        let buffer = found.ok_or_else(|| wrong_type(source, "audio", "an array or a Sample"))?;
        let mut slicing = py.detach(|| GridSlicing::new(&buffer, &beats_sec, per_beat));
        with_signals(py, None, || slicing.step())
    })
}

/// What is known of audio beside what is heard.
struct Facts {
    spec: AudioSpec,
    frames: u64,
    /// Of what was read from a source: its rate, container and codec.
    format: Option<(u32, String, String)>,
    metadata: Option<Arc<Metadata>>,
}

impl Facts {
    fn of_audio(buffer: &SampleBuffer) -> Self {
        let (spec, frames) = (buffer.spec(), buffer.ready_frames() as u64);
        Self { spec, frames, format: None, metadata: None }
    }

    fn of_sample(sample: LoadedSample) -> Self {
        let LoadedSample { buffer, source_rate, container, codec, metadata, .. } = sample;
        let format = Some((source_rate, container, codec));
        Self { format, metadata, ..Self::of_audio(&buffer) }
    }

    fn of_source(facts: SourceFacts) -> Self {
        let SourceFacts { spec, frames, source_rate, container, codec, metadata } = facts;
        Self { spec, frames, format: Some((source_rate, container, codec)), metadata }
    }

    /// The row `Facts` of `hotcue.analysis`.
    fn row<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let rate = self.spec.sample_rate;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
        let duration_sec = self.frames as f64 / f64::from(rate);
        let tempo = self.metadata.as_ref().and_then(|metadata| metadata.tempo);
        let dict = PyDict::new(py);
        fill!(dict, {
            "duration_sec": duration_sec, "frames": self.frames, "channels": self.spec.channels,
            "sample_rate": rate,
            "source_rate": self.format.as_ref().map_or(rate, |format| format.0),
            "container": self.format.as_ref().map(|format| &format.1),
            "codec": self.format.as_ref().map(|format| &format.2),
            "embedded_bpm": tempo.map(|tempo| tempo.bpm),
            "embedded_bpm_source": tempo.map(|tempo| tempo.source.as_str()),
            "embedded_key": self.metadata.as_ref().and_then(|metadata| metadata.key()),
        });
        Ok(dict)
    }
}

/// What is to be heard.
enum Audio {
    Here(Arc<SampleBuffer>),
    Elsewhere(Source, LoadOptions),
}

fn audio(source: &Bound<'_, PyAny>, sample_rate: &Bound<'_, PyAny>) -> PyResult<Audio> {
    if let Some(buffer) = buffer(source, sample_rate)? {
        return Ok(Audio::Here(buffer));
    }
    let rate = optional_integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
    if let Some(sample_rate) = rate {
        in_range(AudioSpec { sample_rate, channels: 1 })?;
    }
    let options = LoadOptions { sample_rate: rate, ..LoadOptions::default() };
    Ok(Audio::Elsewhere(source::read(source)?, options))
}

/// A `Sample`, or an array of `sample_rate`; None where it is neither.
fn buffer(
    source: &Bound<'_, PyAny>,
    sample_rate: &Bound<'_, PyAny>,
) -> PyResult<Option<Arc<SampleBuffer>>> {
    if let Ok(sample) = source.cast::<Sample>() {
        return Ok(Some(Arc::clone(sample.get().finished()?)));
    }
    load_numpy(source.py())?;
    let Ok(array) = source.cast::<PyArray2<f32>>() else { return Ok(None) };
    let rate = integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
    sample_of(array, rate).map(Some)
}
