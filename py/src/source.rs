//! Sources: what Python gives to load from, as the engine takes it.

use std::sync::Arc;

use hotcue::Source;
use numpy::{PyArray2, PyUntypedArrayMethods as _};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice, PyString, PyTuple};

use crate::array::{interleave, load_numpy};

/// Copied at a time with the GIL held: a fraction of a millisecond.
const PIECE: usize = 1 << 20;

/// Of files that can be read.
#[pyfunction]
pub(crate) fn extensions() -> Vec<&'static str> {
    hotcue::extensions().collect()
}

/// A path, or content copied once. A view is one of bytes, a tuple the head of a WAV file and the
/// array that goes into it; the Python side sees to that.
pub(crate) fn read(source: &Bound<'_, PyAny>) -> PyResult<Source> {
    let py = source.py();
    if source.is_instance_of::<PyString>() {
        return Ok(Source::Path(source.extract()?));
    }
    if let Ok(bytes) = source.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        // Immutable, and alive as long as the caller's reference: copied without the GIL.
        return Ok(Source::Memory(py.detach(|| Arc::from(bytes))));
    }
    if let Ok(parts) = source.cast::<PyTuple>() {
        load_numpy(py)?;
        let (head, array): (Bound<'_, PyBytes>, Bound<'_, PyArray2<f32>>) = parts.extract()?;
        let head = head.as_bytes();
        return filled(py, head.len() + array.len() * size_of::<f32>(), |content| {
            let (start, rest) = content.split_at_mut(head.len());
            start.copy_from_slice(head);
            interleave(&array, rest)
        });
    }
    // While it is held, a bytearray keeps its size.
    let buffer = PyBuffer::<u8>::get(source)?;
    filled(py, buffer.item_count(), |content| {
        if buffer.dimensions() == 1 {
            copy_in_pieces(source, content)
        } else {
            buffer.copy_to_slice(py, content)
        }
    })
}

/// Content of `count` bytes, which `fill` writes.
fn filled(
    py: Python<'_>,
    count: usize,
    fill: impl FnOnce(&mut [u8]) -> PyResult<()>,
) -> PyResult<Source> {
    // The system takes longer to find the memory than it takes to fill it.
    let mut content: Arc<[u8]> = py.detach(|| std::iter::repeat_n(0, count).collect());
    // Just made, so nobody shares it.
    if let Some(content) = Arc::get_mut(&mut content) {
        fill(content)?;
    }
    Ok(Source::Memory(content))
}

/// Copies piece by piece; other threads of Python go on between them.
fn copy_in_pieces(source: &Bound<'_, PyAny>, content: &mut [u8]) -> PyResult<()> {
    let py = source.py();
    let view = py.import("builtins")?.call_method1("memoryview", (source,))?;
    let mut start = 0;
    for piece in content.chunks_mut(PIECE) {
        let end = start + piece.len();
        // No buffer in memory has more bytes than an isize counts.
        let range = PySlice::new(py, start.cast_signed(), end.cast_signed(), 1);
        PyBuffer::<u8>::get(&view.get_item(range)?)?.copy_to_slice(py, piece)?;
        start = end;
        py.detach(|| ());
    }
    Ok(())
}
