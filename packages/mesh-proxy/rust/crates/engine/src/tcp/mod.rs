//! Connections whose bytes are carried and not understood.

mod first_bytes;
mod identify;
mod relay;

pub(crate) use first_bytes::FirstBytes;
pub(crate) use identify::{Found, Identify, Upstream};
pub use relay::Relay;
