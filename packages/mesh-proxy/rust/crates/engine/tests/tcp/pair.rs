//! Two proxies, and the parts that they are made of.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mesh_decide::authorize::{Authentication, Authorization, Network, NetworkRule};
use mesh_engine::balance::Queue;
use mesh_engine::config::{Config, QueueLimits};
use mesh_engine::context::Context;
use mesh_engine::discovery::Discovery;
use mesh_engine::drain::Drain;
use mesh_engine::identity::Identity;
use mesh_engine::in_flight::Admission;
use mesh_engine::metrics::Registry;
use mesh_engine::policy::Policies;
use mesh_engine::rejections::Rejections;
use mesh_engine::snapshot::{
    Backend, BackendKind, Distribution, Endpoint, Endpoints, InboundProtocol, OpaqueRoute, PeerId,
    PeerTls, Protocol, ResourceRef, Routing, ServerPolicy, Snapshot, Writer,
};
use mesh_engine::testing::Authority;
use mesh_engine::transport::no_tls;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use crate::doors;

pub const CLIENT: &str = "client.shop.serviceaccount.identity.linkerd.cluster.local";
pub const SERVER: &str = "server.shop.serviceaccount.identity.linkerd.cluster.local";
/// What the client's application connects to.
pub const SERVICE: &str = "10.96.0.10:9000";

/// Any certificate: the proxies' own identities are made by the tests' authority.
const ROOT: &str = include_str!("root.pem");

/// Runs a test on one thread, as a worker does, and not for ever.
pub async fn run(test: impl Future<Output = ()>) {
    let limited = tokio::time::timeout(Duration::from_secs(30), test);
    LocalSet::new()
        .run_until(limited)
        .await
        .expect("the test ended in time");
}

/// The client's proxy before the server's proxy before one application.
pub struct Pair {
    /// Where the client's application is redirected to.
    pub door: SocketAddr,
    /// The server's proxy.
    pub peer: SocketAddr,
    pub authority: Authority,
    pub client: Context,
    pub server: Context,
    pub policy: Writer<ServerPolicy>,
    pub endpoint: Arc<Endpoint>,
}

impl Pair {
    /// A pair that carries everything to `app` without looking at it.
    pub async fn opaque(app: SocketAddr) -> Self {
        Self::start(app, |routes| Protocol::Opaque(routes.into())).await
    }

    /// A pair that looks at the client's bytes, for at most `timeout`.
    pub async fn detecting(app: SocketAddr, timeout: Duration) -> Self {
        let protocol = |routes: Vec<OpaqueRoute>| Protocol::Detect {
            timeout,
            http: [].into(),
            opaque: routes.into(),
        };
        Self::start(app, protocol).await
    }

