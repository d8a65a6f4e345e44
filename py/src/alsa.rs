//! alsa-lib, loaded when a sound card is first asked for.
//!
//! Linked in the ordinary way it would have to be there for the module to be imported at all, also
//! where nobody wants a sound card. So what cpal calls of it is defined here: under each name a
//! jump to the address that [`load`] has found. The linker finds nothing left to take from the
//! library and leaves it out, which `py/tests/test_wheel.py` checks; a function that is missing
//! below would bring it back. The names are hidden: no other library in the process sees them.
//!
//! A jump leaves all arguments, the stack and the return address as they are, takes no lock and
//! makes no call of its own: as fit for the callback as the linker's own tables, which are the
//! same thing.
#![allow(unsafe_code, reason = "C functions by name, and the dynamic linker, which has only C")]

use std::arch::global_asm;
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

const LIBRARY: &CStr = c"libasound.so.2";

/// Jumps to the address that is kept for a function. x16 is what AArch64 sets apart for this
/// (Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1: IP0).
#[cfg(target_arch = "x86_64")]
macro_rules! jump_by {
    ($name:literal) => {
        concat!("jmp qword ptr [rip + .Lhotcue_alsa_", $name, "]")
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump_by {
    ($name:literal) => {
        concat!(
            concat!("adrp x16, .Lhotcue_alsa_", $name, "\n"),
            concat!("ldr x16, [x16, :lo12:.Lhotcue_alsa_", $name, "]\n"),
            "br x16",
        )
    };
}

/// Returns -ENOSYS, as `int` and as `long`: what all functions do before [`load`] has succeeded.
/// The core calls none of them then.
#[cfg(target_arch = "x86_64")]
macro_rules! return_enosys {
    () => {
        "mov rax, -38\nret"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! return_enosys {
    () => {
        "mov x0, #-38\nret"
    };
}

macro_rules! functions {
    ($($name:literal)*) => {
        /// What is looked up, in the order of the addresses.
        const NAMES: [&str; [$($name),*].len()] = [$(concat!($name, "\0")),*];

        global_asm!(
            ".pushsection .text.hotcue_alsa, \"ax\", @progbits",
            ".balign 16",
            ".Lhotcue_alsa_absent:",
            return_enosys!(),
            $(
                concat!(".globl ", $name),
                concat!(".hidden ", $name),
                concat!(".type ", $name, ", @function"),
                ".balign 16",
                concat!($name, ":"),
                jump_by!($name),
                concat!(".size ", $name, ", . - ", $name),
            )*
            ".popsection",
            ".pushsection .data.hotcue_alsa, \"aw\", @progbits",
            ".balign 8",
            ".globl hotcue_alsa_addresses",
            ".hidden hotcue_alsa_addresses",
            "hotcue_alsa_addresses:",
            $(
                concat!(".Lhotcue_alsa_", $name, ":"),
                ".quad .Lhotcue_alsa_absent",
            )*
            ".popsection",
        );
    };
}

functions! {
    "snd_card_next"
    "snd_config_update"
    "snd_config_update_free_global"
    "snd_ctl_card_info"
    "snd_ctl_card_info_free"
    "snd_ctl_card_info_get_name"
    "snd_ctl_card_info_malloc"
    "snd_ctl_close"
    "snd_ctl_open"
    "snd_ctl_pcm_info"
    "snd_ctl_pcm_next_device"
    "snd_device_name_free_hint"
    "snd_device_name_get_hint"
    "snd_device_name_hint"
    "snd_lib_error_set_local"
    "snd_pcm_avail_delay"
    "snd_pcm_bytes_to_frames"
    "snd_pcm_close"
    "snd_pcm_format_physical_width"
    "snd_pcm_get_params"
    "snd_pcm_hw_params"
    "snd_pcm_hw_params_any"
    "snd_pcm_hw_params_can_resume"
    "snd_pcm_hw_params_copy"
    "snd_pcm_hw_params_current"
    "snd_pcm_hw_params_free"
    "snd_pcm_hw_params_get_buffer_size_max"
    "snd_pcm_hw_params_get_channels_max"
    "snd_pcm_hw_params_get_channels_min"
    "snd_pcm_hw_params_get_period_size"
    "snd_pcm_hw_params_get_period_size_max"
    "snd_pcm_hw_params_get_period_size_min"
    "snd_pcm_hw_params_get_rate_max"
    "snd_pcm_hw_params_get_rate_min"
    "snd_pcm_hw_params_malloc"
    "snd_pcm_hw_params_set_access"
    "snd_pcm_hw_params_set_buffer_size_near"
    "snd_pcm_hw_params_set_channels"
    "snd_pcm_hw_params_set_format"
    "snd_pcm_hw_params_set_period_size_near"
    "snd_pcm_hw_params_set_rate"
    "snd_pcm_hw_params_supports_audio_ts_type"
    "snd_pcm_hw_params_test_channels"
    "snd_pcm_hw_params_test_format"
    "snd_pcm_hw_params_test_rate"
    "snd_pcm_info"
    "snd_pcm_info_free"
    "snd_pcm_info_get_name"
    "snd_pcm_info_get_stream"
    "snd_pcm_info_malloc"
    "snd_pcm_info_set_device"
    "snd_pcm_info_set_stream"
    "snd_pcm_info_set_subdevice"
    "snd_pcm_open"
    "snd_pcm_pause"
    "snd_pcm_poll_descriptors"
    "snd_pcm_poll_descriptors_count"
    "snd_pcm_poll_descriptors_revents"
    "snd_pcm_prepare"
    "snd_pcm_resume"
    "snd_pcm_start"
    "snd_pcm_state"
    "snd_pcm_status"
    "snd_pcm_status_get_audio_htstamp"
    "snd_pcm_status_get_htstamp"
    "snd_pcm_status_get_state"
    "snd_pcm_status_get_trigger_htstamp"
    "snd_pcm_status_set_audio_htstamp_config"
    "snd_pcm_status_sizeof"
    "snd_pcm_sw_params"
    "snd_pcm_sw_params_current"
    "snd_pcm_sw_params_free"
    "snd_pcm_sw_params_malloc"
    "snd_pcm_sw_params_set_avail_min"
    "snd_pcm_sw_params_set_start_threshold"
    "snd_pcm_sw_params_set_tstamp_mode"
    "snd_pcm_sw_params_set_tstamp_type"
    "snd_pcm_writei"
}

unsafe extern "C" {
    /// Where each function jumps to.
    #[link_name = "hotcue_alsa_addresses"]
    static ADDRESSES: [AtomicPtr<c_void>; NAMES.len()];
}

/// Loads the library and finds its functions, all or none.
///
/// # Errors
/// What is missing and where it is to be had, for people, as one clause. The next call tries anew.
pub(crate) fn load() -> Result<(), String> {
    // SAFETY: the name ends with 0. What the library does when it is loaded is what it does in any
    // program that links it.
    let library = unsafe { libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() {
        return Err(format!(
            "{}; install the package libasound2t64, before Debian 13 and Ubuntu 24.04 libasound2",
            last_error()
        ));
    }
    // It stays loaded, whatever comes: nothing may free what a callback runs in.
    let mut found = [std::ptr::null_mut(); NAMES.len()];
    for (name, address) in NAMES.iter().zip(&mut found) {
        // SAFETY: the handle is that of an open library, and the name ends with 0. Without a
        // version it is the default one that is found, as when linking.
        *address = unsafe { libc::dlsym(library, name.as_ptr().cast()) };
        if address.is_null() {
            return Err(format!("{}; a newer libasound is needed", last_error()));
        }
    }
    // SAFETY: the array is what is defined above, one aligned pointer for each name, and only ever
    // changed here, atomically. Each address is that of the function whose name it is stored for.
    let addresses = unsafe { &ADDRESSES };
    for (address, found) in addresses.iter().zip(found) {
        // Relaxed: the core calls nothing of it before it has seen that this succeeded.
        address.store(found, Ordering::Relaxed);
    }
    Ok(())
}

/// What the dynamic linker has to say of its last failure in this thread.
fn last_error() -> String {
    // SAFETY: what comes back is null or a string that lives until the next call in this thread.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return format!("{} cannot be loaded", LIBRARY.to_string_lossy());
    }
    // SAFETY: as above; it is copied before anything else is called.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}
