//! What the operating system knows about threads.
#![allow(unsafe_code, reason = "libc calls that std has no name for")]

/// Names the calling thread for debuggers and `top`; at most 15 bytes are kept on Linux.
pub(crate) fn name_thread(name: &str) {
    let mut bytes = [0_u8; 16];
    let length = name.len().min(15);
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    #[cfg(target_os = "linux")]
    // SAFETY: the name ends with a zero byte within 16 bytes and outlives the call.
    unsafe {
        libc::pthread_setname_np(libc::pthread_self(), bytes.as_ptr().cast());
    }
    #[cfg(target_os = "macos")]
    // SAFETY: as above.
    unsafe {
        libc::pthread_setname_np(bytes.as_ptr().cast());
    }
}

/// The nice value of the calling thread, which those that it starts begin with; 0 where a thread
/// has none of its own.
pub(crate) fn nice() -> i32 {
    #[cfg(target_os = "linux")]
    // SAFETY: no memory is involved. On Linux id 0 means the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    #[cfg(not(target_os = "linux"))]
    let nice = 0;
    nice
}

/// Gives the calling thread this nice value, if it has one of its own; one that is lower than what
/// it has takes rights, and without them changes nothing.
pub(crate) fn set_nice(nice: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: as above.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, nice);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}
