//! HTTP/1 connections.

mod body;
mod client;
mod input;
mod outgoing;
mod output;
mod responder;
mod server;

pub use body::Body;
pub(crate) use client::Answer;
pub use client::{Client, ClientError, Head};
pub use outgoing::Outgoing;
pub use responder::Responder;
pub use server::{Tunnel, serve};
