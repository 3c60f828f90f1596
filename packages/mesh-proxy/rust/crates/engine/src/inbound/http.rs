//! HTTP requests to the pod's application.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use http::Method;
use http::header::{HeaderName, HeaderValue};
use mesh_decide::authorize::{Authorization, authorize};
use mesh_decide::headers::{OrigProto, strip_hop_by_hop, strip_ours};
use mesh_decide::http1::Malformed;
use mesh_decide::path;
use mesh_wire::vocabulary::{headers, reasons};
use tokio::time::Instant;

use super::InboundConnection;
use crate::context::Context;
use crate::http::body::Incoming;
use crate::http::exchange::{Client, Ending};
use crate::http::message::{Form, Request, Response, Version as Spoken};
use crate::http::pools::{Key, Limits, Target};
use crate::http::record::Record;
use crate::http::refusal::{self, Refusal};
use crate::http::serve::{answer, hand_over, serve as serve_connection};
use crate::http::service::{Responder, Service};
use crate::http::upstream::{self, Attempt, Unconnected, Upstream, unconnected_refusal};
use crate::http::{Pools, Version};
use crate::http2::{self, Room, Settings};
use crate::metrics::{Counter, CounterFamily, Direction, HttpMetrics, LabelSet, Peer};
use crate::rejections::{Id, Rejection};
use crate::snapshot::{InboundRoute, ServerPolicy, Snapshot};
use crate::transport::{self, ConnectError, TlsStatus, labels, no_tls};
use crate::worker::WorkerContext;

const CLIENT_ID: HeaderName = HeaderName::from_static(headers::CLIENT_ID.name);
const ORIG_PROTO: HeaderName = HeaderName::from_static(headers::ORIG_PROTO.name);
/// Who a client's proxy says the client is; only a proxy of the mesh is believed.
const FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");

/// Serves HTTP on a connection to the application, to its end, in a task of its own.
pub(crate) fn spawn(connection: InboundConnection, version: Version, worker: &WorkerContext) {
    spawn_as(connection, version, worker, |inbound| inbound);
}

/// As [`spawn`], with a service that `make` makes of who comes and by which policy.
pub(super) fn spawn_as<S: Service + 'static>(
    connection: InboundConnection,
    version: Version,
    worker: &WorkerContext,
    make: impl FnOnce(Inbound) -> S + 'static,
) {
    let (context, pools) = (worker.ctx.clone(), worker.pools.clone());
    let served = serve_as(connection, version, context, pools, make);
    hand_over(&worker.ctx, "inbound", served);
}

/// Serves HTTP on a connection to the application, to its end.
pub fn serve(
    connection: InboundConnection,
    version: Version,
    context: Context,
    pools: Pools,
) -> impl Future<Output = ()> {
    serve_as(connection, version, context, pools, |inbound| inbound)
}

fn serve_as<S: Service + 'static>(
    connection: InboundConnection,
    version: Version,
    context: Context,
    pools: Pools,
    make: impl FnOnce(Inbound) -> S,
) -> impl Future<Output = ()> {
    let config = &context.config;
    let settings = match connection.tls.identity() {
        Some(_) => Settings::server(&config.inbound.http2),
        None => Settings::stranger(&config.inbound.http2),
    };
    let settings = match connection.tls {
        TlsStatus::Established(_) => settings.by(config.mesh_http2),
        TlsStatus::Plaintext(_) | TlsStatus::Opaque(_) => settings,
    };
    let service = Inbound {
        context: context.clone(),
        pools,
        client: connection.client,
        target: connection.target,
        identity: connection
            .tls
            .identity()
            .and_then(|identity| HeaderValue::from_str(identity).ok()),
        tls: connection.tls,
        policy: connection.policy,
        resolved: RefCell::default(),
    };
    let settings = Box::new(settings);
    serve_connection(connection.io, version, make(service), settings, context)
}

