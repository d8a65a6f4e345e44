//! `hotcue.analyze`: decodes and hears in the caller's thread, without an engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::analysis::{AnalysisJob, AnalysisStep};
use hotcue::{
    AudioSpec, LoadError, LoadJob, LoadOptions, LoadedSample, Metadata, SampleBuffer, SampleWriter,
    Source, Stage, Step, Workbench,
};
use numpy::{PyArray2, PyArrayMethods as _, PyUntypedArrayMethods as _};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::analysis;
use crate::args::{integer, optional_integer};
use crate::errors::{guarded, load_error};
use crate::events::fill;
use crate::sample::Sample;
use crate::source;

/// Work without the GIL between two looks at the signals: Ctrl-C must feel immediate.
const SIGNAL_PERIOD: Duration = Duration::from_millis(40);
/// Values of each channel that are copied at a time with the GIL held.
const PIECE_FRAMES: usize = 1 << 17;

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
        return sample.get().buffer().map(|buffer| Audio::of(Arc::clone(buffer)));
    }
    if let Ok(array) = source.cast::<PyArray2<f32>>() {
        let rate = integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
        return copied(array, rate).map(Audio::of);
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

fn load(
    py: Python<'_>,
    source: Source,
    options: LoadOptions,
    heed: Option<&Bound<'_, PyAny>>,
) -> PyResult<LoadedSample> {
    let mut job = LoadJob::new(source, options);
    let mut bench = Workbench::default();
    let result = with_signals(py, heed, || match job.step(&mut bench) {
        Ok(Step::Working) => None,
        Ok(Step::Done(sample)) => Some(Ok(sample)),
        Err(error) => Some(Err(error)),
    })?;
    result.map_err(|error| load_error(py, &error, job.stage().max(Stage::Reading), None))
}

/// A sample with the values of an array.
fn copied(array: &Bound<'_, PyArray2<f32>>, sample_rate: u32) -> PyResult<Arc<SampleBuffer>> {
    let py = array.py();
    let &[channels, frames] = array.shape() else {
        return Err(PyValueError::new_err("an array of channels × frames is needed"));
    };
    let spec = in_range(AudioSpec { sample_rate, channels })?;
    let mut writer = SampleWriter::with_capacity(spec, frames).map_err(unfit)?;
    let mut start = 0;
    while start < frames {
        let end = frames.min(start + PIECE_FRAMES);
        {
            let values = array.try_readonly()?;
            let values = values.as_slice()?;
            let planes: Vec<&[f32]> =
                values.chunks_exact(frames).map(|plane| &plane[start..end]).collect();
            writer.append(&planes).map_err(unfit)?;
        }
        start = end;
        // Other threads of Python go on in between.
        py.detach(|| ());
    }
    Ok(writer.finish())
}

fn in_range(spec: AudioSpec) -> PyResult<AudioSpec> {
    spec.validate().map_err(unfit)
}

/// Why an array, or a rate, cannot be heard.
fn unfit(error: LoadError) -> PyErr {
    PyValueError::new_err(error.full_message())
}

/// Calls `step` until it has something, without the GIL.
///
/// # Errors
/// What a signal's handler raises in between, such as `KeyboardInterrupt`, and what `heed` does.
fn with_signals<T: Send>(
    py: Python<'_>,
    heed: Option<&Bound<'_, PyAny>>,
    mut step: impl FnMut() -> Option<T> + Send,
) -> PyResult<T> {
    loop {
        let result = py.detach(|| {
            let begin = Instant::now();
            loop {
                let result = step();
                if result.is_some() || begin.elapsed() >= SIGNAL_PERIOD {
                    return result;
                }
            }
        });
        if let Some(result) = result {
            return Ok(result);
        }
        py.check_signals()?;
        heed.map(|heed| heed.call0()).transpose()?;
    }
}