    async fn start(app: SocketAddr, protocol: impl FnOnce(Vec<OpaqueRoute>) -> Protocol) -> Self {
        let authority = Authority::new();
        let (policy, reader) = Snapshot::new(policy(InboundProtocol::Opaque, everybody()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = listener.local_addr().unwrap();
        let server = context(authority.identity(SERVER), peer.port(), reader.clone());
        doors::inbound(listener, server.clone());

        let endpoint = Arc::new(endpoint(app, Some(peer.port())));
        let routing = routing(protocol(vec![route(endpoint.clone())]));
        let mut client = context(authority.identity(CLIENT), 1, reader);
        let answers = HashMap::from([(SERVICE.parse().unwrap(), Snapshot::fixed(routing))]);
        client.discovery = Discovery::fixed(answers);
        let door = doors::outbound(client.clone(), SERVICE.parse().unwrap()).await;
        Self {
            door,
            peer,
            authority,
            client,
            server,
            policy,
            endpoint,
        }
    }
}

/// The first metrics line that contains all of `parts`, as soon as there is one.
pub async fn metric(context: &Context, parts: &[&str]) -> String {
    for _ in 0..400 {
        let text = context.metrics.render();
        let found = text
            .lines()
            .find(|line| parts.iter().all(|part| line.contains(part)));
        if let Some(line) = found {
            return line.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no line with {parts:?} in:\n{}", context.metrics.render());
}

/// Resolves once no connection is open in a proxy.
pub async fn idle(context: &Context) {
    let waiting = tokio::time::timeout(Duration::from_secs(10), context.drain.released());
    waiting.await.expect("all connections have ended");
}

/// Nobody is asked who they are.
pub fn everybody() -> Vec<Authorization> {
    vec![allow(Authentication::Unauthenticated)]
}

pub fn allow(authentication: Authentication) -> Authorization {
    let network = Network {
        address: "0.0.0.0".parse().unwrap(),
        prefix: 0,
    };
    Authorization {
        networks: vec![NetworkRule {
            network,
            except: Vec::new(),
        }],
        authentication,
        labels: "authz_kind=\"default\",authz_name=\"test\"".into(),
        name: "test".into(),
    }
}

pub fn policy(protocol: InboundProtocol, authorizations: Vec<Authorization>) -> ServerPolicy {
    ServerPolicy {
        revision: 1,
        protocol,
        authorizations,
        routes: Vec::new(),
        labels: "srv_kind=\"default\",srv_name=\"test\"".into(),
    }
}

/// The parts of a proxy whose inbound listener has `port`.
pub fn context(identity: Arc<Identity>, port: u16, policy: Snapshot<ServerPolicy>) -> Context {
    let environment = HashMap::from([
        ("DESTINATION_SVC_ADDR", "127.0.0.1:8086".to_owned()),
        ("POLICY_SVC_ADDR", "127.0.0.1:8090".to_owned()),
        ("POLICY_WORKLOAD", "{}".to_owned()),
        ("IDENTITY_SVC_ADDR", "127.0.0.1:8080".to_owned()),
        ("IDENTITY_LOCAL_NAME", identity.local_name().to_owned()),
        ("IDENTITY_TOKEN_FILE", "/token".to_owned()),
        ("IDENTITY_TRUST_ANCHORS", ROOT.to_owned()),
        ("INBOUND_LISTEN_ADDR", format!("127.0.0.1:{port}")),
        ("INBOUND_DETECT_TIMEOUT", "500ms".to_owned()),
    ]);
    let lookup = |name: &str| {
        let name = name.strip_prefix("LINKERD2_PROXY_")?;
        environment.get(name).cloned()
    };
    let config = Config::from_env(lookup).expect("a valid environment");
    Context {
        config: Arc::new(config),
        identity,
        discovery: Discovery::fixed(HashMap::new()),
        policies: Policies::fixed(HashMap::new(), policy),
        metrics: Arc::new(Registry::new(Duration::from_secs(600))),
        drain: Drain::new(),
        admission: Admission::default(),
        rejections: Rejections::default(),
    }
}

/// An endpoint of [`SERVER`] at `app`; without the port of its proxy it is unmeshed.
pub fn endpoint(app: SocketAddr, proxy: Option<u16>) -> Endpoint {
    let plain = Endpoint::plain(app, no_tls::NOT_PROVIDED);
    let Some(port) = proxy else {
        return plain;
    };
    Endpoint {
        tls: Some(PeerTls {
            identity: PeerId::Dns(SERVER.into()),
            server_name: SERVER.try_into().unwrap(),
        }),
        no_tls_reason: "",
        transport_port: Some(port),
        labels: "dst_service=\"cache\"".into(),
        ..plain
    }
}

/// A route to one discovered endpoint.
pub fn route(endpoint: Arc<Endpoint>) -> OpaqueRoute {
    let backend = Backend {
        meta: ResourceRef::Default("test".into()),
        kind: BackendKind::Balance {
            path: "cache.shop.svc.cluster.local:9000".into(),
            endpoints: Snapshot::fixed(Endpoints::Known([endpoint].into())),
            default_rtt: Duration::from_millis(30),
            decay: Duration::from_secs(10),
        },
        queue: Queue::new(QueueLimits {
            capacity: 100,
            failfast: Duration::from_millis(300),
        }),
    };
    OpaqueRoute {
        snis: Vec::new(),
        meta: ResourceRef::Default("test".into()),
        backends: Ok(Distribution::FirstAvailable(vec![Arc::new(backend)])),
    }
}

pub fn routing(protocol: Protocol) -> Routing {
    Routing {
        revision: 1,
        protocol,
        parent: ResourceRef::Default("test".into()),
        authority: "cache.shop.svc.cluster.local:9000".into(),
    }
}
