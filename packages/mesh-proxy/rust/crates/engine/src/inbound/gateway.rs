//! Connections of other clusters that this proxy passes on, to names of its own cluster.
//!
//! The transport header names the destination. Who may come is what the policy of the gateway's own
//! port says; where it goes is what the control plane says of the name, as for the pod's own
//! application.

use ::http::HeaderValue;
use ::http::header::{FORWARDED, HOST};
use mesh_decide::forwarded;
use mesh_decide::http1::Malformed;
use mesh_decide::target::Name;
use mesh_decide::transport_header::{Header, Session};
use mesh_wire::vocabulary::{limits, reasons};
use tokio::sync::OnceCell;

use super::http::{self, Inbound};
use super::{InboundConnection, Refusal, tcp};
use crate::http::Version;
use crate::http::body::Incoming;
use crate::http::exchange::Client;
use crate::http::message::{Request, Response};
use crate::http::refusal::{self as answers, Refusal as Answer};
use crate::http::service::{Responder, Service};
use crate::outbound;
use crate::outbound::http::Outbound;
use crate::snapshot::{Protocol, Routing, Snapshot};
use crate::tcp::Upstream;
use crate::worker::WorkerContext;

/// Opaque connections that as many gateways have passed on are refused.
const GATEWAYS: u32 = limits::GATEWAYS.number();

/// Carries a connection whose header names `host`; `connection.target` is the gateway's own address.
pub(super) async fn serve(
    connection: InboundConnection,
    header: &Header,
    host: &str,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    let suffixes = &worker.ctx.config.inbound.gateway_suffixes;
    if suffixes.is_empty() {
        connection.io.reset();
        return Err(Refusal::Gateway(host.into()));
    }
    let named = Name::new(host, header.port).ok();
    let name = named.filter(|name| name.is_within(suffixes));
    let version = match header.session {
        Session::Opaque => {
            return opaque(connection, host, name, header.gateways, worker).await;
        }
        Session::Http1 => Version::Http1,
        Session::Http2 => Version::Http2,
    };
    let host: Box<str> = host.into();
    http::spawn_as(connection, version, worker, move |inbound| Gateway {
        host,
        name,
        inbound,
        outbound: OnceCell::new(),
    });
    Ok(())
}

async fn opaque(
    connection: InboundConnection,
    host: &str,
    name: Option<Name>,
    gateways: u32,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    let refusal = match name {
        None => Refusal::Domain(host.into()),
        // Bytes have no field that would say which gateways they have passed: these are counted.
        Some(_) if gateways >= GATEWAYS => Refusal::GatewayLoop(gateways),
        Some(name) => return pass_bytes(connection, name, gateways + 1, worker).await,
    };
    connection.io.reset();
    Err(refusal)
}

async fn pass_bytes(
    connection: InboundConnection,
    name: Name,
    gateways: u32,
    worker: &WorkerContext,
) -> Result<(), Refusal> {
    let connect = async {
        let routing = worker.ctx.discovery.outbound(name).await;
        let routing = routing.map_err(outbound::Refusal::Discovery)?;
        Ok(connect(&routing, gateways, worker).await?)
    };
    tcp::carry(connection, Box::pin(connect), worker).await
}

async fn connect(
    routing: &Snapshot<Routing>,
    gateways: u32,
    worker: &WorkerContext,
) -> Result<Upstream, outbound::Refusal> {
    let routing = routing.load();
    match &routing.protocol {
        Protocol::Opaque(routes)
        | Protocol::Tls(routes)
        | Protocol::Detect { opaque: routes, .. } => {
            outbound::connect(worker, &routing, routes, gateways).await
        }
        Protocol::Http1(_) | Protocol::Http2(_) => Err(outbound::Refusal::NoBackend),
    }
}

/// Passes requests on to one name.
struct Gateway {
    /// As the header says it.
    host: Box<str>,
    /// None if this gateway does not forward for it.
    name: Option<Name>,
    /// Who comes, and by which policy.
    inbound: Inbound,
    /// The way on, once it was found.
    outbound: OnceCell<Outbound>,
}

impl Service for Gateway {
    async fn call(&self, mut request: Request, body: &mut Incoming<'_>, responder: Responder<'_>) {
        let grpc = answers::asks_grpc(&request);
        let mut client = Client {
            body,
            responder: Some(responder),
        };
        let carried = self.inbound.restore(&mut request);
        let passed = match self.pass(&mut request).await {
            Ok(outbound) => outbound.pass(&mut request, &mut client, carried).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = passed {
            self.inbound
                .decline(refusal, &request, &mut client, grpc, carried)
                .await;
        }
    }

    fn refuse(&self, fault: Malformed) -> Response {
        self.inbound.refuse(fault)
    }
}

impl Gateway {
    /// Makes a request one that has passed here, and finds the way on.
    async fn pass(&self, request: &mut Request) -> Result<&Outbound, Answer> {
        self.inbound.admit(request)?;
        let Some(name) = &self.name else {
            return Err(Answer::new(&reasons::GATEWAY_DOMAIN_NOT_FOUND, &self.host));
        };
        self.mark(request)?;
        let context = &self.inbound.context;
        let found = self.outbound.get_or_try_init(async || {
            let routing = context.discovery.outbound(name.clone()).await;
            let routing = routing.map_err(|why| Answer::new(&reasons::DISCOVERY_TIMEOUT, why))?;
            let own = self.inbound.target;
            Ok(Outbound::new(
                context.clone(),
                self.inbound.pools.clone(),
                routing,
                own,
            ))
        });
        found.await
    }

    /// Refuses a request that has passed here before, and notes on others that they have.
    fn mark(&self, request: &mut Request) -> Result<(), Answer> {
        let own = self.inbound.context.identity.local_name();
        let client = self.inbound.tls.identity().unwrap_or_default();
        let passed = || forwarded::has_passed(request.fields.get_all(&FORWARDED), own);
        if client.eq_ignore_ascii_case(own) || passed() {
            let detail = format_args!("{own} has passed this request on already");
            return Err(Answer::new(&reasons::GATEWAY_LOOP, detail));
        }
        let element = forwarded::element(own, client, &request.authority);
        if let Ok(value) = HeaderValue::from_bytes(&element) {
            request.fields.append(FORWARDED, value);
        }
        // Written anew from the authority, whichever version goes on.
        request.fields.remove(&HOST);
        Ok(())
    }
}
