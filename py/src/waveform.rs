//! What there is to draw, as arrays: `hotcue.Waveform`, of channels × pixels.

use std::num::NonZeroUsize;
use std::sync::Arc;

use hotcue::analysis::{self, Pixel, Resolution};
use numpy::{PyArray1, PyArray2, PyArrayMethods as _};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;

use crate::args::{equal, finite, integer};
use crate::array::load_numpy;
use crate::calls::{call, import};
use crate::errors::guarded;

/// The class of what is drawn.
static WAVEFORM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
/// Pixels of a waveform, at most: more than any screen has.
const MAX_WIDTH: i64 = 65_536;
/// Pixels of all channels that are drawn with the GIL: fewer than a millisecond's worth.
const MOST_AT_ONCE: usize = 4_096;
/// Frames of the largest block that a pixel is put together of.
const LARGEST_BLOCK: usize = 8_192;
/// Frames of the shortest pixel that a file can have.
const EXPORTED_FRAMES: usize = 256;

/// The stretch to draw, and of how many pixels.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) width: usize,
    pub(crate) start_sec: f64,
    pub(crate) end_sec: f64,
}

impl Stretch {
    /// The stretch that a caller asks for; without an end it reaches to `duration_sec`.
    pub(crate) fn asked(
        width: &Bound<'_, PyAny>,
        start_sec: Option<&Bound<'_, PyAny>>,
        end_sec: Option<&Bound<'_, PyAny>>,
        duration_sec: impl FnOnce() -> f64,
    ) -> PyResult<Self> {
        let width = integer(width, "width", 1..=MAX_WIDTH)?;
        let start_sec = start_sec.map_or(Ok(0.0), |value| finite(value, "start_sec"))?;
        let end_sec =
            end_sec.map_or_else(|| Ok(duration_sec()), |value| finite(value, "end_sec"))?;
        Ok(Self { width, start_sec, end_sec })
    }

    fn array<'py>(self, py: Python<'py>, values: Vec<f32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        load_numpy(py)?;
        let channels = values.len() / self.width;
        PyArray1::from_vec(py, values).reshape([channels, self.width])
    }
}

/// What there is to draw of a stretch, channel after channel.
pub(crate) struct Drawing {
    /// Minima and maxima.
    pub(crate) extremes: [Vec<f32>; 2],
    /// RMS, and that of three bands, where that was heard.
    pub(crate) levels: Option<[Vec<f32>; 4]>,
}

/// Draws a stretch of audio of so many channels and frames: without the GIL where that takes longer
/// than handing it to another thread and back.
pub(crate) fn draw<'py>(
    py: Python<'py>,
    stretch: Stretch,
    (channels, frames): (usize, usize),
    draw: impl FnOnce() -> Drawing + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let looks = stretch.width.saturating_add(frames / LARGEST_BLOCK);
    let is_large = looks.saturating_mul(channels) > MOST_AT_ONCE;
    let Drawing { extremes: [min, max], levels } = if is_large { py.detach(draw) } else { draw() };
    let (min, max) = (stretch.array(py, min)?, stretch.array(py, max)?);
    let Stretch { start_sec, end_sec, .. } = stretch;
    match levels {
        None => call(class(py)?, (min, max, start_sec, end_sec), None),
        Some(levels) => {
            let [rms, low, mid, high] = levels.map(|values| stretch.array(py, values));
            call(class(py)?, (min, max, start_sec, end_sec, rms?, low?, mid?, high?), None)
        }
    }
}

/// The levels of a waveform in colour.
pub(crate) fn levels(pixels: &[Vec<Pixel>]) -> [Vec<f32>; 4] {
    [
        values(pixels, |pixel| pixel.rms),
        values(pixels, |pixel| pixel.low),
        values(pixels, |pixel| pixel.mid),
        values(pixels, |pixel| pixel.high),
    ]
}

fn values(pixels: &[Vec<Pixel>], of: fn(&Pixel) -> f32) -> Vec<f32> {
    pixels.iter().flatten().map(of).collect()
}

fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let load = || import(py, "hotcue.values")?.getattr("Waveform").map(Bound::unbind);
    Ok(WAVEFORM.get_or_try_init(py, load)?.bind(py))
}

/// The waveform in colour of one piece of audio, which it does not need any more.
///
/// Immutable. Bands divide at 200 Hz and 2 kHz, by filters of 24 dB per octave. Can be copied and
/// pickled, and so come from another process.
#[pyclass(frozen, weakref, module = "hotcue")]
pub(crate) struct ColouredWaveform {
    waveform: Arc<analysis::ColouredWaveform>,
}

impl ColouredWaveform {
    pub(crate) fn new(waveform: Arc<analysis::ColouredWaveform>) -> Self {
        Self { waveform }
    }

    fn duration_sec(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
        let frames = self.waveform.frames() as f64;
        frames / f64::from(self.waveform.spec().sample_rate)
    }
}

