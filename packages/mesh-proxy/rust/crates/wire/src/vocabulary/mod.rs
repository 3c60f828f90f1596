//! The words that every part of the mesh shares, one module per table of mesh-proto's
//! `vocabulary/`.

pub mod environment;
pub mod headers;
pub mod limits;
pub mod metrics;
pub mod ports;
pub mod reasons;
pub mod refusals;
