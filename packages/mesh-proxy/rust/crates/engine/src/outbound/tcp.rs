//! Opaque connections of the application: one endpoint for each.

use std::sync::Arc;

use mesh_decide::server_name;
use tokio::time::Instant;

use super::{Refusal, note};
use crate::balance::{self, Pending};
use crate::metrics::{Direction, Peer};
use crate::snapshot::{Backend, BackendKind, Endpoint, OpaqueRoute, Routing};
use crate::tcp::Upstream;
use crate::transport::{self, ConnectError, Connection, Purpose, Session, labels};
use crate::worker::WorkerContext;

/// Connects to an endpoint of the one of `routes` that a client who asks for `name` takes; where
/// one fails, others are tried until the failfast time is over. `gateways` have passed its bytes on.
pub(super) async fn connect(
    worker: &WorkerContext,
    routing: &Routing,
    routes: &[OpaqueRoute],
    name: Option<&str>,
    gateways: u32,
) -> Result<Upstream, Refusal> {
    let backend = backend(routes, name)?;
    let deadline = Instant::now() + backend.queue.failfast();
    let mut last = None;
    loop {
        let endpoint = match (balance::pick(backend, deadline).await, last) {
            (Ok(endpoint), _) => endpoint,
            // What kept the endpoints from being used says more than that none could be.
            (Err(_), Some(error)) => return Err(Refusal::Connect(error)),
            (Err(error), None) => return Err(error.into()),
        };
        match attempt(worker, backend, &endpoint, gateways).await {
            Ok(connection) => return Ok(upstream(worker, routing, endpoint, connection)),
            Err(error) if is_final(backend, &error) => return Err(error.into()),
            Err(error) => {
                tracing::debug!(endpoint = %endpoint.addr, %error, "trying another endpoint");
                last = Some(error);
            }
        }
    }
}

fn backend<'r>(routes: &'r [OpaqueRoute], name: Option<&str>) -> Result<&'r Backend, Refusal> {
    let route = match server_name::select(routes, |route| &route.snis, name) {
        Some(route) => route,
        None if routes.is_empty() => return Err(Refusal::NoBackend),
        None => return Err(Refusal::NoRoute(name.map(Into::into))),
    };
    let backends = route.backends.as_ref();
    let backends = backends.map_err(|why| Refusal::Forbidden(why.clone()))?;
    let backend = balance::backend(backends).ok_or(Refusal::NoBackend)?;
    match &backend.kind {
        BackendKind::Fail(failure) => Err(Refusal::Forbidden(failure.why.clone())),
        BackendKind::Forward(_) | BackendKind::Balance { .. } => Ok(backend),
    }
}

/// Whether another attempt would end the same way.
pub(super) fn is_final(backend: &Backend, error: &ConnectError) -> bool {
    !matches!(backend.kind, BackendKind::Balance { .. })
        || matches!(error, ConnectError::NotCertified)
}

async fn attempt(
    worker: &WorkerContext,
    backend: &Backend,
    endpoint: &Endpoint,
    gateways: u32,
) -> Result<Connection, ConnectError> {
    let started = Instant::now();
    let session = Session::Opaque;
    let purpose = Purpose { session, gateways };
    let result = transport::connect(&worker.ctx, endpoint, purpose).await;
    match &result {
        Ok(_) => {
            endpoint.load.connected();
            if let BackendKind::Balance { decay, .. } = backend.kind {
                let now = Instant::now();
                // How long an opaque connection lasts says nothing; how long it took to make does.
                endpoint.load.observe(now - started, now, decay);
            }
        }
        Err(error) => note(&worker.ctx, endpoint, error, started),
    }
    result
}

fn upstream(
    worker: &WorkerContext,
    routing: &Routing,
    endpoint: Arc<Endpoint>,
    connection: Connection,
) -> Upstream {
    let labels = labels::endpoint(&endpoint, &routing.authority, &connection.tls);
    let metrics = &worker.ctx.metrics;
    let metrics = metrics.tcp(Direction::Outbound, Peer::Dst, labels.as_str());
    Upstream {
        io: connection.io.measure(metrics),
        load: Some(Pending::connection(endpoint)),
    }
}
