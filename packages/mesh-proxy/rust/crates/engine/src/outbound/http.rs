//! HTTP requests of the application: each goes to an endpoint of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{HOST, HeaderName};
use mesh_decide::headers::{OrigProto, strip_hop_by_hop, strip_ours, strip_ours_except};
use mesh_decide::http1::Malformed;
use mesh_wire::vocabulary::{headers, reasons};
use tokio::time::Instant;

use super::{OutboundConnection, ingress, note, tcp};
use crate::balance::{self, Pending, Unavailable};
use crate::context::Context;
use crate::http::body::Incoming;
use crate::http::exchange::{Client, Ending};
use crate::http::message::{Form, Request, Response, Version as Spoken};
use crate::http::pools::{Key, Limits, Target};
use crate::http::record::Record;
use crate::http::refusal::{self, Refusal};
use crate::http::serve::{answer, hand_over, serve as serve_connection};
use crate::http::service::{Responder, Service};
use crate::http::upstream::{
    self, Attempt, Unconnected, Upstream, connect_refusal, unconnected_refusal,
};
use crate::http::{Pools, Version};
use crate::http2::{self, Room, Settings};
use crate::metrics::{CounterFamily, Direction, LabelSet, Peer};
use crate::rejections::{Id, Rejection};
use crate::snapshot::{
    Backend, BackendKind, Distribution, Endpoint, Hint, Protocol, Routing, Snapshot,
};
use crate::transport::{self, ConnectError, Session, TlsStatus, labels, no_tls};
use crate::worker::WorkerContext;

const ORIG_PROTO: HeaderName = HeaderName::from_static(headers::ORIG_PROTO.name);
const PROXY_CONNECTION: HeaderName = HeaderName::from_static(headers::PROXY_CONNECTION.name);
const PROXY_ERROR: HeaderName = HeaderName::from_static(headers::PROXY_ERROR.name);
const REQUIRE_ID: HeaderName = HeaderName::from_static(headers::REQUIRE_ID.name);

/// Serves HTTP on a connection of the application, to its end, in a task of its own.
pub(crate) fn spawn(connection: OutboundConnection, version: Version, worker: &WorkerContext) {
    let (context, pools) = (worker.ctx.clone(), worker.pools.clone());
    let served = serve(connection, version, context, pools);
    hand_over(&worker.ctx, "outbound", served);
}

/// Serves HTTP on a connection of the application, to its end.
pub fn serve(
    connection: OutboundConnection,
    version: Version,
    context: Context,
    pools: Pools,
) -> impl Future<Output = ()> {
    let config = &context.config;
    let settings = Settings::server(&config.outbound.http2);
    let service = Outbound {
        chosen: config.outbound.ingress_mode.then(Box::default),
        ..Outbound::new(
            context.clone(),
            pools,
            connection.routing,
            connection.original_dst,
        )
    };
    serve_connection(connection.io, version, service, Box::new(settings), context)
}

/// Requests of the application, or of another cluster's.
pub(crate) struct Outbound {
    context: Context,
    pools: Pools,
    routing: Snapshot<Routing>,
    original_dst: SocketAddr,
    /// What requests choose, in ingress mode.
    chosen: Option<Box<ingress::Chosen>>,
}

