//! Arguments: Python's numbers and names into the façade's types, or the exception that says why not.

use std::ops::RangeInclusive;
use std::time::Duration;

use pyo3::PyClass;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};

/// An integer of any type with `__index__` but `bool`, within `range`.
///
/// # Errors
/// `TypeError` for anything else, `ValueError("… out of range")` outside, however large.
pub(crate) fn integer<T: TryFrom<i64>>(
    value: &Bound<'_, PyAny>,
    name: &str,
    range: RangeInclusive<i64>,
) -> PyResult<T> {
    whole(value, name)?
        .filter(|number| range.contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| out_of_range(name))
}

/// As [`integer`]; `None` stays None.
pub(crate) fn optional_integer<T: TryFrom<i64>>(
    value: &Bound<'_, PyAny>,
    name: &str,
    range: RangeInclusive<i64>,
) -> PyResult<Option<T>> {
    if value.is_none() { Ok(None) } else { integer(value, name, range).map(Some) }
}

/// A number that names a request or a voice. They count from 1: what never can be one is 0.
///
/// # Errors
/// `TypeError` for what is no integer.
pub(crate) fn handle(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    Ok(whole(value, name)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// The integer, or None when it needs more than 64 bits.
fn whole(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<i64>> {
    let py = value.py();
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(value, name, "an integer"));
    }
    match value.extract::<i64>() {
        Ok(number) => Ok(Some(number)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        Err(error) => Err(named(&error, value, name, "an integer")),
    }
}

/// A real number: anything with `__float__` or `__index__`.
///
/// # Errors
/// `TypeError` for anything else, `ValueError("… out of range")` where no float is so large.
pub(crate) fn number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    number_or(value, name, "a number")
}

/// As [`number`], where something else may be given, too: `wanted` says what.
pub(crate) fn number_or(value: &Bound<'_, PyAny>, name: &str, wanted: &str) -> PyResult<f64> {
    if !is_real(value) {
        return Err(wrong_type(value, name, wanted));
    }
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            out_of_range(name)
        } else {
            named(&error, value, name, wanted)
        }
    })
}

/// False for what has a `__float__` and is no number all the same: NumPy's texts, times and complex
/// numbers.
fn is_real(value: &Bound<'_, PyAny>) -> bool {
    if value.is_exact_instance_of::<PyFloat>() || value.is_exact_instance_of::<PyInt>() {
        return true;
    }
    let kind = value.getattr("dtype").and_then(|dtype| dtype.getattr("kind")?.extract::<char>());
    kind.map_or(true, |kind| !"USMmc".contains(kind))
}

/// Whether NumPy answers for it where it is compared.
fn is_of_numpy(value: &Bound<'_, PyAny>) -> bool {
    value.get_type().getattr("__array_ufunc__").is_ok_and(|ufunc| !ufunc.is_none())
}

/// What `__eq__` answers: of another class, Python asks that, but for what is NumPy's, which would
/// compare each value.
pub(crate) fn equal<'py, T: PyClass>(
    other: &Bound<'py, PyAny>,
    is_same: impl FnOnce(&Bound<'py, T>) -> bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = other.py();
    let is_same = match other.cast::<T>() {
        Ok(other) => is_same(other),
        Err(_) if is_of_numpy(other) => false,
        Err(_) => return Ok(py.NotImplemented().into_bound(py)),
    };
    Ok(PyBool::new(py, is_same).to_owned().into_any())
}

/// As [`number`].
///
/// # Errors
/// Also `ValueError("… out of range")` for infinities and NaN.
pub(crate) fn finite(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    Some(number(value, name)?).filter(|number| number.is_finite()).ok_or_else(|| out_of_range(name))
}

/// As [`number`]; `None` stays None.
pub(crate) fn optional_number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<f64>> {
    if value.is_none() { Ok(None) } else { number(value, name).map(Some) }
}

/// A bool, Python's or NumPy's.
///
/// # Errors
/// `TypeError` for anything else.
pub(crate) fn flag(value: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    value.extract().map_err(|error: PyErr| named(&error, value, name, "a bool"))
}

/// A text.
///
/// # Errors
/// `TypeError` for anything else.
pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    value.extract().map_err(|error: PyErr| named(&error, value, name, "a str"))
}

/// The `TypeError` of a conversion, saying which argument it was; any other error as it is.
pub(crate) fn named(error: &PyErr, value: &Bound<'_, PyAny>, name: &str, wanted: &str) -> PyErr {
    let py = value.py();
    if error.is_instance_of::<PyTypeError>(py) {
        wrong_type(value, name, wanted)
    } else {
        error.clone_ref(py)
    }
}

/// `TypeError("… must be …, not …")`.
pub(crate) fn wrong_type(value: &Bound<'_, PyAny>, name: &str, wanted: &str) -> PyErr {
    let kind = value.get_type().name().map_or_else(|_| "object".into(), |n| n.to_string());
    PyTypeError::new_err(format!("{name} must be {wanted}, not {kind}"))
}

/// `ValueError("… out of range")`.
pub(crate) fn out_of_range(name: &str) -> PyErr {
    PyValueError::new_err(format!("{name} out of range"))
}

/// What `value`, a text, stands for among `choices`.
///
/// # Errors
/// `ValueError` that lists them, `TypeError` for what is no text.
pub(crate) fn choice<T: Copy>(
    value: &Bound<'_, PyAny>,
    name: &str,
    choices: &[(&str, T)],
) -> PyResult<T> {
    let value = text(value, name)?;
    choices.iter().find(|(word, _)| *word == value).map(|(_, chosen)| *chosen).ok_or_else(|| {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
        PyValueError::new_err(format!("{name} must be one of {}, not {value:?}", words.join(", ")))
    })
}

/// How long to wait: None for ever, at once for anything negative.
///
/// # Errors
/// `ValueError` for NaN, `TypeError` for what is no number.
pub(crate) fn timeout(seconds: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    match optional_number(seconds, "timeout")? {
        Some(seconds) if seconds.is_nan() => Err(out_of_range("timeout")),
        // What no Duration holds is for ever.
        Some(seconds) => Ok(Duration::try_from_secs_f64(seconds.max(0.0)).ok()),
        None => Ok(None),
    }
}

/// The nearest `f32`; beyond its range infinite, which no check lets pass.
#[allow(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}
