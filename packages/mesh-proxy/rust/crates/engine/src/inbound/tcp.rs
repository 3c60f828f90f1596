//! Opaque connections to the application: authorised for as long as they last.

use std::future::Future;
use std::net::SocketAddr;

use mesh_decide::authorize::{Authorization, authorize};

use super::{InboundConnection, Refusal};
use crate::metrics::{CounterFamily, Direction, Peer};
use crate::snapshot::ServerPolicy;
use crate::tcp::{Relay, Upstream};
use crate::transport::{self, ConnectError, Io, TlsStatus, labels, no_tls};
use crate::worker::WorkerContext;

/// Joins a client with the application, if and as long as the policy lets it in.
///
/// `upstream` is a connection to the application that exists already.
pub(super) async fn serve(
    connection: InboundConnection,
    upstream: Option<Upstream>,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    let target = connection.target;
    // Boxed: a connection leaves this state behind soon and lives on for long.
    let connect = Box::pin(async {
        match upstream {
            Some(upstream) => Ok(upstream),
            None => {
                let io = connect(worker, target).await?;
                Ok(Upstream { io, load: None })
            }
        }
    });
    carry(connection, connect, worker).await
}

/// Joins a client with what `connect` connects to, if and as long as the policy lets it in.
pub(super) async fn carry(
    connection: InboundConnection,
    connect: impl Future<Output = Result<Upstream, Refusal>>,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    let mut policy = connection.policy.clone();
    let client = Client::new(&connection, worker);
    if let Err(refusal) = client.enter(&policy.load()) {
        connection.io.reset();
        return Err(refusal);
    }
    let Upstream { io, load } = match connect.await {
        Ok(upstream) => upstream,
        Err(refusal) => {
            connection.io.reset();
            return Err(refusal);
        }
    };
    // Counts as the endpoint's load until the end.
    let _load = load;
    let mut relay = Relay::new(connection.io, io);
    loop {
        tokio::select! {
            result = relay.run() => {
                if let Err(error) = result {
                    tracing::debug!(client = %client.address, %error, "broken off");
                    relay.reset();
                }
                return Ok(());
            }
            () = policy.changed() => {
                if let Err(refusal) = client.stay(&policy.load()) {
                    relay.reset();
                    return Err(refusal);
                }
            }
        }
    }
}

/// A connection to the application whose own failure is only worth a line for developers.
pub(super) async fn speculative(worker: &WorkerContext, target: SocketAddr) -> Option<Upstream> {
    let result = connect(worker, target).await;
    let result = result.inspect_err(|error| tracing::debug!(%target, %error, "no application"));
    result.ok().map(|io| Upstream { io, load: None })
}

async fn connect(worker: &WorkerContext, target: SocketAddr) -> Result<Io, ConnectError> {
    let io = transport::connect_application(&worker.ctx, target).await?;
    let status = TlsStatus::Plaintext(no_tls::LOOPBACK);
    let labels = labels::connection(Direction::Inbound, target, &status);
    let metrics = &worker.ctx.metrics;
    let metrics = metrics.tcp(Direction::Inbound, Peer::Dst, labels.as_str());
    Ok(io.measure(metrics))
}

/// What is known of a client, for its authorisation.
struct Client<'a> {
    address: SocketAddr,
    target: SocketAddr,
    tls: TlsStatus,
    worker: &'a WorkerContext,
}

impl<'a> Client<'a> {
    fn new(connection: &InboundConnection, worker: &'a WorkerContext) -> Self {
        Self {
            address: connection.client,
            target: connection.target,
            tls: connection.tls.clone(),
            worker,
        }
    }

    /// Judges the client when it comes.
    fn enter(&self, policy: &ServerPolicy) -> Result<(), Refusal> {
        match self.authorization(policy) {
            Some(found) => {
                self.count(policy, CounterFamily::InboundTcpAuthzAllow, &found.labels);
                Ok(())
            }
            None => {
                self.count(policy, CounterFamily::InboundTcpAuthzDeny, "");
                Err(Refusal::Unauthorized(policy.revision))
            }
        }
    }

    /// Judges the client after a change of the policy.
    fn stay(&self, policy: &ServerPolicy) -> Result<(), Refusal> {
        if self.authorization(policy).is_some() {
            return Ok(());
        }
        self.count(policy, CounterFamily::InboundTcpAuthzTerminate, "");
        Err(Refusal::Unauthorized(policy.revision))
    }

    fn authorization<'p>(&self, policy: &'p ServerPolicy) -> Option<&'p Authorization> {
        let tls = self.tls.as_client();
        authorize(&policy.authorizations, self.address.ip(), tls)
    }

    fn count(&self, policy: &ServerPolicy, family: CounterFamily, authorization: &str) {
        let labels = labels::connection(Direction::Inbound, self.target, &self.tls)
            .join(&policy.labels)
            .join(authorization);
        let metrics = &self.worker.ctx.metrics;
        metrics.counter(family, labels.as_str()).increment();
    }
}
