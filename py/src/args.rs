//! Arguments: Python's numbers and names into the façade's types, or the exception that says why not.

use std::ops::RangeInclusive;
use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBool;

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
    let refused = || {
        let kind = value.get_type().name().map_or_else(|_| "object".into(), |n| n.to_string());
        PyTypeError::new_err(format!("{name} must be an integer, not {kind}"))
    };
    if value.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    match value.extract::<i64>() {
        Ok(number) => Ok(Some(number)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Err(refused()),
        Err(error) => Err(error),
    }
}

/// `ValueError("… out of range")`.
pub(crate) fn out_of_range(name: &str) -> PyErr {
    PyValueError::new_err(format!("{name} out of range"))
}

/// The value that `name` stands for among `choices`.
///
/// # Errors
/// `ValueError` that lists them.
pub(crate) fn choice<T: Copy>(name: &str, value: &str, choices: &[(&str, T)]) -> PyResult<T> {
    choices.iter().find(|(word, _)| *word == value).map(|(_, chosen)| *chosen).ok_or_else(|| {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
        PyValueError::new_err(format!("{name} must be one of {}, not {value:?}", words.join(", ")))
    })
}

/// How long to wait: None for ever, at once for anything negative.
///
/// # Errors
/// `ValueError` for NaN.
pub(crate) fn timeout(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    match seconds {
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