impl Service for Outbound {
    async fn call(&self, mut request: Request, body: &mut Incoming<'_>, responder: Responder<'_>) {
        let grpc = refusal::asks_grpc(&request);
        let mut client = Client {
            body,
            responder: Some(responder),
        };
        let required = request.fields.take(&REQUIRE_ID);
        let routing = match &self.chosen {
            // Boxed: few proxies need it, and connections are many.
            Some(chosen) => Box::pin(chosen.take(&mut request.fields, &self.context)).await,
            None => Ok(None),
        };
        strip_hop_by_hop(&mut request.fields);
        strip_ours(&mut request.fields);
        let forwarded = match routing {
            Ok(chosen) => {
                let routing = chosen.unwrap_or_else(|| self.routing.load());
                let required = required.as_deref();
                self.forward(&mut request, &mut client, required, &routing, None)
                    .await
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = forwarded {
            let id = self.count(&refusal, Some(&request));
            let response = refusal.response(id, grpc, self.tells(), false);
            answer(&mut client, response, refusal.reason.closes).await;
        }
    }

    fn refuse(&self, fault: Malformed) -> Response {
        let refusal = Refusal::unreadable(fault);
        let id = self.count(&refusal, None);
        refusal.response(id, false, self.tells(), false)
    }
}

/// How a request travels to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carriage {
    Http1,
    Http2,
    /// HTTP/1 in HTTP/2, between proxies.
    Upgraded(OrigProto),
}

/// One of the attempts to have a request answered.
#[derive(Clone, Copy)]
struct Try {
    /// When the request began, attempts before this one included.
    started: Instant,
    /// When this one begins.
    now: Instant,
    /// Until when it may wait for an endpoint, and for a stream to it.
    deadline: Instant,
    /// Whether there was one before, on a connection that ended.
    again: bool,
    /// How the request came through another proxy, as HTTP/1 in HTTP/2.
    carried: Option<OrigProto>,
}

/// How sending a request to one endpoint ended.
enum Sent {
    Over,
    Again(Refusal),
    Failed(Refusal),
    Unconnected(Rc<ConnectError>),
}

impl Outbound {
    /// Requests to where `routing` says; `original_dst` is what the client connected to.
    pub(crate) fn new(
        context: Context,
        pools: Pools,
        routing: Snapshot<Routing>,
        original_dst: SocketAddr,
    ) -> Self {
        Self {
            context,
            pools,
            routing,
            original_dst,
            chosen: None,
        }
    }

    /// Has a request of another cluster answered, which a gateway has judged and stripped already;
    /// `carried` is how it came. An error is the answer that the proxy must give.
    pub(crate) async fn pass(
        &self,
        request: &mut Request,
        client: &mut Client<'_, '_, '_>,
        carried: Option<OrigProto>,
    ) -> Result<(), Refusal> {
        let routing = self.routing.load();
        self.forward(request, client, None, &routing, carried).await
    }

    /// Has the request answered by an endpoint; an error is the answer that the proxy must give.
    async fn forward(
        &self,
        request: &mut Request,
        client: &mut Client<'_, '_, '_>,
        required: Option<&[u8]>,
        routing: &Routing,
        carried: Option<OrigProto>,
    ) -> Result<(), Refusal> {
        let limit = self.context.config.outbound.max_in_flight;
        let _in_flight = (self.context.admission.outbound(limit))
            .ok_or_else(|| Refusal::new(&reasons::LOAD_SHED, "too many requests in progress"))?;
        let backend = backend(routing)?;
        let started = Instant::now();
        let failfast = backend.queue.failfast();
        let mut attempt = Try {
            started,
            now: started,
            deadline: started + failfast,
            again: false,
            carried,
        };
        let mut unconnected = None;
        loop {
            let picked = balance::pick_at(backend, &mut attempt.now, attempt.deadline).await;
            let endpoint = match (picked, unconnected) {
                (Ok(endpoint), _) => endpoint,
                (Err(why), last) => return Err(unavailable(why, last)),
            };
            require(&endpoint, required)?;
            unconnected = None;
            let own = rename(request, &endpoint);
            let sent = self
                .send(request, client, routing, backend, &endpoint, attempt)
                .await;
            if let Some(own) = own {
                request.authority = own;
            }
            match sent {
                Sent::Over => return Ok(()),
                Sent::Failed(refusal) => return Err(refusal),
                Sent::Again(refusal) if attempt.again || !self.context.config.outbound.resends => {
                    return Err(refusal);
                }
                Sent::Again(refusal) => {
                    tracing::debug!(endpoint = %endpoint.addr, why = refusal.detail, "sent again");
                    let resends = CounterFamily::OutboundHttpResends;
                    self.context.metrics.counter(resends, "").increment();
                    attempt.again = true;
                    attempt.now = Instant::now();
                    attempt.deadline = attempt.now + failfast;
                }
                Sent::Unconnected(error) if tcp::is_final(backend, &error) => {
                    return Err(connect_refusal(&error));
                }
                Sent::Unconnected(error) => {
                    unconnected = Some(error);
                    attempt.now = Instant::now();
                }
            }
        }
    }

