//! The processor's switch for numbers too small for a normal `f32`.
#![allow(unsafe_code, reason = "no_denormals sets a processor flag around a closure")]

/// Runs `work` with denormal numbers flushed to zero: fades would otherwise end in thousands of
/// slow operations on some processors. Left as it is on processors that the crate does not know.
pub(crate) fn without_denormals<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: the flags are this thread's own and are restored when `work` returns or unwinds.
    // Nothing in it relies on denormals: the compiler folds no such constants in the mixer,
    // the analyses and the converters of rates.
    let result = unsafe { no_denormals::no_denormals(work) };
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    let result = work();
    result
}