/// Requests to the application, or whatever else stands behind a port.
pub(super) struct Inbound {
    pub(super) context: Context,
    pub(super) pools: Pools,
    client: SocketAddr,
    pub(super) target: SocketAddr,
    pub(super) tls: TlsStatus,
    /// The client's verified identity, as the application reads it.
    identity: Option<HeaderValue>,
    policy: Snapshot<ServerPolicy>,
    resolved: RefCell<Option<Resolved>>,
}

/// What the last request was let in by, with its counters; most requests of a connection are
/// alike.
struct Resolved {
    policy: Arc<ServerPolicy>,
    route: Option<usize>,
    authorization: usize,
    counters: Counters,
}

#[derive(Clone)]
struct Counters {
    http: Arc<HttpMetrics>,
    allowed: Arc<Counter>,
}

impl Service for Inbound {
    async fn call(&self, mut request: Request, body: &mut Incoming<'_>, responder: Responder<'_>) {
        let grpc = refusal::asks_grpc(&request);
        let mut client = Client {
            body,
            responder: Some(responder),
        };
        let carried = self.restore(&mut request);
        if let Err(refusal) = self.forward(&request, &mut client, carried).await {
            self.decline(refusal, &request, &mut client, grpc, carried)
                .await;
        }
    }

    fn refuse(&self, fault: Malformed) -> Response {
        let refusal = Refusal::unreadable(fault);
        let id = self.count(&refusal, None);
        refusal.response(id, false, self.is_meshed(), true)
    }
}

impl Inbound {
    /// Answers with a refusal.
    pub(super) async fn decline(
        &self,
        refusal: Refusal,
        request: &Request,
        client: &mut Client<'_, '_, '_>,
        grpc: bool,
        carried: Option<OrigProto>,
    ) {
        let id = self.count(&refusal, Some(request));
        let mut response = refusal.response(id, grpc, self.is_meshed(), true);
        mark(&mut response, carried);
        answer(client, response, refusal.reason.closes).await;
    }

    /// Lets a request in by the newest policy, and counts it.
    pub(super) fn admit(&self, request: &Request) -> Result<(), Refusal> {
        self.authorize(request)?.allowed.increment();
        Ok(())
    }

    fn is_meshed(&self) -> bool {
        matches!(self.tls, TlsStatus::Established(_))
    }

    /// Makes the request what the client's application sent, with our own word on who it is.
    pub(super) fn restore(&self, request: &mut Request) -> Option<OrigProto> {
        let carried = match request.version {
            Spoken::Http2 if self.is_meshed() => {
                request.fields.get(&ORIG_PROTO).and_then(OrigProto::parse)
            }
            _ => None,
        };
        strip_hop_by_hop(&mut request.fields);
        strip_ours(&mut request.fields);
        if self.identity.is_none() {
            request.fields.remove(&FORWARDED_CLIENT_CERT);
        }
        if let Some(identity) = &self.identity {
            request.fields.append(CLIENT_ID, identity.clone());
        }
        if let Some(proto) = carried {
            request.version = Spoken::Http1(proto.version);
            if proto.absolute_form {
                request.form = Form::Absolute;
            }
        }
        carried
    }

