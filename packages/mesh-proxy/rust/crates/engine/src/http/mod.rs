//! HTTP in the data path: what both versions and both directions share.
//!
//! One task serves an HTTP/1 connection, one each an HTTP/2 stream. It reads the request's head,
//! decides, sends it on, and moves both bodies; there is no queue and no other task between.

pub(crate) mod age;
pub mod body;
pub(crate) mod exchange;
pub mod message;
pub(crate) mod pools;
pub(crate) mod pump;
pub(crate) mod record;
pub(crate) mod refusal;
pub(crate) mod serve;
pub mod service;
mod streams;
pub(crate) mod upstream;

pub use pools::Pools;

/// The version that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}
