//! Connections to the control plane: found by name, proved by certificate, opened again when lost.

mod backoff;
mod channel;
mod client;
mod connect;
mod follow;
mod resolve;
pub(crate) mod wire;

pub use backoff::FullJitter;
pub use channel::{Channel, LARGEST_MESSAGE};
pub use client::{Client, Credential};
pub use follow::{Event, Following, Message, follow};
pub use resolve::Resolver;
