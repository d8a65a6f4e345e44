//! Where alsa-lib comes from: the linker, or a program that loads it when it is first needed.
//!
//! Whatever may call alsa-lib asks here first.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{DeviceError, DeviceErrorKind};

/// Makes every function of alsa-lib callable, or says in one lower-case clause why it cannot.
pub type AlsaLoader = fn() -> Result<(), String>;

static LOADER: OnceLock<AlsaLoader> = OnceLock::new();
static LOADED: AtomicBool = AtomicBool::new(false);

/// Has `loader` bring alsa-lib, in a program that defines its functions itself rather than link
/// it. Until `loader` has succeeded no function of alsa-lib is called; where it fails there are
/// no devices of ALSA, and the [`DeviceError`] of one that is asked for says what `loader` said.
///
/// To be called before the first device is asked for; the first call counts. `loader` runs in
/// whatever thread asks for a device, also in two at once, and again each time until it succeeds.
/// Programs that link alsa-lib need none of this.
pub fn load_alsa_with(loader: AlsaLoader) {
    LOADER.get_or_init(|| loader);
}

/// Has alsa-lib loaded if it is not. May take milliseconds the first time.
///
/// # Errors
/// `not_available`, with what the loader said.
pub(super) fn load() -> Result<(), DeviceError> {
    if is_loaded() {
        return Ok(());
    }
    if let Some(loader) = LOADER.get() {
        loader().map_err(|message| DeviceError::new(DeviceErrorKind::NotAvailable, message))?;
        // Release: what the loader has written is there for whoever sees this.
        LOADED.store(true, Ordering::Release);
    }
    Ok(())
}

/// Whether alsa-lib may be called. Realtime-safe.
pub(super) fn is_loaded() -> bool {
    LOADED.load(Ordering::Acquire) || LOADER.get().is_none()
}
