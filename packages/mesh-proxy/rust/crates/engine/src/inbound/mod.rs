//! Connections from elsewhere to the pod's application.

use std::net::SocketAddr;

use crate::snapshot::{ServerPolicy, Snapshot};
use crate::transport::{Io, TlsStatus};

/// A connection to a port of the pod's application.
#[derive(Debug)]
pub struct InboundConnection {
    pub io: Io,
    /// The peer's address: the client's, or its proxy's.
    pub client: SocketAddr,
    /// The application's address.
    pub target: SocketAddr,
    pub tls: TlsStatus,
    /// The policy of `target`'s port.
    pub policy: Snapshot<ServerPolicy>,
}
