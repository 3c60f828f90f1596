//! HTTP/2 of our own, for the hop between proxies: [`mesh_decide::http2::connection`] over a byte
//! stream.
//!
//! One task drives a connection: it reads what is there, hands it to the streams, whose tasks run
//! before it does again, and then writes what all of them have said with one flush.

mod body;
mod client;
mod core;
mod driver;
mod keep_alive;
mod outgoing;
mod server;
mod stream;

pub use body::Body;
pub use client::{Client, Head};
pub use outgoing::Outgoing;
pub use server::{Responder, serve};
