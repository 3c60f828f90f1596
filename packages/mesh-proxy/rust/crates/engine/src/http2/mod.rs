//! HTTP/2 connections, behind an interface of our own: a stream has a head, data with credit,
//! trailers and a reset. Two implementations serve it: our own between proxies, and the `h2` crate
//! with applications, which is named in `library` only.

mod body;
mod client;
mod error;
mod library;
mod outgoing;
mod own;
mod room;
mod server;
mod settings;

pub use body::Body;
pub use client::{Answer, Client, Head, RequestError};
pub use error::Error;
pub use outgoing::Outgoing;
pub use room::Room;
pub use server::{Responder, serve};
pub(crate) use settings::keep_alive;
pub use settings::{Http2Params, Implementation, KeepAlive, Settings};
