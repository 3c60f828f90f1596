//! A connection from elsewhere, from its acceptance to its protocol.

use std::future::Ready;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesh_decide::authorize::{ClientTls, authorize};
use mesh_decide::client_hello::{self, Hello};
use mesh_decide::detect::{self, Protocol};
use mesh_decide::first_speaker::First;
use tokio::net::TcpStream;

use super::terminate::{Terminated, terminate};
use super::{InboundConnection, Refusal, direct, http, tcp};
use crate::http::Version;
use crate::metrics::{CounterFamily, HistogramFamily, LabelSet};
use crate::snapshot::{InboundProtocol, ResourceRef, ServerPolicy, Snapshot};
use crate::tcp::{Found, Identify, Upstream};
use crate::transport::{Io, TlsStatus, no_tls};
use crate::worker::WorkerContext;

/// Carries one connection from elsewhere to its end.
pub async fn accept(
    tcp: TcpStream,
    client: SocketAddr,
    original_dst: SocketAddr,
    worker: &WorkerContext,
) {
    let config = &worker.ctx.config.inbound;
    let result = if !config.ips.is_empty() && !config.ips.contains(&original_dst.ip()) {
        Io::from(tcp).reset();
        Err(Refusal::NotOurs(original_dst))
    } else if original_dst.port() == config.listen.port() {
        direct::serve(tcp, client, original_dst, worker).await
    } else {
        let policy = worker.ctx.policies.port(original_dst.port());
        let accepted = Accepted {
            client,
            target: original_dst,
            protocol: policy.load().protocol,
            policy,
            worker,
        };
        accepted.serve(tcp).await
    };
    if let Err(refusal) = result {
        let reason = refusal.reason();
        tracing::info!(%client, to = %original_dst, reason, "connection refused: {refusal}");
        let labels = LabelSet::new().with("error", reason);
        let counter = worker
            .ctx
            .metrics
            .counter(CounterFamily::InboundTcpErrors, labels.as_str());
        counter.increment();
    }
}

/// The application is not connected to before the protocol is known.
const NOT_AHEAD: Option<Ready<Option<Upstream>>> = None;

struct Accepted<'a> {
    client: SocketAddr,
    target: SocketAddr,
    protocol: InboundProtocol,
    policy: Snapshot<ServerPolicy>,
    worker: &'a WorkerContext,
}