    async fn send(
        &self,
        request: &mut Request,
        client: &mut Client<'_, '_, '_>,
        routing: &Routing,
        backend: &Backend,
        endpoint: &Arc<Endpoint>,
        mut attempt: Try,
    ) -> Sent {
        let target = self.target(endpoint);
        let mut carriage = carriage(request, endpoint, &target.tls);
        loop {
            if let Carriage::Upgraded(proto) = carriage {
                request.fields.set(ORIG_PROTO, proto.value());
            } else {
                request.fields.remove(&ORIG_PROTO);
            }
            // What a new connection needs.
            let dial = || Dial {
                context: self.context.clone(),
                endpoint: endpoint.clone(),
                authority: routing.authority.clone(),
                begun: Instant::now(),
            };
            let (deadline, now) = (attempt.deadline, &mut attempt.now);
            let connected = match carriage {
                // Kept connections to one server tend to end together: the second attempt takes
                // none.
                Carriage::Http1 => Upstream::http1(&target, !attempt.again, now, dial).await,
                Carriage::Http2 | Carriage::Upgraded(_) => {
                    Upstream::http2(&target, client, &backend.queue, deadline, now, dial).await
                }
            };
            let upstream = match connected {
                Ok(upstream) => upstream,
                Err(Unconnected::Connect(error)) => return Sent::Unconnected(error),
                Err(why) => {
                    return unconnected_refusal(&why).map_or(Sent::Over, Sent::Failed);
                }
            };
            endpoint.load.connected();
            let mut record = Record::new(
                self.metrics(routing, endpoint, &target),
                attempt.started,
                pending(backend, endpoint, attempt.now),
            );
            let meshed = matches!(target.tls, TlsStatus::Established(_));
            let edit = |response: &mut Response| {
                let closes = edit(response, meshed && self.tells());
                if let Some(proto) = attempt.carried {
                    proto.mark(&mut response.fields);
                }
                closes
            };
            match upstream.attempt(request, client, edit, &mut record).await {
                Attempt::Over(ending) => {
                    self.close(request, record, ending);
                    return Sent::Over;
                }
                Attempt::Gone => return Sent::Over,
                // Only HTTP/1 carries such a target byte for byte.
                Attempt::NotExpressible if matches!(carriage, Carriage::Upgraded(_)) => {
                    carriage = Carriage::Http1;
                }
                Attempt::NotExpressible => {
                    return Sent::Failed(Refusal::malformed(Malformed::Target));
                }
                Attempt::Again(refusal) => {
                    record.fail(refusal.reason.http);
                    return Sent::Again(refusal);
                }
                Attempt::Failed(refusal) => {
                    record.fail(refusal.reason.http);
                    return Sent::Failed(refusal);
                }
            }
        }
    }

    fn close(&self, request: &Request, record: Record, ending: Ending) {
        match ending {
            Ending::Whole | Ending::Left(_) | Ending::Switched(..) => record.end(),
            Ending::Cut(error) => {
                let refusal = Refusal::new(&reasons::PEER_CLOSED, error);
                self.count(&refusal, Some(request));
                record.fail(refusal.reason.http);
            }
        }
    }

    fn target(&self, endpoint: &Arc<Endpoint>) -> Rc<Target> {
        let key = Key::Endpoint(endpoint.id);
        self.pools.target(key, Some(endpoint), || {
            let config = &self.context.config;
            let limits = Limits {
                idle: config.outbound.http1_pool_idle,
                max_idle: config.outbound.max_idle_connections,
                idle2: config.http2_pool_idle,
                warm: config.http2_warm,
                max_age: config.outbound.http2.max_age,
            };
            let tls = match &endpoint.tls {
                // Past this pod's own inbound proxy there is nobody to speak TLS with.
                _ if config.inbound.ips.contains(&endpoint.addr.ip()) => {
                    TlsStatus::Plaintext(no_tls::LOOPBACK)
                }
                Some(peer) => TlsStatus::Established(Some(peer.identity.as_str().into())),
                None => TlsStatus::Plaintext(endpoint.no_tls_reason),
            };
            (limits, tls)
        })
    }

