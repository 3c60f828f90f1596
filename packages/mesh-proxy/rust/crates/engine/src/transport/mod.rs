//! Byte streams: TCP, TLS, and how to reach an endpoint.

mod connect;
pub(crate) mod failure;
mod io;
pub mod labels;
mod meter;
mod status;
mod tls;
mod turns;

pub(crate) use connect::is_own;
pub use connect::{ConnectError, Connection, Purpose, connect, connect_application};
pub use io::Io;
pub use mesh_decide::transport_header::Session;
pub use status::{TlsStatus, no_tls};
pub use tls::TlsStream;
