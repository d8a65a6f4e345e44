//! `hotcue.info`: what a file is, without decoding more than its beginning.

use hotcue::StreamOpening;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::guarded;
use crate::events::fill;
use crate::{here, metadata, source};

/// Opens a source; the fields of `hotcue.values.FileInfo`.
#[pyfunction]
pub(crate) fn info<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(py, || {
        let sample = here::open(py, StreamOpening::new(source::read(source)?, None))?;
        let spec = sample.spec();
        let frames = sample.expected_frames();
        #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
        let duration_sec = frames.map(|frames| frames as f64 / f64::from(spec.sample_rate));
        let said = sample.metadata().map(AsRef::as_ref);
        let replaygain = |name| said.and_then(|said| said.replaygain(name));
        let tempo = said.and_then(|said| said.tempo);
        let fields = PyDict::new(py);
        fill!(fields, {
            "duration_sec": duration_sec, "frames": frames,
            "is_exact": sample.frames().is_some(),
            "channels": spec.channels, "sample_rate": spec.sample_rate,
            "container": sample.container(), "codec": sample.codec(),
            "bits_per_sample": sample.bits_per_sample(),
            "tags": metadata::tags(py, said)?, "loops": metadata::loops(py, said)?,
            "cues": metadata::cues(py, said)?,
            "embedded_bpm": tempo.map(|tempo| tempo.bpm),
            "embedded_bpm_source": tempo.map(|tempo| tempo.source.as_str()),
            "embedded_key": said.and_then(|said| said.key()),
            "root_key": said.and_then(|said| said.root_key),
            "root_cents": said.and_then(|said| said.root_cents),
            "one_shot": said.and_then(|said| said.one_shot),
            "beats": said.and_then(|said| said.beats),
            "meter": said.and_then(|said| said.meter),
            "replaygain_track_gain_db": replaygain("replaygain_track_gain"),
            "replaygain_track_peak": replaygain("replaygain_track_peak"),
            "replaygain_album_gain_db": replaygain("replaygain_album_gain"),
            "replaygain_album_peak": replaygain("replaygain_album_peak"),
            "acid": metadata::acid(py, said)?, "instrument": metadata::instrument(py, said)?,
            "bext": metadata::bext(py, said)?,
            "has_cover": said.is_some_and(|said| said.has_cover),
        });
        Ok(fields)
    })
}
