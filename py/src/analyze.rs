//! `hotcue.analyze`: decodes and hears in the caller's thread, without an engine.

use std::sync::Arc;

use hotcue::analysis::{AnalysisJob, AnalysisStep};
use hotcue::{AudioSpec, LoadOptions, LoadedSample, Metadata, SampleBuffer};
use numpy::PyArray2;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::analysis;
use crate::args::{integer, optional_integer};
use crate::array::{in_range, load_numpy, sample_of};
use crate::errors::guarded;
use crate::events::fill;
use crate::here::{load, with_signals};
use crate::sample::Sample;
use crate::source;

/// Hears what `source` is: a `Sample`, a float32 array of channels × frames, which is of
/// `sample_rate`, or what a load reads from, which is converted to that if it is not None.
///
/// Returns what is known of the audio, and the results by kind. What `heed` raises, which is called
/// now and then, ends it.
#[pyfunction]
pub(crate) fn analyze<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    kinds: &Bound<'py, PyAny>,
    sample_rate: &Bound<'py, PyAny>,
    heed: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    guarded(py, || {
        let kinds = analysis::kinds(kinds, "kinds")?;
        let audio = audio(source, sample_rate, heed)?;
        let mut job = AnalysisJob::new(Arc::clone(&audio.buffer), &kinds);
        let results = PyDict::new(py);
        loop {
            let step = with_signals(py, heed, || match job.step() {
                AnalysisStep::More => None,
                step => Some(step),
            })?;
            match step {
                AnalysisStep::Done(kind, Ok(result)) => {
                    results.set_item(kind.as_str(), analysis::result(py, &result)?)?;
                }
                AnalysisStep::Done(_, Err(error)) => {
                    return Err(PyRuntimeError::new_err(error.to_string()));
                }
                AnalysisStep::More | AnalysisStep::Finished => {
                    return Ok((audio.facts(py)?, results));
                }
            }
        }
    })
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
        let buffer = audio(source, sample_rate, None)?.buffer;
        Ok(py.detach(|| hotcue::analysis::grid_slices(&buffer, &beats_sec, per_beat)))
    })
}

/// What is heard, and what is known of it.
struct Audio {
    buffer: Arc<SampleBuffer>,
    /// Of what was read from a source.
    format: Option<(u32, String, String)>,
    metadata: Option<Arc<Metadata>>,
}

impl Audio {
    fn of(buffer: Arc<SampleBuffer>) -> Self {
        Self { buffer, format: None, metadata: None }
    }

    /// The row `Facts` of `hotcue.analysis`.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (frames, rate) = (self.buffer.ready_frames(), self.buffer.sample_rate());
        #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
        let duration_sec = frames as f64 / f64::from(rate);
        let tempo = self.metadata.as_ref().and_then(|metadata| metadata.tempo);
        let dict = PyDict::new(py);
        fill!(dict, {
            "duration_sec": duration_sec, "frames": frames, "channels": self.buffer.channels(),
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

fn audio(
    source: &Bound<'_, PyAny>,
    sample_rate: &Bound<'_, PyAny>,
    heed: Option<&Bound<'_, PyAny>>,
) -> PyResult<Audio> {
    if let Ok(sample) = source.cast::<Sample>() {
        return Ok(Audio::of(Arc::clone(sample.get().finished()?)));
    }
    load_numpy(source.py())?;
    if let Ok(array) = source.cast::<PyArray2<f32>>() {
        let rate = integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
        return sample_of(array, rate).map(Audio::of);
    }
    let rate = optional_integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
    if let Some(sample_rate) = rate {
        in_range(AudioSpec { sample_rate, channels: 1 })?;
    }
    let options = LoadOptions { sample_rate: rate, ..LoadOptions::default() };
    let loaded = load(source.py(), source::read(source)?, options, heed)?;
    let LoadedSample { buffer, source_rate, container, codec, metadata, .. } = loaded;
    Ok(Audio { buffer, format: Some((source_rate, container, codec)), metadata })
}
