//! Why an output does not play.

use std::sync::{Mutex, PoisonError};

use crate::playback::Renderer;

/// What is wrong with a device, as far as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceErrorKind {
    /// No such device, or it went away.
    NotAvailable,
    /// Something else holds it; trying again may help.
    Busy,
    /// The device is there, this user may not use it.
    PermissionDenied,
    /// It cannot do the rate, channels or buffer size asked for.
    UnsupportedConfig,
    /// It stopped; opening it again may help.
    Invalidated,
    /// It asks for far more audio than its rate.
    Unsteady,
    /// Anything else.
    Other,
}

impl DeviceErrorKind {
    /// The name that callers in other languages see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAvailable => "not_available",
            Self::Busy => "busy",
            Self::PermissionDenied => "permission_denied",
            Self::UnsupportedConfig => "unsupported_config",
            Self::Invalidated => "invalidated",
            Self::Unsteady => "unsteady",
            Self::Other => "other",
        }
    }
}

/// A device that does not play.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeviceError {
    kind: DeviceErrorKind,
    message: String,
}

impl DeviceError {
    /// An error of `kind`; `message` is one lower-case clause.
    pub fn new(kind: DeviceErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What a caller can act on.
    pub fn kind(&self) -> DeviceErrorKind {
        self.kind
    }
}

/// An output that did not start.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct StartError {
    /// Why.
    pub error: DeviceError,
    /// In a mutex that nobody locks: by that the error is `Sync`, as whoever passes errors on by `?`
    /// expects.
    renderer: Mutex<Option<Renderer>>,
}

impl StartError {
    /// An error that gives the renderer back; None where the device still holds that.
    pub fn new(error: DeviceError, renderer: Option<Renderer>) -> Self {
        Self { error, renderer: Mutex::new(renderer) }
    }

    /// The renderer, unless the device still holds it.
    pub fn into_renderer(self) -> Option<Renderer> {
        self.renderer.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{DeviceError, StartError};
    use crate::playback::Full;

    #[test]
    fn errors_of_outputs_can_be_passed_on_to_any_thread() {
        fn check<T: Error + Send + Sync + 'static>() {}
        check::<DeviceError>();
        check::<StartError>();
        check::<Full>();
    }
}
