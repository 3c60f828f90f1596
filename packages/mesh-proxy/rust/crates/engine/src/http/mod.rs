//! HTTP in the data path: what both versions and both directions share.

/// The version that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// The HTTP client connections of one worker. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Pools {}