    /// Has the request answered by the application; an error is the answer that the proxy must
    /// give.
    async fn forward(
        &self,
        request: &Request,
        client: &mut Client<'_, '_, '_>,
        carried: Option<OrigProto>,
    ) -> Result<(), Refusal> {
        let limit = self.context.config.inbound.max_in_flight;
        let _in_flight = (self.context.admission.inbound(limit))
            .ok_or_else(|| Refusal::new(&reasons::LOAD_SHED, "too many requests in progress"))?;
        let counters = self.authorize(request)?;
        counters.allowed.increment();
        let started = Instant::now();
        let target = self.application();
        let mut again = false;
        let mut now = started;
        loop {
            let connected = self
                .connect(request, client, &target, &mut now, again)
                .await;
            let upstream = match connected {
                Ok(upstream) => upstream,
                Err(why) => return unconnected_refusal(&why).map_or(Ok(()), Err),
            };
            let mut record = Record::new(counters.http.clone(), started, None);
            let edit = |response: &mut Response| {
                strip_ours(&mut response.fields);
                mark(response, carried);
                false
            };
            let refusal = match upstream.attempt(request, client, edit, &mut record).await {
                Attempt::Over(ending) => {
                    self.close(request, record, ending);
                    return Ok(());
                }
                Attempt::Gone => return Ok(()),
                Attempt::NotExpressible => Refusal::malformed(Malformed::Target),
                Attempt::Again(refusal) if !again && self.context.config.inbound.resends => {
                    tracing::debug!(to = %self.target, why = refusal.detail, "sent again");
                    let resends = CounterFamily::InboundHttpResends;
                    self.context.metrics.counter(resends, "").increment();
                    record.fail(refusal.reason.http);
                    again = true;
                    now = Instant::now();
                    continue;
                }
                Attempt::Again(refusal) | Attempt::Failed(refusal) => refusal,
            };
            record.fail(refusal.reason.http);
            return Err(refusal);
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

    /// Judges the request by the newest policy.
    fn authorize(&self, request: &Request) -> Result<Counters, Refusal> {
        let policy = self.policy.load();
        let route = route(&policy, request).map_err(|path::Ambiguous| {
            Refusal::new(
                &reasons::AMBIGUOUS_PATH,
                "the path and its canonical form would be judged by different routes",
            )
        })?;
        let (route, authorizations) = match route {
            Route::Server => (None, &policy.authorizations),
            Route::Index(index) => (Some(index), &policy.routes[index].authorizations),
            Route::None => {
                self.count_denied(CounterFamily::InboundHttpRouteNotFound, &policy, None);
                return Err(Refusal::new(&reasons::ROUTE_NOT_FOUND, "no route matches"));
            }
        };
        let found = authorize(authorizations, self.client.ip(), self.tls.as_client());
        let Some(authorization) = found else {
            self.count_denied(CounterFamily::InboundHttpAuthzDeny, &policy, route);
            return Err(Refusal::new(
                &reasons::UNAUTHORIZED,
                format_args!(
                    "no authorization lets {} ({}) in",
                    self.client.ip(),
                    self.tls.identity().unwrap_or("unidentified"),
                ),
            ));
        };
        // Its address is its identity for as long as the policy is held.
        let key = std::ptr::from_ref(authorization) as usize;
        let mut resolved = self.resolved.borrow_mut();
        if let Some(known) = &*resolved
            && Arc::ptr_eq(&known.policy, &policy)
            && known.route == route
            && known.authorization == key
        {
            return Ok(known.counters.clone());
        }
        let counters = self.resolve(&policy, route, authorization);
        *resolved = Some(Resolved {
            policy: policy.clone(),
            route,
            authorization: key,
            counters: counters.clone(),
        });
        Ok(counters)
    }

    fn resolve(
        &self,
        policy: &ServerPolicy,
        route: Option<usize>,
        authorization: &Authorization,
    ) -> Counters {
        let labels = self.labels(policy, route).join(&authorization.labels);
        let registry = &self.context.metrics;
        let family = CounterFamily::InboundHttpAuthzAllow;
        Counters {
            http: registry.http(Direction::Inbound, labels.as_str()),
            allowed: registry.counter(family, labels.as_str()),
        }
    }

    fn labels(&self, policy: &ServerPolicy, route: Option<usize>) -> LabelSet {
        let labels = labels::connection(Direction::Inbound, self.target, &self.tls);
        let labels = labels.join(&policy.labels);
        match route {
            Some(index) => labels.join(&policy.routes[index].labels),
            None => labels,
        }
    }

    fn count_denied(&self, family: CounterFamily, policy: &ServerPolicy, route: Option<usize>) {
        let labels = self.labels(policy, route);
        let counter = self.context.metrics.counter(family, labels.as_str());
        counter.increment();
    }

    fn application(&self) -> Rc<Target> {
        self.pools.target(Key::Application(self.target), None, || {
            let config = &self.context.config.inbound;
            let limits = Limits {
                idle: config.http1_pool_idle,
                max_idle: config.max_idle_connections,
                idle2: self.context.config.http2_pool_idle,
                warm: self.context.config.http2_warm,
                max_age: config.http2.max_age,
            };
            (limits, TlsStatus::Plaintext(no_tls::LOOPBACK))
        })
    }

    async fn connect(
        &self,
        request: &Request,
        client: &mut Client<'_, '_, '_>,
        target: &Rc<Target>,
        now: &mut Instant,
        again: bool,
    ) -> Result<Upstream, Unconnected> {
        let dial = || Dial {
            context: self.context.clone(),
            application: self.target,
        };
        if request.version == Spoken::Http2 {
            let deadline = *now + self.context.config.inbound.http_queue.failfast;
            return Upstream::http2(target, client, &self.context, deadline, now, dial).await;
        }
        // Kept connections to one server tend to end together: the second attempt takes none.
        Upstream::http1(target, !again, now, dial).await
    }

    fn count(&self, refusal: &Refusal, request: Option<&Request>) -> Id {
        let policy = self.policy.load();
        let revision = policy.revision;
        let id = self.context.rejections.record(&Rejection {
            direction: Direction::Inbound,
            reason: refusal.reason.name,
            detail: refusal.detail.clone(),
            status: Some(refusal.status()),
            client: Some(self.client),
            identity: self.tls.identity(),
            target: self.target,
            revision: Some(revision),
            request: request.map(Request::line),
        });
        tracing::info!(
            %id, client = %self.client, to = %self.target, reason = refusal.reason.name,
            detail = refusal.detail, revision, "inbound request failed"
        );
        let labels = LabelSet::new()
            .with("error", refusal.reason.name)
            .with("target_addr", self.target)
            .join(&policy.labels);
        let family = CounterFamily::InboundHttpErrors;
        let counter = self.context.metrics.counter(family, labels.as_str());
        counter.increment();
        id
    }
}

/// What a new connection to the application needs.
struct Dial {
    context: Context,
    application: SocketAddr,
}

impl Dial {
    async fn io(&self) -> Result<transport::Io, ConnectError> {
        let io = transport::connect_application(&self.context, self.application).await?;
        let tls = TlsStatus::Plaintext(no_tls::LOOPBACK);
        let labels = labels::connection(Direction::Inbound, self.application, &tls);
        let registry = &self.context.metrics;
        Ok(io.measure(registry.tcp(Direction::Inbound, Peer::Dst, labels.as_str())))
    }
}

impl upstream::Dial for Dial {
    async fn http1(self) -> Result<transport::Io, ConnectError> {
        self.io().await
    }

    async fn http2(self, room: Room) -> Result<http2::Client, ConnectError> {
        let settings = Settings::client(self.context.config.http2_client, None);
        let io = self.io().await?;
        http2::Client::connect(io, &settings, room)
            .await
            .map_err(|error| ConnectError::Tcp(self.application, std::io::Error::other(error)))
    }
}

#[derive(PartialEq, Eq)]
enum Route {
    /// There are no routes: the server's authorizations count.
    Server,
    Index(usize),
    None,
}

fn route(policy: &ServerPolicy, request: &Request) -> Result<Route, path::Ambiguous> {
    if policy.routes.is_empty() {
        return Ok(Route::Server);
    }
    let every = || {
        let mut routes = policy.routes.iter();
        routes.position(|route| route.exact_paths.is_empty())
    };
    // The more specific route counts, wherever it stands: a probe's path is open though the
    // route of all paths is not.
    let matching = |path: &[u8]| {
        let names = |route: &InboundRoute| {
            let mut paths = route.exact_paths.iter();
            paths.any(|own| own.as_bytes() == path)
        };
        policy.routes.iter().position(names).or_else(every)
    };
    let matching = match request.method {
        Method::GET => path::judge(path::of(&request.path), matching)?,
        _ => every(),
    };
    Ok(matching.map_or(Route::None, Route::Index))
}

/// Tells the client's proxy that the response is HTTP/1's.
fn mark(response: &mut Response, carried: Option<OrigProto>) {
    if let Some(proto) = carried {
        proto.mark(&mut response.fields);
    }
}
