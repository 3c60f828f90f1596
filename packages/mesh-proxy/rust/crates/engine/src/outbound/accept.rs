//! A connection of the application, from its acceptance to its protocol.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mesh_decide::detect;
use mesh_decide::first_speaker::{Decision, First, Reason, Speculation};
use tokio::net::TcpStream;

use super::{OutboundConnection, Refusal, http, tcp};
use crate::http::Version;
use crate::metrics::{CounterFamily, Direction, HistogramFamily, LabelSet, Peer};
use crate::rejections::Rejection;
use crate::snapshot::{HttpRoute, OpaqueRoute, Protocol, ResourceRef, Routing, Snapshot};
use crate::tcp::{Found, Identify, Relay, Upstream};
use crate::transport::{Io, TlsStatus, is_own, labels, no_tls};
use crate::worker::WorkerContext;

/// Carries one connection of the application to its end.
pub async fn accept(
    tcp: TcpStream,
    client: SocketAddr,
    original_dst: SocketAddr,
    worker: &WorkerContext,
) {
    let status = TlsStatus::Plaintext(no_tls::LOOPBACK);
    let labels = labels::connection(Direction::Outbound, original_dst, &status);
    let metrics = &worker.ctx.metrics;
    let metrics = metrics.tcp(Direction::Outbound, Peer::Src, labels.as_str());
    let accepted = Accepted {
        client,
        original_dst,
        worker,
    };
    accepted.serve(Io::from(tcp).measure(metrics)).await;
}

struct Accepted<'a> {
    client: SocketAddr,
    original_dst: SocketAddr,
    worker: &'a WorkerContext,
}

