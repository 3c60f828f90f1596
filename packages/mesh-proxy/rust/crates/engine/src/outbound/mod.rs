//! The application's connections to elsewhere.

mod accept;
pub mod http;
mod ingress;
mod refusal;
mod tcp;

pub use accept::accept;
pub use refusal::Refusal;

use std::net::SocketAddr;

use tokio::time::Instant;

use crate::context::Context;
use crate::snapshot::{Endpoint, OpaqueRoute, Routing, Snapshot};
use crate::tcp::Upstream;
use crate::transport::{ConnectError, Io};
use crate::worker::WorkerContext;

/// Connects to an endpoint of one of `routes` for a client that names no server, and whose bytes
/// so many gateways have passed on, this one included.
pub(crate) async fn connect(
    worker: &WorkerContext,
    routing: &Routing,
    routes: &[OpaqueRoute],
    gateways: u32,
) -> Result<Upstream, Refusal> {
    tcp::connect(worker, routing, routes, None, gateways).await
}

/// Tells the balancer that connecting to an endpoint, begun at `begun`, failed.
fn note(context: &Context, endpoint: &Endpoint, error: &ConnectError, begun: Instant) {
    match error {
        // Not the endpoint's fault.
        ConnectError::NotCertified => {}
        ConnectError::Loop(_) => endpoint.load.leads_back(),
        _ => {
            let backoff = &context.config.outbound.connect_backoff;
            endpoint.load.connect_failed(begun, Instant::now(), backoff);
        }
    }
}

/// A connection of the pod's application whose destination is known.
#[derive(Debug)]
pub struct OutboundConnection {
    pub io: Io,
    /// The application's own address.
    pub client: SocketAddr,
    /// Where the application meant to connect to.
    pub original_dst: SocketAddr,
    pub routing: Snapshot<Routing>,
}
