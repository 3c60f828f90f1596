//! Connections to the control plane: found by name, proved by certificate, opened again when lost.

mod backoff;
mod channel;
mod client;
mod connect;
mod follow;
mod resolve;
mod room;
mod status;
pub(crate) mod wire;

pub use backoff::FullJitter;
pub use channel::{Channel, LARGEST_MESSAGE};
pub use client::{Client, Credential};
pub use follow::{Event, Following, Message, follow};
pub use resolve::{Answer, NotResolved, Resolved, Resolver};
pub use status::{Reachability, ServiceStatus, Status, StreamReport, StreamStatus};