impl Accepted<'_> {
    async fn serve(&self, io: Io) {
        let routing = match self.discover().await {
            Ok(routing) => routing,
            Err(refusal) => return self.refuse(io, &refusal, None),
        };
        let answer = routing.load();
        match &answer.protocol {
            Protocol::Http1(_) => {
                self.decided(&detect::Protocol::Http1, Reason::Declared);
                self.http(io, routing, Version::Http1);
            }
            Protocol::Http2(_) => {
                self.decided(&detect::Protocol::Http2, Reason::Declared);
                self.http(io, routing, Version::Http2);
            }
            Protocol::Opaque(routes) => {
                self.decided(&detect::Protocol::Opaque, Reason::Declared);
                self.opaque(io, &answer, routes, None, None).await;
            }
            Protocol::Tls(routes) => self.tls(io, &answer, routes).await,
            Protocol::Detect {
                timeout,
                http,
                opaque,
            } => {
                let speculation = speculation(http, opaque);
                // Boxed: a connection leaves this state behind soon and lives on for long.
                let identify = Box::pin(self.identify(io, &answer, opaque, *timeout, speculation));
                if let Some((io, found)) = identify.await {
                    self.go_on(io, routing, &answer, opaque, found).await;
                }
            }
        }
    }

    async fn discover(&self) -> Result<Snapshot<Routing>, Refusal> {
        // Loopback connections are not redirected, so this one was made to the proxy itself; and a
        // destination that is a listener of the proxy would lead back here for ever.
        let to = self.original_dst;
        if to.ip().is_loopback() || is_own(&self.worker.ctx.config, to) {
            return Err(Refusal::NotRedirected(to));
        }
        let discovery = &self.worker.ctx.discovery;
        discovery.outbound(to).await.map_err(Refusal::Discovery)
    }

    /// What the client speaks, with the connection it speaks it on; None if it spoke nothing.
    async fn identify(
        &self,
        mut io: Io,
        routing: &Routing,
        routes: &[OpaqueRoute],
        limit: Duration,
        mut speculation: Speculation,
    ) -> Option<(Io, Found)> {
        if speculation == Speculation::WhenQuiet {
            let memory = self.worker.first_speakers.borrow();
            match memory.recall(&self.original_dst, Instant::now()) {
                Some(First::Server) => return Some((io, Found::remembered())),
                Some(First::Client) => speculation = Speculation::WhenTimedOut,
                None => {}
            }
        }
        let connect = async {
            let result = tcp::connect(self.worker, routing, routes, None, 0).await;
            result
                .inspect_err(|error| tracing::debug!(to = %self.original_dst, %error, "no server"))
                .ok()
        };
        let identify = Identify {
            look: detect::detect,
            limit,
            speculation,
            connect,
            drain: &self.worker.ctx.drain,
        };
        let started = Instant::now();
        let found = match identify.run(&mut io).await {
            Ok(found) => found?,
            Err(error) => {
                tracing::debug!(client = %self.client, %error, "client failed");
                self.measure_detection("error", started.elapsed());
                return None;
            }
        };
        self.measure_detection(found.result(), started.elapsed());
        self.learn(&found.decision);
        Some((io, found))
    }

    fn learn(&self, decision: &Decision) {
        if let Some(first) = decision.first {
            let mut memory = self.worker.first_speakers.borrow_mut();
            memory.remember(self.original_dst, first, Instant::now());
        }
        if decision.timed_out && decision.protocol == detect::Protocol::Opaque {
            tracing::info!(
                client = %self.client, to = %self.original_dst,
                "protocol detection timed out; declare the port opaque if its server speaks first"
            );
        }
    }

    async fn go_on(
        &self,
        io: Io,
        routing: Snapshot<Routing>,
        answer: &Routing,
        routes: &[OpaqueRoute],
        found: Found,
    ) {
        let Decision {
            protocol, reason, ..
        } = found.decision;
        self.decided(&protocol, reason);
        let io = io.replay(found.bytes);
        match protocol {
            detect::Protocol::Http1 => self.http(io, routing, Version::Http1),
            detect::Protocol::Http2 => self.http(io, routing, Version::Http2),
            detect::Protocol::Opaque => {
                self.opaque(io, answer, routes, None, found.upstream).await;
            }
            detect::Protocol::Tls(name) => {
                let name = name.as_deref();
                self.count_server_name(name);
                self.opaque(io, answer, routes, name, None).await;
            }
        }
    }

    /// Carries TLS that is declared: its hello says which route it takes.
    async fn tls(&self, mut io: Io, routing: &Routing, routes: &[OpaqueRoute]) {
        let identify = Identify {
            look: detect::detect_tls,
            limit: self.worker.ctx.config.outbound.detect_timeout,
            speculation: Speculation::Never,
            connect: std::future::ready(None),
            drain: &self.worker.ctx.drain,
        };
        // Boxed: a connection leaves this state behind soon and lives on for long.
        let found = match Box::pin(identify.run(&mut io)).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(client = %self.client, %error, "client failed");
                return;
            }
        };
        let name = match found.decision.protocol {
            detect::Protocol::Tls(name) => name,
            _ => None,
        };
        self.count_server_name(name.as_deref());
        self.decided(&detect::Protocol::Tls(None), Reason::Declared);
        let io = io.replay(found.bytes);
        self.opaque(io, routing, routes, name.as_deref(), None)
            .await;
    }

    fn http(&self, io: Io, routing: Snapshot<Routing>, version: Version) {
        let connection = OutboundConnection {
            io,
            client: self.client,
            original_dst: self.original_dst,
            routing,
        };
        http::spawn(connection, version, self.worker);
    }

    /// Carries bytes, over `upstream` if there is one already.
    async fn opaque(
        &self,
        io: Io,
        routing: &Routing,
        routes: &[OpaqueRoute],
        name: Option<&str>,
        upstream: Option<Upstream>,
    ) {
        if let Some(upstream) = upstream {
            return self.relay(io, upstream).await;
        }
        match Box::pin(tcp::connect(self.worker, routing, routes, name, 0)).await {
            Ok(upstream) => self.relay(io, upstream).await,
            Err(refusal) => self.refuse(io, &refusal, Some(routing.revision)),
        }
    }

    async fn relay(&self, io: Io, upstream: Upstream) {
        let Upstream { io: server, load } = upstream;
        let mut relay = Relay::new(io, server);
        if let Err(error) = relay.run().await {
            tracing::debug!(client = %self.client, to = %self.original_dst, %error, "broken off");
            relay.reset();
        }
        drop(load);
    }

    fn refuse(&self, io: Io, refusal: &Refusal, revision: Option<u64>) {
        let Self {
            client,
            original_dst: to,
            ..
        } = self;
        let id = self.worker.ctx.rejections.record(&Rejection {
            direction: Direction::Outbound,
            reason: refusal.reason(),
            detail: refusal.to_string(),
            status: None,
            client: Some(*client),
            identity: None,
            target: *to,
            revision,
            request: None,
        });
        let reason = refusal.reason();
        tracing::info!(%id, %client, %to, reason, revision, "connection refused: {refusal}");
        self.count(CounterFamily::OutboundTcpErrors, "error", refusal.reason());
        io.reset();
    }

    /// Says what the connection is taken for, and why.
    fn decided(&self, protocol: &detect::Protocol, reason: Reason) {
        let (protocol, reason) = (protocol.label(), reason.as_str());
        tracing::debug!(client = %self.client, to = %self.original_dst, protocol, reason, "protocol");
        let labels = LabelSet::new().with("protocol", protocol);
        let count = |family, labels: &LabelSet| {
            let counter = self.worker.ctx.metrics.counter(family, labels.as_str());
            counter.increment();
        };
        count(CounterFamily::OutboundTcpProtocolConnections, &labels);
        let labels = labels.with("reason", reason);
        count(CounterFamily::OutboundTcpDetectDecisions, &labels);
    }

    fn count_server_name(&self, name: Option<&str>) {
        tracing::debug!(client = %self.client, to = %self.original_dst, name, "TLS");
        let family = CounterFamily::OutboundTlsServerNames;
        self.count(family, "sni", name.unwrap_or_default());
    }

    fn measure_detection(&self, result: &str, took: Duration) {
        self.count(
            CounterFamily::OutboundTcpDetectHttpResults,
            "result",
            result,
        );
        let family = HistogramFamily::OutboundTcpDetectHttpDuration;
        self.worker.ctx.metrics.histogram(family, "").observe(took);
    }

    fn count(&self, family: CounterFamily, key: &str, value: &str) {
        let labels = LabelSet::new().with(key, value);
        let counter = self.worker.ctx.metrics.counter(family, labels.as_str());
        counter.increment();
    }
}

/// When a connection as opaque may be opened ahead: at once where it goes where one of any other
/// protocol would, because nothing is declared; never where it is forbidden.
fn speculation(http: &[HttpRoute], opaque: &[OpaqueRoute]) -> Speculation {
    let is_default = |meta: &ResourceRef| matches!(meta, ResourceRef::Default(_));
    if opaque.first().is_none_or(|route| route.backends.is_err()) {
        return Speculation::Never;
    }
    let undeclared = http.iter().all(|route| is_default(&route.meta))
        && opaque.iter().all(|route| is_default(&route.meta));
    match undeclared {
        true => Speculation::WhenQuiet,
        false => Speculation::WhenTimedOut,
    }
}