#[pymethods]
impl ColouredWaveform {
    /// What to draw of the stretch between two times, by default all of it: extremes and levels
    /// of ``width`` equal pixels.
    ///
    /// Takes less than a microsecond for each pixel of a channel, and some milliseconds for ten
    /// hours of audio. A pixel is put together of the blocks of 256 frames that it lies in:
    /// extremes are never less than there is, levels are means. Where there is no frame, all is 0.
    /// `width` is 1 to 65,536.
    #[pyo3(signature = (width, start_sec = None, end_sec = None))]
    fn pixels<'py>(
        &self,
        py: Python<'py>,
        width: &Bound<'py, PyAny>,
        start_sec: Option<&Bound<'py, PyAny>>,
        end_sec: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let stretch = Stretch::asked(width, start_sec, end_sec, || self.duration_sec())?;
            let waveform = &*self.waveform;
            draw(py, stretch, (waveform.spec().channels, waveform.frames()), || {
                let Stretch { width, start_sec, end_sec } = stretch;
                let pixels = waveform.pixels(width, start_sec, end_sec);
                let extremes =
                    [values(&pixels, |pixel| pixel.min), values(&pixels, |pixel| pixel.max)];
                Drawing { extremes, levels: Some(levels(&pixels)) }
            })
        })
    }

    /// Minima and maxima as a ``.dat`` file of BBC's audiowaveform, version 2, for peaks.js and
    /// other viewers.
    ///
    /// `bits` are 8 (None) or 16, `frames_per_pixel` is a multiple of 256 (None: 256 itself);
    /// `ValueError` otherwise.
    #[pyo3(signature = (bits = None, frames_per_pixel = None))]
    fn to_dat<'py>(
        &self,
        py: Python<'py>,
        bits: Option<&Bound<'py, PyAny>>,
        frames_per_pixel: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        guarded(py, || {
            let (resolution, blocks) = (resolution(bits)?, blocks(frames_per_pixel)?);
            let bytes = py.detach(|| self.waveform.to_dat(resolution, blocks));
            Ok(PyBytes::new(py, &bytes))
        })
    }

    /// The same as a ``.json`` file, which also has the levels: ``rms``, ``low``, ``mid``,
    /// ``high``.
    #[pyo3(signature = (bits = None, frames_per_pixel = None))]
    fn to_json(
        &self,
        py: Python<'_>,
        bits: Option<&Bound<'_, PyAny>>,
        frames_per_pixel: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        guarded(py, || {
            let (resolution, blocks) = (resolution(bits)?, blocks(frames_per_pixel)?);
            Ok(py.detach(|| self.waveform.to_json(resolution, blocks)))
        })
    }

    /// For `copy` and `pickle`.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        guarded(py, || {
            let restore = import(py, "hotcue._hotcue")?.getattr("coloured_waveform")?;
            let bytes = py.detach(|| self.waveform.to_bytes());
            Ok((restore, (PyBytes::new(py, &bytes),)))
        })
    }

    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        equal(other, |other: &Bound<'_, Self>| *self.waveform == *other.get().waveform)
    }

    fn __hash__(&self) -> usize {
        self.waveform.frames()
    }

    fn __repr__(&self) -> String {
        let spec = self.waveform.spec();
        format!(
            "<ColouredWaveform {:.3} s, {} × {} Hz>",
            self.duration_sec(),
            spec.channels,
            spec.sample_rate
        )
    }
}

/// The `ColouredWaveform` that was pickled as `pickled`; `ValueError` for what is none, or was pickled
/// by another version.
#[pyfunction]
pub(crate) fn coloured_waveform(py: Python<'_>, pickled: &[u8]) -> PyResult<ColouredWaveform> {
    guarded(py, || {
        analysis::ColouredWaveform::from_bytes(pickled)
            .map(|waveform| ColouredWaveform::new(Arc::new(waveform)))
            .ok_or_else(|| PyValueError::new_err("no ColouredWaveform of this version of hotcue"))
    })
}

/// Bits of a value in a file, 8 unless something else is asked for.
fn resolution(bits: Option<&Bound<'_, PyAny>>) -> PyResult<Resolution> {
    match bits.map_or(Ok(8), |bits| integer::<i64>(bits, "bits", i64::MIN..=i64::MAX))? {
        8 => Ok(Resolution::Bits8),
        16 => Ok(Resolution::Bits16),
        other => Err(PyValueError::new_err(format!("bits must be 8 or 16, not {other}"))),
    }
}

/// Blocks of 256 frames in a pixel of a file, one unless something else is asked for.
fn blocks(frames_per_pixel: Option<&Bound<'_, PyAny>>) -> PyResult<NonZeroUsize> {
    const NAME: &str = "frames_per_pixel";
    let frames: usize = frames_per_pixel
        .map_or(Ok(EXPORTED_FRAMES), |frames| integer(frames, NAME, 1..=i64::from(i32::MAX)))?;
    NonZeroUsize::new(frames / EXPORTED_FRAMES)
        .filter(|_| frames.is_multiple_of(EXPORTED_FRAMES))
        .ok_or_else(|| {
            PyValueError::new_err(format!("{NAME} must be a multiple of 256, not {frames}"))
        })
}
