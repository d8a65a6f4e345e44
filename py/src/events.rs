//! Events as fresh dicts of plain types, all keys of the row always there.

use std::path::Path;

use hotcue::LoadWarning;
use hotcue::playback::PlaybackEvent;
use hotcue_actors::{AnalysisFailure, LoaderEvent, PlaybackNotice, StageTimes};
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::analysis;

/// Sets keys of a dict; the keys are interned once.
macro_rules! fill {
    ($dict:expr, { $($key:literal: $value:expr),* $(,)? }) => {{
        let dict: &Bound<'_, PyDict> = &$dict;
        $(dict.set_item(pyo3::intern!(dict.py(), $key), $value)?;)*
    }};
}
pub(crate) use fill;

/// The row of the event contract that `event` is.
pub(crate) fn loader_event(py: Python<'_>, event: LoaderEvent) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let base = |kind: &str, id: u32, request_id: u64, time_sec: f64| -> PyResult<()> {
        fill!(dict, { "type": kind, "id": id, "request_id": request_id, "time_sec": time_sec });
        Ok(())
    };
    match event {
        LoaderEvent::Started { id, request_id, time_sec, path } => {
            base("started", id, request_id, time_sec)?;
            fill!(dict, { "path": text(path.as_deref()) });
        }
        LoaderEvent::Progress { id, request_id, time_sec, percent, stage } => {
            base("progress", id, request_id, time_sec)?;
            fill!(dict, { "percent": percent, "stage": stage.as_str() });
        }
        LoaderEvent::Stalled { id, request_id, time_sec, stage, stalled_sec } => {
            base("stalled", id, request_id, time_sec)?;
            fill!(dict, { "stage": stage.as_str(), "stalled_sec": stalled_sec });
        }
        LoaderEvent::Playable { id, request_id, time_sec, ready_sec } => {
            base("playable", id, request_id, time_sec)?;
            fill!(dict, { "ready_sec": ready_sec });
        }
        LoaderEvent::Success {
            id,
            request_id,
            time_sec,
            duration_sec,
            frames,
            channels,
            sample_rate,
            source_rate,
            warnings,
            load_ms,
            from_cache,
            stage_times,
        } => {
            base("success", id, request_id, time_sec)?;
            fill!(dict, {
                "duration_sec": duration_sec, "frames": frames, "channels": channels,
                "sample_rate": sample_rate, "source_rate": source_rate,
                "warnings": warnings_of(py, &warnings)?,
                "load_ms": load_ms, "from_cache": from_cache,
                "stage_ms": stage_ms(py, stage_times)?,
            });
        }
        LoaderEvent::Error { id, request_id, time_sec, error, stage, path } => {
            base("error", id, request_id, time_sec)?;
            fill!(dict, {
                "error": error.full_message(), "kind": error.kind().as_str(),
                "stage": stage.as_str(), "path": text(path.as_deref()),
            });
        }
        LoaderEvent::Cancelled { id, request_id, time_sec, reason } => {
            base("cancelled", id, request_id, time_sec)?;
            fill!(dict, { "reason": reason.as_str() });
        }
        LoaderEvent::Analysis { id, request_id, time_sec, analysis, result, last } => {
            base("analysis", id, request_id, time_sec)?;
            let (heard, failure) = match &result {
                Ok(result) => (analysis::result(py, result)?, None),
                Err(failure) => (None, Some(failure)),
            };
            fill!(dict, {
                "analysis": analysis.as_str(), "result": heard,
                "error": failure.map(AnalysisFailure::full_message),
                "kind": failure.map(AnalysisFailure::kind), "last": last,
            });
        }
        LoaderEvent::Evicted { id, request_id, time_sec, freed_bytes } => {
            base("evicted", id, request_id, time_sec)?;
            fill!(dict, { "freed_bytes": freed_bytes });
        }
        LoaderEvent::Device { time_sec, state, name } => {
            fill!(dict, {
                "type": "device", "id": py.None(), "request_id": py.None(),
                "time_sec": time_sec, "state": state.as_str(), "name": name,
            });
        }
        other => return Err(unknown(other.kind())),
    }
    Ok(dict)
}

/// What happened to a voice.
pub(crate) fn playback_event(
    py: Python<'_>,
    notice: PlaybackNotice,
) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    match notice {
        PlaybackNotice::Voice(PlaybackEvent::Started { voice, slot, frame }) => {
            fill!(dict, { "type": "started", "voice": voice, "id": slot, "frame": frame });
        }
        PlaybackNotice::Voice(PlaybackEvent::Looped { voice, slot, frame, rounds }) => {
            fill!(dict, {
                "type": "looped", "voice": voice, "id": slot, "frame": frame, "rounds": rounds,
            });
        }
        PlaybackNotice::Voice(PlaybackEvent::Ended { voice, slot, frame, reason }) => {
            fill!(dict, {
                "type": "ended", "voice": voice, "id": slot, "frame": frame,
                "reason": reason.as_str(),
            });
        }
        PlaybackNotice::Dropped { voice, slot, reason } => {
            fill!(dict, {
                "type": "dropped", "voice": voice, "id": slot, "reason": reason.as_str(),
            });
        }
        _ => return Err(unknown("playback")),
    }
    Ok(dict)
}

/// For the variants that a later façade may bring: the enums are `#[non_exhaustive]`.
fn unknown(kind: &str) -> PyErr {
    PyNotImplementedError::new_err(format!("{kind} event without a row in the contract"))
}

/// A path as Python spells it: `os.fsdecode`, so that a name that is no UTF-8 survives.
fn text(path: Option<&Path>) -> Option<&std::ffi::OsStr> {
    path.map(Path::as_os_str)
}

fn stage_ms(py: Python<'_>, times: StageTimes) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    fill!(dict, {
        "queued": times.queued_ms, "reading": times.reading_ms, "decoding": times.decoding_ms,
        "resampling": times.resampling_ms, "publishing": times.publishing_ms,
    });
    Ok(dict)
}

/// What was odd about a file, as `success` says it.
pub(crate) fn warnings_of<'py>(
    py: Python<'py>,
    warnings: &[LoadWarning],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for oddity in warnings {
        list.append(warning(py, oddity)?)?;
    }
    Ok(list)
}

fn warning<'py>(py: Python<'py>, oddity: &LoadWarning) -> PyResult<Bound<'py, PyDict>> {
    let numbers = PyDict::new(py);
    for (name, value) in &oddity.numbers {
        numbers.set_item(name, value)?;
    }
    let dict = PyDict::new(py);
    fill!(dict, {
        "code": oddity.code.as_str(), "message": &oddity.message, "numbers": numbers,
    });
    Ok(dict)
}