    fn metrics(
        &self,
        routing: &Routing,
        endpoint: &Endpoint,
        target: &Target,
    ) -> Arc<crate::metrics::HttpMetrics> {
        target.metrics(&routing.authority, || {
            let labels = labels::endpoint(endpoint, &routing.authority, &target.tls);
            let registry = &self.context.metrics;
            registry.http(Direction::Outbound, labels.as_str())
        })
    }

    /// Whether the application may read why.
    fn tells(&self) -> bool {
        !self.context.config.outbound.disable_informational_headers
    }

    fn count(&self, refusal: &Refusal, request: Option<&Request>) -> Id {
        let revision = self.routing.load().revision;
        let id = self.context.rejections.record(&Rejection {
            direction: Direction::Outbound,
            reason: refusal.reason.name,
            detail: refusal.detail.clone(),
            status: Some(refusal.status()),
            // One of the pod's own processes.
            client: None,
            identity: None,
            target: self.original_dst,
            revision: Some(revision),
            request: request.map(Request::line),
        });
        tracing::info!(
            %id, to = %self.original_dst, reason = refusal.reason.name, detail = refusal.detail,
            revision, "outbound request failed"
        );
        let labels = LabelSet::new().with("error", refusal.reason.name);
        let family = CounterFamily::OutboundHttpErrors;
        let counter = self.context.metrics.counter(family, labels.as_str());
        counter.increment();
        id
    }
}

/// What a new connection to an endpoint needs.
struct Dial {
    context: Context,
    endpoint: Arc<Endpoint>,
    authority: Arc<str>,
    begun: Instant,
}

impl upstream::Dial for Dial {
    async fn http1(self) -> Result<transport::Io, ConnectError> {
        self.io(Session::Http1).await
    }

    async fn http2(self, room: Room) -> Result<http2::Client, ConnectError> {
        let config = &self.context.config;
        let pings = http2::keep_alive(
            config.outbound.http2.keep_alive_interval,
            config.outbound.http2.keep_alive_timeout,
        );
        let settings = Settings::client(config.http2_client, pings).with(&self.endpoint.http2);
        let settings = match self.endpoint.tls {
            Some(_) => settings.by(config.mesh_http2),
            None => settings,
        };
        let io = self.io(Session::Http2).await?;
        http2::Client::connect(io, &settings, room)
            .await
            .map_err(|error| ConnectError::Tcp(self.endpoint.addr, std::io::Error::other(error)))
            .inspect_err(|error| self.note(error))
    }
}

impl Dial {
    async fn io(&self, session: Session) -> Result<transport::Io, ConnectError> {
        let session = match self.endpoint.hint {
            Hint::Opaque => Session::Opaque,
            Hint::Unknown | Hint::Http2 => session,
        };
        let connected = transport::connect(&self.context, &self.endpoint, session).await;
        let connection = connected.inspect_err(|error| self.note(error))?;
        let labels = labels::endpoint(&self.endpoint, &self.authority, &connection.tls);
        let registry = &self.context.metrics;
        let metrics = registry.tcp(Direction::Outbound, Peer::Dst, labels.as_str());
        Ok(connection.io.measure(metrics))
    }

