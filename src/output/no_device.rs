//! What stands in for sound cards in a build without the feature `device`.

use super::{DeviceError, DeviceErrorKind, DeviceInfo, OutputRequest, PreparedOutput};

/// Prepares the default device; this build knows none.
///
/// # Errors
/// `not_available`, always.
pub fn prepare_default(_: &OutputRequest) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    Err(DeviceError::new(DeviceErrorKind::NotAvailable, "built without sound cards"))
}

/// The ways to the default device: none in this build.
pub fn default_paths() -> Vec<String> {
    Vec::new()
}

/// Prepares a device by its id; this build knows none.
///
/// # Errors
/// `not_available`, always.
pub fn prepare_device(
    _: &str,
    request: &OutputRequest,
) -> Result<Box<dyn PreparedOutput>, DeviceError> {
    prepare_default(request)
}

/// Lists the devices that could be played on: none in this build.
pub fn devices() -> Vec<DeviceInfo> {
    Vec::new()
}
