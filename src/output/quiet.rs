//! Keeps alsa-lib from writing to stderr.
//!
//! libjack is quiet already: its Rust binding hands messages to the `log` crate.
#![allow(unsafe_code, reason = "one call into alsa-lib, which has no safe binding")]

#[cfg(target_os = "linux")]
use super::alsa;

/// Silences alsa-lib in this thread until dropped. Other threads, and other users of alsa-lib
/// in this process, keep their messages. Has it loaded first; where it cannot be, there is nothing
/// to silence.
#[derive(Debug)]
pub(super) struct Quiet {
    #[cfg(target_os = "linux")]
    previous: Option<alsa_sys::snd_local_error_handler_t>,
    /// The handler belongs to the thread that set it.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl Quiet {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            previous: alsa::load().is_ok().then(|| set_handler(Some(silent))),
            _not_send: std::marker::PhantomData,
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(previous) = self.previous {
            set_handler(previous);
        }
    }
}

/// Silences alsa-lib in this thread for good: for the thread that a stream's callback runs in.
/// Realtime-safe but for the first call in a thread, which may set thread-local memory up.
pub(super) fn hush_this_thread() {
    #[cfg(target_os = "linux")]
    if alsa::is_loaded() {
        set_handler(Some(silent));
    }
}

#[cfg(target_os = "linux")]
fn set_handler(
    handler: alsa_sys::snd_local_error_handler_t,
) -> alsa_sys::snd_local_error_handler_t {
    // SAFETY: alsa-lib is loaded, as both callers have asked. The function stores the pointer in a
    // thread-local variable and returns the old one. The pointer is that of a `'static` function of the very type, or one that alsa-lib
    // returned itself.
    unsafe { alsa_sys::snd_lib_error_set_local(handler) }
}

/// Does nothing with a message. It cannot unwind into C.
#[cfg(target_os = "linux")]
unsafe extern "C" fn silent(
    _file: *const std::ffi::c_char,
    _line: std::ffi::c_int,
    _function: *const std::ffi::c_char,
    _code: std::ffi::c_int,
    _format: *const std::ffi::c_char,
    _arguments: *mut alsa_sys::__va_list_tag,
) {
}