    /// Tells the balancer that connecting failed: once, however many requests waited for it.
    fn note(&self, error: &ConnectError) {
        note(&self.context, &self.endpoint, error, self.begun);
    }
}

/// Gives a request the authority that a gateway is to be asked for; gives back its own.
fn rename(request: &mut Request, endpoint: &Endpoint) -> Option<Bytes> {
    let authority = endpoint.authority_override.as_ref()?;
    // Written anew from the authority.
    request.fields.remove(&HOST);
    let authority = Bytes::copy_from_slice(authority.as_bytes());
    Some(std::mem::replace(&mut request.authority, authority))
}

/// The backend of the first rule. Requests are matched to rules once the policy model has matches.
fn backend(routing: &Routing) -> Result<&Backend, Refusal> {
    let backends = backends(&routing.protocol)?;
    let backend: Option<&Arc<Backend>> = match backends {
        Distribution::Empty => None,
        backends => balance::backend(backends),
    };
    let missing = || Refusal::new(&reasons::INVALID_BACKEND, "the route has no backend");
    let backend = backend.ok_or_else(missing)?;
    match &backend.kind {
        BackendKind::Fail(failure) => Err(Refusal::injected(failure)),
        BackendKind::Forward(_) | BackendKind::Balance { .. } => Ok(backend),
    }
}

fn backends(protocol: &Protocol) -> Result<&Distribution, Refusal> {
    let missing = || Refusal::new(&reasons::ROUTE_NOT_FOUND, "no route matches");
    match protocol {
        Protocol::Detect { http, .. } | Protocol::Http1(http) | Protocol::Http2(http) => {
            let rule = http.iter().find_map(|route| route.rules.first());
            Ok(&rule.ok_or_else(missing)?.backends)
        }
        // The port was declared opaque after this connection had begun as HTTP. It stays that: its
        // requests go where new connections go.
        Protocol::Opaque(routes) | Protocol::Tls(routes) => {
            let route = routes.first().ok_or_else(missing)?;
            let forbidden = |why: &Arc<str>| Refusal::new(&reasons::EGRESS_DENIED, why);
            route.backends.as_ref().map_err(forbidden)
        }
    }
}

fn unavailable(why: Unavailable, last: Option<Rc<ConnectError>>) -> Refusal {
    let reason = match why {
        Unavailable::Undiscovered => &reasons::DISCOVERY_TIMEOUT,
        Unavailable::Forbidden => &reasons::FORBIDDEN_DESTINATION,
        Unavailable::Overloaded => &reasons::LOAD_SHED,
        Unavailable::Loop => &reasons::SELF_CONNECTION,
        Unavailable::Unknown | Unavailable::Empty | Unavailable::Failfast => &reasons::FAILFAST,
    };
    match last {
        Some(error) => Refusal::new(reason, format_args!("{why}; last: {error}")),
        None => Refusal::new(reason, why),
    }
}

/// Whether the endpoint is who the application insists on.
fn require(endpoint: &Endpoint, required: Option<&[u8]>) -> Result<(), Refusal> {
    let Some(required) = required else {
        return Ok(());
    };
    let identity = endpoint.tls.as_ref().map(|peer| peer.identity.as_str());
    if identity.is_some_and(|identity| identity.as_bytes() == required) {
        return Ok(());
    }
    Err(Refusal::new(
        &reasons::IDENTITY_REQUIRED,
        format_args!(
            "the request demands {}, the endpoint {} is {}",
            String::from_utf8_lossy(required),
            endpoint.addr,
            identity.unwrap_or("unmeshed"),
        ),
    ))
}

fn carriage(request: &Request, endpoint: &Endpoint, tls: &TlsStatus) -> Carriage {
    let Spoken::Http1(version) = request.version else {
        return Carriage::Http2;
    };
    let meshed = matches!(tls, TlsStatus::Established(_));
    let stays = request.upgrade.is_some() || request.method == Method::CONNECT;
    if endpoint.hint != Hint::Http2 || !meshed || stays {
        return Carriage::Http1;
    }
    Carriage::Upgraded(OrigProto {
        version,
        absolute_form: request.form == Form::Absolute,
    })
}

fn pending(backend: &Backend, endpoint: &Arc<Endpoint>, now: Instant) -> Option<Pending> {
    match backend.kind {
        BackendKind::Forward(_) | BackendKind::Fail(_) => None,
        BackendKind::Balance { decay, .. } => Some(Pending::request(endpoint.clone(), now, decay)),
    }
}

/// What the application gets to see of a response; true if its connection is to end.
fn edit(response: &mut Response, trusted: bool) -> bool {
    let closes = response
        .fields
        .get(&PROXY_CONNECTION)
        .is_some_and(|value| trusted && value.eq_ignore_ascii_case(b"close"));
    if trusted {
        strip_ours_except(&mut response.fields, &PROXY_ERROR);
    } else {
        strip_ours(&mut response.fields);
    }
    closes
}
