//! HTTP/2 connections, behind an interface of our own: a stream has a head, data with credit,
//! trailers and a reset. The `h2` crate is an implementation of it and is named nowhere else, but
//! for its reset reasons.

mod body;
mod client;
mod keep_alive;
mod outgoing;
mod server;
mod settings;

pub use body::Body;
pub(crate) use client::Answer;
pub use client::{Client, Head, RequestError};
pub use outgoing::Outgoing;
pub use server::{Responder, serve};
pub(crate) use settings::keep_alive;
pub use settings::{KeepAlive, Settings};
