//! Calls into Python code, from which a thread may never come back: when the interpreter ends,
//! Python before 3.14 unwinds the stack of each other thread that wants the GIL, and Rust ends the
//! process when that comes to one of its functions. Here such a thread waits for the end of the
//! process, as it does since 3.14, and as pyo3 has it wait where it takes the GIL itself.
//!
//! To be used for the classes of the package, for imports, and for signals, with which finalizers run
//! from Python 3.12 on. What an object of the caller's own runs, as `__index__`, may still end the
//! process.
#![allow(unsafe_code, reason = "of calls that may unwind, pyo3 knows only that of the GIL")]

use std::ffi::c_int;
use std::hint::black_box;
use std::time::Duration;
use std::{mem, ptr, thread};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{IntoPyObject, IntoPyObjectExt as _};

type Object = *mut PyObject;
type DeclaredCall = unsafe extern "C" fn(Object, Object, Object) -> Object;
type Call = unsafe extern "C-unwind" fn(Object, Object, Object) -> Object;
type DeclaredImport = unsafe extern "C" fn(Object) -> Object;
type Import = unsafe extern "C-unwind" fn(Object) -> Object;

type DeclaredCheck = unsafe extern "C" fn() -> c_int;
type Check = unsafe extern "C-unwind" fn() -> c_int;

/// Longest work or wait without the GIL between two looks at the signals: Ctrl-C must feel
/// immediate.
pub(crate) const SIGNAL_PERIOD: Duration = Duration::from_millis(40);

/// Holds a thread that is unwound for ever.
struct Hold;

impl Drop for Hold {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

/// Calls `callable` with these arguments.
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    args: impl IntoPyObject<'py, Target = PyTuple>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = callable.py();
    let args = args.into_bound_py_any(py)?;
    let named = named.map_or(ptr::null_mut(), Bound::as_ptr);
    // Through a black box: else the compiler knows it by its declaration, as what never unwinds.
    // SAFETY: the same function, of which it is said that it may.
    let call = black_box(unsafe { mem::transmute::<DeclaredCall, Call>(ffi::PyObject_Call) });
    let hold = Hold;
    // SAFETY: a callable, a tuple, and a dict or null, which outlive the call; `py` has the GIL.
    let returned = unsafe { call(callable.as_ptr(), args.as_ptr(), named) };
    mem::forget(hold);
    // SAFETY: a new reference, or null with an exception.
    unsafe { Bound::from_owned_ptr_or_err(py, returned) }
}

/// The module of this name, which is imported if need be.
pub(crate) fn import<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let name = name.into_bound_py_any(py)?;
    // SAFETY: as above.
    let import =
        black_box(unsafe { mem::transmute::<DeclaredImport, Import>(ffi::PyImport_Import) });
    let hold = Hold;
    // SAFETY: a str that outlives the call.
    let module = unsafe { import(name.as_ptr()) };
    mem::forget(hold);
    // SAFETY: as above.
    unsafe { Bound::from_owned_ptr_or_err(py, module) }
}

/// Runs the handlers of signals that have come, in the main thread.
///
/// # Errors
/// What they raise, as `KeyboardInterrupt`.
pub(crate) fn check_signals(py: Python<'_>) -> PyResult<()> {
    // SAFETY: as above.
    let check = unsafe { mem::transmute::<DeclaredCheck, Check>(ffi::PyErr_CheckSignals) };
    let check = black_box(check);
    let hold = Hold;
    // SAFETY: `py` has the GIL.
    let came = unsafe { check() };
    mem::forget(hold);
    if came == 0 { Ok(()) } else { Err(PyErr::fetch(py)) }
}
