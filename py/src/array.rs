//! Samples of arrays, and arrays of samples: copied piece by piece, so that other threads of Python
//! go on in between.

use std::ops::Range;
use std::sync::Arc;

use hotcue::{AudioSpec, LoadError, LoadErrorKind, SampleBuffer, SampleWriter};
use numpy::{PyArray2, PyArrayMethods as _, PyUntypedArrayMethods as _};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::calls::{check_signals, import};

/// Values of each channel that are copied at a time with the GIL held.
const PIECE_FRAMES: usize = 1 << 17;

/// Loads NumPy and its interface: that panics at what is raised meanwhile, as by Ctrl-C, so nothing is
/// to be pending when it is first used.
///
/// # Errors
/// What importing it raises, or a signal's handler.
pub(crate) fn load_numpy(py: Python<'_>) -> PyResult<()> {
    static LOADED: PyOnceLock<()> = PyOnceLock::new();
    let load = || {
        import(py, "numpy")?;
        check_signals(py)?;
        numpy::dtype::<f32>(py);
        Ok(())
    };
    LOADED.get_or_try_init(py, load).copied()
}

/// A sample with the values of a C-contiguous array of channels × frames.
pub(crate) fn sample_of(
    array: &Bound<'_, PyArray2<f32>>,
    sample_rate: u32,
) -> PyResult<Arc<SampleBuffer>> {
    let [channels, frames] = shape_of(array)?;
    let spec = in_range(AudioSpec { sample_rate, channels })?;
    let mut writer = SampleWriter::with_capacity(spec, frames).map_err(unfit)?;
    in_pieces(array.py(), frames, |range| {
        let values = array.try_readonly()?;
        let values = values.as_slice()?;
        let planes: Vec<&[f32]> =
            values.chunks_exact(frames).map(|plane| &plane[range.clone()]).collect();
        writer.append(&planes).map_err(unfit)
    })?;
    Ok(writer.finish())
}

/// Writes the values of a C-contiguous array of channels × frames frame by frame, each in four bytes,
/// the least first.
pub(crate) fn interleave(array: &Bound<'_, PyArray2<f32>>, content: &mut [u8]) -> PyResult<()> {
    let [channels, frames] = shape_of(array)?;
    let (places, _) = content.as_chunks_mut();
    in_pieces(array.py(), frames, |range| {
        let values = array.try_readonly()?;
        let places = &mut places[range.start * channels..range.end * channels];
        for (channel, plane) in values.as_slice()?.chunks_exact(frames).enumerate() {
            let places = places[channel..].iter_mut().step_by(channels);
            for (place, value) in places.zip(&plane[range.clone()]) {
                *place = value.to_le_bytes();
            }
        }
        Ok(())
    })
}

fn shape_of(array: &Bound<'_, PyArray2<f32>>) -> PyResult<[usize; 2]> {
    let shape = array.shape().try_into();
    shape.map_err(|_| PyValueError::new_err("an array of channels × frames is needed"))
}

/// A new array of these planes: C-contiguous, channels × frames, or frames × channels.
pub(crate) fn array_of<'py>(
    py: Python<'py>,
    planes: &[&[f32]],
    frames_first: bool,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let (channels, frames) = (planes.len(), planes.first().map_or(0, |plane| plane.len()));
    let shape = if frames_first { (frames, channels) } else { (channels, frames) };
    load_numpy(py)?;
    // By Python, whose answer to a size that does not fit is a MemoryError and no panic.
    let array = import(py, "numpy")?.call_method1("empty", (shape, "float32"))?;
    let array: Bound<'py, PyArray2<f32>> = array.cast_into()?;
    in_pieces(py, frames, |range| {
        let mut array = array.try_readwrite()?;
        let values = array.as_slice_mut()?;
        for (channel, plane) in planes.iter().enumerate() {
            let plane = &plane[range.clone()];
            if frames_first {
                let values = values[range.start * channels..].iter_mut();
                for (to, value) in values.skip(channel).step_by(channels).zip(plane) {
                    *to = *value;
                }
            } else {
                let row = &mut values[channel * frames..][..frames];
                row[range.clone()].copy_from_slice(plane);
            }
        }
        Ok(())
    })?;
    Ok(array)
}

/// Copies so many frames; what a signal's handler raises in between, ends it.
fn in_pieces(
    py: Python<'_>,
    frames: usize,
    mut copy: impl FnMut(Range<usize>) -> PyResult<()>,
) -> PyResult<()> {
    let mut start = 0;
    while start < frames {
        let end = frames.min(start + PIECE_FRAMES);
        copy(start..end)?;
        start = end;
        py.detach(|| ());
        // For Ctrl-C: a gigabyte takes a second.
        check_signals(py)?;
    }
    Ok(())
}

/// # Errors
/// `ValueError` for a rate, or a number of channels, that no audio has.
pub(crate) fn in_range(spec: AudioSpec) -> PyResult<AudioSpec> {
    spec.validate().map_err(unfit)
}

/// Why an array, or a rate, cannot be audio, or why there is no memory for it.
pub(crate) fn unfit(error: LoadError) -> PyErr {
    let message = error.full_message();
    match error.kind() {
        LoadErrorKind::TooLarge => PyMemoryError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}
