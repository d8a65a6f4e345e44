//! Decoded audio for Python, without a copy.
#![allow(
    unsafe_code,
    reason = "a NumPy array over the sample's own memory; measured need: no copy of whole samples"
)]

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotcue::analysis::{AnalysisError, AnalysisResult};
use hotcue::{SampleBuffer, Waveform};
use numpy::PyArray2;
use numpy::ndarray::{ArrayView2, ShapeBuilder as _};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::analysis;
use crate::args::equal;
use crate::array::load_numpy;
use crate::calls::{call, import};
use crate::errors::{guarded, read_error};
use crate::events::warnings_of;
use crate::fork::{Held, Home};
use crate::metadata;
use crate::waveform::{self, Drawing, Stretch};

/// One immutable piece of decoded audio, not a slot.
///
/// It and its arrays stay valid and unchanged after replace, unload and `shut_down()`.
#[pyclass(frozen, weakref, module = "hotcue")]
pub(crate) struct Sample {
    sample: Held<Arc<hotcue_actors::Sample>>,
    /// The slot that it was got from.
    id: u32,
    /// Where it was loaded from into that.
    path: Option<PathBuf>,
}

impl Sample {
    pub(crate) fn new(sample: Arc<hotcue_actors::Sample>, id: u32, path: Option<PathBuf>) -> Self {
        Self { sample: Held::new(sample, Home::here()), id, path }
    }

    /// All of it in memory.
    ///
    /// # Errors
    /// `RuntimeError` for a streamed sample.
    pub(crate) fn buffer(&self) -> PyResult<&Arc<SampleBuffer>> {
        if self.streamed() {
            let message = "a streamed sample is not in memory; load it without stream=True";
            return Err(PyRuntimeError::new_err(message));
        }
        Ok(self.sample.buffer())
    }

    /// The same once it is complete.
    ///
    /// # Errors
    /// `RuntimeError` before that, too.
    pub(crate) fn finished(&self) -> PyResult<&Arc<SampleBuffer>> {
        let buffer = self.buffer()?;
        if !buffer.is_finished() {
            return Err(PyRuntimeError::new_err(AnalysisError::Unfinished.to_string()));
        }
        Ok(buffer)
    }

    /// What was heard so far; in a forked child nothing if it was just being written to then.
    fn findings(&self) -> Vec<Arc<AnalysisResult>> {
        if self.sample.home().is_here() {
            self.sample.analysis()
        } else {
            self.sample.try_analysis().unwrap_or_default()
        }
    }

    fn metadata(&self) -> Option<&hotcue::Metadata> {
        self.sample.metadata()
    }
}

