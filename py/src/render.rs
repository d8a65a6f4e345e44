//! `render()`: an array of float32, channels × frames, filled in slices.

use hotcue_actors::RenderedAudio;
use numpy::{PyArray2, PyArrayMethods as _};
use pyo3::prelude::*;

use crate::array::load_numpy;
use crate::calls::{check_signals, import};
use crate::errors::guarded;

/// Frames between two looks at the signals: some milliseconds of work with every voice sounding.
const SLICE_FRAMES: usize = 1 << 12;

/// Renders `frames` frames by calling `next` with the length of each slice, of which it may give less.
pub(crate) fn render<'py>(
    py: Python<'py>,
    frames: usize,
    mut next: impl FnMut(usize) -> PyResult<RenderedAudio>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    // First: where that fails, nothing was rendered that would be lost.
    load_numpy(py)?;
    // Of nothing: it tells how many channels there are.
    let mut slice = next(0)?;
    let shape = (slice.channels, frames);
    // By Python, whose answer to a size that does not fit is a MemoryError and no panic.
    let array = import(py, "numpy")?.call_method1("zeros", (shape, "float32"))?;
    let array: Bound<'py, PyArray2<f32>> = array.cast_into()?;
    guarded(py, || {
        let mut done = 0;
        while done < frames {
            let length = (frames - done).min(SLICE_FRAMES);
            slice = next(length)?;
            copy(&array, frames, done, &slice)?;
            done += slice.samples.len() / slice.channels.max(1);
            if done < frames {
                check_signals(py)?;
            }
        }
        Ok(array)
    })
}

/// Writes interleaved frames into all rows of `array`, from column `start` on.
fn copy(
    array: &Bound<'_, PyArray2<f32>>,
    frames: usize,
    start: usize,
    audio: &RenderedAudio,
) -> PyResult<()> {
    let mut array = array.try_readwrite()?;
    let rows = array.as_slice_mut()?.chunks_exact_mut(frames.max(1));
    for (channel, row) in rows.enumerate() {
        let values = audio.samples.iter().skip(channel).step_by(audio.channels);
        for (target, value) in row[start..].iter_mut().zip(values) {
            *target = *value;
        }
    }
    Ok(())
}