impl Accepted<'_> {
    async fn serve(self, tcp: TcpStream) -> Result<(), Refusal> {
        let mut io = Io::from(tcp);
        if self.protocol == InboundProtocol::Opaque {
            let status = TlsStatus::Plaintext(no_tls::PORT_SKIPPED);
            return self.opaque(io, status, None).await;
        }
        // Boxed: a connection leaves this state behind soon and lives on for long.
        let Some(mut found) = Box::pin(self.look(&mut io)).await else {
            return Ok(());
        };
        let bytes = std::mem::take(&mut found.bytes);
        match found.protocol {
            Protocol::Tls(Some(name)) if self.is_ours(&name) => {
                Box::pin(self.end_tls(io.into_tcp(), bytes)).await
            }
            Protocol::Tls(name) => {
                let status = TlsStatus::Opaque(name.map(Into::into));
                self.opaque(io.replay(bytes), status, None).await
            }
            protocol => {
                let status = TlsStatus::Plaintext(no_tls::NOT_FROM_REMOTE);
                let version = self.version(&protocol);
                let io = io.replay(bytes);
                self.go_on(io, status, version, found.upstream).await
            }
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        let ours = self.worker.ctx.identity.local_name();
        name.eq_ignore_ascii_case(ours)
    }

    fn limit(&self) -> Duration {
        match self.protocol {
            InboundProtocol::Detect(limit) => limit,
            _ => self.worker.ctx.config.inbound.detect_timeout,
        }
    }

    /// Looks at a connection's first bytes as far as its port's policy asks for; None if the
    /// client left without a word.
    async fn look(&self, io: &mut Io) -> Option<Found> {
        if !matches!(self.protocol, InboundProtocol::Detect(_)) {
            return self.identify(io, look_for_tls, NOT_AHEAD).await;
        }
        let speculate = self.may_speculate();
        let remembered = {
            let memory = self.worker.first_speakers.borrow();
            memory.recall(&self.target, Instant::now())
        };
        if speculate && remembered == Some(First::Server) {
            return Some(Found::opaque());
        }
        let connect =
            (speculate && remembered.is_none()).then(|| tcp::speculative(self.worker, self.target));
        let started = Instant::now();
        let found = self.identify(io, detect::detect, connect).await?;
        self.measure_detection(&found, started.elapsed());
        if let Some(first) = found.first {
            let mut memory = self.worker.first_speakers.borrow_mut();
            memory.remember(self.target, first, Instant::now());
        }
        Some(found)
    }

    /// Ends the client's mesh TLS, then looks inside it as far as that is necessary.
    async fn end_tls(self, tcp: TcpStream, first: Bytes) -> Result<(), Refusal> {
        let Terminated {
            stream,
            identity,
            transport,
            ..
        } = terminate(&self.worker.ctx, tcp, &first, self.limit()).await?;
        let mut io = Io::from(stream);
        if transport {
            io.reset();
            return Err(Refusal::Alpn);
        }
        let status = TlsStatus::Established(identity);
        let protocol = match self.protocol {
            // A peer may carry HTTP/1 as HTTP/2, so that its bytes say more than the declaration.
            InboundProtocol::Detect(_) | InboundProtocol::Http1 => {
                let Some(found) = self.identify(&mut io, detect::detect_http, NOT_AHEAD).await
                else {
                    return Ok(());
                };
                self.measure_detection(&found, Duration::ZERO);
                io = io.replay(found.bytes);
                found.protocol
            }
            _ => Protocol::Opaque,
        };
        let version = match protocol {
            Protocol::Http2 => Some(Version::Http2),
            protocol => self.version(&protocol),
        };
        self.go_on(io, status, version, None).await
    }

    async fn identify(
        &self,
        io: &mut Io,
        look: fn(&[u8]) -> Option<Protocol>,
        connect: Option<impl Future<Output = Option<Upstream>>>,
    ) -> Option<Found> {
        let identify = Identify {
            look,
            limit: self.limit(),
            connect,
        };
        match identify.run(io).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(client = %self.client, %error, "the client failed");
                None
            }
        }
    }

    /// The HTTP version to serve, from the declaration, else from what was found; None for opaque.
    fn version(&self, found: &Protocol) -> Option<Version> {
        match (self.protocol, found) {
            (InboundProtocol::Http1, _) => Some(Version::Http1),
            (InboundProtocol::Http2 | InboundProtocol::Grpc, _) => Some(Version::Http2),
            (InboundProtocol::Opaque | InboundProtocol::Tls, _) => None,
            (InboundProtocol::Detect(_), Protocol::Http1) => Some(Version::Http1),
            (InboundProtocol::Detect(_), Protocol::Http2) => Some(Version::Http2),
            (InboundProtocol::Detect(_), Protocol::Tls(_) | Protocol::Opaque) => None,
        }
    }

    async fn go_on(
        self,
        io: Io,
        status: TlsStatus,
        version: Option<Version>,
        upstream: Option<Upstream>,
    ) -> Result<(), Refusal> {
        let Some(version) = version else {
            return self.opaque(io, status, upstream).await;
        };
        let worker = self.worker;
        let connection = self.connection(io, status);
        // Boxed: an opaque connection would carry HTTP's state along.
        Box::pin(http::serve(connection, version, worker)).await;
        Ok(())
    }

    async fn opaque(
        self,
        io: Io,
        status: TlsStatus,
        upstream: Option<Upstream>,
    ) -> Result<(), Refusal> {
        let worker = self.worker;
        tcp::serve(self.connection(io, status), upstream, worker).await
    }

    fn connection(self, io: Io, tls: TlsStatus) -> InboundConnection {
        let connection = InboundConnection {
            io,
            client: self.client,
            target: self.target,
            tls,
            policy: self.policy,
        };
        connection.measured(&self.worker.ctx.metrics)
    }

    /// Whether a connection as opaque would reach the application like one of any other protocol:
    /// no routes are declared, and the client may connect without TLS.
    fn may_speculate(&self) -> bool {
        let policy = self.policy.load();
        let is_default = |meta: &ResourceRef| matches!(meta, ResourceRef::Default(_));
        policy.routes.iter().all(|route| is_default(&route.meta))
            && authorize(&policy.authorizations, self.client.ip(), ClientTls::None).is_some()
    }

    fn measure_detection(&self, found: &Found, took: Duration) {
        let metrics = &self.worker.ctx.metrics;
        let policy = self.policy.load();
        let labels = LabelSet::new().join(&policy.labels);
        let family = HistogramFamily::InboundTcpDetectHttpDuration;
        metrics.histogram(family, labels.as_str()).observe(took);
        let labels = labels.with("result", found.result());
        let family = CounterFamily::InboundTcpDetectHttpResults;
        metrics.counter(family, labels.as_str()).increment();
    }
}

/// For ports whose protocol is declared: only whether it is carried in TLS.
fn look_for_tls(bytes: &[u8]) -> Option<Protocol> {
    match client_hello::inspect(bytes) {
        Hello::NeedMore => None,
        Hello::Yes(name) => Some(Protocol::Tls(name)),
        Hello::No => Some(Protocol::Opaque),
    }
}
