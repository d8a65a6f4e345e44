//! Sources: what Python gives to load from, as the engine takes it.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::iter::repeat_n;
use std::sync::Arc;

use hotcue::Source;
use numpy::{PyArray2, PyUntypedArrayMethods as _};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice, PyString, PyTuple};

use crate::array::{interleave, load_numpy};
use crate::calls::{check_signals, import};

/// Copied at a time with the GIL held: a fraction of a millisecond.
const PIECE: usize = 1 << 20;
/// Copied at a time without: to get the GIL back may take some milliseconds.
const PIECE_WITHOUT_GIL: usize = 1 << 24;
/// Bytes of an `Arc` beside its content.
const ARC_BYTES: usize = 2 * size_of::<usize>();

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
        return filled(py, bytes.len(), |content| {
            // Immutable, and alive as long as the caller's reference: copied without the GIL.
            in_pieces(py, content, PIECE_WITHOUT_GIL, |start, piece| {
                py.detach(|| piece.copy_from_slice(&bytes[start..start + piece.len()]));
                Ok(())
            })
        });
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
            copy(source, content)
        } else {
            buffer.copy_to_slice(py, content)
        }
    })
}

/// Content of `count` bytes, which `fill` writes.
///
/// # Errors
/// `MemoryError` where there is no memory for it, and what `fill` says.
fn filled(
    py: Python<'_>,
    count: usize,
    fill: impl FnOnce(&mut [u8]) -> PyResult<()>,
) -> PyResult<Source> {
    // The system takes longer to find the memory than it takes to fill it.
    let content = py.detach(|| {
        // Where there is none, an Arc ends the process. So it gets what was just found for another.
        let mut found = Vec::<u8>::new();
        found.try_reserve_exact(count + ARC_BYTES)?;
        drop(black_box(found));
        Ok(repeat_n(0, count).collect())
    });
    let mut content: Arc<[u8]> = content.map_err(|_: TryReserveError| {
        PyMemoryError::new_err(format!("no memory for {count} bytes of content"))
    })?;
    // Just made, so nobody shares it.
    if let Some(content) = Arc::get_mut(&mut content) {
        fill(content)?;
    }
    Ok(Source::Memory(content))
}

/// Copies a buffer of one dimension with the GIL held, piece by piece.
fn copy(source: &Bound<'_, PyAny>, content: &mut [u8]) -> PyResult<()> {
    let py = source.py();
    let view = import(py, "builtins")?.call_method1("memoryview", (source,))?;
    in_pieces(py, content, PIECE, |start, piece| {
        let end = start + piece.len();
        // No buffer in memory has more bytes than an isize counts.
        let range = PySlice::new(py, start.cast_signed(), end.cast_signed(), 1);
        PyBuffer::<u8>::get(&view.get_item(range)?)?.copy_to_slice(py, piece)?;
        py.detach(|| ());
        Ok(())
    })
}

/// Lets `fill` write each piece, which begins at so many bytes. Other threads of Python are to go
/// on in between; what a signal's handler raises there, ends it.
fn in_pieces(
    py: Python<'_>,
    content: &mut [u8],
    piece_bytes: usize,
    mut fill: impl FnMut(usize, &mut [u8]) -> PyResult<()>,
) -> PyResult<()> {
    for (index, piece) in content.chunks_mut(piece_bytes).enumerate() {
        fill(index * piece_bytes, piece)?;
        check_signals(py)?;
    }
    Ok(())
}
