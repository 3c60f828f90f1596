//! `mesh_proxy._engine`: the engine as a Python module.

use pyo3::prelude::*;

/// The engine of the proxy.
#[pymodule]
mod _engine {
    use super::*;

    /// The version of the engine.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
