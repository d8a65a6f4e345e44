//! Work in the caller's thread, without an engine: the GIL is released, and Ctrl-C works.

use std::sync::Arc;
use std::time::Instant;

use hotcue::{
    Excerpt, ExcerptStep, LoadError, LoadJob, LoadOptions, LoadedSample, SampleBuffer, Source,
    Stage, Step, StreamOpening, StreamStep, StreamedSample, Workbench,
};
use pyo3::prelude::*;

use crate::calls::{SIGNAL_PERIOD, call, check_signals};
use crate::errors::load_error;

/// Calls `step` until it has something, without the GIL.
///
/// # Errors
/// What a signal's handler raises in between, such as `KeyboardInterrupt`, and what `heed` does.
pub(crate) fn with_signals<T: Send>(
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
        check_signals(py)?;
        heed.map(|heed| call(heed, (), None)).transpose()?;
    }
}

/// Loads all of a source.
pub(crate) fn load(
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
    result.map_err(|error| failed(py, &error, job.stage()))
}

/// Decodes a part of a source.
pub(crate) fn excerpt(py: Python<'_>, mut excerpt: Excerpt) -> PyResult<Arc<SampleBuffer>> {
    let mut bench = Workbench::default();
    let result = with_signals(py, None, || match excerpt.step(&mut bench) {
        Ok(ExcerptStep::Working) => None,
        Ok(ExcerptStep::Done(sample)) => Some(Ok(sample)),
        Err(error) => Some(Err(error)),
    })?;
    result.map_err(|error| failed(py, &error, Stage::Reading))
}

/// Opens a source, and decodes its beginning.
pub(crate) fn open(py: Python<'_>, mut opening: StreamOpening) -> PyResult<Arc<StreamedSample>> {
    let mut bench = Workbench::default();
    let result = with_signals(py, None, || match opening.step(&mut bench) {
        Ok(StreamStep::Working) => None,
        Ok(StreamStep::Ready(sample)) => Some(Ok(sample)),
        Err(error) => Some(Err(error)),
    })?;
    result.map_err(|error| failed(py, &error, Stage::Reading))
}

/// What is raised for a source that failed in a stage.
pub(crate) fn failed(py: Python<'_>, error: &LoadError, stage: Stage) -> PyErr {
    load_error(py, error, stage.max(Stage::Reading), None)
}
