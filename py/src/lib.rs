//! Python binding of hotcue: the extension module `hotcue._hotcue`.
//!
//! It translates and nothing else: arguments into the façade's types, results into plain Python
//! objects, errors into exceptions. The Python package `hotcue` puts names, types and documentation
//! on top. No thread of the engine ever comes here: all code runs in the caller's thread.

mod args;
mod engine;
mod errors;
mod events;
mod fork;
mod render;
mod sample;
mod ticket;

use pyo3::prelude::*;

#[pymodule]
mod _hotcue {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::engine::{Engine, devices};
    #[pymodule_export]
    use crate::fork::after_fork_in_child;
    #[pymodule_export]
    use crate::sample::Sample;
    #[pymodule_export]
    use crate::ticket::Ticket;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
