//! HTTP/2 by the `h2` crate, for applications.

mod body;
mod client;
mod error;
mod keep_alive;
mod outgoing;
mod server;

pub use body::Body;
pub use client::{Client, Head};
pub use outgoing::Outgoing;
pub use server::{Responder, serve};
