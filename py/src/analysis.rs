//! What was heard in a sample, as dicts of plain types: what events, `Sample.analysis` and
//! `hotcue.analyze` give. The rows are those of `hotcue.analysis`.

use std::sync::Arc;

use hotcue::analysis::{
    AnalysisKind, AnalysisResult, ColouredWaveform, Key, Loudness, Mode, Onsets, TempoEstimate,
};
use pyo3::exceptions::{PyNotImplementedError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::args::{named, text, wrong_type};
use crate::calls::{call, import};
use crate::events::fill;
use crate::waveform;

/// The class of what was heard by kind.
static ANALYSIS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// One name, or several: each kind once, in the order in which their results come.
///
/// # Errors
/// `ValueError` for a name that is none, `TypeError` for what is neither text nor an iterable of
/// texts.
pub(crate) fn kinds(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<AnalysisKind>> {
    let mut asked = Vec::new();
    if value.is_instance_of::<PyString>() {
        asked.push(kind(value, name)?);
    } else if value.is_instance_of::<PyBytes>() {
        return Err(wrong_type(value, name, "a str or several"));
    } else {
        let names =
            value.try_iter().map_err(|error| named(&error, value, name, "a str or several"))?;
        for one in names {
            asked.push(kind(&one?, name)?);
        }
    }
    Ok(AnalysisKind::ALL.into_iter().filter(|kind| asked.contains(kind)).collect())
}

fn kind(value: &Bound<'_, PyAny>, name: &str) -> PyResult<AnalysisKind> {
    let value = text(value, name)?;
    AnalysisKind::ALL.into_iter().find(|kind| kind.as_str() == value).ok_or_else(|| {
        let mut names = AnalysisKind::ALL.map(|kind| format!("{:?}", kind.as_str()));
        names.sort_unstable();
        let names = names.join(", ");
        PyValueError::new_err(format!("{name} must be among {names}, not {value:?}"))
    })
}

/// The row of a result, a fresh dict; None where the answer is that there is nothing.
pub(crate) fn result<'py>(
    py: Python<'py>,
    result: &AnalysisResult,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    match result {
        AnalysisResult::Bpm(estimate) => tempo(py, estimate).map(Some),
        AnalysisResult::Key(found) => found.as_ref().map(|found| key(py, found)).transpose(),
        AnalysisResult::Loudness(measured) => loudness(py, measured).map(Some),
        AnalysisResult::Onsets(found) => onsets(py, found).map(Some),
        AnalysisResult::Waveform(drawn) => coloured(py, drawn).map(Some),
        other => {
            let kind = other.kind().as_str();
            Err(PyNotImplementedError::new_err(format!("{kind} has no row in hotcue.analysis")))
        }
    }
}

/// All that was heard in a sample so far, by kind: an `Analysis` of `hotcue.analysis`.
pub(crate) fn results<'py>(
    py: Python<'py>,
    heard: &[Arc<AnalysisResult>],
) -> PyResult<Bound<'py, PyDict>> {
    let load = || import(py, "hotcue.analysis")?.getattr("Analysis").map(Bound::unbind);
    let class = ANALYSIS.get_or_try_init(py, load)?.bind(py);
    let dict = call(class, (), None)?.cast_into::<PyDict>()?;
    for one in heard {
        dict.set_item(one.kind().as_str(), result(py, one)?)?;
    }
    Ok(dict)
}

fn tempo<'py>(py: Python<'py>, it: &TempoEstimate) -> PyResult<Bound<'py, PyDict>> {
    let mut alternatives = Vec::with_capacity(it.alternatives.len());
    for other in &it.alternatives {
        let dict = PyDict::new(py);
        fill!(dict, { "bpm": other.bpm, "weight": other.weight });
        alternatives.push(dict);
    }
    let dict = PyDict::new(py);
    fill!(dict, {
        "bpm": it.bpm, "no_pulse": it.bpm.is_none(), "confidence": it.confidence,
        "octave_confidence": it.octave_confidence, "alternatives": alternatives,
        "loop_bpm": it.loop_bpm, "n_beats": it.n_beats, "beats_sec": &it.beats_sec,
        "downbeats_sec": &it.downbeats_sec, "beats_per_bar": it.beats_per_bar,
        "stability": it.stability,
    });
    Ok(dict)
}

fn key<'py>(py: Python<'py>, it: &Key) -> PyResult<Bound<'py, PyDict>> {
    let mode = match it.mode {
        Mode::Major => "major",
        Mode::Minor => "minor",
    };
    let dict = PyDict::new(py);
    fill!(dict, {
        "tonic": it.tonic_name(), "mode": mode, "pitch_class": it.tonic,
        "camelot": it.camelot(), "open_key": it.open_key(), "confidence": it.confidence,
        "tuning_cents": it.tuning_cents,
    });
    Ok(dict)
}

fn loudness<'py>(py: Python<'py>, it: &Loudness) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    fill!(dict, {
        "integrated_lufs": it.integrated_lufs, "momentary_max_lufs": it.momentary_max_lufs,
        "short_term_max_lufs": it.short_term_max_lufs, "range_lu": it.range_lu,
        "sample_peak": it.sample_peak, "sample_peak_dbfs": it.sample_peak_dbfs(),
        "true_peak": it.true_peak, "true_peak_dbtp": it.true_peak_dbtp(),
        "replay_gain_db": it.replay_gain().map(|tags| tags.gain_db),
        "is_short": it.is_short, "is_mono": it.is_mono,
    });
    Ok(dict)
}

fn onsets<'py>(py: Python<'py>, it: &Onsets) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    fill!(dict, {
        "frames": &it.frames, "onsets_sec": &it.onsets_sec, "strengths": &it.strengths,
        "leading_silence_sec": it.leading_silence_sec,
        "trailing_silence_sec": it.trailing_silence_sec,
    });
    Ok(dict)
}

fn coloured<'py>(py: Python<'py>, it: &Arc<ColouredWaveform>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let spec = it.spec();
    fill!(dict, {
        "frames": it.frames(), "channels": spec.channels, "sample_rate": spec.sample_rate,
        "coloured": waveform::ColouredWaveform::new(Arc::clone(it)),
    });
    Ok(dict)
}
