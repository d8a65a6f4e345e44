//! Subinterpreters: refused. A class made in one would be used by all, and when the thread that ends
//! one waits without the GIL, Python never gives it back.
#![allow(unsafe_code, reason = "Python tells only C which interpreter this is")]

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

const MAIN: i64 = 0;

/// `ImportError` in a subinterpreter.
pub(crate) fn check(_attached: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached, so there is a current interpreter.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id == MAIN {
        Ok(())
    } else {
        Err(PyImportError::new_err("hotcue does not support subinterpreters"))
    }
}
