//! Python binding of hotcue: the extension module `hotcue._hotcue`.
//!
//! It translates and nothing else: arguments into the façade's types, results into plain Python
//! objects, errors into exceptions. The Python package `hotcue` puts names, types and documentation
//! on top. No thread of the engine ever comes here: all code runs in the caller's thread.

// Elsewhere alsa-lib is linked, where it is a matter of alsa-lib at all.
#[cfg(all(
    feature = "device",
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod alsa;
mod analysis;
mod analyze;
mod args;
mod array;
mod batch;
mod calls;
mod convert;
mod engine;
mod errors;
mod events;
mod fork;
mod here;
mod info;
mod interpreter;
mod metadata;
mod playing;
mod render;
mod sample;
mod source;
mod subscription;
mod ticket;
mod waiting;
mod wakeups;
mod waveform;

use pyo3::prelude::*;

// The C library's gives each of many threads a reserve of its own, which decoders fill and nobody
// empties: an engine that runs for long takes twice the memory. Elsewhere it is not needed, or
// depends on the size of pages of the machine that builds.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: hotcue::Clearing<tikv_jemallocator::Jemalloc> =
    hotcue::Clearing(tikv_jemallocator::Jemalloc);

// A function, and no module of exports: nothing may be made before the interpreter is checked.
#[pymodule]
fn _hotcue(module: &Bound<'_, PyModule>) -> PyResult<()> {
    interpreter::check(module.py())?;
    #[cfg(all(
        feature = "device",
        target_os = "linux",
        target_pointer_width = "64",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    hotcue::output::load_alsa_with(alsa::load);
    module.add_class::<batch::Batch>()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<sample::Sample>()?;
    module.add_class::<subscription::Subscription>()?;
    module.add_class::<ticket::Ticket>()?;
    module.add_class::<wakeups::Wakeups>()?;
    module.add_class::<wakeups::Watch>()?;
    module.add_class::<waveform::ColouredWaveform>()?;
    module.add_function(wrap_pyfunction!(analyze::analyze, module)?)?;
    module.add_function(wrap_pyfunction!(analyze::grid_slices, module)?)?;
    module.add_function(wrap_pyfunction!(convert::decode, module)?)?;
    module.add_function(wrap_pyfunction!(convert::resample, module)?)?;
    module.add_function(wrap_pyfunction!(engine::devices, module)?)?;
    module.add_function(wrap_pyfunction!(info::info, module)?)?;
    module.add_function(wrap_pyfunction!(source::extensions, module)?)?;
    module.add_function(wrap_pyfunction!(waveform::coloured_waveform, module)?)?;
    module.add_function(wrap_pyfunction!(fork::after_fork_in_child, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