#[pymethods]
impl Sample {
    /// The audio as read-only float32, shape ``(channels, frames)``, mono too as ``(1, n)``.
    ///
    /// No copy: every call shares the sample's own memory, nominally -1…1, not clamped, channels
    /// in WAVE order. Of an arriving sample it covers the frames that are ready at the call.
    /// Each channel is contiguous. The whole array is C-contiguous where the file states its
    /// exact length and keeps it, and where the channels but one take no more than 4 MB; of other
    /// files the channels may lie apart, as moving them together would make the load longer.
    ///
    /// Raises `RuntimeError` for a streamed sample, which is not in memory.
    fn to_numpy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        guarded(slf.py(), || {
            let buffer = slf.get().buffer()?;
            load_numpy(slf.py())?;
            let shape = (buffer.channels(), buffer.ready_frames());
            let strides = (buffer.plane_stride(), 1);
            // SAFETY: `shape` channels of so many frames lie at these strides in the buffer's
            // one block, initialised and published; nobody writes them again, and they do not
            // move while the buffer lives, which `borrow_from_array` sees to.
            let view =
                unsafe { ArrayView2::from_shape_ptr(shape.strides(strides), buffer.as_ptr()) };
            // SAFETY: the array holds a reference to `slf`, which holds the buffer for ever.
            let array = unsafe { PyArray2::borrow_from_array(&view, slf.clone().into_any()) };
            // By Python, and not by a borrow: whoever reads another array of this sample has that.
            array.call_method1("setflags", (false,))?;
            Ok(array)
        })
    }

    /// What `numpy.asarray` makes of it: `to_numpy`, and what that raises.
    #[pyo3(signature = (dtype=None, *, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = Self::to_numpy(slf)?;
        let py = slf.py();
        let how = PyDict::new(py);
        how.set_item("copy", copy)?;
        import(py, "numpy")?.call_method("array", (array, dtype), Some(&how))
    }

    /// As `to_numpy`, and raises `RuntimeError` for an arriving sample, too.
    #[pyo3(name = "_finished")]
    fn finished_array<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        slf.get().finished()?;
        Self::to_numpy(slf)
    }

    /// What NumPy, `memoryview` and others ask for: the same memory, likewise read-only.
    ///
    /// # Safety
    /// `view` is one that the interpreter has asked to be filled.
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let array = Self::to_numpy(slf)?;
        // SAFETY: as above; the view that the array fills holds the array, and so the sample.
        match unsafe { ffi::PyObject_GetBuffer(array.as_ptr(), view, flags) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(slf.py())),
        }
    }

    /// What to draw of the stretch between two times, by default all of it: for each of
    /// ``width`` equal pixels the least and the greatest value.
    ///
    /// Exact at any zoom. However long the sample is, a pixel of a channel takes less than a
    /// microsecond, with levels about one. A pixel covers the frames from where it begins to where
    /// the next one does, one at least: far enough in, both values are those of that frame. Where
    /// there is no frame, or none yet, both are 0. `width`
    /// is 1 to 65,536. Once the kind ``"waveform"`` was heard in the sample (`analysis`), levels
    /// are there, too: RMS, and that of three bands. Of a streamed sample it is drawn while the
    /// file is read in the background, flat until then, and to a precision of 16,384 frames after
    /// three hours; in a forked child it raises `RuntimeError`.
    #[pyo3(signature = (width, start_sec = None, end_sec = None))]
    fn waveform<'py>(
        &self,
        py: Python<'py>,
        width: &Bound<'py, PyAny>,
        start_sec: Option<&Bound<'py, PyAny>>,
        end_sec: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            // That of a stream is drawn by threads that a child lacks, one of which may be at it.
            if self.sample.stream().is_some() {
                self.sample.home().check()?;
            }
            let duration_sec = || self.sample.duration_sec();
            let stretch = Stretch::asked(width, start_sec, end_sec, duration_sec)?;
            let found = self.findings();
            let levels = found.iter().find_map(|found| match &**found {
                AnalysisResult::Waveform(levels) => Some(&**levels),
                _ => None,
            });
            let sample = &**self.sample;
            waveform::draw(py, stretch, (sample.channels(), sample.frames()), || {
                let Stretch { width, start_sec, end_sec } = stretch;
                let Waveform { min, max, .. } = sample.waveform(width, start_sec, end_sec);
                let pixels = levels.map(|levels| levels.pixels(width, start_sec, end_sec));
                Drawing { extremes: [min, max], levels: pixels.as_deref().map(waveform::levels) }
            })
        })
    }

    /// The id that it was loaded into, for `play_sample` and `unload_sample`.
    ///
    /// It stays what it is, whatever the id comes to hold. The same audio got from another id has
    /// that one here, and is equal all the same.
    #[getter]
    fn id(&self) -> u32 {
        self.id
    }

    /// What was heard in it so far, by kind; a fresh `Analysis`.
    ///
    /// A kind is there once an engine has heard it: for a load with ``analyze``, for
    /// `analyze_sample_async`, whatever slot that was for. What is known stays known. Of a sample
    /// that was evicted it is all but the waveform, once a play has brought that back.
    #[getter]
    fn analysis<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        analysis::results(py, &self.findings())
    }

    /// Length in seconds; of an arriving sample, of what is ready.
    #[getter]
    fn duration_sec(&self) -> f64 {
        self.sample.duration_sec()
    }

    /// Length in frames; of an arriving sample, of what is ready.
    #[getter]
    fn frames(&self) -> usize {
        self.sample.frames()
    }

    /// Whether it is played from its file, with no more than its head in memory.
    ///
    /// Its length is what the file says, until all of it was seen, some time after the load; so are
    /// waveform and warnings.
    #[getter]
    fn streamed(&self) -> bool {
        self.sample.stream().is_some()
    }

    /// Number of channels, those of the file.
    #[getter]
    fn channels(&self) -> usize {
        self.sample.channels()
    }

    /// Frames per second in Hz: the engine's rate.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.sample.sample_rate()
    }

    /// The file's own rate in Hz.
    #[getter]
    fn source_rate(&self) -> u32 {
        self.sample.source_rate()
    }

    /// The file's container, such as ``"wav"``.
    #[getter]
    fn container(&self) -> &str {
        self.sample.container()
    }

    /// The file's codec, such as ``"pcm_s16le"``.
    #[getter]
    fn codec(&self) -> &str {
        self.sample.codec()
    }

    /// Bits per value in the file, or None where that means nothing.
    #[getter]
    fn bits_per_sample(&self) -> Option<u32> {
        self.sample.bits_per_sample()
    }

    /// What was odd about the file, as its `success` event says it; a fresh list. Of a stream
    /// there is more once all of it was seen. An arriving sample, and a stream until then, only
    /// know whether its name fits.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        warnings_of(py, &self.sample.warnings_as(self.path.as_deref()))
    }

    /// The absolute path it was loaded from, or None for content.
    #[getter]
    fn path(&self) -> Option<&std::ffi::OsStr> {
        self.path.as_deref().map(Path::as_os_str)
    }

    /// Texts by name, several values of one name joined by ``"; "``; a fresh dict.
    ///
    /// Names are lower-case, and the same for all formats where many of them have one: ``title``,
    /// ``artist``, ``album``, ``album_artist``, ``date``, ``genre``, ``track_number``,
    /// ``comment``, ``bpm``, ``key``, ``replaygain_track_gain``, …; others keep their own.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        metadata::tags(py, self.metadata())
    }

    /// The loops, in the file's order.
    #[getter]
    fn loops<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        metadata::loops(py, self.metadata())
    }

    /// Cue points, markers, regions and chapters, by position.
    #[getter]
    fn cues<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        metadata::cues(py, self.metadata())
    }

    /// Beats per minute by the file; nothing is measured.
    #[getter]
    fn embedded_bpm(&self) -> Option<f64> {
        self.metadata()?.tempo.map(|tempo| tempo.bpm)
    }

    /// Who says so: an ``acid`` chunk of a loop, an Apple Loop's beats over its length, a tag.
    ///
    /// Where several do, the first of these counts.
    #[getter]
    fn embedded_bpm_source(&self) -> Option<&'static str> {
        self.metadata()?.tempo.map(|tempo| tempo.source.as_str())
    }

    /// The key by the file's tags, as it stands there: ``"Am"``, ``"8A"``, ``"F#"``, …
    #[getter]
    fn embedded_key(&self) -> Option<&str> {
        self.metadata()?.key()
    }

    /// The MIDI note that the sample sounds at when played as it is (60 is middle C).
    #[getter]
    fn root_key(&self) -> Option<u8> {
        self.metadata()?.root_key
    }

    /// What is to be added to `root_key`, in cents.
    #[getter]
    fn root_cents(&self) -> Option<f64> {
        self.metadata()?.root_cents
    }

    /// Whether the file says that it is a one-shot (True) or a loop (False).
    #[getter]
    fn one_shot(&self) -> Option<bool> {
        self.metadata()?.one_shot
    }

    /// How many beats the file says that it has.
    #[getter]
    fn beats(&self) -> Option<u32> {
        self.metadata()?.beats
    }

    /// Beats per bar, and the note that is one beat.
    #[getter]
    fn meter(&self) -> Option<(u16, u16)> {
        self.metadata()?.meter
    }

    /// ReplayGain of the track in dB, also where Opus or ID3's ``RVA2`` say it.
    #[getter]
    fn replaygain_track_gain_db(&self) -> Option<f64> {
        self.metadata()?.replaygain("replaygain_track_gain")
    }

    /// ReplayGain's peak of the track; 1.0 is full scale.
    #[getter]
    fn replaygain_track_peak(&self) -> Option<f64> {
        self.metadata()?.replaygain("replaygain_track_peak")
    }

    /// ReplayGain of the album in dB.
    #[getter]
    fn replaygain_album_gain_db(&self) -> Option<f64> {
        self.metadata()?.replaygain("replaygain_album_gain")
    }

    /// ReplayGain's peak of the album; 1.0 is full scale.
    #[getter]
    fn replaygain_album_peak(&self) -> Option<f64> {
        self.metadata()?.replaygain("replaygain_album_peak")
    }

    /// The ACID chunk of a WAV file.
    #[getter]
    fn acid<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        metadata::acid(py, self.metadata())
    }

    /// Which keys and velocities the file is made for.
    #[getter]
    fn instrument<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        metadata::instrument(py, self.metadata())
    }

    /// The broadcast extension of a WAV file.
    #[getter]
    fn bext<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        metadata::bext(py, self.metadata())
    }

    /// Whether the file has a picture.
    #[getter]
    fn has_cover(&self) -> bool {
        self.metadata().is_some_and(|metadata| metadata.has_cover)
    }

    /// The front cover, or else the first picture, as ``(mime, bytes)``; None without one.
    ///
    /// Reads the file again, as it is now, in the calling thread and without the GIL; it may
    /// block as long as the disk does. A sample from content has kept its picture, if that has at
    /// most 256 KiB. Raises `FileNotFoundError`, `PermissionError` or another `OSError` when the
    /// file can no longer be read.
    fn cover<'py>(&self, py: Python<'py>) -> PyResult<Option<(String, Bound<'py, PyBytes>)>> {
        guarded(py, || {
            let (sample, path) = (Arc::clone(&self.sample), self.path.clone());
            // The file is read here, in the caller's thread.
            let cover = py.detach(move || sample.cover_in(path.as_deref()));
            match cover {
                Ok(cover) => Ok(cover.map(|cover| (cover.mime, PyBytes::new(py, &cover.bytes)))),
                Err(error) => Err(read_error(&error)),
            }
        })
    }

    /// What a notebook shows: name, facts, waveform, and a player of 30 s at most, in mono.
    ///
    /// At most 300,000 characters of HTML, however long the sample is.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let show = import(slf.py(), "hotcue.notebook")?.getattr("of_sample")?;
        call(&show, (slf,), None)
    }

    /// Itself, as it never changes; it cannot be pickled.
    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Itself.
    #[pyo3(signature = (_memo, /))]
    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        equal(other, |other: &Bound<'_, Self>| Arc::ptr_eq(&self.sample, &other.get().sample))
    }

    fn __hash__(&self) -> usize {
        Arc::as_ptr(&self.sample).addr()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Sample {:.3} s, {} × {} Hz>",
            self.duration_sec(),
            self.channels(),
            self.sample_rate()
        )
    }
}
