//! Byte streams: TCP, TLS, and how to reach an endpoint.

mod io;
mod status;
mod tls;

pub use io::Io;
pub use status::{TlsStatus, no_tls};
pub use tls::TlsStream;
