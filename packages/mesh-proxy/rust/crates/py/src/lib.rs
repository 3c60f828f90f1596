//! `mesh_proxy._engine`: the engine as a Python module.

use pyo3::prelude::*;

/// The engine of the proxy.
#[pymodule]
mod _engine {
    use super::*;

    /// Run the proxy until it is told to stop, and return its exit code.
    ///
    /// The configuration is the process's environment. The calling thread becomes the control
    /// thread and does not hold the GIL; SIGTERM and SIGINT must have their default handlers,
    /// because the engine handles them. Exit code 64 means an invalid configuration (one line on
    /// standard error per variable), 1 that the proxy could not start or has failed.
    #[pyfunction]
    fn run(py: Python<'_>) -> i32 {
        py.detach(mesh_engine::run::run)
    }

    /// The version of the engine.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
