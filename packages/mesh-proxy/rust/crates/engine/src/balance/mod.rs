//! Choosing among endpoints.

/// Outstanding work and latency estimate of one endpoint, shared by all workers.
#[derive(Debug, Default)]
pub struct Load {}
