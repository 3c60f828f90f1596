//! Connections from elsewhere to the pod's application.

mod accept;
mod direct;
mod gateway;
pub mod http;
mod refusal;
mod tcp;
mod terminate;

pub use accept::accept;
pub use refusal::Refusal;

use std::net::SocketAddr;

use crate::metrics::{Direction, Peer, Registry};
use crate::snapshot::{ServerPolicy, Snapshot};
use crate::transport::{Io, TlsStatus, labels};

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

impl InboundConnection {
    /// Counts the connection from now on.
    fn measured(mut self, metrics: &Registry) -> Self {
        let labels = labels::connection(Direction::Inbound, self.target, &self.tls)
            .join(&self.policy.load().labels);
        let metrics = metrics.tcp(Direction::Inbound, Peer::Src, labels.as_str());
        self.io = self.io.measure(metrics);
        self
    }
}
