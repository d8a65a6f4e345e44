//! The façade's errors as Python's. The exceptions themselves are defined in `hotcue.errors`.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use hotcue::analysis::AnalysisKind;
use hotcue::output::DeviceError;
use hotcue::{LoadError, LoadErrorKind, Stage};
use hotcue_actors::{
    AnalysisFailure, ConfigError, EngineError, LoadFailure, LoadTicket, SubmitError,
};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::calls::{call, import};
use crate::fork::forked;

/// Runs `work` and turns a panic, which would be a `BaseException`, into a `HotcueError`.
pub(crate) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    // Unwind safety: nothing of `work` is used again but the engine, which has its own guards.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        Err(raised(py, "HotcueError", (format!("internal error: {}", said(payload.as_ref())),)))
    })
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic")
}

/// An exception made by calling `name` of `hotcue.errors`.
fn raised<'py>(
    py: Python<'py>,
    name: &str,
    args: impl IntoPyObject<'py, Target = PyTuple>,
) -> PyErr {
    let made = import(py, "hotcue.errors")
        .and_then(|errors| errors.getattr(name))
        .and_then(|class| call(&class, args, None));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Why a command was refused.
pub(crate) fn engine_error(py: Python<'_>, error: EngineError) -> PyErr {
    let message = error.to_string();
    match error {
        EngineError::NotInitialized | EngineError::Submit(SubmitError::Closed) => {
            PyRuntimeError::new_err("Audio engine not initialized")
        }
        EngineError::AlreadyRunning => PyRuntimeError::new_err("Audio engine already running"),
        EngineError::NotOffline => PyRuntimeError::new_err(message),
        EngineError::OutOfRange(_) | EngineError::Submit(SubmitError::IdOutOfRange) => {
            PyValueError::new_err(message)
        }
        EngineError::Submit(SubmitError::QueueFull) | EngineError::TooManyChanges => {
            raised(py, "QueueFullError", (message,))
        }
        EngineError::NotReady(_) | EngineError::NoSample(_) => {
            raised(py, "NotReadyError", (message,))
        }
        EngineError::Device(error) => device_error(py, &error),
        EngineError::Cache { folder, error } => cache_error(&folder, &error, message),
        EngineError::Forked => forked(),
        _ => raised(py, "HotcueError", (message,)),
    }
}

/// Why a folder cannot be a cache: an `OSError` of the kind that fits, with `errno` and `filename`
/// where the system has said a number, or where it is no folder.
pub(crate) fn cache_error(folder: &Path, error: &io::Error, message: String) -> PyErr {
    /// `errno.ENOTDIR`, the same on Linux, macOS and Windows.
    const ENOTDIR: i32 = 20;
    let said = error.raw_os_error();
    // Numbers that Windows says are not those of `errno`.
    let number = match error.kind() {
        io::ErrorKind::NotADirectory => Some(ENOTDIR),
        _ => said.filter(|_| cfg!(unix)),
    };
    let why = error.to_string();
    let suffix = said.map(|said| format!(" (os error {said})")).unwrap_or_default();
    let why = why.strip_suffix(&suffix).unwrap_or(&why);
    let why = format!("could not open the cache: {why}");
    let folder = folder.as_os_str().to_owned();
    match (number, said) {
        (Some(number), _) => PyOSError::new_err((number, why, folder)),
        // Python finds the number of `errno` by that of Windows.
        (None, Some(said)) if cfg!(windows) => PyOSError::new_err((0, why, folder, said)),
        (None, _) => PyOSError::new_err(message),
    }
}

/// Why a file cannot be read again: an `OSError`, of the kind that fits and with `errno` and
/// `filename` where the file is missing or closed to this user.
pub(crate) fn read_error(error: &LoadError) -> PyErr {
    /// Those of `errno`, the same on Linux, macOS and Windows.
    const ENOENT: i32 = 2;
    const EACCES: i32 = 13;
    let message = error.full_message();
    let Some(path) = error.path() else { return PyOSError::new_err(message) };
    let number = match error.kind() {
        LoadErrorKind::NotFound => ENOENT,
        LoadErrorKind::PermissionDenied => EACCES,
        _ => return PyOSError::new_err(format!("{message}: {}", path.display())),
    };
    PyOSError::new_err((number, message, path.as_os_str().to_owned()))
}

/// Why an engine cannot be made with these arguments.
pub(crate) fn config_error(error: &ConfigError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Why an output does not sound.
pub(crate) fn device_error(py: Python<'_>, error: &DeviceError) -> PyErr {
    raised(py, "DeviceError", (error.to_string(), error.kind().as_str()))
}

/// Why a source gave no sample, with the slot and the request that it was for.
pub(crate) fn load_error(
    py: Python<'_>,
    error: &LoadError,
    stage: Stage,
    request: Option<(u32, u64)>,
) -> PyErr {
    let path = error.path().map(|path| path.as_os_str());
    let (id, request_id) = request.unzip();
    let kind = error.kind().as_str();
    raised(py, "load_error", (error.full_message(), kind, stage.as_str(), path, id, request_id))
}

/// Why a load gave no sample.
pub(crate) fn load_failure(py: Python<'_>, failure: LoadFailure, ticket: &LoadTicket) -> PyErr {
    let (id, request_id) = (ticket.id(), ticket.request_id());
    match failure {
        LoadFailure::Failed { error, stage } => {
            load_error(py, &error, stage, Some((id, request_id)))
        }
        LoadFailure::Cancelled(reason) => {
            raised(py, "LoadCancelled", (reason.as_str(), id, request_id))
        }
        other => raised(py, "HotcueError", (other.to_string(),)),
    }
}

/// Why `kind` was not heard for a load that asked for it.
pub(crate) fn analysis_failure(
    py: Python<'_>,
    kind: AnalysisKind,
    failure: AnalysisFailure,
    ticket: &LoadTicket,
) -> PyErr {
    let (id, request_id) = (ticket.id(), ticket.request_id());
    match failure {
        AnalysisFailure::Cancelled(reason) => {
            raised(py, "LoadCancelled", (reason.as_str(), id, request_id))
        }
        AnalysisFailure::Load(error) => {
            load_error(py, &error, ticket.stage(), Some((id, request_id)))
        }
        other => {
            let message = other.full_message();
            raised(py, "AnalysisError", (message, other.kind(), kind.as_str(), id, request_id))
        }
    }
}
