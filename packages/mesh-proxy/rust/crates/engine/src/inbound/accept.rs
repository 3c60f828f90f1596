//! A connection from elsewhere, from its acceptance to its protocol.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesh_decide::authorize::{ClientTls, authorize};
use mesh_decide::detect::{self, Protocol};
use mesh_decide::first_speaker::{Decision, First, Reason, Speculation};
use tokio::net::TcpStream;

use super::terminate::{Terminated, terminate};
use super::{InboundConnection, Refusal, direct, http, tcp};
use crate::http::Version;
use crate::metrics::{CounterFamily, Direction, HistogramFamily, LabelSet};
use crate::rejections::Rejection;
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
        let revision = refusal.revision();
        let id = worker.ctx.rejections.record(&Rejection {
            direction: Direction::Inbound,
            reason,
            detail: refusal.to_string(),
            status: None,
            client: Some(client),
            identity: None,
            target: original_dst,
            revision,
            request: None,
        });
        tracing::info!(%id, %client, to = %original_dst, reason, revision, "connection refused: {refusal}");
        let labels = LabelSet::new().with("error", reason);
        let counter = worker
            .ctx
            .metrics
            .counter(CounterFamily::InboundTcpErrors, labels.as_str());
        counter.increment();
    }
}

/// When the application may be connected to before the protocol is known, and how.
struct Ahead<C> {
    speculation: Speculation,
    connect: C,
}

impl Ahead<Ready<Option<Upstream>>> {
    fn never() -> Self {
        Self {
            speculation: Speculation::Never,
            connect: ready(None),
        }
    }
}

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
            self.decided(&Protocol::Opaque, Reason::Declared);
            let status = TlsStatus::Plaintext(no_tls::PORT_SKIPPED);
            return self.opaque(io, status, None).await;
        }
        // Boxed: a connection leaves this state behind soon and lives on for long.
        let Some(Found {
            decision,
            upstream,
            bytes,
        }) = Box::pin(self.look(&mut io)).await
        else {
            return Ok(());
        };
        match decision.protocol {
            Protocol::Tls(Some(name)) if self.is_ours(&name) => {
                Box::pin(self.end_tls(io.into_tcp(), bytes)).await
            }
            Protocol::Tls(name) => {
                self.decided(&Protocol::Tls(None), self.reason(decision.reason));
                let status = TlsStatus::Opaque(name.map(Into::into));
                self.opaque(io.replay(bytes), status, None).await
            }
            protocol => {
                let status = TlsStatus::Plaintext(no_tls::NOT_FROM_REMOTE);
                let version = self.version(&protocol);
                self.decided(&spoken(version), self.reason(decision.reason));
                let io = io.replay(bytes);
                self.go_on(io, status, version, upstream).await
            }
        }
    }

    /// Why the protocol is taken for what it is, where it was detected for `reason`.
    fn reason(&self, reason: Reason) -> Reason {
        match self.protocol {
            InboundProtocol::Detect(_) => reason,
            _ => Reason::Declared,
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
            return self.identify(io, detect::detect_tls, Ahead::never()).await;
        }
        let mut speculation = self.speculation();
        if speculation == Speculation::WhenQuiet {
            let memory = self.worker.first_speakers.borrow();
            match memory.recall(&self.target, Instant::now()) {
                Some(First::Server) => return Some(Found::remembered()),
                Some(First::Client) => speculation = Speculation::WhenTimedOut,
                None => {}
            }
        }
        let ahead = Ahead {
            speculation,
            connect: tcp::speculative(self.worker, self.target),
        };
        let started = Instant::now();
        let found = self.identify(io, detect::detect, ahead).await?;
        self.measure_detection(&found, started.elapsed());
        self.learn(&found.decision);
        Some(found)
    }

    fn learn(&self, decision: &Decision) {
        if let Some(first) = decision.first {
            let mut memory = self.worker.first_speakers.borrow_mut();
            memory.remember(self.target, first, Instant::now());
        }
        if decision.timed_out && decision.protocol == Protocol::Opaque {
            tracing::info!(
                client = %self.client, to = %self.target,
                "protocol detection timed out; declare the port opaque if its server speaks first"
            );
        }
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
        let (protocol, reason, upstream) = match self.protocol {
            // A peer may carry HTTP/1 as HTTP/2, so that its bytes say more than the declaration.
            InboundProtocol::Detect(_) | InboundProtocol::Http1 => {
                // The peer's own proxy has seen to it that a server which speaks first is heard:
                // only silence is left to be waited out.
                let ahead = Ahead {
                    speculation: self.late_speculation(status.as_client()),
                    connect: tcp::speculative(self.worker, self.target),
                };
                let started = Instant::now();
                let found = self.identify(&mut io, detect::detect_http, ahead).await;
                let Some(found) = found else {
                    return Ok(());
                };
                self.measure_detection(&found, started.elapsed());
                io = io.replay(found.bytes);
                let Decision {
                    protocol, reason, ..
                } = found.decision;
                (protocol, reason, found.upstream)
            }
            _ => (Protocol::Opaque, Reason::Declared, None),
        };
        let version = match protocol {
            Protocol::Http2 => Some(Version::Http2),
            protocol => self.version(&protocol),
        };
        self.decided(&spoken(version), self.reason(reason));
        self.go_on(io, status, version, upstream).await
    }

    async fn identify(
        &self,
        io: &mut Io,
        look: fn(&[u8]) -> Option<Protocol>,
        ahead: Ahead<impl Future<Output = Option<Upstream>>>,
    ) -> Option<Found> {
        let identify = Identify {
            look,
            limit: self.limit(),
            speculation: ahead.speculation,
            connect: ahead.connect,
            drain: &self.worker.ctx.drain,
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
        http::spawn(connection, version, worker);
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

    /// When a plaintext client's connection as opaque may be opened ahead: at once where it would
    /// reach the application like one of any other protocol, because no routes are declared.
    fn speculation(&self) -> Speculation {
        let policy = self.policy.load();
        let is_default = |meta: &ResourceRef| matches!(meta, ResourceRef::Default(_));
        match self.late_speculation(ClientTls::None) {
            Speculation::WhenTimedOut
                if policy.routes.iter().all(|route| is_default(&route.meta)) =>
            {
                Speculation::WhenQuiet
            }
            late => late,
        }
    }

    /// Where the client may come with any bytes, it may be connected once its time is up.
    fn late_speculation(&self, client: ClientTls<'_>) -> Speculation {
        let policy = self.policy.load();
        let may_come = authorize(&policy.authorizations, self.client.ip(), client).is_some();
        match self.protocol {
            InboundProtocol::Detect(_) if may_come => Speculation::WhenTimedOut,
            _ => Speculation::Never,
        }
    }

    /// Says what the connection is taken for, and why.
    fn decided(&self, protocol: &Protocol, reason: Reason) {
        let (protocol, reason) = (protocol.label(), reason.as_str());
        tracing::debug!(client = %self.client, to = %self.target, protocol, reason, "protocol");
        let policy = self.policy.load();
        let labels = LabelSet::new()
            .join(&policy.labels)
            .with("protocol", protocol)
            .with("reason", reason);
        let family = CounterFamily::InboundTcpDetectDecisions;
        let counter = self.worker.ctx.metrics.counter(family, labels.as_str());
        counter.increment();
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

/// A version to serve, None for opaque, as a protocol.
fn spoken(version: Option<Version>) -> Protocol {
    match version {
        Some(Version::Http1) => Protocol::Http1,
        Some(Version::Http2) => Protocol::Http2,
        None => Protocol::Opaque,
    }
}
