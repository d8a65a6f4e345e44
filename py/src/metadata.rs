//! What a file says beside its audio, as plain Python objects. Their classes are defined in
//! `hotcue.values`.

use hotcue::Metadata;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::calls::{call, import};

/// A class of `hotcue.values`.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    import(py, "hotcue.values")?.getattr(name)
}

/// Texts by name.
pub(crate) fn tags<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in metadata.iter().flat_map(|metadata| metadata.tags.joined()) {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

/// A list of `Loop`.
pub(crate) fn loops<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = class(py, "Loop")?;
    let loops = metadata.map_or(&[][..], |metadata| &metadata.loops);
    loops
        .iter()
        .map(|it| {
            let (start, end) = (it.start_frame, it.end_frame);
            let kind = it.kind.as_str();
            let fields = (start, end, it.start_sec, it.end_sec, kind, it.count, it.is_release);
            call(&class, fields, None)
        })
        .collect()
}

/// A list of `Cue`.
pub(crate) fn cues<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = class(py, "Cue")?;
    let cues = metadata.map_or(&[][..], |metadata| &metadata.cues);
    cues.iter()
        .map(|it| {
            let fields = (it.frame, it.end_frame, it.sec, it.end_sec, it.id, &it.label, &it.note);
            call(&class, fields, None)
        })
        .collect()
}

/// An `Acid`.
pub(crate) fn acid<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(it) = metadata.and_then(|metadata| metadata.acid) else { return Ok(None) };
    let root_key = it.root_is_set.then_some(it.root_key);
    let fields =
        (it.one_shot, it.stretch, it.disk_based, root_key, it.beats, it.meter, f64::from(it.bpm));
    call(&class(py, "Acid")?, fields, None).map(Some)
}

/// An `Instrument`.
pub(crate) fn instrument<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(it) = metadata.and_then(|metadata| metadata.instrument) else { return Ok(None) };
    let fields = (it.keys.0, it.keys.1, it.velocities.0, it.velocities.1, it.gain_db);
    call(&class(py, "Instrument")?, fields, None).map(Some)
}

/// A `Broadcast`.
pub(crate) fn bext<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(it) = metadata.and_then(|metadata| metadata.broadcast.as_ref()) else {
        return Ok(None);
    };
    let fields = PyDict::new(py);
    fields.set_item("description", &it.description)?;
    fields.set_item("originator", &it.originator)?;
    fields.set_item("originator_reference", &it.originator_reference)?;
    fields.set_item("date", &it.date)?;
    fields.set_item("time", &it.time)?;
    fields.set_item("time_reference_frames", it.time_reference_frames)?;
    fields.set_item("time_reference_sec", it.time_reference_sec)?;
    fields.set_item("version", it.version)?;
    fields.set_item("umid", PyBytes::new(py, &it.umid))?;
    fields.set_item("loudness_lufs", it.loudness_lufs)?;
    fields.set_item("loudness_range_lu", it.loudness_range_lu)?;
    fields.set_item("max_true_peak_dbtp", it.max_true_peak_dbtp)?;
    fields.set_item("max_momentary_lufs", it.max_momentary_lufs)?;
    fields.set_item("max_short_term_lufs", it.max_short_term_lufs)?;
    call(&class(py, "Broadcast")?, (), Some(&fields)).map(Some)
}
