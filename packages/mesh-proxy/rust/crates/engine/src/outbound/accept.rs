//! A connection of the application, from its acceptance to its protocol.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mesh_decide::detect;
use mesh_decide::first_speaker::First;
use tokio::net::TcpStream;

use super::{OutboundConnection, Refusal, http, tcp};
use crate::http::Version;
use crate::metrics::{CounterFamily, Direction, HistogramFamily, LabelSet, Peer};
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
            Err(refusal) => return self.refuse(io, &refusal),
        };
        let answer = routing.load();
        match &answer.protocol {
            Protocol::Http1(_) => self.http(io, routing, Version::Http1).await,
            Protocol::Http2(_) => self.http(io, routing, Version::Http2).await,
            Protocol::Opaque(routes) => self.opaque(io, &answer, routes, "opaq").await,
            Protocol::Tls(routes) => self.opaque(io, &answer, routes, "tls").await,
            Protocol::Detect {
                timeout,
                http,
                opaque,
            } => {
                let speculate = may_speculate(http, opaque);
                // Boxed: a connection leaves this state behind soon and lives on for long.
                let identified = Box::pin(self.identify(io, &answer, opaque, *timeout, speculate));
                match identified.await {
                    Ok(Some((io, found))) => self.go_on(io, routing, &answer, opaque, found).await,
                    Ok(None) => {}
                    Err(error) => tracing::debug!(client = %self.client, %error, "client failed"),
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
        speculate: bool,
    ) -> io::Result<Option<(Io, Found)>> {
        let remembered = {
            let memory = self.worker.first_speakers.borrow();
            memory.recall(&self.original_dst, Instant::now())
        };
        if speculate && remembered == Some(First::Server) {
            return Ok(Some((io, Found::opaque())));
        }
        let connect = async {
            let result = tcp::connect(self.worker, routing, routes).await;
            result
                .inspect_err(|error| tracing::debug!(to = %self.original_dst, %error, "no server"))
                .ok()
        };
        let identify = Identify {
            look: detect::detect,
            limit,
            connect: (speculate && remembered.is_none()).then_some(connect),
        };
        let started = Instant::now();
        let found = identify.run(&mut io).await;
        let result = match &found {
            Ok(Some(found)) => found.result(),
            Ok(None) => return Ok(None),
            Err(_) => "error",
        };
        self.measure_detection(result, started.elapsed());
        let Some(mut found) = found? else {
            return Ok(None);
        };
        if let Some(first) = found.first {
            let mut memory = self.worker.first_speakers.borrow_mut();
            memory.remember(self.original_dst, first, Instant::now());
        }
        if found.timed_out {
            tracing::info!(
                client = %self.client, to = %self.original_dst,
                "protocol detection timed out; declare the port opaque if its server speaks first"
            );
        }
        let bytes = std::mem::take(&mut found.bytes);
        Ok(Some((io.replay(bytes), found)))
    }

    async fn go_on(
        &self,
        io: Io,
        routing: Snapshot<Routing>,
        answer: &Routing,
        routes: &[OpaqueRoute],
        found: Found,
    ) {
        match (found.protocol, found.upstream) {
            (detect::Protocol::Http1, _) => self.http(io, routing, Version::Http1).await,
            (detect::Protocol::Http2, _) => self.http(io, routing, Version::Http2).await,
            (detect::Protocol::Opaque, Some(upstream)) => {
                self.count_protocol("opaq");
                self.relay(io, upstream).await;
            }
            (detect::Protocol::Opaque, None) => self.opaque(io, answer, routes, "opaq").await,
            (detect::Protocol::Tls(_), _) => self.opaque(io, answer, routes, "tls").await,
        }
    }

    async fn http(&self, io: Io, routing: Snapshot<Routing>, version: Version) {
        self.count_protocol(match version {
            Version::Http1 => "http/1",
            Version::Http2 => "http/2",
        });
        let connection = OutboundConnection {
            io,
            client: self.client,
            original_dst: self.original_dst,
            routing,
        };
        // Boxed: an opaque connection would carry HTTP's state along.
        Box::pin(http::serve(connection, version, self.worker)).await;
    }

    async fn opaque(&self, io: Io, routing: &Routing, routes: &[OpaqueRoute], protocol: &str) {
        self.count_protocol(protocol);
        match Box::pin(tcp::connect(self.worker, routing, routes)).await {
            Ok(upstream) => self.relay(io, upstream).await,
            Err(refusal) => self.refuse(io, &refusal),
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

    fn refuse(&self, io: Io, refusal: &Refusal) {
        let Self {
            client,
            original_dst: to,
            ..
        } = self;
        tracing::info!(%client, %to, reason = refusal.reason(), "connection refused: {refusal}");
        self.count(CounterFamily::OutboundTcpErrors, "error", refusal.reason());
        io.reset();
    }

    fn count_protocol(&self, protocol: &str) {
        let family = CounterFamily::OutboundTcpProtocolConnections;
        self.count(family, "protocol", protocol);
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

/// Whether a connection as opaque goes where one of any other protocol would: nothing is declared.
fn may_speculate(http: &[HttpRoute], opaque: &[OpaqueRoute]) -> bool {
    let is_default = |meta: &ResourceRef| matches!(meta, ResourceRef::Default(_));
    http.iter().all(|route| is_default(&route.meta))
        && opaque.iter().all(|route| is_default(&route.meta))
        && opaque.first().is_some_and(|route| route.backends.is_ok())
}
